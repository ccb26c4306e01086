"""Whether a verdict file holds: by itself, without any database, and against a build.

By itself: ids and hashes, that every span cuts out its words, that each finding follows from its steps by
the rule, that the conclusion follows from the recorded weighing, and what of the weighing the shipped word
lists and weights can recompute. Against a build: every quotation, norm, date and status. A forged bundle
that is consistent in itself fails the second.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from pydantic import ValidationError

from evaluator.fact_words import FactWords
from evaluator.facts import read_facts
from evaluator.finding_rule import BearerState, ExceptionState, Outcome, find
from evaluator.grounds import AGAINST, GROUNDS, SUPPORT
from evaluator.llm_answer import Failed, parse_answer
from evaluator.proof import ClauseRow, FactRow, FindingRow, LlmRecord, VerdictFile, Words
from evaluator.proof_rows import fact_row
from evaluator.verdict import NO_GROUND
from evaluator.weighing import (
    CONCLUSIONS,
    GROUPS,
    Seen,
    Weights,
    fact_features,
    finding_features,
    probabilities,
)
from kg.build import Build
from kg.norm import Modality
from kg.precedence import Outcome as Answer
from kg.problem import InputError
from kg.text import digest
from kg.vocabulary import Status


class Fault(NamedTuple):
    """Something in a verdict file that does not hold: where in the file, and what was expected."""

    place: str
    text: str


def read_verdict(text: str, place: str) -> VerdictFile:
    """The verdict in a file's text; InputError names the first field that is not as the schema says."""
    try:
        return VerdictFile.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "全文"
        raise InputError(
            f"{place} 不是结论文件：{where}：{first['msg']}；格式见 docs/schemas/verdict.json"
        ) from error


def verify(
    verdict: VerdictFile, *, words: FactWords, words_digest: str, weights: Weights | None
) -> list[Fault]:
    """Everything in a verdict that contradicts itself; empty if it is consistent."""
    return [
        *_seals(verdict),
        *(fault for clause in verdict.clauses for fault in _clause(clause, verdict)),
        *(fault for row in verdict.findings for fault in _finding(row, verdict)),
        *_facts(verdict, words, words_digest),
        *_weighing(verdict, words, words_digest, weights),
        *_conclusion(verdict),
        *_conflicts(verdict),
    ]


def _seals(verdict: VerdictFile) -> Iterator[Fault]:
    if verdict.id != verdict.content_digest():
        yield Fault("id", "与内容的校验值不同：文件被改动过")
    if verdict.scenario_sha256 != digest(verdict.scenario):
        yield Fault("scenario_sha256", "与情形文字的校验值不同")
    known = {clause.id for clause in verdict.clauses}
    for identifier in verdict.governing:
        if identifier not in known:
            yield Fault("governing", f"{identifier} 没有引文")
    unknown = tuple(c.id for c in verdict.clauses if c.status is Status.UNKNOWN)
    if verdict.unknown_validity != unknown:
        yield Fault("unknown_validity", "没有如实列出效力待核的条款")
    for place, sanction in enumerate(verdict.sanctions):
        if digest(sanction.quote) != sanction.sha256 or sanction.end - sanction.start != len(sanction.quote):
            yield Fault(f"sanctions[{place}]", "引文与其校验值或起止不符")


def _clause(clause: ClauseRow, verdict: VerdictFile) -> Iterator[Fault]:
    place = f"clauses[{clause.id}]"
    if digest(clause.quote) != clause.sha256:
        yield Fault(place, "引文与其校验值不符")
    if clause.end - clause.start != len(clause.quote):
        yield Fault(place, "引文的长度与起止不符")
    if clause.status not in (Status.IN_FORCE, Status.UNKNOWN):
        yield Fault(place, f"{verdict.as_of} 不是有效的法律（{clause.status.zh}）")
    if clause.effective_from is not None and clause.effective_from > verdict.as_of:
        yield Fault(place, f"{clause.effective_from} 才施行，晚于 {verdict.as_of}")


def _finding(row: FindingRow, verdict: VerdictFile) -> Iterator[Fault]:
    place = f"findings[{row.norm}]"
    clause = next((c for c in verdict.clauses if c.id == row.clause), None)
    if clause is None:
        yield Fault(place, f"条款 {row.clause} 没有引文")
        return
    if not row.method.may_ground:
        yield Fault(place, "模型提出、未经专家接受的规范不得作为依据")
    if not (row.provision + "/").startswith(clause.id + "/") or row.norm.split("#")[0] != row.provision:
        yield Fault(place, "规范不在所引条款之内")
    for name, span in row.parts.items():
        start, end = span.start - clause.start, span.end - clause.start
        if start < 0 or clause.quote[start:end] != span.text:
            yield Fault(f"{place}.{name}", "不是所引条款中该处的文字")
    expected = find(
        row.modality, bearer=row.bearer, condition=row.condition, exception=row.exception, conduct=row.conduct
    )
    if expected is not row.outcome:
        yield Fault(place, f"按规则应为“{expected.zh}”，文件记为“{row.outcome.zh}”")
    if (row.bearer in (BearerState.MATCHED, BearerState.ACTS_FOR)) != (row.actor is not None):
        yield Fault(f"{place}.bearer", "承担者与行为人不符")
    if (row.exception is ExceptionState.HOLDS) != (row.exception_fact is not None):
        yield Fault(f"{place}.exception", "例外成立须有事实，不成立不得有")
    if (row.condition.value in ("met", "unmet")) != (row.condition_fact is not None):
        yield Fault(f"{place}.condition", "条件的判断须有事实")
    if row.conduct_fact is None:
        yield Fault(f"{place}.conduct", "没有事实")


