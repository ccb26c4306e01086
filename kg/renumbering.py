"""Where each article of one version of a work stands in another version, as far as that is certain."""

from __future__ import annotations

from collections import Counter
from difflib import SequenceMatcher
from functools import lru_cache

from kg.build import Text
from kg.correspondence import Match, Unit, Weights, correspond
from kg.identity import Step
from kg.text import canonical
from kg.vocabulary import Kind

_SIMILAR, _MOVED, _CLEAR = 0.7, 0.85, 0.2
"""How similar (share of common characters) an amended article must be under its old number, and under a new
one, and how far ahead of the next it must then be (in the measure of the correspondence).

Chosen by reading 27 pairs of versions, 942 articles whose words changed under one number. Of the least
similar pairs that the rule took for one article, two were two articles sharing a formula of penalty, at 0.65
and 0.66; of 25 articles found under another number just above 0.85 none was wrong."""


def moves(base: Text, other: Text) -> dict[tuple[Step, ...], tuple[Step, ...] | None]:
    """For each article of `base` the path of the same article in `other`, None where that is uncertain.

    The very same words are the same article, under their old number or under another, unless several
    articles have them. Else the corresponding article is, if it has the same number and is similar enough,
    or if it is so similar under another number that nothing else comes near; else nobody can say without
    reading.
    """
    ours, theirs = ([p for p in text.provisions if p.kind is Kind.ARTICLE] for text in (base, other))
    before = [Unit(str(p.id.steps), canonical(base.words(p))) for p in ours]
    after = [Unit(str(p.id.steps), canonical(other.words(p))) for p in theirs]
    copies = Counter(unit.words for unit in after)
    result: dict[tuple[Step, ...], tuple[Step, ...] | None] = {p.id.steps: None for p in ours}
    for match in correspond(before, after, Weights.of(u.words for u in (*before, *after))):
        if _is_certain(match, before[match.old], after[match.new], copies):
            result[ours[match.old].id.steps] = theirs[match.new].id.steps
    return result


def _is_certain(match: Match, old: Unit, new: Unit, copies: Counter[str]) -> bool:
    if old.words == new.words:
        return old.label == new.label or copies[new.words] == 1
    alike_enough = alike(old.words, new.words)
    if old.label == new.label:
        return alike_enough >= _SIMILAR
    return alike_enough >= _MOVED and match.similarity - match.rival >= _CLEAR


@lru_cache(maxsize=20_000)
def alike(a: str, b: str) -> float:
    """The share of common characters of two texts, in order: 1 for equal ones."""
    return SequenceMatcher(None, a, b, autojunk=False).ratio()
