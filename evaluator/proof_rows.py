"""The rows of a verdict file, made of what was found: facts, findings with their roles, clauses cited."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from evaluator.facts import Fact, Part
from evaluator.finding_rule import Outcome
from evaluator.grounds import AGAINST, GROUNDS, SUPPORT, Ranked
from evaluator.matching import measured
from evaluator.proof import ClauseRow, FactRow, FindingRow, Words
from kg.build import Build
from kg.norm import Norm, Role
from kg.vocabulary import Kind


def finding_rows(found: Sequence[Ranked], conclusion: str | None) -> list[FindingRow]:
    """The findings in the order of their weight, each with its role; `conclusion` is None for an abstention."""
    ordered = sorted(found, key=lambda r: (-r.weight, r.finding.norm.id))
    support = SUPPORT[conclusion] if conclusion else frozenset[Outcome]()
    against = AGAINST[conclusion] if conclusion else frozenset[Outcome]()
    rows: list[FindingRow] = []
    grounds: set[str] = set()
    for ranked in ordered:
        role = "considered"
        # One norm of each clause: others of the same one, met by the same words, would add nothing.
        if ranked.finding.outcome in support and len(grounds) < GROUNDS and ranked.clause.id not in grounds:
            role = "grounds"
            grounds.add(ranked.clause.id)
        elif ranked.finding.outcome in against:
            role = "against"
        rows.append(_row(ranked, role))
    return rows


def norm_fields(norm: Norm, clause: ClauseRow) -> dict[str, object]:
    """The fields of a finding that tell which norm was applied."""
    parts = {
        name.value: Words(*span)
        for name, span in norm.spans().items()
        # An elided bearer stands elsewhere: the proof quotes only words of the clause itself.
        if clause.start <= span.start and span.end <= clause.end
    }
    return {
        "norm": norm.id,
        "provision": str(norm.provision),
        "clause": clause.id,
        "modality": norm.modality,
        "method": norm.method,
        "parts": parts,
        "bearer_elided": norm.bearer_elided,
    }


def _row(ranked: Ranked, role: str) -> FindingRow:
    own = ranked.finding
    return FindingRow.model_validate(
        {
            **norm_fields(own.norm, ranked.clause),
            "bearer": own.bearer,
            "actor": _words(own.actor.part) if own.actor else None,
            "actor_parties": own.actor.parties if own.actor else (),
            "condition": own.condition,
            "condition_fact": fact_row(own.condition_fact),
            "exception": own.exception,
            "exception_fact": fact_row(own.exception_fact),
            "conduct": own.conduct,
            "conduct_fact": fact_row(own.conduct_fact),
            "likeness": own.likeness,
            "outcome": own.outcome,
            "role": role,
        }
    )


def fact_row(fact: Fact | None) -> FactRow | None:
    """A fact as a proof records it."""
    if fact is None:
        return None
    return FactRow(span=_words(fact.part), kind=fact.kind, negated=fact.negated, settled=fact.is_settled)


def _words(part: Part) -> Words:
    return Words(part.start, part.end, part.text)


def clause_row(build: Build, identifier: str, as_of: date, *, score: float, rank: int) -> ClauseRow:
    """A provision as a proof cites it: its words with their place, and whether they are law on the day."""
    text, provision = build.provision(identifier)
    quote = text.quote(provision)
    validity = text.expression.validity
    steps = {step.kind: step.number for step in provision.id.steps}
    around = (*text.ancestors(provision), provision)
    sole = any(p.kind is Kind.PARAGRAPH and p.sole for p in around)
    return ClauseRow(
        id=identifier,
        title=text.expression.title,
        article=build.clause(identifier).id.display(),
        paragraph=None if sole else steps.get(Kind.PARAGRAPH),
        item=steps.get(Kind.ITEM),
        quote=text.official[quote.start : quote.end],
        start=quote.start,
        end=quote.end,
        sha256=quote.sha256,
        status=validity.status(as_of),
        effective_from=validity.begins,
        score=score,
        rank=rank,
    )


def measured_by(row: FindingRow) -> str:
    """The words of the norm that the conduct was measured by: of a liability, what it punishes."""
    action, condition = (row.parts.get(role.value) for role in (Role.ACTION, Role.CONDITION))
    return measured(
        row.modality, action=action.text if action else "", condition=condition.text if condition else ""
    )
