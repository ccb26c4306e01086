"""How well and how fast the shipped systems find documents of any BEIR-layout data set.

The data set is indexed and searched by the stack that `search` uses, without our graph, dates or titles.
"""

from __future__ import annotations

import csv
import json
import math
import random
import re
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from kg.problem import InputError
from retrieval.dense import DenseIndex, write_dense
from retrieval.gloss_vectors import GlossVectors, write_gloss_vectors
from retrieval.glosses import Gloss, GlossLayer
from retrieval.ranking import ranking_for
from retrieval.stack import Document, Stack, write_words
from retrieval.vectors import Encoder, Progress, VectorCache

CUTOFFS = (1, 5, 10, 20, 50)
_DEPTH = max(CUTOFFS)
_SEED, _RESAMPLES = 20260101, 1000


@dataclass(frozen=True, slots=True)
class Dataset:
    """Documents, queries, for each query its relevant documents with their gain, and the glosses by document."""

    documents: tuple[tuple[str, Document], ...]
    queries: Mapping[str, str]
    relevant: Mapping[str, Mapping[str, int]]
    told: Mapping[int, Sequence[Gloss]]


def read_dataset(folder: Path, glosses: GlossLayer | None = None) -> Dataset:
    """Read corpus.jsonl, queries.jsonl and qrels/test.tsv; InputError names the file and line at fault.

    Documents that are provisions known to the gloss layer, by their words, get their glosses.
    """
    rows = _rows(folder / "corpus.jsonl", ("_id", "text"))
    of_rows = (glosses.of(str(row["text"])) if glosses else () for row in rows)
    told = {place: of for place, of in enumerate(of_rows) if of}
    documents = tuple(
        (str(row["_id"]), _document(str(row.get("title") or ""), str(row["text"]), told.get(place, ())))
        for place, row in enumerate(rows)
    )
    queries = {str(row["_id"]): str(row["text"]) for row in _rows(folder / "queries.jsonl", ("_id", "text"))}
    relevant: dict[str, dict[str, int]] = {}
    path = folder / "qrels" / "test.tsv"
    with _opened(path) as file:
        for number, row in enumerate(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE), 1):
            if number == 1 or not row:
                continue  # BEIR files begin with a header
            try:
                query, document, gain = row[0], row[1], int(row[2])
            except (IndexError, ValueError) as error:
                raise InputError(f"{path}:{number}: 应为 query-id、corpus-id、score 三列") from error
            if gain > 0:
                relevant.setdefault(query, {})[document] = gain
    if unknown := sorted(set(relevant) - set(queries)):
        raise InputError(f"{path}: 查询 {unknown[0]} 不在 queries.jsonl 中")
    return Dataset(documents, queries, relevant, told)


def _document(title: str, text: str, glosses: Sequence[Gloss]) -> Document:
    return Document((title,), (), text, "\n".join(gloss.words() for gloss in glosses))


_PLACE = re.compile(r"[\s·,，_-]*第[〇零一二三四五六七八九十百千\d]+条.*$", re.DOTALL)


def works_of(titles: Sequence[str]) -> list[str] | None:
    """The work of each document by its title, the article's number aside; None where titles tell no works.

    That is so if they are all the same or empty, or if hardly two documents share one.

    >>> works_of(["医师法 第一条", "医师法 第二条", "医师法", "护士条例"])
    ['医师法', '医师法', '医师法', '护士条例']
    >>> works_of(["", ""]), works_of(["甲", "乙"])
    (None, None)
    """
    works = [_PLACE.sub("", title).strip() for title in titles]
    return works if 1 < len(set(works)) <= 0.8 * len(works) else None


def _opened(path: Path) -> Any:
    try:
        return path.open(encoding="utf-8", newline="")
    except OSError as error:
        raise InputError(f"读不到 {path}；数据集须有 corpus.jsonl、queries.jsonl、qrels/test.tsv") from error


def _rows(path: Path, needed: Sequence[str]) -> list[dict[str, Any]]:
    found = []
    with _opened(path) as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except json.JSONDecodeError as error:
                raise InputError(f"{path}:{number}: 不是 JSON") from error
            if not isinstance(row, dict) or any(name not in row for name in needed):
                raise InputError(f"{path}:{number}: 每行须有 {'、'.join(needed)}")
            found.append(row)
    return found


class Measures(NamedTuple):
    """The measures of one query."""

    recall: tuple[float, ...]
    mrr: float
    ndcg: float


def measure(ranked: Sequence[str], relevant: Mapping[str, int]) -> Measures:
    """Recall at each cutoff, reciprocal rank and nDCG (linear gain) in the first ten.

    >>> measure(["b", "a"], {"a": 1}).mrr
    0.5
    """
    recall = tuple(len(set(ranked[:k]) & set(relevant)) / len(relevant) for k in CUTOFFS)
    first = next((rank for rank, one in enumerate(ranked[:10], 1) if one in relevant), 0)
    gains = [relevant.get(one, 0) for one in ranked[:10]]
    ideal = sorted(relevant.values(), reverse=True)[:10]
    return Measures(recall, 1 / first if first else 0.0, _discounted(gains) / _discounted(ideal))


def _discounted(gains: Iterable[int]) -> float:
    return math.fsum(gain / math.log2(rank + 1) for rank, gain in enumerate(gains, 1))


def interval(values: Sequence[float]) -> tuple[float, float]:
    """The 95 % bootstrap interval of a mean: 1,000 resamples, fixed seed."""
    if not values:
        return 0.0, 0.0
    draw = random.Random(_SEED)
    means = sorted(math.fsum(draw.choices(values, k=len(values))) / len(values) for _ in range(_RESAMPLES))
    return means[int(0.025 * _RESAMPLES)], means[int(0.975 * _RESAMPLES) - 1]