def _facts(verdict: VerdictFile, words: FactWords, words_digest: str) -> Iterator[Fault]:
    spans: list[tuple[str, Words]] = []
    rows: list[tuple[str, FactRow]] = []
    for found in verdict.findings:
        if found.actor is not None:
            spans.append((f"findings[{found.norm}].actor", found.actor))
        for name in ("condition_fact", "exception_fact", "conduct_fact"):
            row = getattr(found, name)
            if row is not None:
                rows.append((f"findings[{found.norm}].{name}", row))
    spans += [(place, row.span) for place, row in rows]
    for place, span in spans:
        if verdict.scenario[span.start : span.end] != span.text or not span.text:
            yield Fault(place, "不是情形中该处的文字")
    if verdict.weighing is not None and verdict.weighing.words == words_digest:
        read = {row.span: row for row in map(fact_row, read_facts(verdict.scenario, words).facts) if row}
        for place, row in rows:
            if read.get(row.span) != row:
                yield Fault(place, "重新读情形，得不到这一事实")


def _weighing(
    verdict: VerdictFile, words: FactWords, words_digest: str, weights: Weights | None
) -> Iterator[Fault]:
    weighing = verdict.weighing
    if weighing is None:
        return
    if weighing.conclusions != CONCLUSIONS or set(weighing.evidence) != {"base", *GROUPS}:
        yield Fault("weighing", "各类证据或结论的名称不符")
        return
    if probabilities(weighing.evidence) != weighing.probabilities:
        yield Fault("weighing.probabilities", "不是各类证据之和的结果")
    if weights is None or weights.digest != weighing.model:
        return
    ranks = {clause.id: clause.rank for clause in verdict.clauses}
    seen = [
        Seen(r.modality, r.outcome, r.condition, r.conduct, r.likeness, ranks.get(r.clause, 1))
        for r in verdict.findings
    ]
    if weights.threshold(weighing.probabilities) != weighing.threshold:
        yield Fault("weighing.threshold", "不是所称模型的门槛")
    if weights.base() != weighing.evidence["base"]:
        yield Fault("weighing.base", "不是所称模型的起点")
    if weights.evidence("findings", finding_features(seen)) != weighing.evidence["findings"]:
        yield Fault("weighing.findings", "由所列认定重算，得不到这些数")
    if weights.words(verdict.scenario) != weighing.evidence["words"]:
        yield Fault("weighing.words", "由情形的用词重算，得不到这些数")
    if weighing.words == words_digest:
        facts = fact_features(read_facts(verdict.scenario, words))
        if weights.evidence("facts", facts) != weighing.evidence["facts"]:
            yield Fault("weighing.facts", "由情形重算，得不到这些数")


def _conclusion(verdict: VerdictFile) -> Iterator[Fault]:
    if verdict.abstained != (verdict.confidence is None):
        yield Fault("confidence", "未下结论者不得有把握，下结论者须有")
    if verdict.abstained:
        if verdict.conclusion != "undetermined":
            yield Fault("conclusion", "未下结论而有结论")
        if any(row.role != "considered" for row in verdict.findings):
            yield Fault("findings", "未下结论而有依据")
        return
    if verdict.llm is not None:
        yield from _answered(verdict, verdict.llm)
    else:
        yield from _weighed(verdict)
    grounds = [row for row in verdict.findings if row.role == "grounds"]
    if len(grounds) > GROUNDS or (not grounds and verdict.conclusion != "undetermined"):
        yield Fault("findings", NO_GROUND if not grounds else "依据过多")
    for row in verdict.findings:
        if row.role == "grounds" and row.outcome not in SUPPORT[verdict.conclusion]:
            yield Fault(f"findings[{row.norm}]", "此认定不支持结论")
        if row.role == "against" and row.outcome not in AGAINST[verdict.conclusion]:
            yield Fault(f"findings[{row.norm}]", "此认定并不反对结论")
    clauses = {clause.id: clause for clause in verdict.clauses}
    unknown = any(r.clause in clauses and clauses[r.clause].status is Status.UNKNOWN for r in grounds)
    if unknown and "效力待核" not in verdict.reason:
        yield Fault("reason", "依据效力待核的条款而没有说明")


