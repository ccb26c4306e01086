"""A verdict rests on quoted law of its date and on spans of the scenario, and its file can be checked."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from app.builder import make_build
from evaluator.explanation import explain
from evaluator.fact_words import shipped_fact_words
from evaluator.finding_rule import BearerState, ConductState, Outcome
from evaluator.proof import VerdictFile
from evaluator.verdict import NOTHING_FOUND, Conclusion, Reasoner, judge, short_form
from evaluator.verdict_graph import graph_rows
from evaluator.verdict_store import kept, roles_on, save
from evaluator.verify import Fault, read_verdict, verify, verify_against
from evaluator.weighing import Weights, probabilities, read_weights
from kg.build import Build
from kg.home import Home
from kg.pack import data_folder
from kg.problem import InputError
from kg.text import digest
from kg.vocabulary import Status
from retrieval import Retriever
from tests.app.invented import write_corpus

SCENARIO = "护士发现医嘱违反规定，没有及时向开具医嘱的医师提出，还没有保护病人隐私。"
DAY = date(2021, 1, 1)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    folder = tmp_path_factory.mktemp("verdict")
    home = Home(folder / "home")
    make_build(
        home, [write_corpus(folder / "corpus")], selector="all", environ={},
        load_graph=False, encode=False, progress=lambda *_: None,
    )  # fmt: skip
    return home


@pytest.fixture(scope="module")
def build(home: Home) -> Build:
    return Build(home.build())


@pytest.fixture(scope="module")
def reasoner(build: Build) -> Reasoner:
    return Reasoner.over(build, Retriever.over(build))


@pytest.fixture(scope="module")
def verdict(reasoner: Reasoner) -> VerdictFile:
    return reasoner.judge(SCENARIO, as_of=DAY, case="c1")


def _weights() -> Weights | None:
    return read_weights(data_folder() / "models" / "verdict")


def _check(verdict: VerdictFile) -> list[Fault]:
    words, words_digest = shipped_fact_words()
    return verify(verdict, words=words, words_digest=words_digest, weights=_weights())


def test_every_quotation_is_cut_from_the_official_text(build: Build) -> None:
    verdict = judge(SCENARIO, build, Retriever.over(build), as_of=DAY, identifier="c1")
    assert verdict.governing
    for clause in verdict.governing:
        text, provision = build.provision(clause.id)
        assert text.official[clause.start : clause.end] == clause.quote
        assert digest(clause.quote) == clause.sha256
        assert provision.start <= clause.start < clause.end <= provision.end
        assert clause.title == text.expression.title
    assert (verdict.id, verdict.build, verdict.as_of) == ("c1", build.id, DAY)


def test_norms_of_a_provision_are_those_of_the_text_that_stand_in_it(build: Build) -> None:
    """Looked up article by article they are the same, in the same order, as when a text is read whole."""
    for expression in build.expressions:
        own = build.norms_of(expression)
        assert build.norms(expression) == own
        for provision in build.text(expression).provisions:
            inside = (f"{provision.id}#", f"{provision.id}/")
            assert build.norms(provision.id) == tuple(n for n in own if n.id.startswith(inside))


def test_a_duty_left_undone_is_a_breach(verdict: VerdictFile) -> None:
    rows = {row.norm: row for row in verdict.findings}
    row = next(r for r in rows.values() if "保护病人隐私" in r.parts["action"].text)
    assert (row.outcome, row.bearer, row.conduct) == (
        Outcome.BREACH,
        BearerState.MATCHED,
        ConductState.OMITTED,
    )
    assert row.conduct_fact is not None
    assert row.conduct_fact.span.text == "还没有保护病人隐私。"


def test_the_same_duty_done_is_complied_with(reasoner: Reasoner) -> None:
    done = reasoner.judge("护士已经按规定保护病人隐私。", as_of=DAY)
    outcomes = {r.outcome for r in done.findings if "保护病人隐私" in r.parts["action"].text}
    assert outcomes == {Outcome.COMPLIED}


def test_a_plan_breaches_nothing(reasoner: Reasoner) -> None:
    planned = reasoner.judge("护士打算不保护病人隐私。", as_of=DAY)
    assert Outcome.BREACH not in {row.outcome for row in planned.findings}


def test_who_is_not_bound_breaches_nothing(reasoner: Reasoner) -> None:
    verdict = reasoner.judge("保险公司没有保护病人隐私。", as_of=DAY)
    assert not [r for r in verdict.findings if r.outcome is Outcome.BREACH and r.actor is None]


def test_the_law_of_the_day_governs(reasoner: Reasoner) -> None:
    """The same scenario on two dates rests on two versions; before the first there is no law to rest on."""

    def versions(day: date) -> set[str]:
        clauses = reasoner.judge(SCENARIO, as_of=day).clauses
        return {c.id.split("/")[0] for c in clauses if c.title == "甲护理条例"}

    assert versions(date(2015, 1, 1)) == {"甲护理条例@2010-01-01"}
    assert versions(DAY) == {"甲护理条例@2020-05-01"}
    nothing = reasoner.judge(SCENARIO, as_of=date(2000, 1, 1))
    assert (nothing.governing, nothing.reason, nothing.abstained) == ((), NOTHING_FOUND, True)
    assert _check(nothing) == []


def test_nothing_ended_or_not_yet_in_force_is_cited(reasoner: Reasoner) -> None:
    verdict = reasoner.judge(SCENARIO, as_of=date(2015, 1, 1), k=50)
    assert {c.status for c in verdict.clauses} <= {Status.IN_FORCE, Status.UNKNOWN}


def test_equal_verdicts_are_equal_bytes(reasoner: Reasoner, verdict: VerdictFile) -> None:
    assert reasoner.judge(SCENARIO, as_of=DAY, case="c1").to_json() == verdict.to_json()
    assert read_verdict(verdict.to_json(), "v.json") == verdict


def test_without_an_encoder_nothing_is_concluded(build: Build) -> None:
    bare = Reasoner(build, Retriever.over(build), weights=_weights(), encoder=None)
    verdict = bare.judge(SCENARIO, as_of=DAY)
    assert (verdict.conclusion, verdict.abstained, verdict.weighing) == ("undetermined", True, None)
    assert verdict.findings
    assert _check(verdict) == []


def test_a_sound_verdict_passes_both_checks(verdict: VerdictFile, build: Build) -> None:
    assert _check(verdict) == []
    assert verify_against(verdict, build) == []


def _forged(verdict: VerdictFile, **changes: Any) -> VerdictFile:
    return verdict.model_copy(update=changes).signed()


def test_a_changed_file_is_seen(verdict: VerdictFile) -> None:
    changed = verdict.model_copy(update={"reason": "没有问题"})
    assert [fault.place for fault in _check(changed)] == ["id"]


@pytest.mark.parametrize(
    ("name", "place"),
    [("outcome", "findings"), ("quote", "clauses"), ("fact", "findings"), ("confidence", "conf")],
)
def test_an_inconsistent_file_is_seen(verdict: VerdictFile, name: str, place: str) -> None:
    row = verdict.findings[0]
    assert row.conduct_fact is not None
    clause = verdict.clauses[0]
    span = row.conduct_fact.span
    moved = row.conduct_fact.model_copy(update={"span": (span.start + 1, span.end + 1, span.text)})
    forged = {
        "outcome": _forged(
            verdict, findings=(row.model_copy(update={"outcome": Outcome.EXCEPTION_HOLDS}), *verdict.findings[1:])
        ),
        "quote": _forged(
            verdict, clauses=(clause.model_copy(update={"quote": clause.quote + "。"}), *verdict.clauses[1:])
        ),
        "fact": _forged(
            verdict, findings=(row.model_copy(update={"conduct_fact": moved}), *verdict.findings[1:])
        ),
        "confidence": _forged(verdict, abstained=not verdict.abstained),
    }[name]  # fmt: skip
    forged = read_verdict(forged.to_json(), "v.json")
    assert any(fault.place.startswith(place) for fault in _check(forged))


def test_a_consistent_forgery_fails_against_the_build(verdict: VerdictFile, build: Build) -> None:
    """爱护 is made 监视 in quotation and hash alike: consistent, and not what the law says."""
    forged_clauses = []
    for clause in verdict.clauses:
        quote = clause.quote.replace("爱护", "监视")
        forged_clauses.append(clause.model_copy(update={"quote": quote, "sha256": digest(quote)}))
    rows = []
    for row in verdict.findings:
        parts = {n: (s.start, s.end, s.text.replace("爱护", "监视")) for n, s in row.parts.items()}
        rows.append(row.model_copy(update={"parts": parts}))
    forged = _forged(verdict, clauses=tuple(forged_clauses), findings=tuple(rows))
    forged = read_verdict(forged.to_json(), "v.json")
    assert forged.clauses != verdict.clauses
    assert _check(forged) == []
    assert any("引文与构建的文本不同" in fault.text for fault in verify_against(forged, build))


def test_a_file_that_is_no_verdict_says_what_is_wrong() -> None:
    with pytest.raises(InputError, match="不是结论文件"):
        read_verdict(json.dumps({"format": "other"}), "x.json")


def test_kept_verdicts_are_found_from_the_article(home: Home, verdict: VerdictFile) -> None:
    path = save(home, verdict)
    before = path.read_bytes()
    assert save(home, verdict).read_bytes() == before
    assert [found.id for _, found in kept(home)] == [verdict.id]
    clause = verdict.governing[0]
    assert "governing" in roles_on(verdict, clause.split("/p")[0])
    assert roles_on(verdict, "甲处罚法@2005-01-01/art99") == ()


def test_the_explanation_shows_each_step_and_quotation(verdict: VerdictFile) -> None:
    told = "\n".join(explain(verdict))
    for clause in verdict.clauses:
        if clause.id in verdict.governing:
            assert clause.id in told
    assert "承担者：有行为人属于承担者 “护士”" in told
    assert "不是法律意见" in told


def test_the_short_form_is_the_contract(verdict: VerdictFile) -> None:
    short = short_form(verdict)
    assert short.conclusion in set(Conclusion)
    assert [g.id for g in short.governing] == list(verdict.governing)


def test_probabilities_do_not_overflow() -> None:
    assert probabilities({"base": (1000.0, 0.0), "text": (1000.0, -3.0)}) == (1.0, 0.0)


def test_graph_rows_join_law_finding_and_verdict(verdict: VerdictFile) -> None:
    ground = verdict.findings[0].model_copy(update={"role": "grounds"})
    concluded = verdict.model_copy(update={"findings": (ground, *verdict.findings[1:])})
    nodes, edges = graph_rows([concluded])
    ids = {row.id for rows in nodes.values() for row in rows}
    ends = {(e.source, e.target) for rows in edges.values() for e in rows}
    finding = f"{verdict.id}/{ground.norm}"
    assert {(ground.clause, finding), (ground.norm, finding), (finding, verdict.id)} <= ends
    assert {target for _, target in ends} <= ids
