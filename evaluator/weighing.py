"""From findings to a conclusion: a linear model whose every part can be recomputed and shown.

Four kinds of evidence add up: what was found under the norms, how the facts are told, which words tell them,
and what their clauses mean to the encoder. The conclusion's probabilities are the softmax of the sums.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
from collections import Counter
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
GROUPS = ("findings", "facts", "words", "text")
NUMBERED = ("findings", "facts", "text")
"""The kinds of evidence whose features are a fixed row of numbers; those of `words` are the text's n-grams."""
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
    """How strongly each outcome was found, by likeness and rank of the clause; the order is fixed."""
    applicable = [f for f in findings if f.outcome is not Outcome.NOT_APPLICABLE]
    weighed = [(f, f.likeness**2 / math.sqrt(f.rank)) for f in applicable]
    total = math.fsum(weight for _, weight in weighed) or 1.0
    values: list[float] = []
    for outcome in _OUTCOMES:
        found = [f for f in applicable if f.outcome is outcome]
        values += [
            max((f.likeness for f in found), default=0.0),
            max((f.likeness / f.rank for f in found), default=0.0),
            math.fsum(weight for f, weight in weighed if f.outcome is outcome) / total,
            sum(f.rank == 1 for f in found) / 3,
        ]
    for modality in _MODALITIES:
        values += [
            math.log1p(math.fsum(w for f, w in weighed if f.modality is modality and f.conduct is conduct))
            for conduct in (ConductState.DONE, ConductState.OMITTED, ConductState.UNSETTLED)
        ]
    count = max(len(applicable), 1)
    values += [
        sum(f.condition is ConditionState.UNKNOWN for f in applicable) / count,
        sum(f.condition is ConditionState.MET for f in applicable) / count,
        math.log1p(len(applicable)) / 4,
        max((f.likeness for f in findings), default=0.0),
    ]
    return [round(value, 6) for value in values]


_OUTCOMES = (
    Outcome.BREACH, Outcome.COMPLIED, Outcome.UNCLEAR, Outcome.CONDITION_UNMET, Outcome.EXCEPTION_HOLDS,
)  # fmt: skip
_MODALITIES = (
    Modality.OBLIGATION, Modality.PROHIBITION, Modality.LIABILITY, Modality.PERMISSION, Modality.RIGHT,
    Modality.POWER,
)  # fmt: skip


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


def text_features(clauses: npt.NDArray[np.float32], last: npt.NDArray[np.float32]) -> list[float]:
    """What the clauses of a scenario mean: their mean and their maximum, and its last sentence."""
    import numpy as np

    return [float(value) for value in np.concatenate([clauses.mean(axis=0), clauses.max(axis=0), last])]


def grams(text: str) -> dict[str, float]:
    """How often each run of one to three characters occurs, as a logarithm plus one.

    >>> grams("不不")
    {'不': 1.693147, '不不': 1.0}
    """
    counts = Counter(text[i : i + n] for n in (1, 2, 3) for i in range(len(text) - n + 1))
    return {gram: round(1 + math.log(count), 6) for gram, count in counts.items()}


@dataclass(frozen=True)
class Vocabulary:
    """The n-grams that the model knows, sorted, and how rare each is."""

    known: Mapping[str, int]
    rarity: npt.NDArray[np.float32]

    def features(self, text: str) -> tuple[list[int], list[float]]:
        """The places of a text's known n-grams and their values, of unit length together."""
        found = sorted((self.known[gram], value) for gram, value in grams(text).items() if gram in self.known)
        places = [place for place, _ in found]
        values = [value * float(self.rarity[place]) for place, value in found]
        length = math.sqrt(math.fsum(value * value for value in values)) or 1.0
        return places, [value / length for value in values]


@dataclass(frozen=True)
class Weights:
    """A trained model: for each kind of evidence its weights (features by conclusions), and its scaling."""

    digest: str
    weights: Mapping[str, npt.NDArray[np.float32]]
    means: Mapping[str, npt.NDArray[np.float32]]
    scales: Mapping[str, npt.NDArray[np.float32]]
    vocabulary: Vocabulary
    bias: npt.NDArray[np.float32]
    thresholds: tuple[float, ...]

    def evidence(self, group: str, features: Sequence[float]) -> tuple[float, ...]:
        """What one kind of evidence adds to each conclusion, rounded as it is recorded."""
        import numpy as np

        scaled = (np.asarray(features, dtype=np.float64) - self.means[group]) / self.scales[group]
        return _sums(scaled[:, None] * self.weights[group].astype(np.float64))

    def words(self, text: str) -> tuple[float, ...]:
        """What the words of a scenario add to each conclusion, rounded as it is recorded."""
        import numpy as np

        places, values = self.vocabulary.features(text)
        chosen = self.weights["words"][places].astype(np.float64)
        return _sums(np.asarray(values, dtype=np.float64)[:, None] * chosen)

    def threshold(self, chances: Sequence[float]) -> float:
        """The probability that the likeliest conclusion must have."""
        return self.thresholds[max(range(len(CONCLUSIONS)), key=lambda i: chances[i])]

    def base(self) -> tuple[float, ...]:
        """What each conclusion has before any evidence."""
        return tuple(round(float(value), 6) for value in self.bias)


def _sums(products: npt.NDArray[np.float64]) -> tuple[float, ...]:
    """The sums of the columns; exact before rounding, so that no processor gets another one."""
    return tuple(round(math.fsum(column), 6) for column in products.T.tolist())


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
        known = bytes(arrays["words_known"]).decode("utf-8").split("\x00")
        return Weights(
            digest=digest,
            weights={group: arrays[f"{group}_weights"] for group in GROUPS},
            means={group: arrays[f"{group}_mean"] for group in NUMBERED},
            scales={group: arrays[f"{group}_scale"] for group in NUMBERED},
            vocabulary=Vocabulary({gram: i for i, gram in enumerate(known)}, arrays["words_rarity"]),
            bias=arrays["bias"],
            thresholds=tuple(float(card["thresholds"][name]) for name in CONCLUSIONS),
        )
