"""Experts' grades, invented here: agreement, and probabilities set right without peeking."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from evaluator.guardian.assessment import Answer, Assessment, Evidence, Fault, Mark
from evaluator.guardian.experts import (
    Recalibrated,
    Setting,
    Settings,
    agreement,
    between_experts,
    read_expert_grades,
    recalibrate,
)
from evaluator.metrics import Dimension
from kg.problem import InputError


def _table(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(("expert,query,response,R1,R2", *lines)) + "\n", encoding="utf-8-sig")
    return path


def test_grades_are_read_and_experts_compared(tmp_path: Path) -> None:
    lines = ("甲,问,答一,0,-1", "乙,问,答一,-1,-1", "甲,问,答二,0,", "乙,问,答二,0,0")
    graded = read_expert_grades(_table(tmp_path / "a.csv", *lines))
    among = between_experts(graded)
    assert among[Dimension.R1].n == 2 and among[Dimension.R1].accuracy == 0.5
    assert among[Dimension.R2].n == 1, "an empty cell is no grade"


@pytest.mark.parametrize("cell", ["1", "-2", "好"])
def test_a_grade_that_is_none_is_named(tmp_path: Path, cell: str) -> None:
    with pytest.raises(InputError, match="R1"):
        read_expert_grades(_table(tmp_path / "a.csv", f"甲,问,答,{cell},0"))


def test_kappa_of_known_tables() -> None:
    both, one = [(1, 1)] * 20 + [(0, 0)] * 15, [(1, 0)] * 10 + [(0, 1)] * 5
    assert agreement(both + one).kappa == pytest.approx(0.4), "20/10/5/15, the usual example"
    assert agreement([]).kappa is None


def test_recalibration_moves_a_biased_scorer() -> None:
    there = [i % 2 == 0 for i in range(60)]
    events = [0.3 if y else 0.1 for y in there]  # right in order, wrong in size: never above one half
    scenarios = [f"情形{i // 3}" for i in range(60)]
    found = recalibrate(events, there, scenarios)
    assert found is not None
    assert found[1] == there
    assert recalibrate(events[:10], there[:10], scenarios[:10]) is None, "too few labels"
    assert recalibrate(events, [True] * 60, scenarios) is None, "one grade only"


class _Fixed:
    name = "fixed"

    def __init__(self, *evidence: Evidence) -> None:
        self.evidence = evidence

    def score(self, answer: Answer) -> Assessment:
        return Assessment(self.name, {Dimension.R1: Mark(Dimension.R1, -1, 0.4, "理由", self.evidence)})


@pytest.mark.parametrize(
    ("fault", "grade", "note"),
    [(None, 0, "an estimate is set right"), (Fault.STALE_LAW, -1, "what the law decides stays")],
)
def test_what_the_law_decides_is_not_lifted(fault: Fault | None, grade: int, note: str) -> None:
    settings = Settings(
        scorer="fixed", labels=30, settings={Dimension.R1: Setting(slope=1, offset=-3, threshold=0.5)}
    )
    scorer = Recalibrated(_Fixed(*([Evidence(0, 1, fault)] if fault else [])), settings)
    mark = scorer.score(Answer("问", "答", date(2026, 12, 1))).marks[Dimension.R1]
    assert mark.grade == grade, note
