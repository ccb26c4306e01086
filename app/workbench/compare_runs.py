"""Two runs side by side, as values: the answers to the same questions, and how sure the difference is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from app.workbench.evaluate_view import Run
from evaluator.guardian.assessment import Assessment
from evaluator.metrics import Dimension, Figure, Grades, Weighting, final_score


@dataclass(frozen=True, slots=True)
class Pair:
    """The answers of two runs to one question: their places in the runs, their grades, what each adds to FinalScore."""

    query: str
    places: tuple[int, int]
    grades: tuple[Grades, Grades]
    scores: tuple[float | None, float | None]

    @property
    def gain(self) -> float | None:
        """How much more the second answer scores; None where one of them is not scored."""
        before, after = self.scores
        return None if before is None or after is None else round(after - before, 6)

    @property
    def changed(self) -> tuple[Dimension, ...]:
        """The dimensions that are graded otherwise."""
        before, after = self.grades
        return tuple(one for one in Dimension if before.of(one) != after.of(one))


@dataclass(frozen=True, slots=True)
class Comparison:
    """What two runs come to on the questions that both answered. `gain` is the mean of what the second scores more."""

    pairs: tuple[Pair, ...]
    only_first: int
    only_second: int
    better: int
    worse: int
    unscored: int
    gain: Figure


def compared(first: Run, second: Run, *, seed: int = 0, resamples: int = 2000) -> Comparison:
    """Match the answers of two runs by scene and question, the n-th answer to one with the n-th.

    The interval of the gain is 95 % by resampling questions: the pairs of one question are not independent.
    """
    mine, theirs = dict(_keyed(first)), dict(_keyed(second))
    pairs = tuple(
        _pair(key[1], (place, theirs[key]), (first.assessed[place], second.assessed[theirs[key]]))
        for key, place in mine.items()
        if key in theirs
    )
    gains = [(one.query, one.gain) for one in pairs]
    known = [(query, gain) for query, gain in gains if gain is not None]
    return Comparison(
        pairs=pairs,
        only_first=len(mine) - len(pairs),
        only_second=len(theirs) - len(pairs),
        better=sum(gain > 0 for _, gain in known),
        worse=sum(gain < 0 for _, gain in known),
        unscored=len(pairs) - len(known),
        gain=_mean(known, seed, resamples),
    )


def weightiest(pairs: Sequence[Pair]) -> list[Pair]:
    """The pairs that are graded otherwise, those whose scores differ most first."""
    return sorted(
        (one for one in pairs if one.changed),
        key=lambda one: (one.gain is None, -abs(one.gain or 0.0), one.places),
    )


def changed_rows(pairs: Sequence[Pair]) -> list[dict[str, Any]]:
    """The pairs as rows of a table: the question, the grades that differ, the difference of the scores."""
    return [
        {
            "问题": " ".join(one.query.split())[:60],
            "不同的维度": "；".join(
                f"{d} {_told(one.grades[0].of(d))}→{_told(one.grades[1].of(d))}" for d in one.changed
            ),
            "得分差": one.gain,
        }
        for one in pairs
    ]


def _keyed(run: Run) -> Iterator[tuple[tuple[str, str, int], int]]:
    seen: dict[tuple[str, str], int] = {}
    for place, row in enumerate(run.rows):
        key = (str(row.get("scene") or ""), str(row["query"]))
        seen[key] = seen.get(key, 0) + 1
        yield (*key, seen[key]), place


def _pair(query: str, places: tuple[int, int], assessed: tuple[Assessment, Assessment]) -> Pair:
    before, after = (one.grades for one in assessed)
    scores = final_score(before, Weighting.WEIGHTED), final_score(after, Weighting.WEIGHTED)
    return Pair(query, places, (before, after), scores)


def _mean(known: Sequence[tuple[str, float]], seed: int, resamples: int) -> Figure:
    if not known:
        return Figure(None, None, None)
    import numpy as np

    clusters: dict[str, list[float]] = {}
    for query, gain in known:
        clusters.setdefault(query, []).append(gain)
    sums = np.array([[sum(gains), len(gains)] for gains in clusters.values()])
    draws = np.random.default_rng(seed).multinomial(
        len(sums), np.full(len(sums), 1 / len(sums)), size=resamples
    )
    drawn = draws @ sums
    low, high = np.quantile(drawn[:, 0] / drawn[:, 1], [0.025, 0.975])
    total = sums.sum(axis=0)
    return Figure(round(float(total[0] / total[1]), 6), round(float(low), 6), round(float(high), 6))


def _told(grade: int | None) -> str:
    return "未评" if grade is None else str(grade)
