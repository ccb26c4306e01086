"""What speaks for each document that some system found: numbers that the learned ranking weighs.

They compare a document with the others found for the same query, so that they mean the same in a
collection of a thousand clauses and of thirty thousand, with glosses or without, in one work or in many.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from retrieval.lexical import SCALE, Scored, best
from retrieval.tokens import tokens

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Numbers = npt.NDArray[np.float64]

FEATURES = (
    "words", "words_gap", "words_share", "words_rank",
    "told", "told_gap", "told_rank", "joint_rank",
    "dense", "dense_gap", "dense_rank", "dense_missing",
    "gloss", "gloss_gap", "gloss_rank", "gloss_missing", "glossed", "nearest_gap",
    "work_nearest", "work_near", "work_dense", "work_words",
    "query_length", "query_glossed", "query_words", "query_works",
)  # fmt: skip
"""The columns of `evidence`, in order."""

_FIRST, _TENTH, _LEADERS, _DEPTH = 20, 9, 50, 200
_COSINES = 20
"""Differences of cosines are a twentieth: so they become as large as the other numbers."""
_NONE = -2.0
"""What a work has that has no other article among the nearest."""


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What the systems found for one query, among the documents that may be shown.

    `words` and `told` are every document's score by its own words and by these with its glosses, in
    thousandths, 0 for those not found; `joint`, `dense` and `glosses` the best documents by both kinds of words, by
    the vectors of the clauses, and by those of the glosses, best first.
    """

    query: str
    words: npt.NDArray[np.int64]
    told: npt.NDArray[np.int64]
    joint: Sequence[Scored]
    dense: Sequence[Scored]
    glosses: Sequence[Scored]

    def rows(self) -> npt.NDArray[np.int64]:
        """Every document that is found by some system, by row."""
        import numpy as np

        every = [hit.row for found in (self.joint, self.dense, self.glosses) for hit in found]
        return np.unique(np.asarray(every, dtype=np.int64))


class _Column:
    """One system's scores as arrays over rows: of its best documents, and of those not among them."""

    def __init__(self, found: Sequence[Scored], rows: npt.NDArray[np.int64]) -> None:
        import numpy as np

        self.rows = np.asarray([hit.row for hit in found], dtype=np.int64)
        self.scores = np.asarray([hit.score for hit in found], dtype=np.float64)
        self.floor = float(self.scores[-1]) if len(found) else 0.0
        self.tenth = float(self.scores[min(_TENTH, len(found) - 1)]) if len(found) else 0.0
        order = np.argsort(self.rows)
        at = np.minimum(np.searchsorted(self.rows[order], rows), max(0, len(found) - 1))
        place = order[at] if len(found) else np.zeros(len(rows), dtype=np.int64)
        self.held = self.rows[place] == rows if len(found) else np.zeros(len(rows), dtype=bool)
        self.of = np.where(self.held, self.scores[place], self.floor) if len(found) else np.zeros(len(rows))
        self.rank = np.log1p(np.where(self.held, np.minimum(place, _DEPTH), _DEPTH))


def evidence(
    found: Found,
    rows: npt.NDArray[np.int64],
    *,
    glossed: npt.NDArray[np.bool_] | None,
    works: npt.NDArray[np.int32] | None,
) -> Numbers:
    """One line of `FEATURES` for each of these rows.

    `glossed` and `works` speak of every document of the collection: whether it has a gloss (None: none has),
    and a number for its work (None: what works would tell is left at nothing).
    """
    import numpy as np

    count = len(rows)
    joint, dense, glosses = (_Column(one, rows) for one in (found.joint, found.dense, found.glosses))
    words, told = _Column(best(found.words, _DEPTH), rows), _Column(best(found.told, _DEPTH), rows)
    own, both = found.words[rows] / SCALE, found.told[rows] / SCALE
    glossed = np.zeros(len(found.words), dtype=bool) if glossed is None else glossed
    has = glossed[rows]
    expected = 4 * len(set(tokens(found.query))) + 1e-6
    most = max(float(words.scores[0]) if len(words.scores) else 0.0, 1e-6)
    most_told = max(float(told.scores[0]) if len(told.scores) else 0.0, 1e-6)
    dense_gap = (dense.of - dense.tenth) * _COSINES
    gloss_gap = np.where(has, (glosses.of - glosses.tenth) * _COSINES, 0.0)
    far = np.log1p(_DEPTH)
    columns: dict[str, Numbers] = {
        "words": own / most,
        "words_gap": (own - words.tenth) / 10,
        "words_share": own / expected,
        "words_rank": words.rank,
        "told": both / most_told,
        "told_gap": np.where(has, (both - told.tenth) / 10, 0.0),
        "told_rank": np.where(has, told.rank, far),
        "joint_rank": joint.rank,
        "dense": dense.of,
        "dense_gap": dense_gap,
        "dense_rank": dense.rank,
        "dense_missing": (~dense.held).astype(np.float64),
        "gloss": np.where(has, glosses.of, 0.0),
        "gloss_gap": gloss_gap,
        "gloss_rank": np.where(has, glosses.rank, 0.0),
        "gloss_missing": (has & ~glosses.held).astype(np.float64),
        "glossed": has.astype(np.float64),
        "nearest_gap": np.where(has, np.maximum(dense_gap, gloss_gap), dense_gap),
        **_of_works(rows, joint, dense, works),
    }
    leaders = dense.rows[:_FIRST]
    of_query = {
        "query_length": np.log(5 + len(found.query)),
        "query_glossed": float(glossed[leaders].mean()) if len(leaders) else 0.0,
        "query_words": most / expected,
        "query_works": np.log1p(_FIRST / 2 if works is None else len(np.unique(works[leaders]))),
    }
    columns |= {name: np.full(count, value) for name, value in of_query.items()}
    return np.stack([columns[name] for name in FEATURES], axis=1)


def _of_works(
    rows: npt.NDArray[np.int64], joint: _Column, dense: _Column, works: npt.NDArray[np.int32] | None
) -> dict[str, Numbers]:
    """How near the other articles of a document's work are: the work often tells more than the article."""
    import numpy as np

    if works is None:
        return {name: np.zeros(len(rows)) for name in FEATURES if name.startswith("work_")}
    near = dense.rows[:_LEADERS]
    others = (works[near][None, :] == works[rows][:, None]) & (near[None, :] != rows[:, None])
    gaps = (dense.scores[:_LEADERS] - dense.tenth) * _COSINES
    gap = np.sort(np.where(others, gaps[None, :], _NONE), axis=1)[:, ::-1]
    gap = np.pad(gap, ((0, 0), (0, 3)), constant_values=_NONE)
    by_words = works[joint.rows[:_LEADERS]][None, :] == works[rows][:, None]
    return {
        "work_nearest": gap[:, 0],
        "work_near": gap[:, :3].mean(axis=1),
        "work_dense": np.log1p(others.sum(axis=1)),
        "work_words": np.log1p(by_words.sum(axis=1)),
    }
