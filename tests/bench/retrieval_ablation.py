"""What each stage of the default ranking brings, and whether the graph would: R@10 with each left out.

    python -m tests.bench.retrieval_ablation --home DIR --as-of 2026-10-01 [--test]

Cases are model-written and unreviewed. Each line: R@10 and its paired difference to `default` with a 95 %
bootstrap interval. Arms of the graph add to a document's score a share of the best score among its
neighbours in the first fifty: articles that it cites or that cite it, and those tied to it by norms
(sanction, exception, delegation). Controls: the same number of edges between other articles (each article
of the graph changes names with another). `parent`: articles under the same heading.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kg.build import Build
from kg.home import Home
from kg.pack import data_folder
from retrieval.adapted import adapted_encoder
from retrieval.bench import CUTOFFS, gain, measure
from retrieval.fusion import Ranking, fuse, ranked
from retrieval.index import ClauseIndex
from retrieval.retriever import Retriever
from retrieval.stack import POOL, Stack
from retrieval.train_pairs import Shelf, read_splits
from tests.bench.retrieval_bench import Case, read_cases

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

Arm = Callable[[str], Sequence[int]]
"""A query to rows, best first."""

Neighbours = Mapping[int, frozenset[int]]

_TEN, _DEEP, _SEED = CUTOFFS.index(10), 50, 20260101
_SHARES = (0.1, 0.3)


def row_of(index: ClauseIndex, identifier: str) -> int | None:
    """The row of the article that a provision, or a norm of it, stands in."""
    parts = identifier.partition("#")[0].split("/")
    found = (index.row("/".join(parts[:end])) for end in range(len(parts), 1, -1))
    return next((one for one in found if one is not None), None)


def edges(build: Build, index: ClauseIndex) -> list[tuple[int, int]]:
    """Pairs of rows that a citation or a tie of norms joins."""
    pairs = [(one.provision, target.id) for one in build.citations for target in one.targets]
    pairs += [(tie.source, tie.target) for tie in build.norm_ties]
    held = {(row_of(index, source), row_of(index, target)) for source, target in pairs}
    return sorted((one, two) for one, two in held if one is not None and two is not None and one != two)


def neighbours(pairs: Sequence[tuple[int, int]]) -> Neighbours:
    """Both ends of each edge know one another."""
    found: dict[int, set[int]] = defaultdict(set)
    for one, two in pairs:
        found[one].add(two)
        found[two].add(one)
    return {row: frozenset(near) for row, near in found.items()}


def shuffled(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The same graph under other names: degrees and number of edges stay."""
    nodes = sorted({row for pair in pairs for row in pair})
    others = nodes.copy()
    random.Random(_SEED).shuffle(others)
    renamed = dict(zip(nodes, others, strict=True))
    return [(renamed[one], renamed[two]) for one, two in pairs]


def chapters(index: ClauseIndex) -> Neighbours:
    """Articles under the same heading of the same text."""
    under: dict[tuple[str, tuple[str, ...]], list[int]] = defaultdict(list)
    for row in range(len(index)):
        clause = index.clause(row)
        if clause.headings:
            under[index.ids[row].rpartition("/")[0].split("/")[0], clause.headings].append(row)
    return {row: frozenset(rows) - {row} for rows in under.values() for row in rows if len(rows) < 40}


def renamed(near: Neighbours) -> Neighbours:
    """The same neighbourhoods under other names."""
    nodes = sorted(near)
    others = nodes.copy()
    random.Random(_SEED).shuffle(others)
    names = dict(zip(nodes, others, strict=True))
    return {names[row]: frozenset(names[one] for one in rows) for row, rows in near.items()}


