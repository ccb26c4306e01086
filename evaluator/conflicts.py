"""Two norms that ask the contrary of one and the same conduct: which yields, by which rule, and what stands behind.

That they conflict is suggested, not found: they speak of the same conduct, and one is broken and the other kept
by the same words of the scenario. Whether both could have been kept is for a reader to say; the answer tells
what follows if not.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from evaluator.fact_words import FactWords
from evaluator.finding_rule import ConductState, Outcome
from evaluator.grounds import Ranked
from evaluator.matching import Likeness, phrase_of
from evaluator.proof import ConflictRow, Words
from kg.build import Build
from kg.norm import Modality, Norm
from kg.precedence import Outcome as Answer
from kg.precedence import precedence
from kg.standing import Narrower, narrower, standing

CONFLICTS = 3
"""How many conflicts a verdict names: those of the likeliest norms."""


def conflicts(
    found: Sequence[Ranked], build: Build, words: FactWords, likeness: Likeness, *, as_of: date
) -> tuple[ConflictRow, ...]:
    """The pairs of a norm broken and a norm kept by the same words, and which of the two prevails."""
    ordered = sorted(found, key=lambda r: (-r.weight, r.finding.norm.id))
    pairs = [(a, b) for a in ordered for b in ordered if _opposed(a, b) and _of_one_thing(a, b, likeness)]
    rows: dict[tuple[str, str], ConflictRow] = {}
    for broken, kept in sorted(pairs, key=lambda pair: -min(pair[0].weight, pair[1].weight)):
        # Norms of one article are read together; a pair of articles is named once.
        places = (broken.clause.id, kept.clause.id)
        if len(rows) < CONFLICTS and _article(places[0]) != _article(places[1]):
            rows.setdefault(places, _row(broken, kept, build, words, as_of))
    return tuple(rows.values())


def _opposed(broken: Ranked, kept: Ranked) -> bool:
    first, second = broken.finding, kept.finding
    if first.outcome is not Outcome.BREACH or second.outcome is not Outcome.COMPLIED:
        return False
    same = first.conduct_fact is not None and first.conduct_fact == second.conduct_fact
    # Kept by leaving undone what nobody forbids is no conflict with a duty: both read the same silence.
    return same and ConductState.DONE in (first.conduct, second.conduct)


ALIKE = 0.80
"""How alike the conduct of two norms must be: below it nearly all pairs speak of different things."""


def _of_one_thing(broken: Ranked, kept: Ranked, likeness: Likeness) -> bool:
    first, second = broken.finding.norm, kept.finding.norm
    # Two liabilities are grades of one punishment (三千元以上、不足五千元), not commands that collide.
    graded = first.modality is second.modality is Modality.LIABILITY
    return not graded and likeness.between(phrase_of(first), phrase_of(second)) >= ALIKE


def _row(broken: Ranked, kept: Ranked, build: Build, words: FactWords, as_of: date) -> ConflictRow:
    fact = broken.finding.conduct_fact
    assert fact is not None  # _opposed
    sides = [standing(build, side.clause.id) for side in (broken, kept)]
    special = _special(broken.finding.norm, kept.finding.norm, words)
    answer = precedence(*sides, as_of=as_of, special=special)
    losing = {Answer.FIRST: kept.finding.norm.id, Answer.SECOND: broken.finding.norm.id}.get(answer.outcome)
    return ConflictRow(
        fact=Words(fact.part.start, fact.part.end, fact.part.text),
        broken=broken.finding.norm.id,
        kept=kept.finding.norm.id,
        answer=answer.outcome,
        losing=losing,
        rule=answer.principle.zh,
        reason=answer.reason,
        basis=tuple(basis.display() for basis in answer.basis),
        decider=answer.decider,
        cautions=answer.cautions,
        principles_broken=_principles(broken.finding.norm, build),
        principles_kept=_principles(kept.finding.norm, build),
    )


def _special(first: Norm, second: Norm, words: FactWords) -> Narrower:
    parties = {*first.bearers, *second.bearers, *first.counterparties, *second.counterparties}
    return narrower(first, second, {party: words.kinds(party) for party in parties})


def _principles(norm: Norm, build: Build) -> tuple[str, ...]:
    names = sorted(norm.principles, key=lambda e: (-e.score, e.name))[:2]
    return tuple(build.principles[e.name].name if e.name in build.principles else e.name for e in names)


def _article(identifier: str) -> str:
    return "/".join(identifier.split("/")[:2])
