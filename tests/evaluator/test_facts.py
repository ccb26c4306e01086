"""Facts of a scenario: each a span of it, with negation, hearsay, plans and speech told apart."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluator.fact_words import Mark, read_fact_words, shipped_fact_words
from evaluator.facts import FactKind, read_facts
from kg.problem import DamagedError

WORDS, _ = shipped_fact_words()


@pytest.mark.parametrize(
    ("clause", "kind", "negated", "note"),
    [
        ("医生没有告诉病人风险。", FactKind.OMISSION, True, "没有 negates"),
        ("医生已经把风险写进同意书。", FactKind.CONDUCT, False, "已经 tells of something done"),
        ("这家医院名气不错。", FactKind.CIRCUMSTANCE, False, "不错 negates nothing"),
        ("护士不得不停手。", FactKind.CIRCUMSTANCE, False, "two negations are none"),
        ("主任说都这样，", FactKind.SPEECH, False, "what somebody says is not what is so"),
        ("“先做手术，签字以后补”", FactKind.SPEECH, False, "a quotation is speech"),
        ("三天后病人去世，", FactKind.OUTCOME, False, "an outcome is no conduct"),
    ],
)
def test_kind_and_negation(clause: str, kind: FactKind, negated: bool, note: str) -> None:
    first = read_facts(clause, WORDS).facts[0]
    assert (first.kind, first.negated) == (kind, negated), note


@pytest.mark.parametrize(
    ("clause", "settled", "note"),
    [
        ("护士把病历拍照发到群里。", True, "told as done"),
        ("听说护士把病历拍照发到群里。", False, "hearsay"),
        ("护士打算把病历拍照发到群里。", False, "a plan"),
        ("能不能把病历拍照发到群里？", False, "a question"),
        ("病人是否签字说不清。", False, "said to be unknown"),
    ],
)
def test_what_is_settled(clause: str, settled: bool, note: str) -> None:
    assert read_facts(clause, WORDS).facts[0].is_settled is settled, note


@pytest.mark.parametrize(
    ("text", "clause", "kind", "note"),
    [
        ("护士规定“手机一周开放十分钟，不听话取消”，她想通话被拒。", "不听话取消”，", FactKind.SPEECH, "the mark after a quotation is no clause of its own"),
        ("护士一听，就说“这种病人我们管不了，去专科”。", "就说“这种病人我们管不了，", FactKind.SPEECH, "what is negated is within what is said"),
        ("护士没有说“请签字，再等等”。", "护士没有说“请签字，", FactKind.OMISSION, "here the saying is negated"),
    ],
)  # fmt: skip
def test_speech_that_spans_clauses(text: str, clause: str, kind: FactKind, note: str) -> None:
    (fact,) = (fact for fact in read_facts(text, WORDS).facts if fact.part.text == clause)
    assert fact.kind is kind, note


def test_actors_are_parties_and_are_carried_over() -> None:
    facts = read_facts("值班的大夫开了药，没有写病历。", WORDS).facts
    assert [a.parties for a in facts[0].actors] == [("医师",)]
    assert (facts[0].carried, facts[1].carried) == (False, True)
    assert facts[1].actors == facts[0].actors
    assert {"医师", "医务人员", "个人", "任何组织和个人"} <= WORDS.kinds("医师")


def test_dates_and_vulnerability_are_spans() -> None:
    text = "2024年3月5日，十五岁的女孩被诊断抑郁，三天后出院。"
    facts = read_facts(text, WORDS)
    assert [d.text for d in facts.dates] == ["2024年3月5日", "十五岁", "三天后"]
    assert "抑郁" in [v.text for v in facts.vulnerabilities]


@given(st.text(alphabet="医生护士没有不，。“”：！？说听\n好　𠮷a1", max_size=60))
def test_every_span_cuts_out_its_words(text: str) -> None:
    facts = read_facts(text, WORDS)
    parts = [*facts.sentences, *(f.part for f in facts.facts), *facts.dates, *facts.vulnerabilities]
    parts += [actor.part for fact in facts.facts for actor in fact.actors]
    assert all(text[p.start : p.end] == p.text for p in parts)


def test_clauses_cover_the_text() -> None:
    text = "主任说：“先做。”护士没签字；家属不在场……后来补了？"
    assert "".join(f.part.text for f in read_facts(text, WORDS).facts) == text


def test_a_mark_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "facts"
    folder.mkdir()
    (folder / "marks.jsonl").write_text(
        json.dumps({"mark": "nothing", "words": [], "note": ""}) + "\n", encoding="utf-8"
    )
    with pytest.raises(DamagedError, match=r"marks\.jsonl:1"):
        read_fact_words(tmp_path, {})
    assert read_fact_words(tmp_path / "none", {}).marks == {}


def test_every_mark_has_words() -> None:
    assert set(WORDS.marks) == set(Mark)
