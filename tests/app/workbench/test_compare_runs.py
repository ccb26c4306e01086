"""Two runs are compared question by question; what one alone answered is counted, not guessed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.workbench.compare_runs import changed_rows, compared, weightiest
from app.workbench.evaluate_view import Run, distinct
from evaluator.guardian.assessment import Assessment, Mark
from evaluator.metrics import Dimension, Weighting, final_score

GOOD = (0, 0, 1, 1, 1, 1)
RISKY = (-1, 0, 1, 1, 1, 1)
UNSCORED = (0, 0, 1, 1, 1, None)


def run(name: str, rows: list[tuple[str, tuple[int | None, ...]]]) -> Run:
    told: list[dict[str, Any]] = [{"scene": "护理", "query": query, "response": "答"} for query, _ in rows]
    marks = [
        Assessment("t", {d: Mark(d, g, None, "") for d, g in zip(Dimension, grades, strict=True)})
        for _, grades in rows
    ]
    return Run(name, tuple(told), tuple(marks))


def test_answers_to_one_question_are_paired_in_order() -> None:
    first = run("甲", [("问一", GOOD), ("问一", RISKY), ("问二", GOOD), ("只甲", GOOD)])
    second = run("乙", [("问二", RISKY), ("问一", GOOD), ("问一", GOOD), ("只乙", GOOD), ("也只乙", GOOD)])
    found = compared(first, second)
    assert [one.places for one in found.pairs] == [(0, 1), (1, 2), (2, 0)]
    assert [one.gain for one in found.pairs] == [0.0, 2.0, -2.0]
    assert (found.only_first, found.only_second) == (1, 2)
    assert (found.better, found.worse, found.unscored) == (1, 1, 0)
    assert found.gain.value == 0.0


def test_what_one_side_did_not_score_counts_in_no_mean() -> None:
    found = compared(run("甲", [("问", GOOD), ("二", GOOD)]), run("乙", [("问", UNSCORED), ("二", RISKY)]))
    assert (found.unscored, found.worse) == (1, 1)
    assert found.gain.value == -2.0
    rows = changed_rows(weightiest(found.pairs))
    assert rows[0]["不同的维度"] == "R1 0→-1"
    assert rows[1] == {"问题": "问", "不同的维度": "Q4 1→未评", "得分差": None}


def test_runs_without_a_common_question_have_no_gain() -> None:
    found = compared(run("甲", [("一", GOOD)]), run("乙", [("二", GOOD)]))
    assert (found.pairs, found.gain.value, found.gain.low) == ((), None, None)


grade = st.tuples(
    *[st.sampled_from([0, -1, None])] * 2, *[st.sampled_from([0, 1, None])] * 4
)  # fmt: skip


@given(st.lists(st.tuples(st.sampled_from("一二三"), grade, grade), min_size=1, max_size=12))
def test_the_gain_is_the_difference_of_the_scores_and_turns_with_the_runs(
    rows: list[tuple[str, tuple[int | None, ...], tuple[int | None, ...]]],
) -> None:
    first, second = run("甲", [(q, a) for q, a, _ in rows]), run("乙", [(q, b) for q, _, b in rows])
    there, back = compared(first, second), compared(second, first)
    assert there == compared(first, second)
    assert (there.better, there.worse) == (back.worse, back.better)
    both = [
        (final_score(a.grades, Weighting.WEIGHTED), final_score(b.grades, Weighting.WEIGHTED))
        for a, b in zip(first.assessed, second.assessed, strict=True)
    ]
    gains = [b - a for a, b in both if a is not None and b is not None]
    if not gains:
        assert there.gain.value is None
    else:
        assert there.gain.value == pytest.approx(sum(gains) / len(gains), abs=1e-6)
        assert there.gain.low is not None
        assert there.gain.high is not None
        assert min(gains) - 1e-6 <= there.gain.low <= there.gain.high <= max(gains) + 1e-6


def test_two_files_of_one_name_are_told_apart() -> None:
    runs = distinct([run("a.csv", []), run("b.csv", []), run("a.csv", [])])
    assert [one.name for one in runs] == ["a.csv", "b.csv", "a.csv（2）"]
