"""Search as the contract has it: a query and a day in, dated and quotable clauses out."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Protocol, Self

from kg.citation import Mention
from kg.clause import Clause
from kg.problem import InputError
from kg.titles import TitleHit, TitleIndex
from kg.vocabulary import Level, Status, Topic
from retrieval.dense import light_encoder
from retrieval.exact import (
    CitedPlace,
    Part,
    Titles,
    cited_part,
    cited_places,
    is_only_citation,
    typed_citation,
)
from retrieval.fusion import Fused
from retrieval.index import ClauseIndex
from retrieval.refine import best_part
from retrieval.tokens import tokens
from retrieval.vectors import Encoder

INDEX_FOLDER = "index"
"""Where a build keeps its clause index, below the build's folder."""

MentionFinder = Callable[[str], Sequence[Mention]]


class BuildLike(Protocol):
    """What a retriever needs of a build: its folder, and the titles of its works."""

    @property
    def path(self) -> Path:
        """The folder of the build."""
        ...

    @property
    def titles(self) -> TitleIndex:
        """All titles by which a work can be cited."""
        ...


@dataclass(frozen=True, slots=True)
class Hit:
    """One clause that was found. `paragraph` null: the whole article. `why` says which systems found it."""

    id: str
    title: str
    article: str
    paragraph: int | None
    item: int | None
    text: str
    score: float
    status: Status
    effective_from: date | None
    why: str

    def as_row(self) -> dict[str, str | int | float | None]:
        """The hit in the contract's form: plain JSON values."""
        day = self.effective_from
        return {**asdict(self), "status": self.status.value, "effective_from": day and day.isoformat()}


class Retriever:
    """Finds clauses: cited ones directly, the others by words and by meaning.

    >>> Retriever.open(home).search("手术前要告诉病人哪些事", as_of=date(2026, 10, 1))  # doctest: +SKIP
    """

    def __init__(
        self, index: ClauseIndex, *, titles: Titles | None = None, mentions: MentionFinder | None = None
    ) -> None:
        self.index = index
        self._titles = titles
        self._mentions = mentions

    @classmethod
    def open(cls, home: Path | None, *, build: BuildLike | None = None) -> Self:
        """Open the index of a build, by default the one in use under a home folder.

        `home` also holds the vectors; None means YILUN_HOME or the user's data folder.
        """
        import os

        from kg.home import Home

        place = Home.resolve(home, os.environ)
        if build is None:
            from kg.build import Build

            build = Build(place.build())
        return cls.over(build, cache=place.cache, encoder=light_encoder())

    @classmethod
    def over(cls, build: BuildLike, *, cache: Path | None = None, encoder: Encoder | None = None) -> Self:
        """Open the index of a build with the vectors that this encoder made, if the cache holds them."""
        index = ClauseIndex.open(build.path / INDEX_FOLDER, cache=cache, encoder=encoder)
        return cls(index, titles=_LateTitles(build), mentions=_finder(build))

    @property
    def systems(self) -> tuple[str, ...]:
        """The systems that `search` can be asked for by name."""
        exact = ("exact",) if self._titles else ()
        return (*exact, *self.index.stack.systems)

    def search(
        self,
        query: str,
        k: int = 10,
        *,
        as_of: date,
        levels: Collection[Level] | None = None,
        topics: Collection[Topic] | None = None,
        system: str = "default",
    ) -> list[Hit]:
        """At most k clauses that are law on that day or may be, best first.

        Provisions that the query cites come first, with score 1, in the version of that day or of the
        year that the query names. A query that is nothing but citations finds nothing else.
        """
        if k < 1:
            raise InputError(f"k = {k}；要取的条数须为正数")
        if system not in self.systems:
            raise InputError(f"没有检索系统 {system!r}；此处可用: {'、'.join(self.systems)}")
        allowed = self.index.allowed(as_of, levels=levels, topics=topics)
        cited: list[Hit] = []
        note = ""
        if system in ("exact", "default"):
            mentions = self._cited_in(query)
            places = cited_places(mentions, self._titles) if self._titles else []
            cited, missing = self._cited(places, as_of, allowed)
            if system == "exact" or (cited and not missing and is_only_citation(query, mentions)):
                return cited[:k]
            if missing:
                note = f"；未找到所引{'、'.join(missing)}在 {as_of} 的文本"
        if system == "default" and self.index.stack.dense is None:
            note += "；无语义编码器或向量，仅按词面检索"
        shown = {hit.id.partition("/p")[0] for hit in cited}
        ranked = self.index.stack.rank(query, k + len(cited), system=system, allowed=allowed)
        terms = self.index.stack.lexical.rarity(tokens(query))
        found = [
            self._hit(
                clause := self.index.clause(one.row),
                best_part(clause, terms),
                as_of,
                one.score,
                _why(one) + note,
            )
            for one in ranked[: k - len(cited) + len(shown)]
            if self.index.ids[one.row] not in shown
        ]
        return [*cited, *found][:k]

    def _cited_in(self, query: str) -> list[Mention]:
        if self._titles is None or not _MAY_CITE.search(query):
            return []
        typed = typed_citation(query)
        if typed and self._titles.lookup(typed.title):
            return [typed]
        return list(self._mentions(query)) if self._mentions else []

    def _cited(self, places: list[CitedPlace], as_of: date, allowed: object) -> tuple[list[Hit], list[str]]:
        import numpy as np

        mask = np.asarray(allowed)
        hits: list[Hit] = []
        missing: list[str] = []
        for place in places:
            rows = [row for key in place.keys for row in self.index.versions(key, place.steps)]
            dated = [row for row in rows if place.year and f"@{place.year}-" in self.index.ids[row]]
            parts = [
                (clause, part)
                for row in dated or [row for row in rows if mask[row]]
                if (
                    part := cited_part(
                        clause := self.index.clause(row), paragraph=place.paragraph, item=place.item
                    )
                )
            ]
            if not parts and place.surface not in missing:
                missing.append(place.surface)
            for clause, part in parts:
                if all(hit.id != part.id for hit in hits):
                    hits.append(self._hit(clause, part, as_of, 1.0, "引文直达"))
        return hits, missing

    def _hit(self, clause: Clause, part: Part, as_of: date, score: float, why: str) -> Hit:
        return Hit(
            id=part.id,
            title=clause.titles[0],
            article=clause.id.display(),
            paragraph=part.paragraph,
            item=part.item,
            text=part.text,
            score=score,
            status=clause.validity.status(as_of),
            effective_from=clause.validity.begins,
            why=why,
        )


_MAY_CITE = re.compile(r"[条点]")
_SYSTEM_WORDS = {"bm25": "词面", "dense": "语义"}


def _why(one: Fused) -> str:
    return "，".join(f"{_SYSTEM_WORDS[system]}第 {rank}" for system, rank in one.ranks)


class _LateTitles:
    """The titles of a build, read with the first query that may cite one."""

    def __init__(self, build: BuildLike) -> None:
        self._build = build

    def lookup(self, surface: str) -> Sequence[TitleHit]:
        return self._build.titles.lookup(surface)


def _finder(build: BuildLike) -> MentionFinder:
    def find(query: str) -> Sequence[Mention]:
        from kg.citation_grammar import find_mentions

        return find_mentions(query, build.titles)

    return find
