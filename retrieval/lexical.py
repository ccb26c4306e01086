"""BM25 over terms, as arrays that are read in place.

A term's share of a document's score is fixed when the index is written, in thousandths and as a whole
number: sums do not depend on the order of addition, and files written twice are the same bytes.
"""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self

from retrieval.tokens import term_code, tokens

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

FILES = ("terms.npy", "starts.npy", "documents.npy", "weights.npy")
"""What `write_lexical` writes, in the order of `LexicalIndex`'s arrays."""


class Scored(NamedTuple):
    """A document, by its row in the index, and its score in one system."""

    row: int
    score: float


@dataclass(frozen=True, slots=True)
class BM25:
    """The two constants of BM25, chosen on the train and dev folds of the written cases."""

    k1: float = 0.9
    b: float = 0.6


SCALE = 1000


def idf(frequency: int, count: int) -> float:
    """How telling a term is that stands in `frequency` of `count` documents; never negative."""
    return math.log(1 + (count - frequency + 0.5) / (frequency + 0.5))


def write_lexical(documents: Iterable[Sequence[str]], folder: Path, *, bm25: BM25 | None = None) -> int:
    """Write the index of these token lists into a folder; how many documents it holds.

    A document without tokens keeps its row and counts in no mean.
    """
    import numpy as np

    bm25 = bm25 or BM25()
    codes, times, distinct, lengths = array("Q"), array("q"), array("q"), array("q")
    for document in documents:
        counts = Counter(document)
        codes.extend(map(term_code, counts))
        times.extend(counts.values())
        distinct.append(len(counts))
        lengths.append(len(document))
    count = len(lengths)
    # Flat arrays: as pairs of Python numbers the postings of 260,000 clauses would need ten times the memory.
    of_posting = np.asarray(codes, dtype=np.uint64)
    order = np.argsort(of_posting, kind="stable")
    held = np.repeat(np.arange(count, dtype=np.int32), np.asarray(distinct, dtype=np.int64))[order]
    repeats = np.asarray(times, dtype=np.float64)[order]
    terms, firsts = np.unique(of_posting[order], return_index=True)
    starts = np.append(firsts, len(held)).astype(np.int64)
    average = sum(lengths) / (sum(map(bool, lengths)) or 1) or 1.0
    norm = bm25.k1 * (1 - bm25.b + bm25.b * np.asarray(lengths, dtype=np.float64) / average)
    rarity = np.asarray([idf(int(frequency), count) for frequency in np.diff(starts)], dtype=np.float64)
    share = np.repeat(rarity, np.diff(starts)) * repeats * (bm25.k1 + 1) / (repeats + norm[held])
    arrays: tuple[npt.NDArray[np.generic], ...] = (
        terms.astype(np.uint64),
        starts,
        held,
        np.minimum(np.rint(share * SCALE), 65535).astype(np.uint16),
    )
    for name, written in zip(FILES, arrays, strict=True):
        np.save(folder / name, written, allow_pickle=False)
    return count


def best(total: npt.NDArray[np.int64], k: int, allowed: npt.NDArray[np.bool_] | None = None) -> list[Scored]:
    """The k best of these scores in thousandths that are not 0, best first, ties by row."""
    import numpy as np

    if allowed is not None:
        total = np.where(allowed, total, 0)
    found = np.flatnonzero(total)
    if len(found) > k:
        worst = np.partition(total[found], len(found) - k)[len(found) - k]
        found = found[total[found] >= worst]
    first = found[np.lexsort((found, -total[found]))][:k]
    return [Scored(int(row), int(total[row]) / SCALE) for row in first]


@dataclass(frozen=True, slots=True, eq=False)
class LexicalIndex:
    """BM25 scores of every document for a query; each term of the query counts once."""

    count: int
    terms: npt.NDArray[np.uint64]
    starts: npt.NDArray[np.int64]
    documents: npt.NDArray[np.int32]
    weights: npt.NDArray[np.uint16]

    @classmethod
    def open(cls, folder: Path, count: int) -> Self:
        """Map the files of `write_lexical` into memory; `count` is what it returned."""
        import numpy as np

        mapped = (np.load(folder / name, mmap_mode="r", allow_pickle=False) for name in FILES)
        # As plain arrays over the same pages: slicing a memmap object costs more than the addition.
        return cls(count, *map(np.asarray, mapped))

    def _places(self, terms: Sequence[str]) -> list[int]:
        import numpy as np

        if not len(self.terms):
            return []
        codes = np.unique(np.asarray([term_code(term) for term in terms], dtype=np.uint64))
        places = np.minimum(np.searchsorted(self.terms, codes), len(self.terms) - 1)
        return [int(place) for place in places[self.terms[places] == codes]]

    def scores(self, query: str) -> npt.NDArray[np.int64]:
        """The score of every document, in thousandths."""
        import numpy as np

        total = np.zeros(self.count, dtype=np.int64)
        for place in self._places(tokens(query)):
            start, end = self.starts[place], self.starts[place + 1]
            total[self.documents[start:end]] += self.weights[start:end]
        return total

    def search(self, query: str, k: int, *, allowed: npt.NDArray[np.bool_] | None = None) -> list[Scored]:
        """The k best documents that share a term with the query, best first, ties by row."""
        return best(self.scores(query), k, allowed)

    def rarity(self, terms: Sequence[str]) -> dict[str, float]:
        """The idf of each term; a term that the index lacks is as rare as one that stands once."""
        distinct = sorted(set(terms))
        known = {int(self.terms[place]): place for place in self._places(distinct)}
        found: dict[str, float] = {}
        for term in distinct:
            place = known.get(term_code(term))
            times = 1 if place is None else int(self.starts[place + 1] - self.starts[place])
            found[term] = idf(times, self.count)
        return found