def arms(index: ClauseIndex, build: Build, allowed: npt.NDArray[np.bool_]) -> dict[str, Arm]:
    """Every arm by name, `default` and `bm25` first."""
    stack = index.stack

    def of(stack: Stack, system: str = "default") -> Arm:
        return lambda query: [one.row for one in stack.rank(query, _DEEP, system=system, allowed=allowed)]

    def reciprocal(query: str) -> list[int]:
        scores: dict[int, float] = defaultdict(float)
        for system in ("gloss", "dense", "meaning"):
            for rank, one in enumerate(stack.rank(query, POOL, system=system, allowed=allowed)):
                scores[one.row] += 1 / (60 + rank)
        return [one.row for one in ranked(scores, [])]

    def three(query: str) -> list[int]:
        found = [
            Ranking(system, weight, tuple(stack.rank(query, POOL, system=system, allowed=allowed)))  # type: ignore[arg-type]  # Fused has row and score
            for system, weight in (("gloss", 1.0), ("dense", 1.5), ("meaning", 0.75))
        ]
        return [one.row for one in fuse(found)]

    def with_graph(near: Neighbours, share: float) -> Arm:
        def search(query: str) -> list[int]:
            first = {one.row: one.score for one in stack.rank(query, _DEEP, allowed=allowed)}
            added = {
                row: score + share * max((first.get(one, 0.0) for one in near.get(row, ())), default=0.0)
                for row, score in first.items()
            }
            return sorted(added, key=lambda row: (-added[row], row))

        return search

    silent: Any = _Silent(len(index))
    real = edges(build, index)
    found: dict[str, Arm] = {
        "default": of(stack), "bm25": of(stack, "bm25"), "gloss": of(stack, "gloss"), "dense": of(stack, "dense"),
        "meaning": of(stack, "meaning"), "hand weights (fused)": of(stack, "fused"),
        "hand weights with meaning": three, "reciprocal ranks": reciprocal,
        "no glosses at all": of(replace(stack, near_glosses=None, expanded=silent)),
        "no vectors of glosses": of(replace(stack, near_glosses=None)),
        "no words of glosses": of(replace(stack, expanded=silent)),
        "no works": of(replace(stack, works=None)),
        "no vectors": of(replace(stack, dense=None, near_glosses=None)),
    }  # fmt: skip
    for share in _SHARES:
        found[f"graph {share}, real ({len(real)} edges)"] = with_graph(neighbours(real), share)
        found[f"graph {share}, shuffled"] = with_graph(neighbours(shuffled(real)), share)
    above = chapters(index)
    found["parent 0.1, real"] = with_graph(above, 0.1)
    found["parent 0.1, shuffled"] = with_graph(renamed(above), 0.1)
    return found


class _Silent:
    """A word index that finds nothing."""

    def __init__(self, count: int) -> None:
        self._count = count

    def scores(self, _query: str) -> npt.NDArray[np.int64]:
        import numpy as np

        return np.zeros(self._count, dtype=np.int64)


def at_ten(arm: Arm, names: Mapping[int, str], cases: Sequence[Case], fold: str) -> list[float]:
    """R@10 of each case of a fold."""
    return [
        measure([names[row] for row in arm(case.text)], {" ".join(one): 1 for one in case.gold[fold]}).recall[
            _TEN
        ]
        for case in cases
        if case.gold.get(fold)
    ]


def main() -> int:
    """Print the table, tab-separated."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--home", type=Path)
    parser.add_argument("--as-of", type=date.fromisoformat, required=True)
    parser.add_argument("--test", action="store_true", help="the test folds instead of dev")
    parser.add_argument("--only", nargs="*", help="these arms beside default")
    options = parser.parse_args()
    home = Home.resolve(options.home, os.environ)
    build = Build(home.build())
    retriever = Retriever.over(build, cache=home.cache, encoder=adapted_encoder())
    index, allowed = retriever.index, retriever.index.allowed(options.as_of)
    splits = read_splits(data_folder() / "splits.tsv")
    cases, unbound = read_cases(data_folder() / "cases", splits, Shelf(build, retriever, options.as_of))
    names = {}
    for row in range(len(index)):
        clause = index.clause(row)
        names[row] = f"{clause.titles[0]} {clause.id.display()}"
    print(json.dumps({"build": build.id, "clauses": len(index), "unbound": unbound}), file=sys.stderr)
    for fold in ("test_source", "test_clause") if options.test else ("dev_source", "dev_clause"):
        base: list[float] = []
        for name, arm in arms(index, build, allowed).items():
            if options.only and name not in ("default", *options.only):
                continue
            values = at_ten(arm, names, cases, fold)
            base = base or values
            found = gain(values, base)
            low, high = found["ci95"]
            print(
                fold, len(values), name, f"{sum(values) / len(values):.3f}",
                f"{found['mean']:+.3f} ({low:+.3f} to {high:+.3f})", f"p {found['p']:.4f}", sep="\t", flush=True,
            )  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
