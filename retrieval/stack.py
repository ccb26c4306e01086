"""The systems that rank documents for a query: bm25, gloss, dense, and default, which joins the last two.

This is all that `search` and the benchmark share: it knows texts and rows, not clauses or dates.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Self

from kg.problem import InputError
from retrieval.fusion import Fused, Ranking, fuse
from retrieval.glosses import without_label
from retrieval.lexical import BM25, FILES, LexicalIndex, Scored, best, write_lexical
from retrieval.tokens import tokens

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

SYSTEMS = ("bm25", "gloss", "dense", "default")
"""The names by which a system can be measured alone; `default` is what search uses."""

POOL = 200
"""How many documents each system puts into the joint ranking."""

WEIGHTS = {"gloss": 1.0, "dense": 1.5}
"""How much each system counts, chosen on the dev folds of the written cases, with and without their glosses."""

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
    """The indexes of one set of documents; `dense` is None where there is no encoder or no vectors."""

    lexical: LexicalIndex
    expanded: LexicalIndex
    dense: Dense | None

    @classmethod
    def open(cls, folder: Path, count: int, dense: Dense | None) -> Self:
        """Open what `write_words` wrote."""
        return cls(LexicalIndex.open(folder, count), LexicalIndex.open(folder / _EXPANDED, count), dense)

    @property
    def systems(self) -> tuple[str, ...]:
        """The systems that can be used here."""
        return tuple(name for name in SYSTEMS if self.dense or name != "dense")

    def rank(
        self, query: str, k: int, *, system: str = "default", allowed: npt.NDArray[np.bool_] | None = None
    ) -> list[Fused]:
        """The k best documents by a system, among the allowed ones; InputError for a system not here.

        A query without a letter, a Hanzi or a digit finds nothing: its vector would still have neighbours.
        """
        if system in self.systems and not tokens(query):
            return []
        pool = max(k, POOL)
        match system:
            case "bm25":
                rankings = [Ranking("bm25", 1.0, tuple(self.lexical.search(query, pool, allowed=allowed)))]
            case "gloss":
                rankings = [self._gloss(query, pool, allowed)]
            case "dense" if self.dense:
                rankings = [self._dense(query, pool, allowed)]
            case "default":
                rankings = [self._gloss(query, pool, allowed), self._dense(query, pool, allowed)]
            case _:
                raise InputError(f"没有检索系统 {system!r}；此处可用: {'、'.join(self.systems)}")
        return fuse(rankings)[:k]

    def _gloss(self, query: str, pool: int, allowed: npt.NDArray[np.bool_] | None) -> Ranking:
        import numpy as np

        glossed = (GLOSSED * self.expanded.scores(query)).astype(np.int64)
        total = np.maximum(self.lexical.scores(query), glossed)
        return Ranking("gloss", WEIGHTS["gloss"], tuple(best(total, pool, allowed)))

    def _dense(self, query: str, pool: int, allowed: npt.NDArray[np.bool_] | None) -> Ranking:
        found: Iterable[Scored] = self.dense.search(query, pool, allowed=allowed) if self.dense else ()
        return Ranking("dense", WEIGHTS["dense"], tuple(found))
