"""Experts' grades of answers: how far the guardian agrees with them, and its probabilities set right by them.

An expert's table has the columns query and response, R1 to Q4 (empty: not graded), and may have expert, scene,
reference and as_of. Agreement is Cohen's kappa; what recalibration would do to it is measured on scenarios that it
has not seen.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from evaluator.guardian.assessment import Answer, Assessment, Fault, Mark, Scorer
from evaluator.importers.table import read_table, without_debris
from evaluator.metrics import Dimension
from kg.problem import InputError

_FOLDS = 5
_LEAST = 20
"""Graded answers, and at least a tenth of that many of either grade, that a recalibration needs."""
_DECIDED = frozenset(
    {
        Fault.UNKNOWN_ARTICLE,
        Fault.STALE_LAW,
        Fault.ALTERED_QUOTE,
        Fault.FLIPPED_MODALITY,
        Fault.CHANGED_NUMBER,
    }
)
"""Faults that the law's text decides: no calibration lifts them."""


@dataclass(frozen=True, slots=True)
class Graded:
    """An answer's row with what one expert says; a dimension that is not graded is missing."""

    place: str
    expert: str
    row: Mapping[str, str]
    grades: Mapping[Dimension, int]


@dataclass(frozen=True, slots=True)
class Agreement:
    """How often two graders agree on `n` answers; kappa is None where one grade is all there is."""

    n: int
    accuracy: float | None
    kappa: float | None


class Setting(BaseModel):
    """A probability of the event becomes sigmoid(slope · logit + offset); from `threshold` on it is there."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    slope: float
    offset: float
    threshold: float


class Settings(BaseModel):
    """What a recalibration found, by dimension, and for which scorer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    scorer: str
    labels: int
    settings: dict[Dimension, Setting]


def read_expert_grades(path: Path) -> list[Graded]:
    """The rows of an experts' table; InputError names the row whose grade is none."""
    return list(_graded(path))


def _graded(path: Path) -> Iterator[Graded]:
    for place, row in read_table(path, ("query", "response")):
        grades: dict[Dimension, int] = {}
        for dimension in Dimension:
            cell = without_debris(row.get(dimension.value) or "").strip()
            if not cell:
                continue
            if cell not in (str(dimension.good), str(dimension.bad)):
                raise InputError(
                    f"{place} 的 {dimension} 是“{cell[:20]}”，应为 {dimension.good}、{dimension.bad} 或空"
                )
            grades[dimension] = int(cell)
        yield Graded(place, (row.get("expert") or "").strip() or "专家", row, grades)


def agreement(pairs: Sequence[tuple[int, int]]) -> Agreement:
    """Accuracy and Cohen's kappa of two graders' grades.

    >>> agreement([(0, 0), (0, 0), (-1, -1), (-1, 0)])
    Agreement(n=4, accuracy=0.75, kappa=0.5)
    >>> agreement([(0, 0), (0, 0)]).kappa is None
    True
    """
    if not pairs:
        return Agreement(0, None, None)
    n = len(pairs)
    same = sum(a == b for a, b in pairs) / n
    one, other = Counter(a for a, _ in pairs), Counter(b for _, b in pairs)
    chance = sum(one[grade] * other[grade] for grade in one) / n**2
    kappa = None if chance == 1 else round((same - chance) / (1 - chance), 6)
    return Agreement(n, round(same, 6), kappa)


def between_experts(graded: Sequence[Graded]) -> dict[Dimension, Agreement]:
    """How far experts agree on the answers that two of them graded."""
    found: dict[Dimension, list[tuple[int, int]]] = {d: [] for d in Dimension}
    by_answer: dict[tuple[str, str], list[Graded]] = {}
    for one in graded:
        by_answer.setdefault((one.row["query"], one.row["response"]), []).append(one)
    for several in by_answer.values():
        for place, first in enumerate(several):
            for second in several[place + 1 :]:
                for d in first.grades.keys() & second.grades.keys():
                    if first.expert != second.expert:
                        found[d].append((first.grades[d], second.grades[d]))
    return {d: agreement(pairs) for d, pairs in found.items()}


