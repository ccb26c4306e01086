"""Training is deterministic, learns what can be learned, and the folds keep held-out sources out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from evaluator.case_folds import read_labelled_cases
from evaluator.train_weights import chances, fit, macro_f1
from kg.pack import data_folder
from tests.bench.verdict_bench import negate


def test_a_separable_problem_is_learned_the_same_way_twice() -> None:
    labels = np.array([0, 1, 2, 3] * 10, dtype=float)
    features = np.eye(4)[labels.astype(int)] * 3
    first = fit(features, labels, ridge=0.001)
    assert (chances(features, first).argmax(axis=1) == labels).all()
    assert (fit(features, labels, ridge=0.001).weights == first.weights).all()


def test_macro_f1_counts_each_conclusion_alike() -> None:
    labels = np.array([0, 0, 0, 1])
    assert macro_f1(labels, labels) == 0.5  # the two that never occur count as 0
    assert macro_f1(labels, np.zeros(4)) == pytest.approx(6 / 7 / 4)


def test_held_out_sources_are_in_no_train_fold() -> None:
    cases = read_labelled_cases(data_folder())
    rows = (Path(data_folder()) / "splits.tsv").read_text("utf-8").splitlines()[1:]
    held_out = {row.split("\t")[0] for row in rows} - {"*"}
    train = [case for case in cases if case.fold == "train"]
    assert train
    assert not [case.id for case in train if case.gold[0][0] in held_out]
    assert not [c.id for c in train if c.gold[0][1].removesuffix("条")[-1] in "三七"]


@pytest.mark.parametrize(
    ("clause", "contrary", "note"),
    [
        ("护士没有核对姓名，", "护士已经核对姓名，", "a negation is taken out"),
        ("护士核对了姓名。", "没有护士核对了姓名。", "else one is put in front: rough, but the contrary"),
    ],
)
def test_the_flip_is_the_contrary(clause: str, contrary: str, note: str) -> None:
    assert negate(clause) == contrary, note
