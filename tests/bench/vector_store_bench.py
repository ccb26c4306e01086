"""The dense system in Qdrant's local mode beside FAISS, on the index of a real build: same rows, and how fast.

python -m tests.bench.vector_store_bench --home HOME
"""

from __future__ import annotations

import argparse
import json
import os
import time
from datetime import date
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory

from qdrant_client import QdrantClient

from kg.home import Home
from retrieval import Retriever
from retrieval.lexical import Scored
from retrieval.qdrant import write_qdrant
from retrieval.stack import Dense
from tests.bench.api_bench import DAY, questions


def ranked(
    dense: Dense, asked: list[str], retriever: Retriever, day: date
) -> tuple[list[list[Scored]], dict[str, float]]:
    allowed, found, spent = retriever.index.allowed(day), [], []
    dense.search(asked[0], 10, allowed=allowed)
    for query in asked:
        began = time.perf_counter()
        found.append(dense.search(query, 10, allowed=allowed))
        spent.append((time.perf_counter() - began) * 1000)
    cuts = quantiles(spent, n=100, method="inclusive")
    return found, {"p50_ms": round(cuts[49], 1), "p95_ms": round(cuts[94], 1)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    given = parser.parse_args()
    retriever, asked = Retriever.open(given.home), questions()
    faiss = retriever.index.stack.dense
    assert faiss, "the build has no vectors"
    with TemporaryDirectory() as folder:
        client = QdrantClient(path=folder)
        began = time.perf_counter()
        cache = Home.resolve(given.home, os.environ).cache
        store = write_qdrant(client, retriever.index, cache=cache, encoder=faiss.encoder)
        wrote = time.perf_counter() - began
        one, told_one = ranked(faiss, asked, retriever, DAY)
        two, told_two = ranked(store, asked, retriever, DAY)
        client.close()
    same = sum([hit.row for hit in a] == [hit.row for hit in b] for a, b in zip(one, two, strict=True))
    off = max(
        abs(x.score - y.score) for a, b in zip(one, two, strict=True) for x, y in zip(a, b, strict=True)
    )
    figures = {
        "clauses": len(retriever.index), "n": len(asked), "same ten rows in the same order": same,
        "largest difference of a score": off, "write_s": round(wrote, 1), "faiss": told_one, "qdrant local": told_two,
    }  # fmt: skip
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
