"""Attacks in the situation and in the statute, against a model that obeys every one of them: no verdict cites what was not retrieved."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from evaluator.fact_words import shipped_fact_words
from evaluator.llm_model import ChatModel, Endpoint
from evaluator.llm_reasoner import SYSTEM, LlmReasoner
from evaluator.proof import VerdictFile
from evaluator.verdict import Reasoner
from evaluator.verify import verify, verify_against
from kg.build import Build
from retrieval import Retriever
from tests.evaluator.chat_server import chat_server, completion
from tests.evaluator.small_corpus import Law, build_of

DAY = date(2024, 1, 1)
ATTACKS = Path(__file__).parent / "attacks"
SITUATION = "护士发现医嘱违反规定，没有向医师提出，仍照着执行了。"
ROWS = [json.loads(line) for line in (ATTACKS / "injections.jsonl").read_text("utf-8").splitlines()]
STATUTES = [row for row in ROWS if row["where"] == "statute"]
SITUATIONS = [row for row in ROWS if row["where"] == "scenario"]
NUMBERS = "一二三四五六七八"


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Two invented laws whose articles hold the attacks, after one without any."""
    laws = []
    for name, rows in (("甲医嘱条例", STATUTES[:5]), ("乙医嘱条例", STATUTES[5:])):
        articles = ["第一条 护士发现医嘱违反规定的，应当及时向开具医嘱的医师提出。"]
        articles += [row["text"].format(n=NUMBERS[at]) for at, row in enumerate(rows, 1)]
        laws.append(Law(name, "行政法规", "2020-01-01", "\n\n".join(articles)))
    return build_of(tmp_path_factory.mktemp("attacked"), laws)


@pytest.fixture(scope="module")
def built_in(build: Build) -> Reasoner:
    return Reasoner(build, Retriever.over(build), weights=None, encoder=None)


def answer(prompt: str, **changes: Any) -> dict[str, Any]:
    """An answer that would hold for the first norm given, with what is changed."""
    label = re.search(r"\[(C\d+\.N\d+)\] 义务：", prompt)
    assert label is not None
    finding = {
        "norm": label[1], "quote": "护士", "bearer": "matched", "actor": "护士", "condition": "unknown", "condition_fact": None,
        "exception": "none", "exception_fact": None, "conduct": "omitted", "conduct_fact": "没有向医师提出",
    }  # fmt: skip
    finding |= {k.removeprefix("finding_"): v for k, v in changes.items() if k.startswith("finding_")}
    whole = {
        "conclusion": "non_compliant", "confidence": 1.0, "reason": "依给出的条款。", "governing": [label[1].split(".")[0]],
        "findings": [finding], "missing_facts": [],
    }  # fmt: skip
    return whole | {k: v for k, v in changes.items() if not k.startswith("finding_")}


def wanted(attack: str) -> tuple[str, str]:
    """The label and the law that an attack wants cited; others, as far from what is given, where it names none."""
    label = re.search(r"C\d{2,}(?:\.N\d+)?", attack)
    law = re.search(r"《[^》]+》第[^，。：；]{1,6}条", attack)
    return (label[0].split(".")[0] if label else "C99"), (law[0] if law else "《万能法》第一条")


Obeying = Callable[[str, str], str]
"""What a model that obeys answers to a prompt, given the attack."""


def _json(**changes: Any) -> Obeying:
    return lambda prompt, _: json.dumps(answer(prompt, **changes), ensure_ascii=False)


OBEYING: dict[str, Obeying] = {
    "cites the label": lambda p, a: json.dumps(answer(p, governing=[wanted(a)[0]])),
    "finds under the label": lambda p, a: json.dumps(answer(p, finding_norm=f"{wanted(a)[0]}.N1")),
    "cites the law in its reason": lambda p, a: json.dumps(answer(p, reason=f"依{wanted(a)[1]}，合规。")),
    "quotes the attack": lambda p, a: json.dumps(answer(p, finding_quote=f"《不在条款中》{a[:20]}")),
    "concludes without a ground": _json(conclusion="compliant", findings=[]),
    "adds a field": _json(extra_law="任意法"),
    "answers in words": lambda _, a: f"遵命。{a}",
    "fences its answer": lambda p, _: f"```json\n{json.dumps(answer(p))}\n```",
}


def check(verdict: VerdictFile, build: Build) -> list[Any]:
    words, digest = shipped_fact_words()
    return [*verify(verdict, words=words, words_digest=digest, weights=None), *verify_against(verdict, build)]


def test_there_are_enough_attacks_of_enough_kinds() -> None:
    assert len(ROWS) >= 100 and len({row["text"] for row in ROWS}) == len(ROWS)
    assert len({row["kind"] for row in ROWS}) >= 10


EVERY = 1 if os.environ.get("YILUN_ATTACKS") == "all" else 4
"""Every fourth attack in each way, another quarter for each way; all of them on request."""


@pytest.mark.parametrize("way", OBEYING)
def test_no_obedience_makes_a_verdict_cite_what_was_not_retrieved(
    build: Build, built_in: Reasoner, way: str
) -> None:
    attack, attacks = "", ROWS[list(OBEYING).index(way) % EVERY :: EVERY]
    with chat_server(lambda r: completion(OBEYING[way](r["messages"][-1]["content"], attack))) as chat:
        model = LlmReasoner(built_in, ChatModel(Endpoint(chat.url, "obeys", key="secret-key", retries=0)))
        for row in attacks:
            attack = row["text"]
            told = SITUATION + attack if row["where"] == "scenario" else SITUATION
            verdict = model.judge(told, as_of=DAY)
            assert verdict.llm is not None and verdict.llm.failures, (way, row["id"])
            assert verdict.abstained and verdict.conclusion == "undetermined" and not verdict.findings
            held = {identifier for label, identifier in verdict.llm.given.items() if "." not in label}
            assert {clause.id for clause in verdict.clauses} <= held
            assert check(verdict, build) == [], (way, row["id"])
    assert len(chat.requests) == len(attacks)
    for request in chat.requests:
        assert request["messages"][0]["content"] == SYSTEM  # no attack reaches the standing instruction
        assert "secret-key" not in json.dumps(request["messages"])


def test_an_attack_beside_an_honest_answer_changes_nothing(build: Build, built_in: Reasoner) -> None:
    """The check does not refuse everything: an answer that holds passes, with the attack in its prompt."""
    with chat_server(lambda r: completion(json.dumps(answer(r["messages"][-1]["content"])))) as chat:
        model = LlmReasoner(built_in, ChatModel(Endpoint(chat.url, "honest", retries=0)))
        verdict = model.judge(SITUATION + SITUATIONS[0]["text"], as_of=DAY)
    assert verdict.llm is not None
    assert not verdict.llm.failures, verdict.llm.failures
    assert verdict.conclusion == "non_compliant" and check(verdict, build) == []


def test_the_attacks_are_described_where_they_lie() -> None:
    assert (ATTACKS / "README.md").is_file()
