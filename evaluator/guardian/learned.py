"""The learned tier: one linear head per dimension over sentences; an answer is as risky as its sentences together.

Every dimension is of the form "there is a sentence that …" (contradicts the law, advises harm, names the issue,
refers to a norm, advises, feels with somebody), so an answer's probability is one minus the product of its
sentences' (noisy or). That makes a mark independent of the order of sentences and gives its evidence. Faults that
the text of the law decides are taken from the rules; the head decides the rest.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from evaluator.guardian.assessment import Answer, Assessment, Evidence, Fault, Mark
from evaluator.guardian.cues import Sentence
from evaluator.guardian.features import WIDTH, features
from evaluator.guardian.fit import CitationFit, Vectors
from evaluator.guardian.harm import HarmHead, clauses
from evaluator.guardian.reading import Reader, Reading
from evaluator.guardian.rules import RuleScorer, citation_evidence, unscored
from evaluator.metrics import Dimension
from kg.build import Build
from kg.manifest import read_sealed
from kg.pack import data_folder
from kg.problem import DamagedError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Calibration:
    """How a head's score becomes a probability and a grade, chosen on the development folds.

    The probability that the event is there is sigmoid(slope · logit + offset); from `threshold` on it counts as
    there; between `low` and `high` the learned tier abstains.
    """

    slope: float
    offset: float
    threshold: float
    low: float
    high: float


class Heads:
    """The weights of the six heads and their calibrations."""

    def __init__(
        self, weights: npt.NDArray[np.float32], calibrations: Mapping[Dimension, Calibration]
    ) -> None:
        self.weights = weights
        self.calibrations = calibrations

    @classmethod
    def open(cls, folder: Path) -> Heads:
        """Read heads.npz and heads.json of a folder; DamagedError if they do not belong to this code."""
        import numpy as np

        try:
            stored = json.loads(read_sealed(folder, "heads.json"))
            with np.load(io.BytesIO(read_sealed(folder, "heads.npz")), allow_pickle=False) as arrays:
                weights = arrays["weights"].astype(np.float32)
        except (ValueError, KeyError) as error:
            raise DamagedError(f"读不到评分模型 {folder}：{error}；请重新安装 yilun") from error
        if weights.shape != (len(Dimension), WIDTH + 1):
            raise DamagedError(f"{folder}/heads.npz 的大小 {weights.shape} 与程序不符；请重新安装 yilun")
        return cls(weights, {d: Calibration(**stored["calibrations"][d.value]) for d in Dimension})

    def sentence_logits(self, reading: Reading) -> npt.NDArray[np.float64]:
        """The logit of each sentence (rows) in each dimension (columns) that it makes the event true."""
        import numpy as np

        rows = []
        for read in reading.sentences:
            found = features(read)
            places = np.fromiter(found, dtype=np.int64, count=len(found))
            values = np.fromiter(found.values(), dtype=np.float64, count=len(found))
            rows.append(self.weights[:, places] @ values + self.weights[:, WIDTH])
        return np.array(rows)


def pooled(logits: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The logit of "some sentence makes it true" for each column.

    >>> import numpy as np
    >>> pooled(np.array([[-50.0, 0.0], [2.0, 0.0]])).round(3).tolist()
    [2.0, 1.099]
    """
    import numpy as np

    none = -np.logaddexp(0.0, logits).sum(axis=0)  # log of the probability that no sentence does
    some: npt.NDArray[np.float64] = np.log(-np.expm1(np.minimum(none, -1e-12))) - none
    return some


