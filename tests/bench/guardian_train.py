"""Train the guardian's heads on the training folds and choose their calibration on the development folds.

Run: python tests/bench/guardian_train.py --home HOME --out data/models/guardian
Needs scipy and scikit-learn, which running the heads does not. Test folds are never read into the fit or a choice.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import time
from collections import Counter
from datetime import date
from pathlib import Path

import numpy as np
from scipy.optimize import minimize
from scipy.sparse import csr_matrix

from evaluator.guardian.features import WIDTH, features
from evaluator.guardian.graded import read_graded
from evaluator.guardian.learned import pooled
from evaluator.guardian.reading import Reader, Reading
from evaluator.guardian.rules import RuleScorer
from evaluator.metrics import Dimension, Grades
from evaluator.twins import Planted, TwinMaker, planted_steps, steps
from kg.build import Build
from kg.home import Home
from kg.manifest import write_seal

AS_OF = date(2026, 11, 22)
DIMENSIONS = list(Dimension)


class Set:
    """Readings with their labels (1 where the event is there) as one sparse table of sentences."""

    def __init__(self, rows: list[tuple[Reading, Grades, float]]) -> None:
        places, values, starts, self.begin = [], [], [0], [0]
        for reading, _, _ in rows:
            for read in reading.sentences:
                found = features(read)
                places.extend(found)
                values.extend(found.values())
                starts.append(len(places))
            self.begin.append(len(starts) - 1)
        self.table = csr_matrix((values, places, starts), shape=(len(starts) - 1, WIDTH))
        self.labels = np.array(
            [[float(g.of(d) == (d.bad if d.is_risk else d.good)) for d in DIMENSIONS] for _, g, _ in rows]
        )
        self.weight = np.array([w for _, _, w in rows])
        self.owner = np.repeat(np.arange(len(rows)), np.diff(self.begin))

    def totals(self, weights: np.ndarray) -> np.ndarray:
        """The pooled logit of each answer under one head."""
        logits = self.table @ weights[:-1] + weights[-1]
        return np.array(
            [float(pooled(logits[a:b, None])[0]) for a, b in zip(self.begin, self.begin[1:], strict=False)]
        )


def fit(data: Set, column: int, strength: float, *, mask: np.ndarray | None = None) -> np.ndarray:
    """The weights of one head that minimise log loss plus an L2 penalty."""
    y, w = data.labels[:, column], data.weight
    rows = len(y)

    def loss(theta: np.ndarray) -> tuple[float, np.ndarray]:
        logits = data.table @ theta[:-1] + theta[-1]
        p = 1 / (1 + np.exp(-np.clip(logits, -30, 30)))
        none = np.minimum(np.bincount(data.owner, -np.logaddexp(0, logits), minlength=rows), -1e-9)
        some = -np.expm1(none)
        value = -(w * np.where(y > 0, np.log(some), none)).sum() / w.sum()
        factor = np.where(y > 0, -np.exp(none) / some, 1.0) * w / w.sum()
        slope = factor[data.owner] * p
        gradient = np.append(data.table.T @ slope, slope.sum()) + strength * np.append(theta[:-1], 0)
        return value + strength / 2 * float(theta[:-1] @ theta[:-1]), gradient

    start = np.zeros(WIDTH + 1)
    start[-1] = -1.5
    return minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 120}).x


FALSE_ALARMS = 0.04
"""The most of the fault-free dev answers that a head of risk may flag: an alarm on a sound answer costs trust."""


def calibrate(totals: np.ndarray, y: np.ndarray, *, sound: np.ndarray | None = None) -> dict[str, float]:
    """Slope and offset by logistic regression; the threshold with the best accuracy plus balanced accuracy.

    For a risk (`sound` marks the fault-free answers): the most accurate threshold with few false alarms, and no
    abstention, as a clean answer that is not passed is as good as flagged.
    """
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=10.0).fit(totals[:, None], y)
    slope, offset = float(model.coef_[0, 0]), float(model.intercept_[0])
    p = 1 / (1 + np.exp(-(slope * totals + offset)))

    if sound is not None:
        allowed = [t for t in np.linspace(0.05, 0.95, 19) if (p >= t)[sound].mean() <= FALSE_ALARMS]
        chosen = max(allowed, key=lambda t: (round(float(((p >= t) == (y > 0)).mean()), 6), -abs(t - 0.5)))
        values = (slope, offset, chosen, chosen, chosen)
        return {k: round(float(v), 6) for k, v in zip(("slope", "offset", "threshold", "low", "high"), values, strict=True)}  # fmt: skip

    def merit(threshold: float) -> float:
        right = (p >= threshold) == (y > 0)
        return float(right.mean() + (right[y > 0].mean() + right[y == 0].mean()) / 2)

    threshold = max(np.linspace(0.05, 0.95, 91), key=lambda t: (round(merit(t), 6), -abs(t - 0.5)))
    low = high = threshold
    for width in np.linspace(0, 0.45, 46):
        low, high = max(0.0, threshold - width), min(1.0, threshold + width)
        kept = (p <= low) | (p >= high)
        if kept.mean() < 0.88:
            break
        if ((p >= threshold) == (y > 0))[kept].mean() >= 0.97:
            break
    return {k: round(float(v), 6) for k, v in zip(("slope", "offset", "threshold", "low", "high"), (slope, offset, threshold, low, high), strict=True)}  # fmt: skip


LABEL_OF = {Planted.UNSAFE: "r2", Planted.ILLEGAL: "r2"}


def main() -> None:
    """Train, choose, write."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--cases", type=Path, default=Path("data/cases"))
    options = parser.parse_args()
    build = Build(Home(options.home).build())
    reader, maker = Reader(build), TwinMaker(build)
    train: list[tuple[Reading, Grades, float]] = []
    dev: list[tuple[Reading, Grades, float]] = []
    faultless: list[bool] = []
    seen: Counter[str] = Counter()
    ruled: Counter[tuple[str, bool]] = Counter()
    rules = RuleScorer(build, reader)
    for graded in read_graded(options.cases, build, AS_OF):
        if graded.fold.is_test:
            continue
        reading = reader.read(graded.answer)
        (dev if graded.fold.is_dev else train).append((reading, graded.grades, 1.0))
        if graded.fold.is_dev:
            faultless.append(not graded.faults)
        if graded.fold.is_dev:
            continue
        for dimension, mark in rules.grade(reading).marks.items():
            ruled[(f"{dimension}:{mark.grade}", graded.grades.of(dimension) == dimension.good)] += 1
        if graded.faults:
            continue
        citations = [citing.checked for citing in reading.citings]
        for twin in maker.twins(graded.answer.response, citations, fold="train", as_of=AS_OF):
            faulty = reader.read(dataclasses.replace(graded.answer, response=twin.faulty))
            change = {LABEL_OF.get(twin.planted, "r1"): -1}
            train.append((faulty, graded.grades._replace(**change), 0.35))
            seen[twin.planted.value] += 1
        # More steps than the one twin of each kind, and lawful ones that change no grade.
        for kind, change in (("unsafe", {"r2": -1}), ("illegal", {"r2": -1}), ("lawful", {})):
            text = graded.answer.response
            for start, end, step in planted_steps(text, steps("train", kind), kind, most=3):
                answer = dataclasses.replace(graded.answer, response=text[:start] + step + text[end:])
                train.append((reader.read(answer), graded.grades._replace(**change), 0.2))
                seen[f"{kind} steps"] += 1
    print("train", len(train), "dev", len(dev), dict(seen), flush=True)
    fitted, held, sound = Set(train), Set(dev), np.array(faultless)
    weights, calibrations, choices = [], {}, {}
    for column, dimension in enumerate(DIMENSIONS):
        best: tuple[float, float, np.ndarray] | None = None
        for strength in (3e-6, 1e-5, 3e-5):
            begun = time.time()
            theta = fit(fitted, column, strength)
            totals, y = held.totals(theta), held.labels[:, column]
            found = calibrate(totals, y, sound=sound if dimension.is_risk else None)
            p = 1 / (1 + np.exp(-(found["slope"] * totals + found["offset"])))
            log_loss = float(-np.mean(np.where(y > 0, np.log(p + 1e-9), np.log(1 - p + 1e-9))))
            right = (p >= found["threshold"]) == (y > 0)
            print(dimension, strength, f"log loss {log_loss:.4f} acc {right.mean():.3f} bal {(right[y > 0].mean() + right[y == 0].mean()) / 2:.3f} {time.time() - begun:.0f}s", flush=True)  # fmt: skip
            if best is None or log_loss < best[0]:
                best = (log_loss, strength, theta)
        assert best is not None
        calibrations[dimension.value] = calibrate(
            held.totals(best[2]), held.labels[:, column], sound=sound if dimension.is_risk else None
        )
        choices[dimension.value] = {"l2": best[1], "dev_log_loss": round(best[0], 4)}
        weights.append(best[2])
    options.out.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(options.out / "heads.npz", weights=np.array(weights).astype(np.float16))
    stored = {"calibrations": calibrations, "choices": choices, "train_answers": len(train), "dev_answers": len(dev), "twins": dict(seen)}  # fmt: skip
    (options.out / "heads.json").write_text(
        json.dumps(stored, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
    )
    write_seal(options.out)
    keys = sorted({key for key, _ in ruled if not key.endswith("None")})
    rates = {key: round(ruled[(key, True)] / (ruled[(key, True)] + ruled[(key, False)]), 4) for key in keys}
    folder = options.cases.parent / "guardian"
    note = "share of good labels among the answers of the training folds that a rule graded so; labels model-written, unreviewed"
    (folder / "rates.json").write_text(json.dumps({"note": note, "rates": rates}, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")  # fmt: skip


if __name__ == "__main__":
    main()
