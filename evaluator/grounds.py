"""What follows from the findings of a verdict: principles, missing facts, advice, sanctions reachable."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from evaluator.finding_rule import ConditionState, ConductState, ExceptionState, Outcome
from evaluator.matching import Finding
from evaluator.proof import AdviceRow, ClauseRow, FindingRow, SanctionRow
from evaluator.weighing import Seen
from kg.build import Build
from kg.identity import ProvisionId
from kg.norm import Modality, NormLink, Role, TieMethod
from kg.schema import RelationType
from kg.vocabulary import Kind

SUPPORT = {
    "non_compliant": frozenset({Outcome.BREACH}),
    "compliant": frozenset({Outcome.COMPLIED, Outcome.EXCEPTION_HOLDS}),
    "conditional": frozenset({Outcome.UNCLEAR, Outcome.CONDITION_UNMET, Outcome.EXCEPTION_HOLDS}),
    "undetermined": frozenset({Outcome.UNCLEAR}),
}
"""The outcomes that a conclusion may rest on."""

AGAINST = {
    "non_compliant": frozenset({Outcome.COMPLIED, Outcome.EXCEPTION_HOLDS}),
    "compliant": frozenset({Outcome.BREACH}),
    "conditional": frozenset[Outcome](),
    "undetermined": frozenset[Outcome](),
}
"""The outcomes that speak against a conclusion."""

GROUNDS = 3
"""How many findings a conclusion rests on at most: the weightiest; the others are shown as considered."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """A finding and the clause that states its norm."""

    finding: Finding
    clause: ClauseRow

    @property
    def seen(self) -> Seen:
        """What the model looks at."""
        own = self.finding
        return Seen(
            own.norm.modality, own.outcome, own.condition, own.conduct, own.likeness, self.clause.rank
        )

    @property
    def weight(self) -> float:
        """What a finding counts for: how alike the words are, less for clauses found later."""
        return self.finding.likeness / (1 + 0.15 * (self.clause.rank - 1))


def paragraph_of(provision: ProvisionId) -> ProvisionId:
    """The 款 that a provision lies in, or the provision where it lies in none."""
    for place, step in enumerate(provision.steps):
        if step.kind is Kind.PARAGRAPH:
            return ProvisionId(provision.expression, provision.steps[: place + 1])
    return provision


def principles(found: Sequence[Ranked], build: Build) -> tuple[str, ...]:
    """The principles at stake, the weightiest first: those of norms breached, complied with or unclear."""
    weights: Counter[str] = Counter()
    for ranked in found:
        for evidence in ranked.finding.norm.principles:
            weights[evidence.name] += ranked.weight * evidence.score  # type: ignore[assignment] # a float
    best = sorted(weights, key=lambda name: (-weights[name], name))[:4]
    return tuple(build.principles[name].name if name in build.principles else name for name in best)


def missing_facts(found: Sequence[Ranked]) -> tuple[str, ...]:
    """Questions whose answers could change the findings, of the weightiest findings first; at most six."""
    questions: list[str] = []
    for ranked in sorted(found, key=lambda r: (-r.weight, r.finding.norm.id)):
        own, place = ranked.finding, f"《{ranked.clause.title}》{ranked.clause.article}"
        if own.condition is ConditionState.UNKNOWN and own.norm.condition:
            questions.append(f"是否属于“{_short(own.norm.condition.text)}”（{place}）？")
        if own.exception is ExceptionState.NOT_TOLD and own.norm.exception:
            questions.append(f"是否有例外“{_short(own.norm.exception.text)}”（{place}）？")
        if own.conduct is ConductState.UNSETTLED and own.norm.action:
            questions.append(f"是否确已“{_short(own.norm.action.text)}”（{place}）？")
    return tuple(dict.fromkeys(questions))[:6]


def advice(grounds: Sequence[FindingRow], clauses: Sequence[ClauseRow]) -> tuple[AdviceRow, ...]:
    """What the norms of the grounds say to do or leave, in their own words."""
    places = {clause.id: f"《{clause.title}》{clause.article}" for clause in clauses}
    found = []
    for row in grounds:
        action, cue = row.parts.get(Role.ACTION.value), row.parts.get(Role.CUE.value)
        if action is None or row.modality not in (Modality.OBLIGATION, Modality.PROHIBITION):
            continue
        word = cue.text if cue else row.modality.zh
        found.append(AdviceRow(norm=row.norm, text=f"{word}{action.text}（{places[row.clause]}）"))
    return tuple(found)


def sanctions(grounds: Sequence[FindingRow], build: Build) -> tuple[SanctionRow, ...]:
    """The liabilities that the graph ties to the breached norms, each quoted; nearest first, at most six.

    From a norm or what it stands in to the liability that cites it, and on to the one that this refers to.
    A liability that was itself found is its own sanction. Ties by likeness of words alone are left out.
    """
    found: dict[str, SanctionRow] = {}
    for row in grounds:
        if row.outcome is not Outcome.BREACH:
            continue
        reached = [row.provision] if row.modality is Modality.LIABILITY else []
        for place in [*reached, *_chain(row, build)]:
            if place not in found and len(found) < _SANCTIONS:
                found[place] = _sanction(row.norm, place, build)
    return tuple(found.values())


_SANCTIONS = 6
_STEPS = 3


def _chain(row: FindingRow, build: Build) -> list[str]:
    """The 款 of the liabilities reached from a norm, nearest first."""
    ties = _sanctions_of(build)
    place = ProvisionId.parse(row.provision)
    around = [str(ProvisionId(place.expression, place.steps[:n])) for n in range(len(place.steps), 0, -1)]
    waiting, seen = [row.norm, *around], set[str]()
    found: dict[str, None] = {}
    for _ in range(_STEPS):
        further: list[str] = []
        for source in waiting:
            seen.add(source)
            for tie in ties.get(source, ()):
                found[str(paragraph_of(ProvisionId.parse(tie.target.split("#")[0])))] = None
                further.append(tie.target)
        waiting = [one for one in dict.fromkeys(further) if one not in seen]
    return list(found)


def _sanction(norm: str, place: str, build: Build) -> SanctionRow:
    target = paragraph_of(ProvisionId.parse(place))
    text, provision = build.provision(target)
    quote = text.quote(provision)
    return SanctionRow(
        norm=norm,
        sanction=str(target),
        title=text.expression.title,
        article=build.clause(target).id.display(),
        quote=text.official[quote.start : quote.end],
        start=quote.start,
        end=quote.end,
        sha256=quote.sha256,
    )


@lru_cache(maxsize=2)
def _sanctions_of(build: Build) -> dict[str, tuple[NormLink, ...]]:
    found: dict[str, tuple[NormLink, ...]] = {}
    for tie in build.norm_ties:
        if tie.type is RelationType.SANCTIONED_BY and tie.method is not TieMethod.LIKENESS:
            found[tie.source] = (*found.get(tie.source, ()), tie)
    return found


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:60] + "…"
