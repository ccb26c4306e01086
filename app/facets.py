"""Which works and articles have norms about a party or a principle on a day: what the tree of sources is narrowed by."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from kg.build import Build
from kg.identity import article_of
from kg.norm import kinds_of


@dataclass(frozen=True, slots=True)
class _Marks:
    """Whom one norm binds or protects, and what it embodies."""

    article: str
    parties: frozenset[str]
    principles: frozenset[str]


class Facets:
    """The norms of the texts that apply on a day, by party and principle; each text is read once."""

    def __init__(self, build: Build, day: date) -> None:
        self._build = build
        self._marks: dict[str, tuple[_Marks, ...]] = {}
        self._applying = [str(found[0].id) for key in build.versions if (found := build.in_force(key, day))]

    def works(self, parties: Collection[str], principles: Collection[str]) -> frozenset[str]:
        """The works that have a norm about one of the parties and about one of the principles; none given is any."""
        return frozenset(
            expression.partition("@")[0]
            for expression in self._applying
            if any(True for _ in self._matching(expression, parties, principles))
        )

    def articles(
        self, expression: str, parties: Collection[str], principles: Collection[str]
    ) -> tuple[str, ...]:
        """The ids of the articles of a version that have such a norm, in order."""
        return tuple(dict.fromkeys(one.article for one in self._matching(expression, parties, principles)))

    def _matching(
        self, expression: str, parties: Collection[str], principles: Collection[str]
    ) -> Iterable[_Marks]:
        # What is said of a kind holds for whoever is of that kind: 医务人员 for 护士.
        wanted = {wider for party in parties for wider in kinds_of(party, self._build.parties)}
        return (
            one
            for one in self._read(expression)
            if (not wanted or wanted & one.parties) and (not principles or one.principles & set(principles))
        )

    def _read(self, expression: str) -> tuple[_Marks, ...]:
        if expression not in self._marks:
            self._marks[expression] = tuple(
                _Marks(
                    article_of(str(norm.provision)),
                    frozenset((*norm.bearers, *norm.counterparties)),
                    frozenset(one.name for one in norm.principles),
                )
                for norm in self._build.norms_of(expression)
            )
        return self._marks[expression]


@lru_cache(maxsize=2)
def facets(build: Build, day: date) -> Facets:
    """The facets of a build on a day, read once."""
    return Facets(build, day)
