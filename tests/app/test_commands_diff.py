"""`yilun diff` as people type it. The texts are invented."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from app.commands_diff import merged
from app.diff_view import ChangeView
from kg.diff import ChangeKind
from kg.vocabulary import Kind
from tests.app.conftest import Run

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "schemas" / "diff.json").read_text("utf-8"))
OLD, NEW = "甲护理条例@2010-01-01", "甲护理条例@2020-05-01"


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--from", "2015-01-01", "--to", "2021-01-01"),
        ("--from", OLD),
        ("--to", NEW, "--as-of", "2015-01-01"),
    ],
    ids=["today and the text before", "two days", "an id", "an id, whatever the day"],
)
def test_which_texts(run: Run, made_home: Path, options: tuple[str, ...]) -> None:
    outcome = run("diff", "《甲护理条例》", *options, "--home", made_home, "--json")
    found = json.loads(outcome.out)
    assert outcome.code == 1
    jsonschema.validate(found, SCHEMA)
    assert (found["old"]["expression"], found["new"]["expression"]) == (OLD, NEW)
    assert found["counts"] == {"added": 0, "removed": 0, "changed": 2, "moved": 0, "renumbered": 0}
    change = found["changes"][0]
    assert (change["kind"], change["old_place"], change["new_id"]) == ("changed", "第二条", f"{NEW}/art2")
    assert [change["new_text"][a:b] for a, b in change["new_marks"]] == ["、关心、爱护"]
    assert change["old_marks"] == []


def test_marks_are_shown_in_the_text(run: Run, made_home: Path) -> None:
    outcome = run("diff", "甲护理条例", "--home", made_home)
    assert outcome.code == 1
    assert "护士应当尊重{+、关心、爱护+}病人，保护病人隐私。" in outcome.out
    assert "修改 2  未变 3" in outcome.out


def test_norms_and_what_rests_on_the_change(run: Run, made_home: Path, tmp_path: Path) -> None:
    rows = tmp_path / "rows"
    rows.mkdir()
    (rows / "train.jsonl").write_text(
        f'{{"id": "t1", "clauses": ["{OLD}/art2/p1"]}}\n{{"id": "t2", "clauses": ["{OLD}/art4"]}}\n', "utf-8"
    )
    outcome = run("diff", "甲护理条例", "--rests", rows, "--home", made_home, "--json")
    found = json.loads(outcome.out)
    jsonschema.validate(found, SCHEMA)
    assert [row["id"] for row in found["rows"]] == ["t1"]
    duty = next(n for n in found["norms"] if n["modality"] == "obligation")
    assert duty["kind"] == "changed"
    assert "action" in duty["fields"]
    assert "关心、爱护" in duty["new"]["action"]
    shown = run("diff", "甲护理条例", "--rests", rows / "train.jsonl", "--home", made_home).out
    assert "以所改条款为据" in shown
    assert "~ 义务 第二条" in shown


def test_the_same_text_has_no_differences(run: Run, made_home: Path) -> None:
    outcome = run("diff", "甲护理条例", "--from", "2021-01-01", "--to", "2022-01-01", "--home", made_home)
    assert outcome.code == 0
    assert "没有差异" in outcome.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("丙没有的法",), "没有《丙没有的法》"),
        (("甲处罚法",), "之前没有更早的文本"),
        (("甲护理条例", "--from", "2001-01-01"), f"所持：{OLD}；{NEW}"),
        (("甲护理条例", "--from", "去年"), "应如 2025-09-01"),
        (("甲护理条例", "--to", "甲护理条例@1999-01-01"), "不含版本"),
    ],
)
def test_what_cannot_be_compared_is_said(
    run: Run, made_home: Path, arguments: tuple[str, ...], said: str
) -> None:
    outcome = run("diff", *arguments, "--home", made_home)
    assert (outcome.code, outcome.out) == (2, "")
    assert said in outcome.err


@pytest.mark.parametrize(
    ("old", "new", "old_marks", "new_marks", "shown"),
    [
        ("甲乙丙", "甲丙", ((1, 2),), (), "甲[-乙-]丙"),
        ("甲丙", "甲乙丙", (), ((1, 2),), "甲{+乙+}丙"),
        ("甲乙", "甲丁", ((1, 2),), ((1, 2),), "甲[-乙-]{+丁+}"),
        ("甲\n乙", "甲\n\n乙", (), ((1, 2),), "甲\n\n乙"),  # a line break is form
    ],
)
def test_merged(
    old: str, new: str, old_marks: tuple[tuple[int, int], ...], new_marks: tuple[tuple[int, int], ...], shown: str
) -> None:  # fmt: skip
    change = ChangeView(
        ChangeKind.CHANGED, Kind.ARTICLE, "", "", "", "", old, new, old_marks, new_marks, 0.5, False, False, False, (), ()
    )  # fmt: skip
    assert merged(change) == shown
