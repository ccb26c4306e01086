"""Passages that are easily mistaken for the governing one, for the second round of training.

    python -m retrieval.train_hard --home DIR --pairs pairs.jsonl --as-of DAY --out hard.jsonl

For each pair: the articles of the same work whose words are most like the governing one's, and articles of
other works that rank high by words and glosses. Near copies of the governing text are left out: they say the
same and may govern too.
"""

from __future__ import annotations

import argparse
import json
import os
import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retrieval.tokens import tokens

if TYPE_CHECKING:
    from retrieval.index import ClauseIndex

_SAME_WORK, _ELSEWHERE = 4, 3
_FIRST, _LAST = 5, 40
"""Ranks from which passages of other works are drawn: the very first may govern as well."""
_COPY = 0.5


def likeness(one: frozenset[str], two: frozenset[str]) -> float:
    """The share of terms in common.

    >>> likeness(frozenset("ab"), frozenset("bc"))
    0.3333333333333333
    """
    return len(one & two) / (len(one | two) or 1)


def negatives(
    pair: Mapping[str, Any],
    governing: set[str],
    works: Mapping[str, Sequence[int]],
    terms: Sequence[frozenset[str]],
    index: ClauseIndex,
    allowed: Any,
    draw: random.Random,
) -> list[int]:
    """Rows that a query is easily led to without their governing it."""
    gold = index.row(pair["clause"])
    if gold is None:
        return []
    barred = {row for clause in governing if (row := index.row(clause)) is not None}

    def fit(row: int) -> bool:
        return row not in barred and likeness(terms[row], terms[gold]) < _COPY

    near = sorted(
        (row for row in works[_work(pair["clause"])] if fit(row)),
        key=lambda row: (-likeness(terms[row], terms[gold]), row),
    )
    found = index.stack.rank(pair["query"], _LAST, system="gloss", allowed=allowed)[_FIRST:]
    far = [one.row for one in found if fit(one.row)]
    return near[:_SAME_WORK] + draw.sample(far, min(_ELSEWHERE, len(far)))


def _work(clause: str) -> str:
    return clause.partition("@")[0]


def main() -> None:
    """Write queries with their negatives, one JSON line each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--pairs", type=Path, required=True)
    parser.add_argument("--as-of", type=date.fromisoformat, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()

    from kg.build import Build
    from kg.home import Home
    from retrieval.retriever import Retriever

    index = Retriever.over(Build(Home.resolve(options.home, os.environ).build())).index
    allowed = index.allowed(options.as_of)
    with options.pairs.open(encoding="utf-8") as file:
        pairs = [json.loads(line) for line in file]
    governing: dict[str, set[str]] = defaultdict(set)
    for pair in pairs:
        governing[pair["query"]].add(pair["clause"])
    clauses = [index.clause(row) if allowed[row] else None for row in range(len(index))]
    terms = [frozenset(tokens(clause.text)) if clause else frozenset() for clause in clauses]
    works: dict[str, list[int]] = defaultdict(list)
    for row, clause in enumerate(clauses):
        if clause:
            works[_work(index.ids[row])].append(row)
    draw = random.Random(20261001)
    with options.out.open("w", encoding="utf-8") as file:
        for pair in pairs:
            rows = negatives(pair, governing[pair["query"]], works, terms, index, allowed, draw)
            told = [
                (index.ids[row], clause.titles[0], clause.text) for row in rows if (clause := clauses[row])
            ]
            if told:
                file.write(json.dumps({"query": pair["query"], "negatives": told}, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
