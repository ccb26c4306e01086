"""Vectors that come with the project: found by text, near enough, and never the text itself."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from retrieval.adapted import adapted_encoder
from retrieval.shipped import Shipped, shipped_path, write_shipped
from retrieval.stack import passage


def _unit(seed: int, count: int) -> dict[bytes, np.ndarray]:
    made = np.random.default_rng(seed).normal(size=(count, 512)).astype(np.float32)
    made /= np.linalg.norm(made, axis=1, keepdims=True)
    return {hashlib.sha256(str(i).encode()).digest(): row for i, row in enumerate(made)}


def test_vectors_come_back_within_a_thousandth(tmp_path: Path) -> None:
    vectors = _unit(1, 50)
    write_shipped(vectors, tmp_path / "v.npz")
    shipped = Shipped(tmp_path / "v.npz")
    assert len(shipped) == 50
    for key, vector in vectors.items():
        found = shipped.get(key)
        assert found is not None
        assert float(found @ vector) > 0.999
    assert shipped.get(hashlib.sha256(b"another").digest()) is None


def test_the_same_vectors_are_the_same_bytes(tmp_path: Path) -> None:
    vectors = _unit(2, 20)
    write_shipped(vectors, tmp_path / "a.npz")
    write_shipped(dict(reversed(vectors.items())), tmp_path / "b.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_no_file_is_no_vectors(tmp_path: Path) -> None:
    assert Shipped(tmp_path / "none.npz").get(b"x" * 32) is None


def test_a_shipped_vector_is_the_encoders_own() -> None:
    encoder = adapted_encoder()
    if encoder is None or not shipped_path(encoder.digest).is_file():
        pytest.skip("此平台没有编码器，或数据包没有它的向量")
    from ingestion.acquire import acquire
    from ingestion.document import read_document
    from kg.vocabulary import Kind

    law = next(t for t in acquire([], packaged=True).texts if "医师法" in t.raw[:20])
    document = read_document(law)
    articles = [p for p in document.provisions if p.kind is Kind.ARTICLE][:5]
    shipped = Shipped(shipped_path(encoder.digest))
    for article in articles:
        start = article.start + len(article.label)
        words = passage("中华人民共和国医师法", document.text.official[start : article.end].strip())
        found = shipped.get(hashlib.sha256(words.encode()).digest())
        assert found is not None, words
        assert float(found @ encoder.encode([words])[0]) > 0.999
