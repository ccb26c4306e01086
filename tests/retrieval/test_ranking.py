"""The learned ranking: what it is told, and that it only ever reorders what was found."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from clause_samples import PlainEncoder
from hypothesis import given
from hypothesis import strategies as st

from kg.pack import data_folder
from kg.problem import DamagedError
from retrieval.adapted import adapted_encoder
from retrieval.evidence import FEATURES, Found, evidence
from retrieval.lexical import Scored
from retrieval.ranking import MODEL, LearnedRanking, ranking_for

COUNT = 12
WORKS = np.asarray([row // 4 for row in range(COUNT)], dtype=np.int32)


def found(words: dict[int, int], dense: list[tuple[int, float]], glosses: list[tuple[int, float]]) -> Found:
    own = np.zeros(COUNT, dtype=np.int64)
    for row, score in words.items():
        own[row] = score
    told = np.where(np.isin(np.arange(COUNT), [row for row, _ in glosses]), own * 2, 0)
    joint = sorted((Scored(row, score / 1000) for row, score in words.items()), key=lambda h: -h.score)
    return Found(
        "手术前没说风险", own, told, joint, [Scored(*h) for h in dense], [Scored(*h) for h in glosses]
    )


def column(name: str, lines: np.ndarray) -> list[float]:
    return [round(float(value), 4) for value in lines[:, FEATURES.index(name)]]


SAMPLE = found({1: 4000, 2: 1000}, [(2, 0.8), (3, 0.7), (9, 0.6)], [(3, 0.9)])
GLOSSED = np.isin(np.arange(COUNT), [3, 5])


def test_every_document_found_has_its_line() -> None:
    rows = SAMPLE.rows()
    assert rows.tolist() == [1, 2, 3, 9]
    lines = evidence(SAMPLE, rows, glossed=GLOSSED, works=WORKS)
    assert lines.shape == (4, len(FEATURES))
    assert column("words", lines) == [1.0, 0.25, 0.0, 0.0]
    assert column("dense", lines) == [0.6, 0.8, 0.7, 0.6], "what is not among the nearest counts as the last"
    assert column("dense_missing", lines) == [1, 0, 0, 0]
    assert column("gloss", lines) == [0, 0, 0.9, 0]
    assert column("glossed", lines) == [0, 0, 1, 0]
    assert column("work_words", lines) == [round(float(np.log1p(n)), 4) for n in (2, 2, 2, 0)]


def test_without_works_and_glosses_nothing_is_told_of_them() -> None:
    lines = evidence(SAMPLE, SAMPLE.rows(), glossed=None, works=None)
    names = [name for name in FEATURES if name.startswith(("work_", "gloss"))]
    assert not any(any(column(name, lines)) for name in names)


@given(st.sets(st.integers(0, COUNT - 1)), st.sets(st.integers(0, COUNT - 1)), st.booleans())
def test_evidence_is_finite_whatever_is_missing(words: set[int], near: set[int], named: bool) -> None:
    one = found({row: 100 + row for row in words}, [(row, 0.9 - row / 100) for row in sorted(near)], [])
    rows = one.rows()
    lines = evidence(one, rows, glossed=GLOSSED, works=WORKS if named else None)
    assert lines.shape == (len(rows), len(FEATURES))
    assert np.isfinite(lines).all()


def test_the_shipped_weights_are_for_the_shipped_encoder_only() -> None:
    assert ranking_for(adapted_encoder())
    assert ranking_for(PlainEncoder()) is None
    assert ranking_for(None) is None


def test_scores_are_shares_and_prefer_what_all_systems_find() -> None:
    ranking = ranking_for(adapted_encoder())
    assert ranking
    sample = found({1: 9000, 2: 1000}, [(1, 0.9), (3, 0.7), (9, 0.6)], [(1, 0.9), (5, 0.6)])
    scores = ranking.scores(
        evidence(sample, sample.rows(), glossed=np.isin(np.arange(COUNT), [1, 5]), works=None)
    )
    assert ((scores >= 0) & (scores <= 1)).all()
    assert sample.rows()[scores.argmax()] == 1


def test_changed_weights_and_other_features_are_refused(tmp_path: Path) -> None:
    folder = shutil.copytree(data_folder() / "models" / MODEL, tmp_path / MODEL)
    assert (folder / "README.md").is_file()
    with (folder / "weights.json").open("a", encoding="utf-8") as file:
        file.write(" ")
    with pytest.raises(DamagedError, match="摘要不符"):
        LearnedRanking.read(folder)
    held = json.loads((data_folder() / "models" / MODEL / "weights.json").read_text("utf-8"))
    assert held["features"] == list(FEATURES)
