"""Train the weights that weigh a verdict, on the train folds; temperature and threshold are chosen on dev.

    python -m evaluator.train_weights --home DIR --as-of 2026-10-01 --out data/models/verdict [--features FILE]

The cases are written by a model and unreviewed. Test folds are never read. Features are kept in --features,
as they take minutes and the training seconds. How much each kind of evidence counts is chosen by
cross-validation over the sources of the train folds.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import math
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from evaluator.case_folds import LabelledCase, read_labelled_cases
from evaluator.grounds import SUPPORT
from evaluator.weighing import CONCLUSIONS, GROUPS, MODEL_FILE, NOTE_FILE, NUMBERED, Vocabulary, grams

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Array = npt.NDArray[np.float64]
    Mask = npt.NDArray[np.bool_]

COVERAGE = 0.85
"""The share of dev cases that are to be concluded."""
MARGIN = 0.01
"""What counting the findings may cost in macro-F1 of the cross-validation: a verdict is to rest on them."""
FOLDS = 6
RIDGE = 1.0
_RARE = 2


@dataclass(frozen=True, slots=True)
class Strength:
    """How much each kind of evidence counts: the length of its features beside those of the words, 1."""

    findings: float
    facts: float
    text: float

    def of(self, group: str) -> float:
        """The strength of one kind."""
        return 1.0 if group == "words" else float(getattr(self, group))


STRENGTHS = tuple(Strength(*s) for s in product((0.0, 0.15, 0.3), (0.3,), (0.35, 0.5, 0.7)))


class Fitted(NamedTuple):
    """A kernel logistic regression: how much each training case counts for each conclusion."""

    cases: Array
    bias: Array


def fit(kernel: Array, labels: Array, *, ridge: float = RIDGE, steps: int = 1500) -> Fitted:
    """Multinomial logistic regression with conclusions weighed alike, on the cases' inner products; deterministic.

    With fewer cases than features this is the same as fitting the features, in the space that the cases span.
    Accelerated gradient descent; `ridge` counts against the sum of the losses, as in scikit-learn's 1/C.
    """
    import numpy as np

    count = len(labels)
    spread, axes = np.linalg.eigh(kernel)
    kept = spread > spread[-1] * 1e-9
    roots = np.sqrt(spread[kept])
    spanned = np.hstack([axes[:, kept] * roots, np.ones((count, 1))])
    target = np.eye(len(CONCLUSIONS))[labels.astype(int)]
    emphasis = (1 / np.maximum(target.mean(axis=0), 1e-9))[labels.astype(int)][:, None]
    emphasis /= emphasis.mean()
    hold = np.full((spanned.shape[1], 1), ridge / count)
    hold[-1] = 0  # the base is not held back
    rate = 1 / (0.5 * np.linalg.norm(spanned * np.sqrt(emphasis), 2) ** 2 / count + ridge / count)
    weights = ahead = np.zeros((spanned.shape[1], len(CONCLUSIONS)))
    for step in range(steps):
        sums = spanned @ ahead
        powers = np.exp(sums - sums.max(axis=1, keepdims=True))
        error = emphasis * (powers / powers.sum(axis=1, keepdims=True) - target)
        new = ahead - rate * (spanned.T @ error / count + hold * ahead)
        ahead = new + step / (step + 3) * (new - weights)
        weights = new
    return Fitted(axes[:, kept] / roots @ weights[:-1], weights[-1])


def chances(sums: Array, scale: float = 1.0) -> Array:
    """The probabilities of the conclusions, one row a case."""
    import numpy as np

    powers = np.exp(scale * (sums - sums.max(axis=1, keepdims=True)))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def macro_f1(labels: Array, found: Array) -> float:
    """The mean F1 of the four conclusions."""
    scores = []
    for conclusion in range(len(CONCLUSIONS)):
        right = float(((labels == conclusion) & (found == conclusion)).sum())
        named = float((labels == conclusion).sum() + (found == conclusion).sum())
        scores.append(2 * right / named if named else 0.0)
    return sum(scores) / len(scores)


def learn_vocabulary(texts: Sequence[str]) -> Vocabulary:
    """The n-grams that at least two texts have, with their rarity."""
    import numpy as np

    counts = Counter(gram for text in texts for gram in grams(text))
    known = sorted(gram for gram, count in counts.items() if count >= _RARE)
    rarity = [math.log((1 + len(texts)) / (1 + counts[gram])) + 1 for gram in known]
    return Vocabulary({gram: i for i, gram in enumerate(known)}, np.array(rarity, dtype=np.float32))


def words_matrix(texts: Sequence[str], vocabulary: Vocabulary) -> Array:
    """One row of n-grams for each text."""
    import numpy as np

    rows = np.zeros((len(texts), len(vocabulary.known)))
    for row, text in enumerate(texts):
        places, values = vocabulary.features(text)
        rows[row, places] = values
    return rows


class Scaled(NamedTuple):
    """The features of all cases, scaled by the cases that are learned from."""

    rows: dict[str, Array]
    means: dict[str, Array]
    scales: dict[str, Array]
    vocabulary: Vocabulary


def scale(features: Mapping[str, Array], texts: Sequence[str], learned: Mask) -> Scaled:
    """Each kind's features with mean 0 and, over `learned`, about unit length."""
    vocabulary = learn_vocabulary([text for text, own in zip(texts, learned, strict=True) if own])
    rows, means, scales = {"words": words_matrix(texts, vocabulary)}, {}, {}
    for group in NUMBERED:
        own = features[group][learned]
        means[group] = own.mean(axis=0)
        scales[group] = (own.std(axis=0) + 1e-6) * math.sqrt(own.shape[1])
        rows[group] = (features[group] - means[group]) / scales[group]
    return Scaled(rows, means, scales, vocabulary)


