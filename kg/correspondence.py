"""Which provision of one text is which of another: one to one, by their words, their numbers and their order.

Pieces of two characters are compared, the rare ones counting more than the formulas that every article of a
law repeats (cosine of tf-idf). Very same words correspond first; then, from the most similar pair down,
whatever is similar enough; then what stands between two corresponding neighbours and is at least akin.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

SIMILAR, AKIN = 0.3, 0.2
"""How similar two provisions must be to correspond: anywhere in the text; between corresponding neighbours.

Chosen by reading, see docs/design/diff-of-versions.md."""


class Unit(NamedTuple):
    """A provision to be matched: its label (the same label is a hint, no proof) and its canonical words."""

    label: str
    words: str


class Match(NamedTuple):
    """The positions of two units that correspond, and how similar they are; 1.0 for the very same words.

    `rival` is how similar either of them is to the next best unit whose very words the other side lacks.
    """

    old: int
    new: int
    similarity: float
    rival: float = 0.0


@dataclass(frozen=True)
class Weights:
    """How much each piece of two characters tells: the rarer it is among the given words, the more."""

    occurrences: Mapping[str, int]
    documents: int

    @classmethod
    def of(cls, words: Iterable[str]) -> Weights:
        """The weights that a collection of words gives its own pieces."""
        collection = list(words)
        counts: Counter[str] = Counter()
        for each in collection:
            counts.update(set(_pieces(each)))
        return cls(counts, len(collection))

    def vector(self, words: str) -> dict[str, float]:
        """The words as a unit vector of weighted pieces."""
        raw = {
            piece: (1 + math.log(count)) * math.log(1 + self.documents / self.occurrences.get(piece, 1))
            for piece, count in sorted(Counter(_pieces(words)).items())
        }
        length = math.sqrt(sum(weight * weight for weight in raw.values())) or 1.0
        return {piece: weight / length for piece, weight in raw.items()}


def _pieces(words: str) -> list[str]:
    return [a + b for a, b in pairwise(words)] or [words]


def correspond(
    old: Sequence[Unit],
    new: Sequence[Unit],
    weights: Weights,
    *,
    similar: float = SIMILAR,
    akin: float = AKIN,
) -> tuple[Match, ...]:
    """Pairs of corresponding units in the order of `old`; no unit is in two pairs.

    >>> before = [Unit("art1", "医师应当尊重患者"), Unit("art2", "收费应当公示")]
    >>> after = [Unit("art1", "本法所称医师"), Unit("art2", "医师应当尊重、关心患者"), Unit("art3", "收费应当公示")]
    >>> [(m.old, m.new) for m in correspond(before, after, Weights.of(u.words for u in before + after))]
    [(0, 1), (1, 2)]
    """
    matched = _identical(old, new)
    taken = set(matched.values())
    left = [i for i in range(len(old)) if i not in matched]
    right = [j for j in range(len(new)) if j not in taken]
    scores = _similarities(old, new, left, right, weights)
    found = dict.fromkeys(matched.items(), 1.0)

    def take(i: int, j: int, score: float) -> None:
        matched[i] = j
        taken.add(j)
        found[i, j] = score

    def rank(pair: tuple[int, int]) -> tuple[float, bool, int, int]:
        i, j = pair
        return -scores[pair], old[i].label != new[j].label, i, j

    ranked = sorted(scores, key=rank)
    for i, j in ranked:
        if scores[i, j] < similar:
            break
        if i not in matched and j not in taken:
            take(i, j, scores[i, j])
    gaps = _gaps(matched, len(old), len(new))
    for i, j in ranked:
        if scores[i, j] < akin:
            break
        if i not in matched and j not in taken and j in gaps.get(i, ()):
            take(i, j, scores[i, j])
            gaps = _gaps(matched, len(old), len(new))
    best: dict[tuple[str, int], list[tuple[float, int]]] = defaultdict(list)
    for (i, j), score in scores.items():
        best["old", i].append((score, j))
        best["new", j].append((score, i))

    def rival(i: int, j: int) -> float:
        others = [s for s, k in best["old", i] if k != j] + [s for s, k in best["new", j] if k != i]
        return max(others, default=0.0)

    return tuple(Match(i, j, found[i, j], rival(i, j)) for i, j in sorted(matched.items()))


def _identical(old: Sequence[Unit], new: Sequence[Unit]) -> dict[int, int]:
    """The very same words: under the same label where there are several, else in order."""
    places: dict[str, list[int]] = defaultdict(list)
    for j, unit in enumerate(new):
        places[unit.words].append(j)
    matched: dict[int, int] = {}
    for same_label in (True, False):
        for i, unit in enumerate(old):
            for j in places.get(unit.words, ()) if i not in matched else ():
                if not same_label or new[j].label == unit.label:
                    matched[i] = j
                    places[unit.words].remove(j)
                    break
    return matched


def _similarities(
    old: Sequence[Unit], new: Sequence[Unit], left: Sequence[int], right: Sequence[int], weights: Weights
) -> dict[tuple[int, int], float]:
    postings: dict[str, list[tuple[int, float]]] = defaultdict(list)
    for j in right:
        for piece, weight in weights.vector(new[j].words).items():
            postings[piece].append((j, weight))
    scores: dict[tuple[int, int], float] = defaultdict(float)
    for i in left:
        for piece, weight in weights.vector(old[i].words).items():
            for j, other in postings.get(piece, ()):
                scores[i, j] += weight * other
    return {pair: round(score, 6) for pair, score in scores.items()}


def _gaps(matched: Mapping[int, int], olds: int, news: int) -> dict[int, range]:
    """For each unmatched old unit the new positions between those of its matched neighbours."""
    gaps: dict[int, range] = {}
    following = news
    above: dict[int, int] = {}
    for i in range(olds - 1, -1, -1):
        if i in matched:
            following = matched[i]
        above[i] = following
    before = -1
    for i in range(olds):
        if i in matched:
            before = matched[i]
        else:
            gaps[i] = range(before + 1, above[i])
    return gaps


def in_order(matches: Sequence[Match]) -> frozenset[int]:
    """The old positions of a longest run of matches whose new positions rise: the rest changed places.

    >>> sorted(in_order([Match(0, 1, 1.0), Match(1, 2, 1.0), Match(2, 0, 1.0)]))
    [0, 1]
    """
    tails: list[int] = []  # new position at which the best run of each length ends
    at: list[int] = []  # index of that match
    before: list[int] = []
    for index, match in enumerate(matches):
        length = bisect_left(tails, match.new)
        before.append(at[length - 1] if length else -1)
        tails[length:] = [match.new, *tails[length + 1 :]]
        at[length:] = [index, *at[length + 1 :]]
    kept = []
    index = at[-1] if at else -1
    while index >= 0:
        kept.append(matches[index].old)
        index = before[index]
    return frozenset(kept)
