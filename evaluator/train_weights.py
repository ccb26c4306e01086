"""Train the weights that weigh a verdict, on the train folds; scale and threshold are chosen on dev.

    python -m evaluator.train_weights --home DIR --as-of 2026-10-01 --out data/models/verdict [--features FILE]

The cases are written by a model and unreviewed. Test folds are never read. Features are kept in --features,
as they take minutes and the training seconds.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from evaluator.case_folds import LabelledCase, read_labelled_cases
from evaluator.weighing import CONCLUSIONS, GROUPS, MODEL_FILE, NOTE_FILE

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Array = npt.NDArray[np.float64]
    Mask = npt.NDArray[np.bool_]

COVERAGE = 0.85
"""The share of dev cases that the threshold must let through."""


@dataclass(frozen=True, slots=True)
class Strength:
    """How strongly each kind of evidence is held back: its features are divided by this much more."""

    findings: float
    facts: float
    text: float


class Fitted(NamedTuple):
    """A multinomial logistic regression over scaled features."""

    weights: Array
    bias: Array


def fit(features: Array, labels: Array, *, ridge: float, steps: int = 300) -> Fitted:
    """Multinomial logistic regression, classes weighted by the square root of their rarity; deterministic.

    Full-batch gradient descent with momentum: some hundred cases need nothing cleverer.
    """
    import numpy as np

    count, width = features.shape
    classes = len(CONCLUSIONS)
    target = np.eye(classes)[labels.astype(int)]
    share = target.mean(axis=0)
    emphasis = np.sqrt(1 / np.maximum(share, 1e-9))[labels.astype(int)][:, None]
    emphasis /= emphasis.mean()
    weights, bias = np.zeros((width, classes)), np.log(np.maximum(share, 1e-9))
    speed, bias_speed = np.zeros_like(weights), np.zeros_like(bias)
    rate = 4 * count / (np.linalg.norm(features, 2) ** 2 + 4 * count * ridge)
    for _ in range(steps):
        sums = features @ weights + bias
        powers = np.exp(sums - sums.max(axis=1, keepdims=True))
        error = emphasis * (powers / powers.sum(axis=1, keepdims=True) - target)
        speed = 0.9 * speed - rate * 0.25 * (features.T @ error / count + ridge * weights)
        bias_speed = 0.9 * bias_speed - 0.1 * error.mean(axis=0)
        weights, bias = weights + speed, bias + bias_speed
    return Fitted(weights, bias)


def chances(features: Array, fitted: Fitted, scale: float = 1.0) -> Array:
    """The probabilities of the conclusions, one row a case."""
    import numpy as np

    sums = (features @ fitted.weights + fitted.bias) * scale
    powers = np.exp(sums - sums.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def macro_f1(labels: Array, found: Array) -> float:
    """The mean F1 of the four conclusions."""
    scores = []
    for conclusion in range(len(CONCLUSIONS)):
        right = float(((labels == conclusion) & (found == conclusion)).sum())
        named = float((labels == conclusion).sum() + (found == conclusion).sum())
        scores.append(2 * right / named if named else 0.0)
    return sum(scores) / len(scores)


def collect(home: Path, cases: Sequence[LabelledCase], as_of: date) -> dict[str, Array]:
    """The features of the cases, by kind of evidence."""
    import numpy as np

    from evaluator.facts import read_facts
    from evaluator.verdict import Reasoner
    from kg.build import Build
    from kg.home import Home
    from retrieval import Retriever

    build = Build(Home(home).build())
    reasoner = Reasoner.over(build, Retriever.open(home, build=build))
    rows: dict[str, list[list[float]]] = {group: [] for group in GROUPS}
    for case in cases:
        facts = read_facts(case.scenario, reasoner.words)
        _, found = reasoner.findings(facts, as_of=as_of, k=5)
        if len(rows["facts"]) % 50 == 0:
            print(len(rows["facts"]), "/", len(cases), file=sys.stderr, flush=True)
        for group, values in reasoner.features(facts, found).items():
            rows[group].append(values)
    return {group: np.array(values, dtype=np.float64) for group, values in rows.items()}


def main() -> None:
    """Train, print what was chosen on dev, and write weights and card."""
    import numpy as np

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--as-of", type=date.fromisoformat, required=True)
    parser.add_argument("--features", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    cases = [c for c in read_labelled_cases(options.data) if not c.fold.startswith("test")]
    if options.features is not None and options.features.is_file():
        with np.load(options.features) as kept:
            features = {group: kept[group] for group in GROUPS}
    else:
        features = collect(options.home, cases, options.as_of)
        if options.features is not None:
            np.savez(options.features, **features)  # type: ignore[arg-type] # the stub takes one for allow_pickle
    labels = np.array([CONCLUSIONS.index(case.conclusion) for case in cases], dtype=np.float64)
    train = np.array([case.fold == "train" for case in cases])
    means = {group: features[group][train].mean(axis=0) for group in GROUPS}
    spread = {group: features[group][train].std(axis=0) + 1e-6 for group in GROUPS}
    best = _choose(features, means, spread, labels, train)
    scales, fitted, scale, threshold, figures = best
    print(json.dumps(figures, ensure_ascii=False, indent=1))
    _write(options.out, means, scales, fitted, scale, threshold, figures)


def _choose(
    features: Mapping[str, Array],
    means: Mapping[str, Array],
    spread: Mapping[str, Array],
    labels: Array,
    train: Mask,
) -> tuple[dict[str, Array], Fitted, float, float, dict[str, object]]:
    import numpy as np

    chosen = None
    trials = []
    for strength in _STRENGTHS:
        scales = {group: spread[group] * getattr(strength, group) for group in GROUPS}
        scaled = np.hstack([(features[g] - means[g]) / scales[g] for g in GROUPS])
        fitted = fit(scaled[train], labels[train], ridge=0.01)
        # temperature by likelihood on dev
        likelihoods = []
        for scale in (0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.2, 1.4):
            given = chances(scaled[~train], fitted, scale)
            own = given[np.arange(len(given)), labels[~train].astype(int)]
            likelihoods.append((float(-np.log(own + 1e-9).mean()), scale))
        loss, scale = min(likelihoods)
        given = chances(scaled[~train], fitted, scale)
        surest = given.max(axis=1)
        threshold = float(np.floor(np.quantile(surest, 1 - COVERAGE) * 1e4) / 1e4)
        told = surest >= threshold
        found = given.argmax(axis=1).astype(float)
        dev = labels[~train]
        trial: dict[str, object] = {
            "strength": [strength.findings, strength.facts, strength.text],
            "dev_macro_f1_all": round(macro_f1(dev, found), 3),
            "dev_macro_f1_covered": round(macro_f1(dev[told], found[told]), 3),
            "dev_accuracy_covered": round(float((dev[told] == found[told]).mean()), 3),
            "dev_loss": round(loss, 3), "dev_coverage": round(float(told.mean()), 3),
            "temperature": scale, "threshold": threshold,
            "n_train": int(train.sum()), "n_dev": int((~train).sum()),
        }  # fmt: skip
        trials.append(trial)
        score = macro_f1(dev[told], found[told])
        if chosen is None or score > chosen[0]:
            chosen = (score, scales, fitted, scale, threshold, trial)
    assert chosen is not None
    _, scales, fitted, scale, threshold, trial = chosen
    return scales, fitted, scale, threshold, {**trial, "trials": trials}


_STRENGTHS = [
    Strength(findings, facts, text) for findings in (1.0,) for facts in (1.0, 3.0) for text in (1.0, 3.0)
]


def _write(
    folder: Path, means: Mapping[str, Array], scales: Mapping[str, Array], fitted: Fitted,
    scale: float, threshold: float, figures: Mapping[str, object],
) -> None:  # fmt: skip
    import numpy as np

    arrays: dict[str, Array] = {"bias": fitted.bias * scale}
    start = 0
    for group in GROUPS:
        width = len(means[group])
        arrays[f"{group}_mean"], arrays[f"{group}_scale"] = means[group], scales[group]
        arrays[f"{group}_weights"] = fitted.weights[start : start + width] * scale
        start += width
    buffer = io.BytesIO()
    np.savez(buffer, **{name: value.astype(np.float32) for name, value in arrays.items()})  # type: ignore[arg-type] # as above
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MODEL_FILE).write_bytes(buffer.getvalue())
    card = {
        "what": "各类证据对结论的权重；由模型撰写、未经专家审核的案例训练",
        "trained_on": "data/cases, train folds of data/splits.tsv",
        "weights_sha256": hashlib.sha256(buffer.getvalue()).hexdigest(),
        "threshold": threshold,
        "dev": {name: value for name, value in figures.items() if name != "trials"},
    }
    text = json.dumps(card, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    (folder / NOTE_FILE).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