def joined(kernels: Mapping[str, Array], strength: Strength) -> Array:
    """The inner products of the cases over all kinds of evidence."""
    parts = [strength.of(group) ** 2 * kernel for group, kernel in kernels.items()]
    return sum(parts[1:], start=parts[0])


def kernels_of(rows: Mapping[str, Array]) -> dict[str, Array]:
    """The inner products of all cases, by kind of evidence."""
    return {group: own @ own.T for group, own in rows.items()}


def collect(home: Path, cases: Sequence[LabelledCase], as_of: date) -> dict[str, Array]:
    """The features of the cases, by kind of evidence, and which conclusions a finding supports."""
    import numpy as np

    from evaluator.facts import read_facts
    from evaluator.verdict import Reasoner
    from kg.build import Build
    from kg.home import Home
    from retrieval import Retriever
    from retrieval.adapted import adapted_encoder

    build = Build(Home(home).build())
    retriever = Retriever.open(home, build=build)
    reasoner = Reasoner(build, retriever, weights=None, encoder=adapted_encoder())
    rows: dict[str, list[list[float]]] = {group: [] for group in (*NUMBERED, "supported")}
    for case in cases:
        facts = read_facts(case.scenario, reasoner.words)
        _, found, _ = reasoner.findings(facts, as_of=as_of, k=5)
        if len(rows["facts"]) % 50 == 0:
            print(len(rows["facts"]), "/", len(cases), file=sys.stderr, flush=True)
        outcomes = {ranked.finding.outcome for ranked in found}
        rows["supported"].append(
            [float(c == "undetermined" or bool(outcomes & SUPPORT[c])) for c in CONCLUSIONS]
        )
        for group, values in reasoner.features(facts, found).items():
            rows[group].append(values)
    return {group: np.array(values, dtype=np.float64) for group, values in rows.items()}


