"""Vectors of glosses: what they are made of, and which clauses they lead to."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from clause_samples import PlainEncoder

from kg.pack import data_folder
from kg.problem import DamagedError
from retrieval.adapted import adapted_encoder
from retrieval.gloss_vectors import GlossEncoder, GlossVectors, gloss_text, write_gloss_vectors
from retrieval.glosses import Gloss, read_glosses
from retrieval.shipped import Shipped, shipped_path
from retrieval.vectors import text_key

TOLD = {
    4: [Gloss("某法", "第一条", None, None, "开刀前要讲清风险", ("手术没说风险",), ("知情",))],
    7: [
        Gloss("某法", "第二条", None, None, "半夜飙车要坐牢", ("两人飙车",), ()),
        Gloss("某法", "第二条", 1, None, "把车开得飞快", (), ()),
    ],
}


@pytest.fixture
def near(tmp_path: Path) -> GlossVectors:
    encoder = PlainEncoder()
    write_gloss_vectors(TOLD, tmp_path, cache=tmp_path / "cache", encoder=encoder)
    found = GlossVectors.open(tmp_path, encoder)
    assert found
    return found


def test_a_gloss_is_the_mean_of_its_meaning_and_its_situations() -> None:
    plain = PlainEncoder()
    (made,) = GlossEncoder(plain).encode([gloss_text(TOLD[4][0])])
    wanted = plain.encode(["开刀前要讲清风险"])[0] + plain.encode_query("手术没说风险")[0]
    assert np.allclose(made, wanted / np.linalg.norm(wanted), atol=1e-6)


def test_a_clause_counts_once_with_its_nearest_gloss(near: GlossVectors) -> None:
    assert [hit.row for hit in near.search("飙车", 10)] == [7, 4]
    assert [hit.row for hit in near.search("手术风险", 10)] == [4, 7]
    assert near.glossed(9).nonzero()[0].tolist() == [4, 7]


def test_clauses_that_may_not_be_shown_are_not_found_by_their_gloss(near: GlossVectors) -> None:
    allowed = np.ones(9, dtype=bool)
    allowed[7] = False
    assert [hit.row for hit in near.search("飙车", 10, allowed=allowed)] == [4]
    assert near.search("飙车", 10, allowed=np.zeros(9, dtype=bool)) == []


def test_no_glosses_at_all(tmp_path: Path) -> None:
    encoder = PlainEncoder()
    assert GlossVectors.open(tmp_path, encoder) is None
    write_gloss_vectors({}, tmp_path, cache=tmp_path / "cache", encoder=encoder)
    empty = GlossVectors.open(tmp_path, encoder)
    assert empty
    assert empty.search("飙车", 10) == []
    assert not empty.glossed(3).any()


def test_damaged_vectors_are_refused(near: GlossVectors, tmp_path: Path) -> None:
    with (tmp_path / "glosses" / "dense.faiss").open("ab") as file:
        file.write(b"x")
    with pytest.raises(DamagedError, match="摘要不符"):
        near.search("飙车", 10)


def test_the_shipped_glosses_come_with_their_vectors() -> None:
    encoder = adapted_encoder()
    assert encoder
    shipped = Shipped(shipped_path(GlossEncoder(encoder).digest))
    texts = {gloss_text(gloss) for gloss in read_glosses(data_folder() / "glosses")}
    held = [text for text in texts if shipped.get(text_key(text)) is not None]
    # Glosses that were changed since the vectors were made are encoded when a build needs them.
    assert len(held) > 0.9 * len(texts)