def significance(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """The two-sided p of a paired randomisation test: 10,000 sign flips of the differences, fixed seed.

    >>> significance([1.0] * 20, [0.0] * 20) < 0.001, significance([1.0, 0.0], [0.0, 1.0])
    (True, 1.0)
    """
    import numpy as np

    differences = np.asarray(ours, dtype=np.float64) - np.asarray(theirs, dtype=np.float64)
    seen = abs(float(differences.sum()))
    draw = np.random.default_rng(_SEED)
    flips = 10 * _RESAMPLES
    signs = (draw.integers(0, 2, size=len(differences), dtype=np.int8) * 2 - 1 for _ in range(flips))
    as_far = sum(abs(float(sign @ differences)) >= seen - 1e-9 for sign in signs)
    return (as_far + 1) / (flips + 1)


def summary(measured: Sequence[Measures], seconds: Sequence[float]) -> dict[str, Any]:
    """The means over queries, the interval of R@10, and the time of a query."""
    count = len(measured)
    times = sorted(seconds)

    def mean(values: Iterable[float]) -> float:
        return round(math.fsum(values) / count, 6) if count else 0.0

    def at(share: float) -> float:
        return round(1000 * times[min(int(share * len(times)), len(times) - 1)], 3) if times else 0.0

    recalls = {f"R@{k}": mean(m.recall[place] for m in measured) for place, k in enumerate(CUTOFFS)}
    bounds = interval([m.recall[CUTOFFS.index(10)] for m in measured])
    return {
        **recalls,
        "MRR@10": mean(m.mrr for m in measured),
        "nDCG@10": mean(m.ndcg for m in measured),
        "ms_p50": at(0.5),
        "ms_p95": at(0.95),
        "n": count,
        "ci95": [round(bound, 6) for bound in bounds],
    }


def gain(ours: Sequence[float], theirs: Sequence[float]) -> dict[str, Any]:
    """How much more one system has than another on the same queries: mean, 95 % bootstrap interval, p.

    >>> gain([1.0, 1.0], [0.0, 0.0])["mean"]
    1.0
    """
    differences = [one - other for one, other in zip(ours, theirs, strict=True)]
    mean = math.fsum(differences) / len(differences) if differences else 0.0
    bounds = [round(bound, 6) for bound in interval(differences)]
    return {"mean": round(mean, 6), "ci95": bounds, "p": round(significance(ours, theirs), 6)}


def time_systems(
    rank: Callable[[str, str], Sequence[str]],
    systems: Iterable[str],
    queries: Mapping[str, str],
    relevant: Mapping[str, Mapping[str, int]],
) -> tuple[dict[str, dict[str, Any]], dict[str, dict[str, Any]]]:
    """Measure each system on every query that has a relevant document; `rank` takes system and query.

    Also the `gain` of each system's R@10 over bm25's, where both are measured.
    """
    found, at_ten = {}, {}
    for system in systems:
        rank(system, "预热")  # the first query loads models and maps files
        measured, seconds = [], []
        for query in sorted(relevant):
            before = time.perf_counter()
            ranked = rank(system, queries[query])
            seconds.append(time.perf_counter() - before)
            measured.append(measure(ranked, relevant[query]))
        found[system] = summary(measured, seconds)
        at_ten[system] = [one.recall[CUTOFFS.index(10)] for one in measured]
    others = [system for system in at_ten if system != "bm25" and "bm25" in at_ten]
    return found, {name: gain(at_ten[name], at_ten["bm25"]) for name in others}


def bench(
    dataset: Path,
    systems: Sequence[str] = (),
    *,
    encoder: Encoder | None = None,
    glosses: GlossLayer | None = None,
    cache: Path | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Index a data set and measure these systems (all that can be used, if none is named).

    `cache` keeps vectors between runs. Relevant documents that the corpus lacks are left out and counted
    as `unbound`. The result is the contract's: `{"systems": {NAME: {...}}, "unbound": n}`, and
    `gain_over_bm25`: the paired difference of R@10 with its 95 % interval and randomisation test.
    """
    data = read_dataset(dataset, glosses)
    names = [name for name, _ in data.documents]
    held = set(names)
    relevant = {
        query: gold
        for query, wanted in data.relevant.items()
        if (gold := {document: gain for document, gain in wanted.items() if document in held})
    }
    unbound = sum(len(set(wanted) - held) for wanted in data.relevant.values())
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        count = write_words([document for _, document in data.documents], folder)
        dense = near_glosses = None
        if encoder and any(system not in ("bm25", "gloss") for system in systems or ("default",)):
            held_vectors = VectorCache(cache or folder / "cache", encoder)
            texts = (document.passage() for _, document in data.documents)
            write_dense(held_vectors.vectors(texts, progress=progress), folder, encoder=encoder)
            if data.told:
                write_gloss_vectors(
                    data.told, folder, cache=cache or folder / "cache", encoder=encoder, progress=progress
                )
                near_glosses = GlossVectors.open(folder, encoder)
            dense = DenseIndex.open(folder, encoder, rows=count)
        works = works_of([document.titles[0] for _, document in data.documents])
        stack = Stack.open(
            folder, count, dense, near_glosses=near_glosses, works=works, ranking=ranking_for(encoder)
        )

        def rank(system: str, query: str) -> list[str]:
            return [names[one.row] for one in stack.rank(query, _DEPTH, system=system)]

        measured, gains = time_systems(rank, systems or stack.systems, data.queries, relevant)
        return {"systems": measured, "unbound": unbound, "gain_over_bm25": gains}
