"""The systems that rank documents for a query, and default, which joins them.

bm25: a document's own words. gloss: these, or these with its glosses. dense: the vectors of the documents.
meaning: the vectors of their glosses. fused: gloss and dense added by hand weights. default: all of them,
weighed by the learned ranking; without vectors gloss alone.

This is all that `search` and the benchmark share: it knows texts and rows, not clauses or dates.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Self

from kg.problem import InputError
from retrieval.evidence import Found, evidence
from retrieval.fusion import Fused, Ranking, fuse, ranked
from retrieval.gloss_vectors import GlossVectors
from retrieval.glosses import without_label
from retrieval.lexical import BM25, FILES, LexicalIndex, Scored, best, write_lexical
from retrieval.ranking import LearnedRanking
from retrieval.tokens import tokens

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

SYSTEMS = ("bm25", "gloss", "dense", "meaning", "fused", "default")
"""The names by which a system can be measured alone; `default` is what search uses."""

POOL = 200
"""How many documents each system puts into the joint ranking."""

WEIGHTS = {"gloss": 1.0, "dense": 1.5}
"""How much each system counts in `fused`, chosen on the dev folds of the written cases."""

GLOSSED = 0.5
"""What a match with a document's words and its glosses counts beside one with its words alone.

A glossed document has three times the words to match: at 1 those without a gloss are pushed out; below 0.5
glosses bring less (docs/design/gloss-expansion.md).
"""

_EXPANDED = "expanded"
WORD_FILES = (*FILES, *(f"{_EXPANDED}/{name}" for name in FILES))
"""What `write_words` writes."""


def passage(title: str, text: str) -> str:
    """A provision as the encoder is given it, when it is trained and when it is used."""
    return f"{title.replace('中华人民共和国', '')} {without_label(text)}".strip()


@dataclass(frozen=True, slots=True)
class Document:
    """What is searched of a clause: the names of its work, the headings above it, its words, its glosses."""

    titles: tuple[str, ...]
    headings: tuple[str, ...]
    text: str
    gloss: str = ""

    def terms(self) -> list[str]:
        """The terms for BM25: a name's terms count once, however many names share them.

        >>> Document(("中华人民共和国医师法", "医师法"), ("第三章 执业规则",), "尊重患者").terms()
        ['医师', '师法', '执业', '业规', '规则', '尊重', '重患', '患者']
        """
        names = (tokens(title.replace("中华人民共和国", "")) for title in self.titles)
        named = dict.fromkeys(term for name in names for term in name)
        above = (term for heading in self.headings for term in tokens(_NUMBER.sub("", heading)))
        return [*named, *above, *tokens(self.text)]

    def expanded_terms(self) -> list[str]:
        """The terms with those of the glosses; none where there is no gloss."""
        return [*self.terms(), *tokens(self.gloss)] if self.gloss else []

    def passage(self) -> str:
        """The words for the encoder: the work's name, then the text without its label.

        >>> Document(("中华人民共和国医师法",), (), "第三条　医师应当尽责。").passage()
        '医师法 医师应当尽责。'
        """
        return passage(self.titles[0] if self.titles else "", self.text)


_NUMBER = re.compile(r"^第[〇零一二三四五六七八九十百\d]+(?:分编|[编章节])")


def write_words(documents: Sequence[Document], folder: Path, *, bm25: BM25 | None = None) -> int:
    """Write what is searched by words; how many documents there are."""
    (folder / _EXPANDED).mkdir(exist_ok=True)
    write_lexical((document.expanded_terms() for document in documents), folder / _EXPANDED, bm25=bm25)
    return write_lexical((document.terms() for document in documents), folder, bm25=bm25)


class Dense(Protocol):
    """Search by meaning: FAISS in this process (`DenseIndex`), or a store elsewhere."""

    def search(self, query: str, k: int, *, allowed: npt.NDArray[np.bool_] | None = None) -> list[Scored]:
        """The k nearest documents among the allowed ones, nearest first, ties by row."""
        ...

    def verify(self) -> None:
        """DamagedError if the vectors are not those that were written."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Stack:
    """The indexes of one set of documents, and what joins them.

    `dense` and `near_glosses` are None where there is no encoder or no vectors. `works` numbers the work of
    each document; None where nothing is known of works.
    """

    lexical: LexicalIndex
    expanded: LexicalIndex
    dense: Dense | None
    near_glosses: GlossVectors | None = None
    works: npt.NDArray[np.int32] | None = None
    ranking: LearnedRanking | None = None

    @classmethod
    def open(
        cls,
        folder: Path,
        count: int,
        dense: Dense | None,
        *,
        near_glosses: GlossVectors | None = None,
        works: Sequence[str] | None = None,
        ranking: LearnedRanking | None = None,
    ) -> Self:
        """Open what `write_words` wrote; `works` names the work of each document."""
        lexical, expanded = LexicalIndex.open(folder, count), LexicalIndex.open(folder / _EXPANDED, count)
        numbers = None if works is None else _numbered(works)
        return cls(lexical, expanded, dense, near_glosses, numbers, ranking)

    @property
    def systems(self) -> tuple[str, ...]:
        """The systems that can be used here."""
        absent = set() if self.dense else {"dense", "fused"}
        absent |= set() if self.near_glosses else {"meaning"}
        return tuple(name for name in SYSTEMS if name not in absent)

    def rank(
        self, query: str, k: int, *, system: str = "default", allowed: npt.NDArray[np.bool_] | None = None
    ) -> list[Fused]:
        """The k best documents by a system, among the allowed ones; InputError for a system not here.

        A query without a letter, a Hanzi or a digit finds nothing: its vector would still have neighbours.
        """
        if system not in self.systems:
            raise InputError(f"没有检索系统 {system!r}；此处可用: {'、'.join(self.systems)}")
        if not tokens(query):
            return []
        pool = max(k, POOL)
        match system:
            case "bm25":
                found = best(self._words(query, allowed)[0], pool)
                return fuse([Ranking("bm25", 1.0, tuple(found))])[:k]
            case "gloss":
                return fuse([self.joint(*self._words(query, allowed), pool)])[:k]
            case "dense":
                return fuse([self._dense(query, pool, allowed)])[:k]
            case "meaning":
                return fuse([self._meaning(query, pool, allowed)])[:k]
            case "default" if self.dense and self.ranking:
                return self._learned(query, pool, allowed, self.ranking)[:k]
            case _:
                words = self.joint(*self._words(query, allowed), pool)
                return fuse([words, self._dense(query, pool, allowed)])[:k]

    def _words(
        self, query: str, allowed: npt.NDArray[np.bool_] | None
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Scores in thousandths by a document's own words, and by these with its glosses."""
        own, told = self.lexical.scores(query), self.expanded.scores(query)
        return (own, told) if allowed is None else (own * allowed, told * allowed)

    def joint(self, own: npt.NDArray[np.int64], told: npt.NDArray[np.int64], pool: int) -> Ranking:
        """The best by their own words or, counting less, by these with their glosses."""
        import numpy as np

        total = np.maximum(own, (GLOSSED * told).astype(np.int64))
        return Ranking("gloss", WEIGHTS["gloss"], tuple(best(total, pool)))

    def _dense(self, query: str, pool: int, allowed: npt.NDArray[np.bool_] | None) -> Ranking:
        found: Iterable[Scored] = self.dense.search(query, pool, allowed=allowed) if self.dense else ()
        return Ranking("dense", WEIGHTS["dense"], tuple(found))

    def _meaning(self, query: str, pool: int, allowed: npt.NDArray[np.bool_] | None) -> Ranking:
        near = self.near_glosses
        found: Iterable[Scored] = near.search(query, pool, allowed=allowed) if near else ()
        return Ranking("meaning", 1.0, tuple(found))

    def _learned(
        self, query: str, pool: int, allowed: npt.NDArray[np.bool_] | None, ranking: LearnedRanking
    ) -> list[Fused]:
        own, told = self._words(query, allowed)
        rankings = [
            self.joint(own, told, pool), self._dense(query, pool, allowed), self._meaning(query, pool, allowed)
        ]  # fmt: skip
        found = Found(query, own, told, *(one.found for one in rankings))
        rows = found.rows()
        if not len(rows):
            return []
        glossed = self.near_glosses.glossed(len(own)) if self.near_glosses else None
        scores = ranking.scores(evidence(found, rows, glossed=glossed, works=self.works))
        return ranked(dict(zip(rows.tolist(), scores.tolist(), strict=True)), rankings)


def _numbered(works: Sequence[str]) -> npt.NDArray[np.int32]:
    import numpy as np

    numbers: dict[str, int] = {}
    return np.asarray([numbers.setdefault(work, len(numbers)) for work in works], dtype=np.int32)
