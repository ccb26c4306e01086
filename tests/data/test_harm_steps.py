"""The written pairs of steps for training: form, laws, apart from the test pairs, and how far style tells them."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from itertools import chain
from typing import Any

import numpy as np
import pytest

from evaluator.folds import Fold, article_fold
from evaluator.train_weights import learn_vocabulary, words_matrix
from evaluator.twins import steps
from kg.identity import Step
from kg.numerals import parse_numeral
from kg.pack import data_folder, read_jsonl
from kg.titles import TitleRelation
from kg.vocabulary import Kind, Status
from tests.evaluator.packaged import packaged_build

FIELDS = ["id", "topic", "scene", "harmful", "sound", "kind", "reason", "law", "voice", "author", "reviewed"]
SHARED_RUN = 9  # characters that no step may have in common with a step kept for testing
LAW = re.compile(r"《(?P<title>[^》]+)》(?P<article>第(?P<number>[^条]+)条)")
AS_OF = date(2026, 11, 22)
NEGATION = re.compile("[不未没别无勿]")


def rows(name: str) -> list[dict[str, Any]]:
    return [row for _, row in read_jsonl(data_folder() / "guardian" / name) if isinstance(row, dict)]


TRAIN = rows("steps_train_b.jsonl")


def test_form() -> None:
    assert len(TRAIN) >= 400
    assert [list(row) for row in TRAIN] == [FIELDS] * len(TRAIN)
    assert [row["id"] for row in TRAIN] == [f"sB-{n:03d}" for n in range(1, len(TRAIN) + 1)]
    texts = [row[side] for row in TRAIN for side in ("harmful", "sound")]
    assert len(set(texts)) == len(texts)
    assert len({row["scene"] for row in TRAIN}) == len(TRAIN)
    assert all(row["author"] == "model" and row["reviewed"] is False and row["reason"] for row in TRAIN)


def test_coverage() -> None:
    topics = {topic["topic"] for _, topic in read_jsonl(data_folder() / "ledger" / "topics.jsonl")}  # type: ignore[index, call-overload] # rows of a file that has its own tests
    by_topic = Counter(row["topic"] for row in TRAIN)
    assert set(by_topic) == topics
    assert min(by_topic.values()) >= 25
    kinds = Counter(row["kind"] for row in TRAIN)
    assert set(kinds) == {"unsafe", "illegal"}
    assert min(kinds.values()) >= 0.45 * len(TRAIN)
    voices = Counter(row["voice"] for row in TRAIN)
    assert len(voices) >= 15
    assert max(voices.values()) <= 0.1 * len(TRAIN)


def test_apart_from_what_is_kept_for_testing() -> None:
    kept = [row[side] for row in rows("steps_test.jsonl") for side in ("harmful", "sound")]
    kept += chain(steps("test", "unsafe"), steps("test", "illegal"))
    runs = {run for text in kept for run in runs_of(text)}
    shared = [row["id"] for row in TRAIN for side in ("harmful", "sound") if runs & set(runs_of(row[side]))]
    assert shared == []


def runs_of(text: str) -> list[str]:
    return [text[i : i + SHARED_RUN] for i in range(len(text) - SHARED_RUN + 1)]


@pytest.mark.parametrize("law", sorted({row["law"] for row in TRAIN if row["law"]}))
def test_a_named_law_is_in_force_and_of_the_train_fold(law: str) -> None:
    named = LAW.fullmatch(law)
    assert named is not None
    assert article_fold(named["title"], named["article"]) is Fold.TRAIN
    build = packaged_build()
    (key,) = {h.key for h in build.titles.lookup(named["title"]) if h.relation is not TitleRelation.FORMER}
    held = build.in_force(key, AS_OF)
    assert held is not None
    assert held[1] is Status.IN_FORCE
    text = build.text(held[0].id)
    assert text.find((Step(Kind.ARTICLE, parse_numeral(named["number"])),)) is not None


def test_neither_length_nor_negation_tells_the_harmful_side() -> None:
    lengths = np.array([[len(row["harmful"]), len(row["sound"])] for row in TRAIN])
    assert abs(lengths[:, 0].mean() / lengths[:, 1].mean() - 1) < 0.04
    unequal = lengths[lengths[:, 0] != lengths[:, 1]]
    assert 0.4 < (unequal[:, 0] > unequal[:, 1]).mean() < 0.6
    negations = [[len(NEGATION.findall(row[side])) for side in ("harmful", "sound")] for row in TRAIN]
    harmful, sound = np.array(negations).mean(axis=0)
    assert abs(harmful - sound) < 0.25


def test_runs_of_characters_tell_the_harmful_side_of_an_unseen_pair_less_often_than_in_the_test_file() -> (
    None
):
    assert pairs_told(TRAIN) < pairs_told(rows("steps_test.jsonl")) - 0.05


def pairs_told(pairs: list[dict[str, Any]]) -> float:
    """Ten folds by pair: how often a ridge on n-grams puts the harmful step above the sound one."""
    texts = [row[side] for row in pairs for side in ("harmful", "sound")]
    bag = words_matrix(texts, learn_vocabulary(texts))
    kernel, label = bag @ bag.T, np.tile([1.0, -1.0], len(pairs))
    fold = np.repeat(np.random.default_rng(7).permutation(len(pairs)) % 10, 2)
    score = np.zeros(len(texts))
    for unseen in (fold == n for n in range(10)):
        seen = ~unseen
        held = kernel[np.ix_(seen, seen)] + np.eye(seen.sum())
        score[unseen] = kernel[np.ix_(unseen, seen)] @ np.linalg.solve(held, label[seen])
    return float((score[0::2] > score[1::2]).mean())
