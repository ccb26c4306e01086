"""Fits the weights of data/norms/principle_words.jsonl to the tuning gold, and says what they are worth.

    python -m tests.bench.norm_train --home HOME            # cross-validated by source, writes nothing
    python -m tests.bench.norm_train --home HOME --write    # and fits on all of the tuning gold

Logistic regression, one principle at a time, drawn towards what the words were written for: with few
provisions a word keeps the meaning that its author gave it. The gold is annotated by a language model, unreviewed.
"""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ingestion.norms.evidence import FIRST_FLOOR, FURTHER_FLOOR, MOST_PRINCIPLES
from ingestion.norms.extract import surroundings
from ingestion.norms.lexicon import PrincipleWord, Where, read_lexicon
from kg.build import Build
from kg.home import Home
from kg.pack import data_folder
from tests.bench.norm_bench import GOLD, Place, bind, predict, read_gold

MEANT, BASE = 3.0, -4.0
"""Where a word that was written for a principle begins, and where a provision without any word does."""
STRICT_MEANT, STRICT_OTHER, STRICT_BASE = 1.0, 5.0, 0.1
"""How hard it is to move a weight away from there."""
LEAST = 0.1
FOLDS = 10
Floats = npt.NDArray[np.float64]


def features(words: list[PrincipleWord], read: dict[Where, str]) -> list[float]:
    """Which words occur."""
    return [float(re.search(w.word, read[w.where]) is not None) for w in words]


def fit(x: Floats, y: Floats, start: Floats, strict: Floats) -> Floats:
    """Weights of a logistic regression whose penalty draws them towards `start`: Newton's method, to convergence."""
    w = start.copy()
    for _ in range(60):
        p = 1 / (1 + np.exp(-(x @ w)))
        slope = x.T @ (p - y) + strict * (w - start)
        bend = (x * (p * (1 - p))[:, None]).T @ x + np.diag(strict)
        step = np.linalg.solve(bend, slope)
        w = w - step
        if float(np.abs(step).max()) < 1e-8:
            break
    return w


def priors(words: list[PrincipleWord], name: str) -> tuple[Floats, Floats]:
    """Where the weights for a principle begin, and how strictly they are kept there."""
    start = [BASE if not w.word else MEANT if name in w.meant else 0.0 for w in words]
    strict = [STRICT_BASE if not w.word else STRICT_MEANT if name in w.meant else STRICT_OTHER for w in words]
    return np.array(start), np.array(strict)


def chosen(odds: Floats) -> npt.NDArray[np.bool_]:
    """Which principles count, by the floors of the extractor."""
    scores = 1 / (1 + np.exp(-odds))
    taken = np.zeros(scores.shape, dtype=bool)
    for row, order in enumerate(np.argsort(-scores, axis=1, kind="stable")[:, :MOST_PRINCIPLES]):
        for rank, column in enumerate(order):
            taken[row, column] = scores[row, column] >= (FURTHER_FLOOR if rank else FIRST_FLOOR)
    return taken


def micro_f1(said: npt.NDArray[np.bool_], gold: npt.NDArray[np.bool_]) -> float:
    """Micro-averaged F1."""
    return float(2 * (said & gold).sum() / (said.sum() + gold.sum()))


def folds(places: list[Place]) -> Floats:
    """The fold of each provision: works are dealt out in the order of their titles."""
    titles = sorted({p.row["title"] for p in places})
    number = {title: i % FOLDS for i, title in enumerate(titles)}
    return np.array([number[p.row["title"]] for p in places])


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    build = Build(Home.resolve(options.home, {}).build(None))
    lexicon = read_lexicon(data_folder())
    words, names = list(lexicon.principle_words), sorted(lexicon.principles)
    gold_files = sorted(p.stem for p in GOLD.glob("tune*.jsonl"))
    places = bind(build, read_gold(gold_files)).places
    said = predict(build, places)
    rows = []
    for place in places:
        text, provision = build.provision(place.row["id"])
        modalities = sorted({n["modality"] for n in said[place.row["id"]]["norms"]})
        read = {Where.TEXT: place.text, Where.TITLE: surroundings(text, provision), Where.NORMS: "".join(f"{m} " for m in modalities)}  # fmt: skip
        rows.append(features(words, read))
    x = np.array(rows)
    y = np.array([[name in p.row["principles"] for name in names] for p in places])
    fold = folds(places)
    odds = np.zeros(y.shape)
    for part in range(FOLDS):
        train, test = fold != part, fold == part
        for j, name in enumerate(names):
            odds[test, j] = x[test] @ fit(x[train], y[train, j].astype(float), *priors(words, name))
    print(f"{len(places)} provisions, {len({p.row['title'] for p in places})} works, {int(y.sum())} labels; by a language model, unreviewed")  # fmt: skip
    print(f"cross-validated by work, {FOLDS} folds: micro-F1 {micro_f1(chosen(odds), y):.3f}")
    if options.write:
        weights = {name: fit(x, y[:, j].astype(float), *priors(words, name)) for j, name in enumerate(names)}
        path = data_folder() / "norms" / "principle_words.jsonl"
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        for i, line in enumerate(lines):
            line["weights"] = {n: round(float(w[i]), 2) for n, w in weights.items() if abs(w[i]) >= LEAST}
        path.write_text(
            "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in lines), encoding="utf-8"
        )


if __name__ == "__main__":
    main()