def recalibrate(
    events: Sequence[float], there: Sequence[bool], scenarios: Sequence[str]
) -> tuple[Setting, list[bool]] | None:
    """The setting that fits these labels best, and what settings fitted on other scenarios say of each answer.

    None where there are too few labels.
    """
    if len(events) < _LEAST or min(sum(there), len(there) - sum(there)) < _LEAST / 10:
        return None
    groups = {scenario: place % _FOLDS for place, scenario in enumerate(sorted(set(scenarios)))}
    said = [False] * len(events)
    for fold in range(_FOLDS):
        rest = [i for i, s in enumerate(scenarios) if groups[s] != fold]
        if not any(there[i] for i in rest) or all(there[i] for i in rest):
            return None
        setting = _fit([events[i] for i in rest], [there[i] for i in rest])
        for i, scenario in enumerate(scenarios):
            if groups[scenario] == fold:
                said[i] = shifted(events[i], setting) >= setting.threshold
    return _fit(events, there), said


def shifted(event: float, setting: Setting) -> float:
    """A probability after recalibration."""
    return 1 / (1 + math.exp(-max(-60.0, min(60.0, setting.slope * _logit(event) + setting.offset))))


def _logit(p: float) -> float:
    bounded = min(1 - 1e-6, max(1e-6, p))
    return math.log(bounded / (1 - bounded))


def _fit(events: Sequence[float], there: Sequence[bool]) -> Setting:
    """Newton's steps of a logistic regression with one input and a little shrinkage; the best balanced threshold."""
    slope, offset = 1.0, 0.0
    xs = [_logit(e) for e in events]
    for _ in range(50):
        g_slope, g_offset, ss, so, oo = 0.1 * (slope - 1), 0.0, 0.1, 0.0, 1e-6
        for x, y in zip(xs, there, strict=True):
            p = 1 / (1 + math.exp(-max(-60.0, min(60.0, slope * x + offset))))
            w = p * (1 - p)
            g_slope, g_offset = g_slope + (p - y) * x, g_offset + p - y
            ss, so, oo = ss + w * x * x, so + w * x, oo + w
        determinant = ss * oo - so * so
        slope -= max(-1.0, min(1.0, (oo * g_slope - so * g_offset) / determinant))
        offset -= max(-2.0, min(2.0, (ss * g_offset - so * g_slope) / determinant))
    made = Setting(slope=round(slope, 6), offset=round(offset, 6), threshold=0.5)
    shifts = [shifted(e, made) for e in events]
    positives = sum(there)

    def merit(threshold: float) -> float:
        hit = sum(p >= threshold for p, y in zip(shifts, there, strict=True) if y) / positives
        rest = sum(p < threshold for p, y in zip(shifts, there, strict=True) if not y)
        right = (hit * positives + rest) / len(shifts)
        return right + (hit + rest / (len(shifts) - positives)) / 2

    threshold = max((t / 100 for t in range(5, 96)), key=lambda t: (round(merit(t), 9), -abs(t - 0.5)))
    return made.model_copy(update={"threshold": threshold})


class Recalibrated:
    """A scorer whose probabilities are set right by experts' grades; what the law's text decides stays."""

    def __init__(self, scorer: Scorer, settings: Settings) -> None:
        self._scorer = scorer
        self._settings = settings.settings
        self.name = f"{scorer.name}+experts"

    def score(self, answer: Answer) -> Assessment:
        """The marks of the scorer, graded anew where there is a setting and a probability."""
        given = self._scorer.score(answer)
        marks = {d: self._mark(mark) for d, mark in given.marks.items()}
        return Assessment(self.name, marks)

    def _mark(self, mark: Mark) -> Mark:
        dimension = mark.dimension
        setting = self._settings.get(dimension)
        if setting is None or mark.probability is None or any(e.fault in _DECIDED for e in mark.evidence):
            return mark
        event = shifted(event_of(mark.probability, dimension), setting)
        there = event >= setting.threshold
        grade = dimension.bad if there == dimension.is_risk else dimension.good
        good = round(1 - event if dimension.is_risk else event, 6)
        return replace(
            mark, grade=grade, probability=good, reason=f"{mark.reason}（按专家标注校准：{event:.2f}）"
        )


def event_of(probability: float, dimension: Dimension) -> float:
    """The probability of what a dimension asks for, out of that of the good grade."""
    return 1 - probability if dimension.is_risk else probability


def read_settings(path: Path) -> Settings:
    """What `yilun calibrate` wrote."""
    try:
        return Settings.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, ValidationError) as error:
        raise InputError(f"{path} 不是 yilun calibrate 写出的校准文件：{error}") from error
