"""`yilun precedence` as people type it. The texts are invented."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from tests.app.conftest import Run

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "schemas" / "precedence.json").read_text("utf-8"))


def test_a_law_and_a_regulation(run: Run, made_home: Path) -> None:
    outcome = run("precedence", "《甲护理条例》第二条", "《甲处罚法》第二条", "--home", made_home, "--json")
    found = json.loads(outcome.out)
    jsonschema.validate(found, SCHEMA)
    assert outcome.code == 0
    assert (found["outcome"], found["principle"]) == ("second", "superior")
    assert found["basis"] == [{"name": "《中华人民共和国立法法》第九十九条第一款", "id": None, "text": ""}]


def test_the_answer_in_words(run: Run, made_home: Path) -> None:
    outcome = run("precedence", "《甲护理条例》第二条", "《甲处罚法》第二条", "--home", made_home)
    assert "不一致之处适用《甲处罚法》第二条，不适用《甲护理条例》第二条 — 上位法优于下位法" in outcome.out
    assert "此构建没有其文本" in outcome.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("《甲护理条例》第二条", "《甲处罚法》第二条", "--special", "third"), "--special 'third' 不是"),
        (("《甲护理条例》第二条", "《甲处罚法》第九十九条"), "没有第九十九条"),
    ],
)
def test_bad_input(run: Run, made_home: Path, arguments: tuple[str, ...], said: str) -> None:
    outcome = run("precedence", *arguments, "--home", made_home)
    assert (outcome.code, outcome.out) == (2, "")
    assert said in outcome.err
