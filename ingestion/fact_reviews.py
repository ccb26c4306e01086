"""Experts' corrections of facts of the ledger: which facts, how they are read, and the ledger after them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from ingestion.ledger import Ledger
from kg.model import DatedVersion, Source
from kg.problem import InputError, Problem, Severity
from kg.review import Act, Review, State
from kg.reviewing import agree, latest, subject
from kg.vocabulary import Level

PLAIN = ("level", "issuing_body", "document_number", "status", "official_publication")
"""Facts that are one word each; besides them `effective_from@YYYY-MM-DD`, the day a version took effect."""
_STATUS = ("in_force", "repealed", "amended_since", "")
_EFFECTIVE = "effective_from@"


@dataclass(frozen=True)
class CorrectedLedger:
    """A ledger after the reviews of its facts, what became of each review, and what a lawyer should look at."""

    ledger: Ledger
    states: dict[str, State]
    problems: tuple[Problem, ...]


def fact(source: Source, field: str) -> str:
    """A fact as text, empty where it is unknown; InputError if a review cannot speak of that field."""
    if field in PLAIN:
        return str(getattr(source, field))
    if field.startswith(_EFFECTIVE):
        day = _day(field.removeprefix(_EFFECTIVE), field)
        version = next((v for v in source.versions if v.version_date == day), None)
        return version.effective_from.isoformat() if version and version.effective_from else ""
    raise InputError(f"不能审核的字段 {field!r}；可为 {'、'.join(PLAIN)} 或 {_EFFECTIVE}版本日期")


def with_fact(source: Source, field: str, value: str, evidence: str) -> Source:
    """The work with another value of a fact; InputError if the value cannot stand there."""
    fact(source, field)
    if field in PLAIN:
        if (field == "level" and value not in set(Level)) or (field == "status" and value not in _STATUS):
            raise InputError(f"{field} 不能是 {value!r}")
        facts = {name: fact(source, name) for name in PLAIN} | {field: value}
        return replace(
            source,
            level=Level(facts["level"]),
            issuing_body=facts["issuing_body"],
            document_number=facts["document_number"],
            status=facts["status"],
            official_publication=facts["official_publication"],
            evidence={**source.evidence, field: evidence},
        )
    made = _day(field.removeprefix(_EFFECTIVE), field)
    begins = _day(value, field) if value else None
    if begins and begins < made:
        raise InputError(f"{made} 的版本不可能自 {begins} 起施行")
    others = [version for version in source.versions if version.version_date != made]
    versions = sorted([*others, DatedVersion(made, begins, evidence)], key=lambda v: v.version_date)
    return replace(source, versions=tuple(versions))


def _day(value: str, field: str) -> date:
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise InputError(f"{field}：{value!r} 不是日期，应如 2022-03-01") from None


def correct_ledger(ledger: Ledger, reviews: Sequence[Review]) -> CorrectedLedger:
    """The ledger with the experts' facts. A fact that is no longer as it was when reviewed is stale; where
    experts disagree, the ledger stands."""
    states: dict[str, State] = {}
    problems: list[Problem] = []
    sources = dict(ledger.sources)
    groups: dict[tuple[object, ...], list[Review]] = defaultdict(list)
    for one in latest(reviews, states):
        if one.act is Act.FACT:
            groups[subject(one)].append(one)
    for group in groups.values():
        first = group[0]
        if first.target not in sources:
            states |= {one.id: State.NOT_HELD for one in group}
        elif not agree(group):
            states |= {one.id: State.CONFLICT for one in group}
            told = "；".join(f"{one.author}：{one.new}（{one.id}）" for one in group)
            problems.append(_problem(first, "review_conflict", f"{told}：意见不一，台账暂不改动"))
        else:
            for one in group:
                states[one.id] = _apply(one, sources, ledger.sources[one.target], problems)
    facts = {one.id for one in reviews if one.act is Act.FACT}
    kept = {identifier: state for identifier, state in states.items() if identifier in facts}
    return CorrectedLedger(Ledger(sources, ledger.corrections, ledger.topics), kept, tuple(problems))


def _apply(one: Review, sources: dict[str, Source], before: Source, problems: list[Problem]) -> State:
    try:
        found = fact(before, one.field)
        if found not in (one.old or "", one.new):
            problems.append(
                _problem(
                    one, "review_stale", f"台账现为“{found}”，审核时为“{one.old or ''}”；没有应用，请重审"
                )
            )
            return State.STALE
        evidence = f"expert:{one.author} {one.time.date()} {one.reason}"
        sources[one.target] = with_fact(sources[one.target], one.field, str(one.new), evidence)
    except InputError as error:
        problems.append(_problem(one, "review_stale", f"{error}；没有应用"))
        return State.STALE
    return State.APPLIED


def _problem(one: Review, code: str, text: str) -> Problem:
    place = f"ledger:{one.target}#{one.field}"
    return Problem(Severity.WARNING, code, place, f"{one.author} {one.time.date()} 的审核 {one.id}：{text}")
