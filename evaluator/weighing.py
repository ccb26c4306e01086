"""From findings to a conclusion: a linear model whose every part can be recomputed and shown.

Three kinds of evidence add up: what was found under the norms, how the facts are told, and what the text
means to the encoder. The conclusion's probabilities are the softmax of the sums.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from evaluator.fact_words import Mark
from evaluator.facts import FactKind, Facts
from evaluator.finding_rule import ConditionState, ConductState, Outcome
from kg.norm import Modality
from kg.problem import DamagedError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

CONCLUSIONS: tuple[Literal["non_compliant", "compliant", "conditional", "undetermined"], ...] = (
    "non_compliant",
    "compliant",
    "conditional",
    "undetermined",
)
GROUPS = ("findings", "facts", "text")
MODEL_FILE, NOTE_FILE = "weights.npz", "card.json"


@dataclass(frozen=True, slots=True)
class Seen:
    """What the findings part of the model looks at: one finding without its words."""

    modality: Modality
    outcome: Outcome
    condition: ConditionState
    conduct: ConductState
    likeness: float
    rank: int


def finding_features(findings: Sequence[Seen]) -> list[float]:
    """Strongest and summed likeness for each outcome, by the rank of the clause; the order is fixed."""
    values: list[float] = []
    for outcome in (Outcome.BREACH, Outcome.COMPLIED, Outcome.UNCLEAR, Outcome.CONDITION_UNMET):
        found = [f for f in findings if f.outcome is outcome]
        values += [
            max((f.likeness for f in found), default=0.0),
            max((f.likeness / f.rank for f in found), default=0.0),
            math.log1p(sum(f.likeness / f.rank for f in found)),
        ]
    for modality in (Modality.OBLIGATION, Modality.PROHIBITION, Modality.LIABILITY, Modality.PERMISSION):
        for conduct in (ConductState.DONE, ConductState.OMITTED, ConductState.UNSETTLED):
            found = [f for f in findings if f.modality is modality and f.conduct is conduct]
            values.append(math.log1p(sum(f.likeness / f.rank for f in found)))
    applicable = [f for f in findings if f.outcome is not Outcome.NOT_APPLICABLE]
    unknown = [f for f in applicable if f.condition is ConditionState.UNKNOWN]
    values += [
        len(unknown) / max(len(applicable), 1),
        math.log1p(len(applicable)) / 4,
        max((f.likeness for f in findings), default=0.0),
    ]
    return [round(value, 6) for value in values]


def fact_features(facts: Facts) -> list[float]:
    """How the facts are told: the share of clauses with each mark and of each kind, and of the ending."""
    count = max(len(facts.facts), 1)
    ending = facts.facts[-4:]
    values: list[float] = []
    for mark in Mark:
        values.append(sum(mark in f.marks for f in facts.facts) / count)
        values.append(float(any(mark in f.marks for f in ending)))
    values += [sum(f.kind is kind for f in facts.facts) / count for kind in FactKind]
    values += [
        sum(f.negated for f in facts.facts) / count,
        sum(f.is_settled for f in facts.facts) / count,
        sum(f.quoted for f in facts.facts) / count,
        float(bool(facts.sentences) and "？" in facts.sentences[-1].text),
        count / 20,
        len(facts.text) / 200,
        float("我" in facts.text),
    ]
    return [round(value, 6) for value in values]


@dataclass(frozen=True)
class Weights:
    """A trained model: for each kind of evidence its scaling and its weights (features by conclusions)."""

    digest: str
    weights: Mapping[str, npt.NDArray[np.float32]]
    means: Mapping[str, npt.NDArray[np.float32]]
    scales: Mapping[str, npt.NDArray[np.float32]]
    bias: npt.NDArray[np.float32]
    threshold: float

    def evidence(self, group: str, features: Sequence[float]) -> tuple[float, ...]:
        """What one kind of evidence adds to each conclusion, rounded as it is recorded."""
        import numpy as np

        scaled = (np.asarray(features, dtype=np.float64) - self.means[group]) / self.scales[group]
        return tuple(round(float(value), 6) for value in scaled @ self.weights[group])

    def base(self) -> tuple[float, ...]:
        """What each conclusion has before any evidence."""
        return tuple(round(float(value), 6) for value in self.bias)


def probabilities(evidence: Mapping[str, Sequence[float]]) -> tuple[float, ...]:
    """The softmax of the sums, rounded; the same for a verifier as for the judge.

    >>> probabilities({"base": (0.0, 0.0)})
    (0.5, 0.5)
    """
    sums = [math.fsum(column) for column in zip(*evidence.values(), strict=True)]
    powers = [math.exp(value - max(sums)) for value in sums]
    return tuple(round(power / math.fsum(powers), 6) for power in powers)


def read_weights(folder: Path) -> Weights | None:
    """The model in a folder, None if there is none; DamagedError if its weights are not those of its card."""
    import numpy as np

    note, file = folder / NOTE_FILE, folder / MODEL_FILE
    if not note.is_file() or not file.is_file():
        return None
    card = json.loads(note.read_text(encoding="utf-8"))
    content = file.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    if card["weights_sha256"] != digest:
        raise DamagedError(f"{file} 的校验值与 {note} 所记不同；请重新安装 yilun")
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return Weights(
            digest=digest,
            weights={group: arrays[f"{group}_weights"] for group in GROUPS},
            means={group: arrays[f"{group}_mean"] for group in GROUPS},
            scales={group: arrays[f"{group}_scale"] for group in GROUPS},
            bias=arrays["bias"],
            threshold=float(card["threshold"]),
        )
