"""Norms that a language model proposes, with a server that answers, cuts off, lies and hangs; none is a norm unreviewed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from app.builder import make_build
from kg.build import Build
from kg.home import Home
from kg.norm import Method
from kg.proposal import ProposalLog
from tests.app.conftest import Run
from tests.app.invented import write_corpus
from tests.evaluator.chat_server import Answer, chat_server, completion

PLACE = "甲护理条例@2020-05-01/art2/p1"
GOOD = {
    "modality": "obligation", "cue": "应当", "bearer": "护士", "counterparty": "病人",
    "action": "尊重、关心、爱护病人", "condition": None, "exception": None,
}  # fmt: skip


@pytest.fixture
def home(tmp_path: Path) -> Path:
    build(tmp_path)
    return tmp_path / "home"


def build(folder: Path) -> Build:
    home = Home(folder / "home")
    report = make_build(
        home, [write_corpus(folder / "corpus")], selector="all", environ={},
        load_graph=False, encode=False, progress=lambda *_: None,
    )  # fmt: skip
    return Build(home.build_path(report.build_id))


def said(*norms: dict[str, Any]) -> Answer:
    return lambda _: completion(json.dumps({"norms": norms}, ensure_ascii=False))


def propose(run: Run, home: Path, answer: Answer, *, seconds: int = 20) -> tuple[Any, list[dict[str, Any]]]:
    with chat_server(answer) as chat:
        told = run(
            "propose", "甲护理条例第二条", "--home", home, "--as-of", "2021-01-01", "--json",
            "--llm-url", chat.url, "--llm-model", "small", "--llm-timeout", seconds,
        )  # fmt: skip
    return told, [json.loads(line) for line in told.out.splitlines()]


def test_a_proposal_is_kept_apart_and_is_no_norm(run: Run, home: Path) -> None:
    before = Build(Home(home).build())
    told, rows = propose(run, home, said(GOOD))
    assert told.code == 0
    (row,) = rows
    assert (row["method"], row["status"], row["model"]) == ("model", "proposed", "small")
    words = before.provision(PLACE)[0].words(before.provision(PLACE)[1])
    for start, end, text in row["claim"]["parts"].values():
        assert words[start:end] == text
    assert row["claim"]["bearers"] == ["护士"]
    again = build(home.parent)
    assert again.id == before.id  # no build reads proposals
    assert all(norm.method is Method.RULE for norm in again.norms_of("甲护理条例@2020-05-01"))
    assert propose(run, home, said(GOOD))[1] == rows  # the same proposal is one
    assert len(ProposalLog.of(Home(home)).read()[0]) == 1


def test_an_accepted_proposal_becomes_an_experts_norm(run: Run, home: Path) -> None:
    _, (row) = propose(run, home, said(GOOD))
    identifier = row[0]["id"]
    words = ["review", "add", identifier, "--author", "甲", "--reason", "核对无误", "--home", home]
    assert run(*words, "--act", "correct", "--set", "bearer=护士").code == 2
    assert run(*words, "--act", "accept").code == 0
    assert "已认可" in run("propose", "--home", home).out
    made = build(home.parent)
    (norm,) = [n for n in made.norms(PLACE) if n.method is Method.EXPERT]
    assert norm.action is not None and norm.action.text == GOOD["action"]
    (judged,) = made.reviews
    assert identifier in judged.review.reason and "small" in judged.review.reason


def test_a_rejected_proposal_takes_nothing_away(run: Run, home: Path) -> None:
    _, rows = propose(run, home, said(GOOD))
    before = build(home.parent)
    assert run(
        "review", "add", rows[0]["id"], "--act", "reject", "--author", "甲", "--reason", "重复", "--home", home
    ).code == 0  # fmt: skip
    assert "已否定" in run("propose", "--home", home).out
    assert build(home.parent).id == before.id
    unknown = run(
        "review", "add", "proposal:0", "--act", "accept", "--author", "甲", "--reason", "x", "--home", home
    )
    assert unknown.code == 2 and "没有建议" in unknown.err


LIES = [
    ({"action": "尊重、关心和爱护病人"}, "不在原文中", "one character is altered"),
    ({"bearer": "医师"}, "不在原文中", "a party that the text does not name"),
    ({"condition": ""}, "不在原文中", "no words at all"),
    ({"action": "病人"}, "不止一处", "words that stand twice say not where"),
]


@pytest.mark.parametrize(("change", "says", "note"), LIES, ids=[row[2] for row in LIES])
def test_a_lie_is_refused_and_told_and_the_truth_beside_it_kept(
    run: Run, home: Path, change: dict[str, Any], says: str, note: str
) -> None:
    told, rows = propose(run, home, said({**GOOD, **change}, GOOD))
    assert told.code == 1 and says in told.err, note
    assert [row["claim"]["parts"]["action"][2] for row in rows] == [GOOD["action"]]


BROKEN: list[tuple[Answer, str, str]] = [
    (
        lambda _: completion('{"norms": [{"modality": "obli', finish="length"),
        "被截断",
        "cut off by the limit",
    ),
    (lambda _: completion('{"norms": [{"modality": "obli'), "不合格式", "cut off without saying so"),
    (lambda _: completion("好的：" + json.dumps({"norms": [GOOD]})), "不合格式", "a preface"),
    (said({**GOOD, "modality": "advice"}), "不合格式", "a modality that there is not"),
    (said({**GOOD, "note": "x"}), "不合格式", "one field too many"),
    (lambda _: b"<html>", "不是 chat completion", "a server that speaks otherwise"),
]


@pytest.mark.parametrize(("answer", "says", "note"), BROKEN, ids=[row[2] for row in BROKEN])
def test_a_broken_answer_proposes_nothing(run: Run, home: Path, answer: Answer, says: str, note: str) -> None:
    told, rows = propose(run, home, answer)
    assert (told.code, rows) == (1, []), note
    assert says in told.err
    assert not ProposalLog.of(Home(home)).read()[0]


def test_a_server_that_hangs_is_given_up(run: Run, home: Path) -> None:
    told, rows = propose(run, home, lambda _: None, seconds=1)
    assert (told.code, rows) == (1, []) and "时限" in told.err


def test_only_the_words_of_the_provision_and_the_form_are_sent(run: Run, home: Path) -> None:
    with chat_server(said()) as chat:
        run(
            "propose",
            "甲护理条例第二条",
            "--home",
            home,
            "--as-of",
            "2021-01-01",
            "--llm-url",
            chat.url,
            "--llm-model",
            "m",
        )
        (request,) = chat.requests
    assert request["messages"][1]["content"] == "护士应当尊重、关心、爱护病人，保护病人隐私。"
    assert request["response_format"]["json_schema"]["name"] == "norms"
    assert run("propose", "甲护理条例第二条", "--home", home).code == 2  # no model is configured


def test_an_altered_file_of_proposals_is_refused(run: Run, home: Path) -> None:
    propose(run, home, said(GOOD))
    path = ProposalLog.of(Home(home)).path
    path.write_text(path.read_text(encoding="utf-8").replace("尊重、关心", "尊敬、关心"), encoding="utf-8")
    told = run("propose", "--home", home)
    assert told.code != 0 and f"{path.name}:1" in told.err
