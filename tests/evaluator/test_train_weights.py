"""Training is deterministic, learns what can be learned, and the folds keep held-out sources out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from evaluator.case_folds import read_labelled_cases
from evaluator.train_weights import calibrate, chances, fit, learn_vocabulary, macro_f1
from kg.pack import data_folder
from tests.bench.verdict_bench import negate


def test_a_separable_problem_is_learned_the_same_way_twice() -> None:
    labels = np.array([0, 1, 2, 3] * 10, dtype=float)
    features = np.eye(4)[labels.astype(int)] * 3
    kernel = features @ features.T
    first = fit(kernel, labels)
    assert (chances(kernel @ first.cases + first.bias).argmax(axis=1) == labels).all()
    assert (fit(kernel, labels).cases == first.cases).all()


def test_the_fit_is_where_the_slope_is_nothing() -> None:
    """At the optimum what a case counts for is its error: for each conclusion ridge · cases + error = 0."""
    draw = np.random.default_rng(5)
    features = draw.normal(size=(60, 8))
    labels = draw.integers(0, 4, 60).astype(float)
    kernel = features @ features.T
    found = fit(kernel, labels, ridge=2.0)
    target = np.eye(4)[labels.astype(int)]
    emphasis = (1 / target.mean(axis=0))[labels.astype(int)][:, None]
    emphasis /= emphasis.mean()
    error = emphasis * (chances(kernel @ found.cases + found.bias) - target)
    slope = features.T @ error + 2.0 * features.T @ found.cases
    assert np.abs(slope).max() < 1e-3
    assert np.abs(error.sum(axis=0)).max() < 1e-3


def test_words_of_one_text_have_unit_length_and_rare_ones_count_more() -> None:
    vocabulary = learn_vocabulary(["签字同意", "签字拒绝", "签字同意了"])
    places, values = vocabulary.features("签字同意")
    assert np.isclose(np.square(values).sum(), 1)
    by_gram = {gram: values[places.index(i)] for gram, i in vocabulary.known.items() if i in places}
    assert by_gram["同意"] > by_gram["签字"]
    assert vocabulary.features("甲乙丙") == ([], [])


def test_what_nothing_supports_is_not_covered() -> None:
    labels = np.array([0.0, 1.0] * 50)
    sums = np.eye(4)[labels.astype(int)] * 4
    supported = np.ones((100, 4))
    supported[:10] = 0
    figures = calibrate(sums, labels, supported).figures
    assert figures["coverage"] == 0.9 and figures["without_support"] == 0.1


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
