"""What an analysis of the query brings to the default ranking, measured arm by arm on dev.

    python -m tests.bench.query_trial --home DIR --as-of 2026-10-01

Arms over the first fifty: a clause whose norms bind or protect an actor of the story (or a kind of it) counts more
(`actors`, also with actors drawn at random as a control); likewise one of a scenario class of the story
(`topic`), a neighbour in its chapter (`parent`), an article that defines one of its terms or uses a term it defines
(`definition`). Arms that ask with other words: without what is negated, hearsay or planned, or with what
was done and left undone alone. Cases are model-written and unreviewed. R@10 and the paired difference to `default`.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
from collections.abc import Collection, Sequence
from datetime import date
from functools import cache
from pathlib import Path

from evaluator.fact_words import shipped_fact_words
from evaluator.facts import FactKind, read_facts
from ingestion.norms.evidence import Evidences
from ingestion.norms.lexicon import read_lexicon
from kg.build import Build
from kg.home import Home
from kg.pack import data_folder
from kg.problem import InputError
from kg.schema import RelationType
from retrieval.adapted import adapted_encoder
from retrieval.bench import gain
from retrieval.norm_marks import NormMarks
from retrieval.retriever import Retriever
from retrieval.train_pairs import Shelf, read_splits
from tests.bench.retrieval_ablation import Arm, Neighbours, at_ten, chapters, neighbours, row_of
from tests.bench.retrieval_bench import read_cases

_DEEP, _SEED = 50, 20260101
_SHARES = (0.05, 0.15, 0.4)


def definitions(build: Build, retriever: Retriever) -> Neighbours:
    """Where a term is defined, and the articles of the same text that use it."""
    index = retriever.index
    pairs = []
    for tie in build.norm_ties:
        if tie.type is RelationType.DEFINES and (row := row_of(index, tie.source)) is not None:
            term = tie.target.rpartition("/")[2]
            pairs += [
                (row, other) for other in index.text_rows(index.ids[row])
                if other != row and term in index.clause(other).text
            ]  # fmt: skip
    return neighbours(pairs)


def main() -> int:
    """Print the table, tab-separated."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--home", type=Path)
    parser.add_argument("--as-of", type=date.fromisoformat, required=True)
    options = parser.parse_args()
    home = Home.resolve(options.home, os.environ)
    build = Build(home.build())
    retriever = Retriever.over(build, cache=home.cache, encoder=adapted_encoder())
    index, allowed = retriever.index, retriever.index.allowed(options.as_of)
    cases, _ = read_cases(
        data_folder() / "cases",
        read_splits(data_folder() / "splits.tsv"),
        Shelf(build, retriever, options.as_of),
    )
    names = {row: f"{c.titles[0]} {c.id.display()}" for row in range(len(index)) for c in [index.clause(row)]}
    words, _ = shipped_fact_words()
    lexicon = read_lexicon(data_folder())
    evidences = Evidences(lexicon)
    parties = sorted(lexicon.parties)
    draw, marks = random.Random(_SEED), NormMarks.open(index.folder)

    @cache
    def first(query: str) -> dict[int, float]:
        return {one.row: one.score for one in index.stack.rank(query, _DEEP, allowed=allowed)}

    def ordered(scores: dict[int, float]) -> Sequence[int]:
        return sorted(scores, key=lambda row: (-scores[row], row))

    def concerning(named: Collection[str]) -> set[int]:
        try:
            return set(marks.rows(modalities=None, parties=named).tolist()) if named else set()
        except InputError:
            return set()

    def boosted(rows: set[int], scores: dict[int, float], share: float) -> Sequence[int]:
        return ordered({row: score * (1 + share * (row in rows)) for row, score in scores.items()})

    def actors(share: float, *, shuffled: bool = False) -> Arm:
        def search(query: str) -> Sequence[int]:
            named = sorted(read_facts(query, words).parties)
            if shuffled:
                named = draw.sample(parties, len(named))
            return boosted(concerning(named), first(query), share)

        return search

    def topic(share: float) -> Arm:
        def search(query: str) -> Sequence[int]:
            about = {one.name for one in evidences.topics(query, "")[:2]}
            scores = first(query)
            return boosted({row for row in scores if about & set(index.clause(row).topics)}, scores, share)

        return search

    def graph(near: Neighbours, share: float) -> Arm:
        def search(query: str) -> Sequence[int]:
            scores = first(query)
            return ordered({
                row: score + share * max((scores.get(one, 0.0) for one in near.get(row, ())), default=0.0)
                for row, score in scores.items()
            })  # fmt: skip

        return search

    def said(kinds: Collection[FactKind] | None) -> Arm:
        def search(query: str) -> Sequence[int]:
            facts = read_facts(query, words).facts
            kept = [f for f in facts if (f.kind in kinds if kinds else f.is_settled and not f.negated)]
            asked = "".join(f.part.text for f in kept) or query
            return [one.row for one in index.stack.rank(asked, _DEEP, allowed=allowed)]

        return search

    parent, defined = chapters(index), definitions(build, retriever)
    tried: dict[str, Arm] = {"default": lambda query: ordered(first(query))}
    for share in _SHARES:
        tried[f"actors {share}"] = actors(share)
        tried[f"actors {share}, drawn at random"] = actors(share, shuffled=True)
        tried[f"topic {share}"] = topic(share)
        tried[f"parent {share}"] = graph(parent, share)
        tried[f"definition {share} ({sum(map(len, defined.values())) // 2} edges)"] = graph(defined, share)
    tried["settled and not negated only"] = said(None)
    tried["conduct and omission only"] = said((FactKind.CONDUCT, FactKind.OMISSION))
    for fold in ("dev_source", "dev_clause"):
        base: list[float] = []
        for name, arm in tried.items():
            values = at_ten(arm, names, cases, fold)
            base = base or values
            found = gain(values, base)
            low, high = found["ci95"]
            print(
                fold, len(values), name, f"{sum(values) / len(values):.3f}",
                f"{found['mean']:+.3f} ({low:+.3f} to {high:+.3f})", sep="\t", flush=True,
            )  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
