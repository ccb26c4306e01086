"""The contrary twins of written cases: the same scenario, one fact changed, the opposite conclusion, the same law."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import Any

import pytest

from evaluator.cases import read_cases
from evaluator.folds import Fold, article_fold
from kg.pack import data_folder, read_jsonl

FOLDER = data_folder() / "cases"
KEPT_AS_THEY_ARE = ("scene", "gold", "principles", "distractors")


def rows(name: str) -> list[dict[str, Any]]:
    return [row for _, row in read_jsonl(FOLDER / name) if isinstance(row, dict)]


TWINS = rows("r.jsonl")
WRITTEN = {row["id"]: row for path in sorted(FOLDER.glob("[a-q].jsonl")) for row in rows(path.name)}


def test_there_are_enough_in_both_directions() -> None:
    assert len(TWINS) >= 200
    assert len({row["contrary_of"] for row in TWINS}) == len(TWINS)
    assert not {row["id"] for row in TWINS} & set(WRITTEN)
    for stance in ("violation", "compliant"):
        assert sum(row["stance"] == stance for row in TWINS) >= 80


@pytest.mark.parametrize("twin", TWINS, ids=lambda twin: str(twin["id"]))
def test_a_twin_is_its_case_with_one_fact_changed(twin: dict[str, Any]) -> None:
    case = WRITTEN[twin["contrary_of"]]
    assert {key: twin[key] for key in KEPT_AS_THEY_ARE} == {key: case[key] for key in KEPT_AS_THEY_ARE}
    assert twin["stance"] != case["stance"]
    assert twin["verdict"] != case.get("verdict")
    scenario = case["scenario"]
    for change in twin["changed"]:
        assert scenario.count(change["from"]) == 1
        scenario = scenario.replace(change["from"], change["to"])
    assert scenario == twin["scenario"]
    assert SequenceMatcher(None, case["scenario"], scenario, autojunk=False).ratio() >= 0.5
    assert all(fact["span"] in scenario for fact in twin["facts"])
    assert any(fact["span"] == change["to"] for fact in twin["facts"] for change in twin["changed"])


def test_no_clause_of_a_twin_is_kept_for_choosing_or_testing() -> None:
    twins = [case for case in read_cases(FOLDER) if case.id.startswith("R-")]
    assert len(twins) == len(TWINS)
    assert {case.fold for case in twins} == {Fold.TRAIN}
    assert {article_fold(g.title, g.article) for case in twins for g in case.gold} == {Fold.TRAIN}