def main() -> None:
    """Train, print what was chosen and how, and write weights and card."""
    import numpy as np

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--as-of", type=date.fromisoformat, required=True)
    parser.add_argument("--features", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    cases = [c for c in read_labelled_cases(options.data) if not c.fold.startswith("test")]
    names = np.array([case.id for case in cases])
    if options.features is not None and options.features.is_file():
        with np.load(options.features) as kept:
            if kept["names"].tolist() != names.tolist():
                raise SystemExit(f"{options.features} is of other cases: remove it")
            features = {group: kept[group] for group in (*NUMBERED, "supported")}
    else:
        features = collect(options.home, cases, options.as_of)
        if options.features is not None:
            np.savez(options.features, names=names, **features)  # type: ignore[arg-type] # the stub takes one for allow_pickle
    texts = [case.scenario for case in cases]
    labels = np.array([CONCLUSIONS.index(case.conclusion) for case in cases], dtype=np.float64)
    train = np.array([case.fold == "train" for case in cases])
    sources = [case.gold[0][0] for case in cases]
    strength, trials = choose_strength(features, texts, labels, sources, train)
    figures = _write(options.out, features, texts, labels, train, strength, trials)
    print(json.dumps(figures, ensure_ascii=False, indent=1))


def choose_strength(
    features: Mapping[str, Array], texts: Sequence[str], labels: Array, sources: Sequence[str], train: Mask
) -> tuple[Strength, list[dict[str, object]]]:
    """The strengths best in cross-validation over the sources of the train folds, and all that were tried.

    Of those within MARGIN of the best the one that counts the findings most.
    """
    import numpy as np

    places = np.flatnonzero(train)
    # Sources by the digest of their titles: the same whatever else is in the data.
    part = np.array([int(hashlib.sha256(s.encode()).hexdigest(), 16) % FOLDS for s in sources])[places]
    found = {strength: np.zeros(len(places)) for strength in STRENGTHS}
    for fold in range(FOLDS):
        learned = np.zeros(len(texts), dtype=bool)
        learned[places[part != fold]] = True
        kernels = kernels_of(scale(features, texts, learned).rows)
        tried = places[part == fold]
        for strength in STRENGTHS:
            kernel = joined(kernels, strength)
            fitted = fit(kernel[np.ix_(learned, learned)], labels[learned])
            sums = kernel[np.ix_(tried, learned)] @ fitted.cases + fitted.bias
            found[strength][part == fold] = sums.argmax(axis=1)
    scores = {strength: macro_f1(labels[places], said) for strength, said in found.items()}
    best = max(scores.values())
    chosen = max((s for s in STRENGTHS if scores[s] >= best - MARGIN), key=lambda s: (s.findings, scores[s]))
    trials: list[dict[str, object]] = [
        {"findings": s.findings, "facts": s.facts, "text": s.text, "cv_macro_f1": round(scores[s], 3)}
        for s in STRENGTHS
    ]
    return chosen, trials


class Calibration(NamedTuple):
    """What is chosen on dev; one threshold for each conclusion."""

    scale: float
    thresholds: tuple[float, ...]
    figures: dict[str, object]


def calibrate(sums: Array, labels: Array, supported: Array) -> Calibration:
    """The temperature of best likelihood, and thresholds that let COVERAGE of each conclusion through.

    One threshold for all would drop most of the rare conclusions, which are seldom said with a high
    probability. What no finding supports is not concluded whatever its probability: it is not covered.
    """
    import numpy as np

    own = (np.arange(len(labels)), labels.astype(int))
    scales = [0.5 + 0.1 * i for i in range(76)]
    losses = {s: float(-np.log(chances(sums, s)[own] + 1e-9).mean()) for s in scales}
    temperature = min(losses, key=lambda s: losses[s])
    given = chances(sums, temperature)
    found = given.argmax(axis=1)
    surest = np.where(supported[np.arange(len(found)), found] > 0, given.max(axis=1), 0.0)
    thresholds = tuple(_let_through(np.sort(surest[found == c])) for c in range(len(CONCLUSIONS)))
    told = surest >= np.maximum(np.array(thresholds)[found], 1e-4)
    said = found.astype(float)
    return Calibration(
        temperature,
        thresholds,
        {
            "n": len(labels),
            "macro_f1_all": round(macro_f1(labels, said), 3),
            "macro_f1_covered": round(macro_f1(labels[told], said[told]), 3),
            "accuracy_covered": round(float((labels == said)[told].mean()), 3),
            "coverage": round(float(told.mean()), 3),
            "loss": round(losses[temperature], 3),
            "ece": expected_error(given, labels),
            "without_support": round(float((supported[np.arange(len(found)), found] == 0).mean()), 3),
        },
    )


def _let_through(rising: Array) -> float:
    """The highest threshold, to four digits, that COVERAGE of these probabilities reach; 0 for none."""
    if not len(rising):
        return 0.0
    return math.floor(float(rising[math.floor(len(rising) * (1 - COVERAGE))]) * 1e4) / 1e4


def expected_error(given: Array, labels: Array, *, bins: int = 10) -> float:
    """The expected calibration error of the likeliest conclusion, ten bins of equal width."""
    import numpy as np

    surest, right = given.max(axis=1), given.argmax(axis=1) == labels
    place = np.minimum((surest * bins).astype(int), bins - 1)
    gaps = [
        float((place == b).mean()) * abs(float(surest[place == b].mean()) - float(right[place == b].mean()))
        for b in range(bins)
        if (place == b).any()
    ]
    return round(sum(gaps), 3)


def _write(
    folder: Path, features: Mapping[str, Array], texts: Sequence[str], labels: Array, train: Mask,
    strength: Strength, trials: Sequence[Mapping[str, object]],
) -> dict[str, object]:  # fmt: skip
    import numpy as np

    scaled = scale(features, texts, train)
    kernel = joined(kernels_of(scaled.rows), strength)
    fitted = fit(kernel[np.ix_(train, train)], labels[train])
    dev = ~train
    calibration = calibrate(
        kernel[np.ix_(dev, train)] @ fitted.cases + fitted.bias, labels[dev], features["supported"][dev]
    )
    arrays: dict[str, npt.NDArray[Any]] = {
        "bias": (fitted.bias * calibration.scale).astype(np.float32),
        "words_rarity": scaled.vocabulary.rarity,
        "words_known": np.frombuffer("\x00".join(scaled.vocabulary.known).encode(), dtype=np.uint8),
    }
    for group in GROUPS:
        weights = strength.of(group) ** 2 * scaled.rows[group][train].T @ fitted.cases
        arrays[f"{group}_weights"] = (weights * calibration.scale).astype(np.float32)
    for group in NUMBERED:
        arrays[f"{group}_mean"] = scaled.means[group].astype(np.float32)
        arrays[f"{group}_scale"] = scaled.scales[group].astype(np.float32)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)  # type: ignore[arg-type] # as above
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MODEL_FILE).write_bytes(buffer.getvalue())
    count: dict[str, int] = {"n": int(train.sum())}
    count |= {str(name): int((labels[train] == place).sum()) for place, name in enumerate(CONCLUSIONS)}
    card: dict[str, object] = {
        "what": "各类证据对结论的权重；由模型撰写、未经专家审核的案例训练",
        "trained_on": "data/cases 的 train 折（data/splits.tsv）；强度按 train 的来源交叉验证，温度与门槛在 dev 上选",
        "train": count,
        "randomness": "无随机数；浮点求和次序可使末位不同",
        "weights_sha256": hashlib.sha256(buffer.getvalue()).hexdigest(),
        "thresholds": dict(zip(CONCLUSIONS, calibration.thresholds, strict=True)),
        "temperature": round(calibration.scale, 2),
        "strength": {group: strength.of(group) for group in GROUPS},
        "dev": calibration.figures,
        "trials": list(trials),
    }
    text = json.dumps(card, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    (folder / NOTE_FILE).write_text(text, encoding="utf-8")
    return card


if __name__ == "__main__":
    main()
