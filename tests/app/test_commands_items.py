"""`yilun items`: questions by program; scenarios by a model, checked, queued, and decided by a person."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.app.conftest import Run
from tests.evaluator.chat_server import Answer, chat_server, completion

STORY = (
    "我在病房做护士，昨天中午打饭时和邻床家属聊天，顺口把三床老张得的是什么病、做过几次手术都说了，"
    "今天他儿子找上门来问我凭什么往外讲。我当时没多想，只是觉得大家都熟。"
)
GOOD = {
    "scenario": STORY,
    "stance": "violation",
    "facts": ["顺口把三床老张得的是什么病、做过几次手术都说了"],
    "reason": "把病人的病情告诉了无关的人",
}


def written(run: Run, home: Path, answer: Answer, *more: object, seconds: int = 20) -> Any:
    with chat_server(answer) as chat:
        return run(
            "items", "scenario", "甲护理条例第二条", "--home", home, "--as-of", "2021-01-01",
            "--llm-url", chat.url, "--llm-model", "small", "--llm-timeout", seconds, *more,
        )  # fmt: skip


def says(**changes: object) -> Answer:
    return lambda _: completion(json.dumps({**GOOD, **changes}, ensure_ascii=False))


@pytest.fixture
def home(made_home: Path, tmp_path: Path) -> Path:
    import shutil

    shutil.copytree(made_home, tmp_path / "items-home")
    return tmp_path / "items-home"


def test_a_scenario_waits_until_a_person_decides(run: Run, home: Path) -> None:
    told = written(run, home, says())
    assert told.code == 0, told.err
    row = json.loads(told.out)
    assert row["authorship"] == "由语言模型撰写，未经审核" and row["provision"].endswith("art2")
    (waiting,) = [json.loads(line) for line in run("items", "queue", "--home", home).out.splitlines()]
    assert (waiting["state"], waiting["decided_by"]) == ("waiting", None)
    decided = run(
        "items", "decide", row["id"], "--accept", "--author", "王律师", "--reason", "情形清楚", "--home", home
    )
    assert decided.code == 0
    assert run("items", "queue", "--state", "waiting", "--home", home).out == ""
    accepted = json.loads(run("items", "queue", "--state", "accepted", "--home", home).out)
    assert (accepted["decided_by"], accepted["decision_reason"]) == ("王律师", "情形清楚")
    again = written(run, home, says())
    assert again.code == 1 and "几乎相同" in again.err


REFUSED = [
    (says(stance="compliant"), "stance 是 compliant"),
    (says(scenario=f"根据《甲护理条例》，{STORY}"), "提到法律"),
    (says(scenario=f"{STORY}护士应当尊重、关心、爱护病人。"), "照抄条文"),
    (says(facts=["他没有说过的话"]), "不在情形中"),
    (says(extra=1), "extra"),
    (lambda _: completion('{"scenario": "半截', finish="length"), "词元"),
    (lambda _: completion("不是 JSON"), "没有写成"),
]


@pytest.mark.parametrize(("answer", "said"), REFUSED, ids=[said for _, said in REFUSED])
def test_what_a_model_gets_wrong_is_told_and_not_kept(
    run: Run, home: Path, answer: Answer, said: str
) -> None:
    told = written(run, home, answer)
    assert told.code == 1 and said in told.err
    assert run("items", "queue", "--home", home).out == ""


def test_a_scenario_must_not_share_words_with_an_unseen_file(run: Run, home: Path, tmp_path: Path) -> None:
    (tmp_path / "unseen.csv").write_text(f"题目：{STORY[10:40]}", encoding="utf-8")
    told = written(run, home, says(), "--against", tmp_path / "unseen.csv")
    assert told.code == 1 and "十三字" in told.err


def test_a_decision_has_author_and_reason_and_a_scenario(run: Run, home: Path) -> None:
    base = ("items", "decide", "--accept", "--home", home)
    assert "没有情形" in run(*base, "case:0", "--author", "王", "--reason", "好").err
    identifier = json.loads(written(run, home, says()).out)["id"]
    assert "作者与理由" in run(*base, identifier, "--author", " ", "--reason", "好").err


def test_a_damaged_queue_names_the_line(run: Run, home: Path) -> None:
    written(run, home, says())
    path = home / "proposals" / "scenarios.jsonl"
    path.write_text(path.read_text(encoding="utf-8").replace("老张", "老李"), encoding="utf-8")
    told = run("items", "queue", "--home", home)
    assert told.code == 1 and "scenarios.jsonl:1" in told.err


def test_objective_questions_of_a_small_build(run: Run, home: Path, tmp_path: Path) -> None:
    out = tmp_path / "items.jsonl"
    assert run("items", "objective", "--count", "5", "--out", out, "--home", home).code == 0
    assert run("items", "objective", "--kind", "riddle", "--home", home).code == 2
    told = run("items", "objective", "--csv", "--home", home)
    assert told.out.startswith("\ufeffscene,query,reference,type")
