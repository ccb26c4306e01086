"""The vectors of an index in Qdrant, for indexes that outgrow one machine. Needs the extra `qdrant`; off unless used.

Takes any `QdrantClient`; tested with one of a local folder (`QdrantClient(path=…)`), not with a server. Words, dates and records stay
in the clause index; only the dense system's search goes to the store.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from kg.problem import DamagedError
from retrieval.index import ClauseIndex, document
from retrieval.lexical import Scored
from retrieval.vectors import Encoder, VectorCache

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

try:
    from qdrant_client import QdrantClient, models
except ImportError as error:
    raise ImportError("retrieval.qdrant 需要 qdrant-client；请安装: pip install 'yilun[qdrant]'") from error

_BATCH = 256


class QdrantVectors:
    """Cosines of a query with every document, by exact search in a Qdrant collection; a point's id is its row."""

    def __init__(self, client: QdrantClient, collection: str, encoder: Encoder, *, rows: int) -> None:
        self._client, self._collection, self._encoder, self._rows = client, collection, encoder, rows

    def verify(self) -> None:
        """DamagedError if the collection does not hold one point for each row."""
        held = self._client.count(self._collection, exact=True).count
        if held != self._rows:
            raise DamagedError(
                f"Qdrant 的集合 {self._collection} 有 {held} 个向量，应为 {self._rows}；请重新写入"
            )

    def search(self, query: str, k: int, *, allowed: npt.NDArray[np.bool_] | None = None) -> list[Scored]:
        """The k nearest documents, nearest first, ties by row.

        Which rows are law on a day is known here and not in the store: as many more are fetched as it takes.
        """
        k = min(k, self._rows if allowed is None else int(allowed.sum()))
        if k == 0 or not query.strip():
            return []
        vector = self._encoder.encode_query(query)[0].tolist()
        limit = k if allowed is None else min(self._rows, 2 * k)
        while True:
            found = [hit for hit in self._nearest(vector, limit) if allowed is None or bool(allowed[hit.row])]
            # One more than asked for, so that ties at the end are cut by row and not by the store's whim.
            if len(found) > k or limit >= self._rows:
                return sorted(found, key=lambda hit: (-hit.score, hit.row))[:k]
            limit = min(self._rows, 2 * limit)

    def _nearest(self, vector: Sequence[float], limit: int) -> list[Scored]:
        answer = self._client.query_points(
            self._collection, query=list(vector), limit=limit, with_payload=False,
            search_params=models.SearchParams(exact=True),
        )  # fmt: skip
        return [Scored(int(point.id), round(point.score, 6)) for point in answer.points]


def write_qdrant(client: QdrantClient, index: ClauseIndex, *, cache: Path, encoder: Encoder) -> QdrantVectors:
    """Put the vectors of an index into a collection of its own, and open it.

    The name says index and encoder, so that another build's vectors are never searched; a collection that holds
    every row already is left as it is, an unfinished one is made again.
    """
    collection = f"yilun-{index.manifest.id[:16]}-{encoder.digest[:8]}"
    vectors = QdrantVectors(client, collection, encoder, rows=len(index))
    if client.collection_exists(collection):
        if client.count(collection, exact=True).count == len(index):
            return vectors
        client.delete_collection(collection)
    client.create_collection(
        collection,
        vectors_config=models.VectorParams(size=encoder.dimension, distance=models.Distance.DOT),
    )
    rows = VectorCache(cache, encoder).vectors(document(clause).passage() for clause in index.clauses())
    for start in range(0, len(rows), _BATCH):
        block = rows[start : start + _BATCH]
        client.upsert(
            collection,
            points=models.Batch(ids=list(range(start, start + len(block))), vectors=block.tolist()),
            wait=True,
        )
    return vectors


def with_vectors(index: ClauseIndex, vectors: QdrantVectors) -> ClauseIndex:
    """The index with the dense system searching there: `retriever.index = with_vectors(retriever.index, vectors)`."""
    return replace(index, stack=replace(index.stack, dense=vectors))
