"""The dense system in Qdrant's local mode finds what FAISS finds."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from clause_samples import TODAY, PlainEncoder, clause, sample_build

from kg.problem import DamagedError
from retrieval import Retriever
from retrieval.stack import Stack

if TYPE_CHECKING:
    from qdrant_client import QdrantClient

pytest.importorskip("qdrant_client", reason="the extra qdrant is not installed")

WORDS = "医师应当向患者说明病情护士发现医嘱违反规定保护隐私人体试验知情同意器官移植急救公共卫生"


@pytest.fixture(scope="module")
def faiss(tmp_path_factory: pytest.TempPathFactory) -> tuple[Retriever, Path]:
    """400 articles of invented words, every seventh the twin of the one before it, so that scores tie."""
    chosen = np.random.default_rng(7)
    texts = ["".join(chosen.choice(list(WORDS), size=int(chosen.integers(5, 40)))) for _ in range(400)]
    clauses = [clause(f"第{n % 9}法", n + 1, texts[n - 1] if n % 7 == 0 else texts[n]) for n in range(400)]
    folder, encoder = tmp_path_factory.mktemp("build"), PlainEncoder()
    build = sample_build(folder, clauses, encoder=encoder)
    return Retriever.over(build, cache=folder / "cache", encoder=encoder), folder / "cache"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[QdrantClient]:
    from qdrant_client import QdrantClient

    client = QdrantClient(path=str(tmp_path_factory.mktemp("qdrant")))
    yield client
    client.close()


@pytest.fixture(scope="module")
def stack(faiss: tuple[Retriever, Path], client: QdrantClient) -> Stack:
    from retrieval.qdrant import with_vectors, write_qdrant

    retriever, cache = faiss
    return with_vectors(
        retriever.index, write_qdrant(client, retriever.index, cache=cache, encoder=PlainEncoder())
    ).stack


@pytest.mark.parametrize("query", ["告知病情", "护士隐私", "试验", "没有这些字xyz", "", "医" * 300])
@pytest.mark.parametrize("k", [1, 10, 399, 400, 1000])
@pytest.mark.parametrize("share", [None, 0.5, 0.01, 0.0])
def test_same_rows_and_scores_as_faiss(
    faiss: tuple[Retriever, Path], stack: Stack, query: str, k: int, share: float | None
) -> None:
    allowed = None if share is None else np.random.default_rng(1).random(400) < share
    dense = faiss[0].index.stack.dense
    assert dense and stack.dense
    expected, found = dense.search(query, k, allowed=allowed), stack.dense.search(query, k, allowed=allowed)
    assert [hit.score for hit in found] == pytest.approx([hit.score for hit in expected], abs=2e-6)
    if len(expected) < k or not expected:  # no tie can be cut at the end
        assert {hit.row for hit in found} == {hit.row for hit in expected}
    assert all(allowed is None or allowed[hit.row] for hit in found)
    by_row = {hit.row: hit.score for hit in dense.search(query, 400)}
    assert all(by_row[hit.row] == pytest.approx(hit.score, abs=2e-6) for hit in found)


def test_search_through_it_is_search(faiss: tuple[Retriever, Path], stack: Stack) -> None:
    queries = ["护士发现医嘱", "知情同意", "《第1法》第二条"]
    expected = [faiss[0].search(query, 5, as_of=TODAY) for query in queries]
    retriever = Retriever(faiss[0].index, titles=faiss[0]._titles, mentions=faiss[0]._mentions)
    retriever.index = replace(retriever.index, stack=stack)
    for query, hits in zip(queries, expected, strict=True):
        found = retriever.search(query, 5, as_of=TODAY)
        assert [(hit.id, hit.text, hit.why) for hit in found] == [(h.id, h.text, h.why) for h in hits]


def test_another_index_has_another_collection_and_an_unfinished_one_is_made_again(
    faiss: tuple[Retriever, Path], client: QdrantClient, stack: Stack, tmp_path: Path
) -> None:
    from qdrant_client import models

    from retrieval.qdrant import write_qdrant

    other = sample_build(tmp_path, encoder=PlainEncoder())
    small = Retriever.over(other, cache=tmp_path / "cache", encoder=PlainEncoder()).index
    write_qdrant(client, small, cache=tmp_path / "cache", encoder=PlainEncoder()).verify()
    names = {one.name: client.count(one.name).count for one in client.get_collections().collections}
    assert sorted(names.values()) == sorted([len(small), 400])
    big = next(name for name, count in names.items() if count == 400)
    client.delete(big, points_selector=models.PointIdsList(points=[3]))
    assert stack.dense
    with pytest.raises(DamagedError, match="有 399 个向量，应为 400"):
        stack.dense.verify()
    write_qdrant(client, faiss[0].index, cache=faiss[1], encoder=PlainEncoder()).verify()


def test_it_is_off_by_default() -> None:
    code = "import sys, retrieval, retrieval.index; print('qdrant_client' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"
