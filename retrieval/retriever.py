"""Search as the contract has it: a query and a day in, dated and quotable clauses out."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Self

from kg.citation import Mention
from kg.clause import Clause
from kg.problem import InputError
from kg.titles import TitleHit, TitleIndex
from kg.vocabulary import Status
from retrieval.encoders import open_encoder
from retrieval.exact import (
    CitedPlace,
    Part,
    Titles,
    cited_part,
    cited_places,
    is_only_citation,
    typed_citation,
)
from retrieval.filters import EVERYTHING, Filters
from retrieval.fusion import Fused
from retrieval.index import ClauseIndex
from retrieval.refine import best_part
from retrieval.tokens import tokens
from retrieval.vectors import Encoder

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

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
    """One clause that was found. `paragraph` null: the whole article. `why` says which systems found it.

    Where a 项 answers, `text` is the 项 and `lead_in` the words of its 款 that govern it; else that is empty.
    """

    id: str
    title: str
    article: str
    paragraph: int | None
    item: int | None
    lead_in: str
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

    For example `Retriever.open(home).search("手术前要告诉病人哪些事", as_of=date(2026, 10, 1))`.
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
        return cls.over(build, cache=place.cache, encoder=open_encoder(os.environ))

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
        filters: Filters = EVERYTHING,
        system: str = "default",
    ) -> list[Hit]:
        """At most k clauses that are law on that day or may be, best first, each article once.

        InputError for a source that no work has as its title, and for a party that the pack lacks.

        Provisions that the query cites come first, with score 1, in the version of that day or of the
        year that the query names. A query that is nothing but citations finds nothing else.
        """
        if k < 1:
            raise InputError(f"k = {k}；要取的条数须为正数")
        if system not in self.systems:
            raise InputError(f"没有检索系统 {system!r}；此处可用: {'、'.join(self.systems)}")
        keys = None if filters.sources is None else self._keys(filters.sources)
        allowed = self.index.allowed(as_of, filters, keys=keys)
        cited, note = _Cited(), ""
        if system in ("exact", "default"):
            mentions = self._cited_in(query)
            cited = self._cited(cited_places(mentions, self._titles) if self._titles else [], as_of, allowed)
            complete = cited.hits and not cited.missing and is_only_citation(query, mentions)
            if system == "exact" or complete:
                return cited.hits[:k]
            if cited.missing:
                note = f"；未找到所引{'、'.join(cited.missing)}"
        if system == "default" and self.index.stack.dense is None:
            note += "；无语义编码器或向量，仅按词面检索"
        ranked = self.index.stack.rank(query, k + len(cited.rows), system=system, allowed=allowed)
        terms = self.index.stack.lexical.rarity(tokens(query))
        hits = list(cited.hits)
        for one in [one for one in ranked if one.row not in cited.rows][: max(0, k - len(hits))]:
            clause = self.index.clause(one.row)
            why = _why(one, self.index.meanings(one.row)) + note
            hits.append(_hit(clause, best_part(clause, terms), as_of, score=one.score, why=why))
        return hits[:k]

    def neighbours(self, hit: Hit, *, as_of: date, distance: int = 1) -> list[Hit]:
        """The articles that stand so near before and after a hit in the same text, in its order."""
        parts = hit.id.split("/")
        row = next(
            (
                row
                for end in range(len(parts), 1, -1)
                if (row := self.index.row("/".join(parts[:end]))) is not None
            ),
            None,
        )
        rows = [] if row is None else self.index.neighbours(row, distance)
        clauses = [self.index.clause(row) for row in rows]
        return [
            _hit(one, Part(str(one.id), None, None, one.text), as_of, score=0.0, why=f"{hit.article}的相邻条")
            for one in clauses
        ]

    def _keys(self, sources: Collection[str]) -> set[str]:
        keys: set[str] = set()
        for source in sources:
            found = {hit.key for hit in self._titles.lookup(source)} if self._titles else set()
            if not found:
                raise InputError(f"没有题名或简称为《{source}》的文本；可用 yilun status 查看库中有什么")
            keys |= found
        return keys

    def _cited_in(self, query: str) -> list[Mention]:
        if self._titles is None or not _MAY_CITE.search(query):
            return []
        typed = typed_citation(query)
        if typed and self._titles.lookup(typed.title):
            return [typed]
        return list(self._mentions(query)) if self._mentions else []

    def _cited(self, places: list[CitedPlace], as_of: date, allowed: npt.NDArray[np.bool_]) -> _Cited:
        cited = _Cited()
        for place in places:
            rows = [row for key in place.keys for row in self.index.versions(key, place.steps)]
            clauses = {row: self.index.clause(row) for row in rows}
            dated = [row for row in rows if place.year in _years(clauses[row])]
            why = "引文直达"
            if place.year and rows and not dated:
                why += f"；库中没有 {place.year} 年的版本，所示为 {as_of} 的文本"
            found = False
            for row in dated or [row for row in rows if allowed[row]]:
                part = cited_part(clauses[row], paragraph=place.paragraph, item=place.item)
                if part is None:
                    continue
                found = True
                cited.rows.add(row)
                if all(hit.id != part.id for hit in cited.hits):
                    cited.hits.append(_hit(clauses[row], part, as_of, score=1.0, why=why))
            told = f"{place.surface}在 {as_of} 的文本"
            if place.successors:
                told = f"{place.surface}：旧称或已被替代，今为{'、'.join(place.successors)}，条号不能照搬"
            if not found and told not in cited.missing:
                cited.missing.append(told)
        return cited


@dataclass(slots=True)
class _Cited:
    """What a query's citations lead to: hits, the rows they lie in, and the citations that lead nowhere."""

    hits: list[Hit] = field(default_factory=list)
    rows: set[int] = field(default_factory=set)
    missing: list[str] = field(default_factory=list)


def _years(clause: Clause) -> set[int | None]:
    version, begins = clause.id.expression.version, clause.validity.begins
    return {day.year for day in (version, begins) if day}


def _hit(clause: Clause, part: Part, as_of: date, *, score: float, why: str) -> Hit:
    return Hit(
        id=part.id,
        title=clause.titles[0],
        article=clause.id.display(),
        paragraph=part.paragraph,
        item=part.item,
        lead_in=part.lead_in,
        text=part.text,
        score=score,
        status=clause.validity.status(as_of),
        effective_from=clause.validity.begins,
        why=why,
    )


_MAY_CITE = re.compile(r"[条点]")
_SYSTEM_WORDS = {"bm25": "词面", "gloss": "词面与释义", "dense": "语义", "meaning": "释义语义"}


def _why(one: Fused, meanings: Sequence[str]) -> str:
    words = _SYSTEM_WORDS if meanings else {**_SYSTEM_WORDS, "gloss": "词面"}
    found = "，".join(f"{words[system]}第 {rank}" for system, rank in one.ranks)
    return f"{found}；释义（模型撰写，未经审核）：{meanings[0]}" if meanings else found


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