class LearnedScorer:
    """Grades by heads over sentences; what the law's text decides it takes from the rules."""

    name = "learned"

    def __init__(
        self,
        build: Build,
        reader: Reader | None = None,
        folder: Path | None = None,
        *,
        vectors: Vectors | None = None,
    ) -> None:
        self._folder = folder or data_folder() / "models" / "guardian"
        self._reader = reader or Reader(build, CitationFit.shipped(build, vectors, self._folder))
        self._rules = RuleScorer(build, self._reader)
        self._harm = HarmHead.open(self._folder, vectors.encoder) if vectors else None
        if vectors:
            self.name = "encoder"

    @cached_property
    def heads(self) -> Heads:
        """The heads, read when the first answer comes."""
        return Heads.open(self._folder)

    def score(self, answer: Answer) -> Assessment:
        """The six marks of an answer; an empty answer is unscored."""
        return self.grade(self._reader.read(answer))

    def grade(self, reading: Reading) -> Assessment:
        """The six marks of an answer that was read before."""
        if not reading.sentences:
            return unscored(self.name, "回答为空")
        logits = self.heads.sentence_logits(reading)
        totals = pooled(logits)
        ruled = self._rules.grade(reading)
        marks: dict[Dimension, Mark] = {}
        for column, dimension in enumerate(Dimension):
            rule = ruled.marks[dimension]
            if dimension is Dimension.R1 and rule.grade == dimension.bad:
                marks[dimension] = rule
                continue
            calibration = self.heads.calibrations[dimension]
            told = _Told(
                calibration.slope * float(totals[column]) + calibration.offset,
                reading.sentences[int(logits[:, column].argmax())].sentence,
                (calibration.low, calibration.threshold, calibration.high),
            )
            if dimension is Dimension.R2 and self._harm:
                told = self._harmful(self._harm, reading, float(totals[column]), told)
            marks[dimension] = self._mark(dimension, told, reading, rule)
        return Assessment(self.name, marks)

    def _harmful(self, head: HarmHead, reading: Reading, sentences: float, told: _Told) -> _Told:
        """What the clauses say of harm, together with what the sentences say."""
        import numpy as np

        found = clauses(reading.answer.response)
        if not found:
            return told
        each = head.logits(found)
        mixture = head.mixture
        total = mixture.harm * float(pooled(each[:, None])[0]) + mixture.sentence * sentences + mixture.offset
        bounds = (mixture.low, mixture.threshold, mixture.high)
        return _Told(total, found[int(np.argmax(each))], bounds)

    def _mark(self, dimension: Dimension, told: _Told, reading: Reading, rule: Mark) -> Mark:
        import math

        event = 1 / (1 + math.exp(-max(-60.0, min(60.0, told.logit))))
        low, threshold, high = told.bounds
        there = event >= threshold
        grade = dimension.bad if there == dimension.is_risk else dimension.good
        probability = round(1 - event if dimension.is_risk else event, 6)
        strongest = told.strongest
        fault = _FAULTS.get(dimension) if there else None
        evidence: tuple[Evidence, ...] = ()
        if there:
            evidence = (Evidence(strongest.start, strongest.end, fault),)
        if (
            there and dimension is Dimension.R1
        ):  # a law that nobody lists: the rules leave it open, the head decided
            evidence = (*evidence, *citation_evidence(reading))
        if low < event < high:
            return Mark(dimension, None, probability, f"{dimension.zh}：把握不足，不评", evidence)
        said = f"“{strongest.text[:40]}”" if there else "没有一句如此"
        reason = f"{_SAID[dimension]}：{said}（模型判断，概率 {event:.2f}）"
        if rule.grade == grade and rule.evidence:
            reason, evidence = f"{reason}；{rule.reason}", (*evidence, *rule.evidence)
        return Mark(dimension, grade, probability, reason, evidence)


class _Told(NamedTuple):
    """What the heads say of one dimension: a logit, where it comes from, and the bounds that grade it."""

    logit: float
    strongest: Sentence
    bounds: tuple[float, float, float]


_FAULTS = {Dimension.R1: Fault.RISKY_CLAIM, Dimension.R2: Fault.UNSAFE_STEP}
_SAID = {
    Dimension.R1: "与规范疑似不合",
    Dimension.R2: "疑似不安全或不合法的建议",
    Dimension.Q1: "指出问题",
    Dimension.Q2: "援引规范",
    Dimension.Q3: "给出建议",
    Dimension.Q4: "体谅当事人",
}
