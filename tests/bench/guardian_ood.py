"""How far the heads fall where a topic, a level of source or a file of voices was left out of their training.

Run: python tests/bench/guardian_ood.py --home HOME
For each part: heads fitted on the train answers without it and with it, graded on its dev answers. No twins, no test
folds; labels model-written, unreviewed. Needs scipy and scikit-learn.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from datetime import date
from pathlib import Path

import numpy as np
from guardian_train import Set, fit

from evaluator.guardian.graded import GradedAnswer, read_graded
from evaluator.guardian.reading import Reader, Reading
from evaluator.metrics import Dimension
from kg.build import Build
from kg.home import Home

STRENGTH = 1e-5
LEAST = 15


def main() -> None:
    """Print one line for each kind of part and dimension."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--cases", type=Path, default=Path("data/cases"))
    options = parser.parse_args()
    build = Build(Home(options.home).build())
    reader = Reader(build)
    rows: list[tuple[GradedAnswer, Reading]] = []
    for graded in read_graded(options.cases, build, date(2026, 11, 22)):
        if not graded.fold.is_test and (reading := reader.read(graded.answer)).sentences:
            rows.append((graded, reading))
    parts = {
        "topic": lambda g, _: g.answer.scene,
        "level": lambda _, r: level(build, r.governing),
        "voice (file of cases)": lambda g, _: g.case[0],
    }
    train = [row for row in rows if not row[0].fold.is_dev]
    dev = [row for row in rows if row[0].fold.is_dev]
    for kind, part in parts.items():
        found: dict[Dimension, list[tuple[bool, bool]]] = defaultdict(list)
        names = sorted(
            {part(*row) for row in dev if sum(part(*o) == part(*row) for o in dev) >= LEAST} - {""}
        )
        table = Set([(reading, graded.grades, 1.0) for graded, reading in train])
        whole = {d: fit(table, c, STRENGTH) for c, d in enumerate(Dimension)}
        for name in names:
            without = Set(
                [(reading, graded.grades, 1.0) for graded, reading in train if part(graded, reading) != name]
            )
            held = Set(
                [(reading, graded.grades, 1.0) for graded, reading in dev if part(graded, reading) == name]
            )
            for column, d in enumerate(Dimension):
                y = held.labels[:, column] > 0
                one = held.totals(whole[d]) > 0
                other = held.totals(fit(without, column, STRENGTH)) > 0
                found[d] += list(zip((one == y).tolist(), (other == y).tolist(), strict=True))
        for d, pairs in found.items():
            with_it, left_out = np.array(pairs).mean(axis=0)
            print(f"| {kind} ({len(names)}) | {d} | {len(pairs)} | {with_it:.3f} | {left_out:.3f} | {left_out - with_it:+.3f} |", flush=True)  # fmt: skip


def level(build: Build, governing: str | None) -> str:
    """The level of the source that the reference is from, empty where it was not found."""
    if governing is None:
        return ""
    text, _ = build.provision(governing)
    return str(build.sources[text.expression.id.key].level)


if __name__ == "__main__":
    main()