def _conflicts(verdict: VerdictFile) -> Iterator[Fault]:
    rows = {row.norm: row for row in verdict.findings}
    for place, conflict in enumerate(verdict.conflicts):
        sides = rows.get(conflict.broken), rows.get(conflict.kept)
        outcomes = tuple(row.outcome if row else None for row in sides)
        if outcomes != (Outcome.BREACH, Outcome.COMPLIED):
            yield Fault(f"conflicts[{place}]", "不是一条有违、一条合乎的两项认定")
        if any(
            row is None or row.conduct_fact is None or row.conduct_fact.span != conflict.fact for row in sides
        ):
            yield Fault(f"conflicts[{place}].fact", "不是两项认定共同的事实")
        losing = {Answer.FIRST: conflict.kept, Answer.SECOND: conflict.broken}.get(conflict.answer)
        if losing != conflict.losing:
            yield Fault(f"conflicts[{place}].losing", "让位的规范与孰先的回答不符")


def _weighed(verdict: VerdictFile) -> Iterator[Fault]:
    weighing = verdict.weighing
    if weighing is None:
        yield Fault("weighing", "有结论而无权衡")
        return
    best = max(range(len(CONCLUSIONS)), key=lambda i: weighing.probabilities[i])
    if CONCLUSIONS[best] != verdict.conclusion or weighing.probabilities[best] != verdict.confidence:
        yield Fault("conclusion", f"按权衡应为 {CONCLUSIONS[best]}")
    if weighing.probabilities[best] < weighing.threshold:
        yield Fault("conclusion", "把握低于门槛，应不下结论")


def _answered(verdict: VerdictFile, record: LlmRecord) -> Iterator[Fault]:
    """Whether the conclusion and the findings are those of the answer that the record holds."""
    answer = parse_answer(record.answer)
    if record.failures or isinstance(answer, Failed):
        yield Fault("llm", "语言模型的回答没有通过核对，却有结论")
        return
    if (answer.conclusion, answer.confidence) != (verdict.conclusion, verdict.confidence):
        yield Fault("conclusion", f"语言模型的回答是 {answer.conclusion}")
    told = {(record.given.get(own.norm), own.bearer, own.condition, own.exception, own.conduct)
            for own in answer.findings}  # fmt: skip
    for row in verdict.findings:
        if (row.norm, row.bearer, row.condition, row.exception, row.conduct) not in told:
            yield Fault(f"findings[{row.norm}]", "语言模型的回答里没有这一认定")


def verify_against(verdict: VerdictFile, build: Build) -> list[Fault]:
    """Everything in a verdict that the build does not say: quotations, titles, validity, norms."""
    faults: list[Fault] = []
    if verdict.build != build.id:
        faults.append(Fault("build", f"结论依据构建 {verdict.build}，所比为 {build.id}"))
    for clause in verdict.clauses:
        faults += _clause_in(clause, verdict, build)
    for row in verdict.findings:
        norm = next((n for n in build.norms(row.provision) if n.id == row.norm), None)
        if norm is None:
            faults.append(Fault(f"findings[{row.norm}]", "构建中没有这一规范"))
            continue
        own = {role.value: Words(*span) for role, span in norm.spans().items()}
        if norm.modality is not row.modality or norm.method is not row.method:
            faults.append(Fault(f"findings[{row.norm}]", f"构建中为{norm.modality.zh}"))
        if any(own.get(name) != span for name, span in row.parts.items()):
            faults.append(Fault(f"findings[{row.norm}]", "规范的组成部分与构建不同"))
        if (norm.condition is None) != (
            row.condition.value == "none"
        ) and norm.modality is not Modality.LIABILITY:
            faults.append(Fault(f"findings[{row.norm}].condition", "条件的有无与构建不同"))
        if (norm.exception is None) != (row.exception is ExceptionState.NONE):
            faults.append(Fault(f"findings[{row.norm}].exception", "例外的有无与构建不同"))
    for sanction in verdict.sanctions:
        try:
            text, _ = build.provision(sanction.sanction)
        except InputError as error:
            faults.append(Fault("sanctions", str(error)))
            continue
        if text.official[sanction.start : sanction.end] != sanction.quote:
            faults.append(Fault(f"sanctions[{sanction.sanction}]", "引文与构建的文本不同"))
    return faults


def _clause_in(clause: ClauseRow, verdict: VerdictFile, build: Build) -> Iterator[Fault]:
    place = f"clauses[{clause.id}]"
    try:
        text, provision = build.provision(clause.id)
    except InputError as error:
        yield Fault(place, str(error))
        return
    if text.official[clause.start : clause.end] != clause.quote:
        yield Fault(place, "引文与构建的文本不同")
    if not (provision.start <= clause.start and clause.end <= provision.end):
        yield Fault(place, "引文不在该条款之内")
    if text.expression.title != clause.title or build.clause(clause.id).id.display() != clause.article:
        yield Fault(place, "题名或条号与构建不同")
    validity = text.expression.validity
    if validity.status(verdict.as_of) is not clause.status or validity.begins != clause.effective_from:
        yield Fault(place, f"{verdict.as_of} 的效力按构建为{validity.status(verdict.as_of).zh}")
