"""Joining the rankings of several systems: pure functions of their scores."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import fsum

from retrieval.lexical import Scored


@dataclass(frozen=True, slots=True)
class Ranking:
    """What one system found, best first, and how much it counts."""

    system: str
    weight: float
    found: tuple[Scored, ...]


@dataclass(frozen=True, slots=True)
class Fused:
    """One document of the joint ranking: a score from 0 to 1, and its rank in each system that found it."""

    row: int
    score: float
    ranks: tuple[tuple[str, int], ...]


def fuse(rankings: Iterable[Ranking]) -> list[Fused]:
    """The weighted mean of scores stretched to [0, 1] inside each ranking, best first.

    The best of a ranking gets 1 and the last 0 (all 1 where they are equal); a document that a system
    did not find gets 0 there; a ranking that found nothing takes no part. Independent of the order of
    the rankings; rounded to 1e-6, ties by row.

    >>> a = Ranking("bm25", 1.0, (Scored(7, 9.0), Scored(3, 5.0)))
    >>> b = Ranking("dense", 0.5, (Scored(3, 0.8), Scored(7, 0.6)))
    >>> [(hit.row, hit.score) for hit in fuse([b, a])]
    [(7, 0.666667), (3, 0.333333)]
    """
    held = sorted((r for r in rankings if r.found), key=lambda r: r.system)
    total = fsum(ranking.weight for ranking in held)
    parts: dict[int, list[float]] = {}
    ranks: dict[int, list[tuple[str, int]]] = {}
    for ranking in held:
        best = max(hit.score for hit in ranking.found)
        span = best - min(hit.score for hit in ranking.found)
        for rank, hit in enumerate(ranking.found, 1):
            stretched = 1 - (best - hit.score) / span if span else 1.0
            parts.setdefault(hit.row, []).append(ranking.weight * stretched)
            ranks.setdefault(hit.row, []).append((ranking.system, rank))
    fused = (Fused(row, round(fsum(parts[row]) / total, 6) + 0.0, tuple(ranks[row])) for row in parts)
    return sorted(fused, key=lambda hit: (-hit.score, hit.row))


def ranked(scores: Mapping[int, float], rankings: Iterable[Ranking]) -> list[Fused]:
    """Documents by these scores, best first, with their ranks in the rankings; rounded to 1e-6, ties by row.

    >>> [(hit.row, hit.ranks) for hit in ranked({3: 0.2, 7: 0.9}, [Ranking("bm25", 1.0, (Scored(3, 5.0),))])]
    [(7, ()), (3, (('bm25', 1),))]
    """
    ranks: dict[int, list[tuple[str, int]]] = {row: [] for row in scores}
    for ranking in sorted(rankings, key=lambda r: r.system):
        for rank, hit in enumerate(ranking.found, 1):
            ranks[hit.row].append((ranking.system, rank))
    found = (Fused(row, round(score, 6) + 0.0, tuple(ranks[row])) for row, score in scores.items())
    return sorted(found, key=lambda hit: (-hit.score, hit.row))
