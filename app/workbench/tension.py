"""Norms that point in opposite directions about like conduct of the same people: candidates, not conflicts.

What one norm forbids and another asks or allows, in words that share much. Whether both can be kept, because their
conditions or objects differ, only a reader can say; which would prevail if not, the order of law says (`kg.precedence`).
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from kg.build import Build
from kg.identity import article_of
from kg.norm import Modality, Norm, kinds_of
from kg.precedence import Precedence, precedence
from kg.standing import standing
from kg.vocabulary import Status

_ASKING = (Modality.OBLIGATION, Modality.PERMISSION, Modality.RIGHT)
_LEAST = 0.45
"""How alike the words of two acts must be; below it nearly all pairs are about different things."""
_COMMON = 150
"""Pairs of characters that more acts than this have tell nothing about what an act is."""
_SHARED = 3
"""So many pairs of characters two acts must share: 批准 alone says of nothing what is done."""


@dataclass(frozen=True, slots=True)
class Tension:
    """A prohibition and a norm that asks for or allows what it forbids, by their ids; `likeness` from 0 to 1.

    `scenes` is how many of the two are about a clinical scene.
    """

    forbids: str
    asks: str
    likeness: float
    scenes: int


def tensions(norms: Iterable[Norm], kinds: Mapping[str, Collection[str]]) -> list[Tension]:
    """The pairs whose acts are alike and whose bearers may be the same; a pair of articles once.

    Those about clinical scenes come first, then the likest.

    One of the two embodies a principle: what courts may try is no question of ethics. `kinds` are, for each party, it and what it is a kind of. Norms of one article are read together: they are no pair.
    """
    known = list(norms)
    acts = {norm.id: _pairs(norm.action.text) for norm in known if norm.action}
    frequency = Counter(pair for pairs in acts.values() for pair in pairs)
    rare = {pair: math.log(len(acts) / n) for pair, n in frequency.items() if n <= _COMMON}
    size = {name: math.sqrt(sum(rare.get(p, 0.0) ** 2 for p in pairs)) for name, pairs in acts.items()}
    asking: dict[str, list[str]] = defaultdict(list)
    by_id = {norm.id: norm for norm in known}
    for norm in known:
        if norm.modality in _ASKING and norm.bearers:
            for pair in acts.get(norm.id, ()):
                if pair in rare:
                    asking[pair].append(norm.id)
    best: dict[tuple[str, str], Tension] = {}
    for norm in known:
        if norm.modality is not Modality.PROHIBITION or not norm.bearers or not size.get(norm.id):
            continue
        shared: dict[str, list[float]] = defaultdict(list)
        for pair in acts[norm.id]:
            for other in asking.get(pair, ()):
                shared[other].append(rare[pair] ** 2)
        for other, weights in shared.items():
            if len(weights) < _SHARED or not (norm.principles or by_id[other].principles):
                continue
            likeness = sum(weights) / (size[norm.id] * size[other])
            places = article_of(str(norm.provision)), article_of(str(by_id[other].provision))
            if likeness >= _LEAST and places[0] != places[1] and _same(norm, by_id[other], kinds):
                made = Tension(
                    norm.id, other, round(likeness, 4), bool(norm.topics) + bool(by_id[other].topics)
                )
                if places not in best or best[places].likeness < made.likeness:
                    best[places] = made
    return sorted(best.values(), key=lambda one: (-one.scenes, -one.likeness, one.forbids, one.asks))


@lru_cache(maxsize=2)
def tensions_of(build: Build, day: date) -> tuple[Tension, ...]:
    """The candidates among the norms in force on a day."""
    norms = [
        norm
        for identifier, expression in build.expressions.items()
        if expression.validity.status(day) is Status.IN_FORCE
        for norm in build.norms_of(identifier)
    ]
    return tuple(tensions(norms, {party: kinds_of(party, build.parties) for party in build.parties}))


def prevailing(build: Build, one: Tension, day: date) -> Precedence:
    """Which of the two would apply if they cannot both be kept, and by which rule; which is special is left open."""
    first, second = (standing(build, name.split("#")[0]) for name in (one.forbids, one.asks))
    return precedence(first, second, as_of=day)


def _same(first: Norm, second: Norm, kinds: Mapping[str, Collection[str]]) -> bool:
    return any(
        a in kinds.get(b, (b,)) or b in kinds.get(a, (a,)) for a in first.bearers for b in second.bearers
    )


def _pairs(text: str) -> frozenset[str]:
    flat = "".join(char for char in text if char.isalnum())
    return frozenset(flat[i : i + 2] for i in range(len(flat) - 1))
