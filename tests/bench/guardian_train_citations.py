"""Train the heads that tell a wrong number or title from what is said of a citation.

Run: python tests/bench/guardian_train_citations.py --home HOME --out data/models/guardian
Needs scikit-learn. Good citations are those of good answers (model-written, unreviewed), wrong ones the same with
another number or title planted. Weights: train folds; thresholds: dev folds; test folds are not read.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from evaluator.citation_outcome import Verified
from evaluator.guardian.assessment import Answer
from evaluator.guardian.fit import CitationFit, Head, around, open_vectors
from evaluator.guardian.graded import read_graded
from evaluator.guardian.reading import Citing, Reader, governing_article
from evaluator.twins import Planted, TwinMaker
from kg.build import Build
from kg.home import Home
from kg.manifest import write_seal

AS_OF = date(2026, 11, 22)
WORDS_ONLY = 2 + 3 * 4
THRESHOLD = 0.85
"""Chosen on dev by pairs (clean answer passes, twin flagged): of 0.5 to 0.98 the best for numbers and titles together."""


@dataclasses.dataclass(frozen=True)
class Row:
    """The comparisons of one citation; `planted` is None for a good one, `caught` if the rules see the fault."""

    values: list[float | None]
    planted: Planted | None
    dev: bool
    caught: bool


def rows(build: Build, cases: Path, fit: CitationFit) -> Iterator[Row]:
    """The citations of the good answers of train and dev, and their twins."""
    reader, maker = Reader(build), TwinMaker(build)
    for graded in read_graded(cases, build, AS_OF):
        if graded.fold.is_test or graded.faults:
            continue
        reading = reader.read(graded.answer)
        checked = [c.checked for c in reading.citings]
        for place, citing in enumerate(reading.citings):
            if values := compared(fit, graded.answer, reading.citings, place):
                yield Row(values, None, graded.fold.is_dev, bool(citing.faults))
        for twin in maker.twins(graded.answer.response, checked, fold="train", as_of=AS_OF, most=2):
            if twin.planted not in (Planted.NUMBER, Planted.TITLE):
                continue
            answer = dataclasses.replace(graded.answer, response=twin.faulty)
            after = reader.read(answer).citings
            for place, citing in enumerate(after):
                start, end = citing.checked.span
                if start <= twin.start < end and (values := compared(fit, answer, after, place)):
                    yield Row(values, twin.planted, graded.fold.is_dev, bool(citing.faults))
                    break


def compared(
    fit: CitationFit, answer: Answer, citings: tuple[Citing, ...], place: int
) -> list[float | None] | None:
    """What the head would weigh of one citation; None where it is not asked."""
    checked = citings[place].checked
    if not checked.resolved or not checked.article or checked.verified is Verified.QUOTATION:
        return None
    words = around(answer.response, [c.checked.span for c in citings])[place]
    return fit.comparisons(governing_article(checked.resolved), words, answer.query, answer.response)


def head(found: list[Row], width: int) -> tuple[Head, dict[str, float]]:
    """The head over the first `width` comparisons, and its figures on dev."""
    table = np.array([[np.nan if v is None else v for v in row.values[:width]] for row in found])
    wrong = np.array([row.planted is not None for row in found])
    dev = np.array([row.dev for row in found])
    model = make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression(C=1.0, max_iter=3000))
    model.fit(table[~dev], wrong[~dev])
    p = model.predict_proba(table)[:, 1]
    threshold = THRESHOLD
    figures = {
        "auc": roc_auc_score(wrong[dev], p[dev]),
        "false": float((p[dev & ~wrong] >= threshold).mean()),
    }
    for planted in (Planted.NUMBER, Planted.TITLE):
        mine = np.array([row.planted is planted for row in found]) & dev
        caught = np.array([row.caught for row in found])
        figures[f"{planted} n"] = int(mine.sum())
        figures[f"{planted} rules"] = float(caught[mine].mean())
        figures[f"{planted} both"] = float((caught | (p >= threshold))[mine].mean())
    _, scaler, logistic = (step for _, step in model.steps)

    def rounded(values: np.ndarray) -> tuple[float, ...]:
        return tuple(round(float(v), 6) for v in values)

    made = Head(
        rounded(scaler.mean_),
        rounded(scaler.scale_),
        rounded(logistic.coef_[0]),
        round(float(logistic.intercept_[0]), 6),
        threshold,
    )
    return made, {key: round(float(value), 4) for key, value in figures.items()}


def main() -> None:
    """Train, choose, write."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--cases", type=Path, default=Path("data/cases"))
    options = parser.parse_args()
    build = Build(Home(options.home).build())
    vectors = open_vectors(build, Home(options.home).cache)
    found = list(rows(build, options.cases, CitationFit.untrained(build, vectors)))
    made, figures = {}, {}
    for name, width in (("words", WORDS_ONLY), ("meaning", len(found[0].values))):
        made[name], figures[name] = head(found, width)
        print(name, figures[name], flush=True)
    counts = Counter(f"{row.planted or 'good'} {'dev' if row.dev else 'train'}" for row in found)
    stored = {"heads": {n: dataclasses.asdict(h) for n, h in made.items()}, "dev": figures, "rows": dict(sorted(counts.items()))}  # fmt: skip
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "citations.json").write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")
    write_seal(options.out)


if __name__ == "__main__":
    main()
