"""What is found in answers, and the figures over them."""

from __future__ import annotations

from datetime import date

import pytest

from alignment.assess import Assessor, concluded, difference, grounded_claims, standing
from alignment.leakage import Seen
from alignment.prompt import prompt
from alignment.rows import PromptRow
from alignment.sample import Sampled
from evaluator.guardian.rules import RuleScorer
from kg.build import Build

CLAUSE = "甲护理条例@2020-05-01/art2"
RIGHT = "您辛苦了。【依据】[C1]《甲护理条例》第二条：“护士应当尊重、关心、爱护病人，保护病人隐私”。【结论】不合规[C1]。建议向护士长反映。"


@pytest.fixture(scope="module")
def row() -> PromptRow:
    return PromptRow(
        id="q", case="T", fold="dev", prompt=prompt("护士泄露隐私", (), as_of=date(2026, 11, 22)), clauses=[CLAUSE, "x"],
        gold_clauses=[CLAUSE], stance="violation", scene="隐私保护", scenario="护士泄露隐私", as_of="2026-11-22",
    )  # fmt: skip


def test_right_and_wrong_answers_are_told_apart(build: Build, row: PromptRow) -> None:
    assessor = Assessor(build, RuleScorer(build))
    right = assessor.assess(row, Sampled("q", RIGHT, True))
    wrong = assessor.assess(
        row, Sampled("q", RIGHT.replace("第二条", "第九百条").replace("不合规", "合规"), True)
    )
    assert (right.cites_gold, right.correct, right.claims, right.grounded) == (True, True, 2, 2)
    assert (wrong.cites_gold, wrong.correct) == (False, False)
    found = standing([right, wrong])
    assert found.outcomes == {"not_found": 1, "verified": 1}
    assert found.verified_of_citations.value == 0.5
    assert found.correct.value == 0.5
    assert found.summary.risk_rate.value == 0.5


@pytest.mark.parametrize(
    ("answer", "shown", "expected"),
    [
        ("应当告知[C1]。", 1, (1, 1)),
        ("应当告知[C2]。", 1, (1, 0)),
        ("请先休息。", 1, (0, 0)),
        ("", 1, (0, 0)),
    ],
)
def test_a_claim_is_grounded_by_a_clause_that_was_shown(
    answer: str, shown: int, expected: tuple[int, int]
) -> None:
    assert grounded_claims(answer, shown) == expected


def test_the_conclusion_is_a_word_after_its_mark() -> None:
    assert concluded("【结论】合规：没有违反", "violation") is False
    assert concluded("结论是不合规", "violation") is None


def test_a_difference_has_an_interval() -> None:
    found = difference([0, 0, 0, 0], [1, 1, 1, 1])
    assert (found.value, found.low, found.high) == (1.0, 1.0, 1.0)
    assert difference([], []).value is None


def test_width_and_marks_hide_no_overlap() -> None:
    seen = Seen(["手术前，医生没有告诉病人还有别的办法。"], gram=8)
    assert seen.overlap("手术前 医生没有告诉病人还有别的办法", "p").share == 1.0
    assert seen.overlap("完全是另外的一件事情而已", "p").share == 0.0
