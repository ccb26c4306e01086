"""The systems that rank documents for a query: bm25, dense, and default, which joins the two.

This is all that `search` and the benchmark share: it knows texts and rows, not clauses or dates.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kg.problem import InputError
from retrieval.dense import DenseIndex
from retrieval.fusion import Fused, Ranking, fuse
from retrieval.lexical import LexicalIndex, Scored
from retrieval.tokens import tokens

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

SYSTEMS = ("bm25", "dense", "default")
"""The names by which a system can be measured alone; `default` is what search uses."""

POOL = 200
"""How many documents each system puts into the joint ranking."""

WEIGHTS = {"bm25": 1.0, "dense": 0.5}
"""How much each system counts, chosen on the train and dev folds of the written cases."""


@dataclass(frozen=True, slots=True)
class Document:
    """What is searched of a clause: the names of its work, the headings above it, its words."""

    titles: tuple[str, ...]
    headings: tuple[str, ...]
    text: str

    def terms(self) -> list[str]:
        """The terms for BM25: a name's terms count once, however many names share them.

        >>> Document(("中华人民共和国医师法", "医师法"), ("第三章 执业规则",), "尊重患者").terms()
        ['医师', '师法', '执业', '业规', '规则', '尊重', '重患', '患者']
        """
        names = (tokens(title.replace("中华人民共和国", "")) for title in self.titles)
        named = dict.fromkeys(term for name in names for term in name)
        above = (term for heading in self.headings for term in tokens(_NUMBER.sub("", heading)))
        return [*named, *above, *tokens(self.text)]

    def passage(self) -> str:
        """The words for the encoder."""
        return self.text


_NUMBER = re.compile(r"^第[〇零一二三四五六七八九十百\d]+(?:分编|[编章节])")


@dataclass(frozen=True, slots=True, eq=False)
class Stack:
    """The indexes of one set of documents; `dense` is None where there is no encoder or no vectors."""

    lexical: LexicalIndex
    dense: DenseIndex | None

    @property
    def systems(self) -> tuple[str, ...]:
        """The systems that can be used here."""
        return SYSTEMS if self.dense else ("bm25", "default")

    def rank(
        self, query: str, k: int, *, system: str = "default", allowed: npt.NDArray[np.bool_] | None = None
    ) -> list[Fused]:
        """The k best documents by a system, among the allowed ones; InputError for a system not here."""
        pool = max(k, POOL)
        match system:
            case "bm25":
                rankings = [self._lexical(query, pool, allowed)]
            case "dense" if self.dense:
                rankings = [self._dense(query, pool, allowed)]
            case "default":
                rankings = [self._lexical(query, pool, allowed), self._dense(query, pool, allowed)]
            case _:
                raise InputError(f"没有检索系统 {system!r}；此处可用: {'、'.join(self.systems)}")
        return fuse(rankings)[:k]

    def _lexical(self, query: str, pool: int, allowed: npt.NDArray[np.bool_] | None) -> Ranking:
        found: Iterable[Scored] = self.lexical.search(query, pool, allowed=allowed)
        return Ranking("bm25", WEIGHTS["bm25"], tuple(found))

    def _dense(self, query: str, pool: int, allowed: npt.NDArray[np.bool_] | None) -> Ranking:
        found: Iterable[Scored] = self.dense.search(query, pool, allowed=allowed) if self.dense else ()
        return Ranking("dense", WEIGHTS["dense"], tuple(found))
