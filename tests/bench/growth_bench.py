"""Search over ten and a hundred times the clauses: time and memory, by words, and with the encoder to ten times.

    python -m tests.bench.growth_bench --home HOME --as-of 2026-10-01 --times 1 10 100

The clauses beyond the first are synthetic copies of a build's own, so quality means nothing here. Up to ten
times, the words are indexed as a build indexes them; at a hundred the postings are repeated. The vectors of
copies are the build's with noise. Each size runs in a process of its own; queries are the written cases of
the train folds, whole and cut to 20 characters.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from statistics import quantiles
from typing import Any

import numpy as np

from kg.home import Home
from retrieval.adapted import adapted_encoder
from retrieval.dense import DenseIndex, write_dense
from retrieval.index import ClauseIndex, document
from retrieval.lexical import FILES, LexicalIndex
from retrieval.retriever import INDEX_FOLDER
from retrieval.stack import Document, Stack, write_words
from retrieval.vectors import VectorCache
from tests.bench.api_bench import questions

INDEXED = 10
"""Up to so many times the clauses their words are indexed anew; above, postings are repeated."""


def repeated(folder: Path, target: Path, count: int, times: int) -> None:
    """The lexical index of so many copies of the documents of another; weights are those of one copy."""
    old = LexicalIndex.open(folder, count)
    shifts = np.arange(times, dtype=np.int32)[:, None] * count
    documents, weights = (
        np.empty(len(old.documents) * times, np.int32),
        np.empty(len(old.weights) * times, np.uint16),
    )
    for start, end in zip(old.starts[:-1], old.starts[1:], strict=True):
        place = slice(int(start) * times, int(end) * times)
        documents[place] = (old.documents[start:end] + shifts).ravel()
        weights[place] = np.tile(old.weights[start:end], times)
    for name, made in zip(FILES, (old.terms, old.starts * times, documents, weights), strict=True):
        np.save(target / name, made, allow_pickle=False)


def spent(search: Callable[[str], object], asked: list[str]) -> dict[str, float]:
    """Milliseconds of a search, after two to warm up."""
    for query in asked[:2]:
        search(query)
    times = []
    for query in asked:
        began = time.perf_counter()
        search(query)
        times.append((time.perf_counter() - began) * 1000)
    cuts = quantiles(times, n=100, method="inclusive")
    return {"p50_ms": round(cuts[49], 1), "p95_ms": round(cuts[94], 1)}


def grown(home: Path, day: date, times: int, report: Any) -> None:
    """Index and search so many copies; puts the figures into the queue `report`."""
    place = Home.resolve(home, {})
    encoder = adapted_encoder()
    index = ClauseIndex.open(
        place.builds / (place.current_id() or "") / INDEX_FOLDER, cache=place.cache, encoder=encoder
    )
    allowed = np.tile(index.allowed(day), times)
    figures: dict[str, Any] = {"times": times, "clauses": len(allowed)}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        began = time.perf_counter()
        if times <= INDEXED:
            base = [document(clause) for clause in index.clauses()]
            write_words(_Copies(base, times), folder)
        else:
            repeated(index.folder, folder, len(index), times)
        figures["words_written_s"] = round(time.perf_counter() - began, 1)
        lexical = LexicalIndex.open(folder, len(allowed))
        short = [query[:20] for query in questions()]
        for length, asked in (("20 characters", short), ("whole case", questions())):
            figures[f"bm25, {length}"] = spent(
                lambda query: lexical.search(query, 10, allowed=allowed), asked
            )
        if encoder and times <= INDEXED:
            texts = (document(clause).passage() for clause in index.clauses())
            vectors = np.tile(VectorCache(place.cache, encoder).vectors(texts), (times, 1))
            vectors += np.random.default_rng(7).normal(0, 0.01, vectors.shape).astype(np.float32)
            began = time.perf_counter()
            write_dense(vectors, folder, encoder=encoder)
            figures["vectors_indexed_s"] = round(time.perf_counter() - began, 1)
            del vectors
            dense = DenseIndex.open(folder, encoder, rows=len(allowed))
            stack = Stack.open(folder, len(allowed), dense)
            for length, asked in (("20 characters", short), ("whole case", questions())):
                figures[f"default, {length}"] = spent(
                    lambda query: stack.rank(query, 10, allowed=allowed), asked
                )
    figures["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    report.put(figures)


class _Copies(list[Document]):
    """A list that is walked several times over, without being held several times."""

    def __init__(self, base: list[Document], times: int) -> None:
        super().__init__(base)
        self._times = times

    def __iter__(self) -> Iterator[Document]:
        for _ in range(self._times):
            yield from super().__iter__()


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--as-of", type=date.fromisoformat, required=True)
    parser.add_argument("--times", type=int, nargs="+", default=[1, 10, 100])
    given = parser.parse_args()
    spawn = multiprocessing.get_context("spawn")
    for times in given.times:
        report = spawn.Queue()
        process = spawn.Process(target=grown, args=(given.home, given.as_of, times, report))
        process.start()
        print(json.dumps(report.get(), ensure_ascii=False), flush=True)
        process.join()


if __name__ == "__main__":
    main()
