"""Retrieval over a real build, measured with written cases: scenario in, governing articles out.

    python tests/bench/retrieval_bench.py --cases DIR --splits FILE --as-of 2026-10-01 [--home DIR] [--test]

The cases are model-written and unreviewed. A gold article whose text the build lacks is unbound: counted,
never a miss. A case counts in every fold in which it has gold, with that fold's gold only. Test folds are
measured only with --test, so that nothing is chosen on them by accident.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from kg.build import Build
from kg.home import Home
from kg.numerals import parse_numeral
from retrieval.adapted import adapted_encoder
from retrieval.bench import Measures, measure, summary
from retrieval.retriever import Retriever

Article = tuple[str, str]
"""Full title, and the article as 第一千二百一十九条."""

_ARTICLE = re.compile(r"第(?P<number>.+?)条(?:之(?P<sub>.+))?")
_BY_DIGIT = {7: "test_clause", 3: "dev_clause"}


@dataclass
class Case:
    """A scenario and its gold: fold to articles, and article to the 款 that is gold (None: the whole)."""

    text: str
    gold: dict[str, set[Article]] = field(default_factory=lambda: defaultdict(set))
    paragraphs: dict[Article, set[int | None]] = field(default_factory=lambda: defaultdict(set))


def fold_of(title: str, article: str, sources: dict[str, str]) -> str:
    """The fold of a clause: that of its source, else by the last digit of its number."""
    if title in sources:
        return f"{sources[title]}_source"
    match = _ARTICLE.fullmatch(article)
    return _BY_DIGIT.get(parse_numeral(match["number"]) % 10, "train") if match else "train"


def read_splits(path: Path) -> dict[str, str]:
    """Title to fold for the sources that are held out whole."""
    rows = (line.split("\t") for line in path.read_text("utf-8").splitlines()[1:])
    return {title: fold for title, fold in rows if title != "*"}


def read_cases(
    folder: Path, splits: dict[str, str], build: Build, retriever: Retriever, as_of: date
) -> tuple[list[Case], int]:
    """The cases with the gold that the build holds on that day, and how many gold places it does not."""
    allowed = retriever.index.allowed(as_of)
    cases, unbound = [], 0
    for path in sorted(folder.glob("*.jsonl")):
        for line in path.read_text("utf-8").splitlines():
            row = json.loads(line)
            case = Case(row["scenario"])
            for gold in row["gold"]:
                held = list(_held(gold["title"], gold["article"], build, retriever, allowed))
                unbound += not held
                for article in held:
                    case.gold[fold_of(gold["title"], gold["article"], splits)].add(article)
                    case.paragraphs[article].add(gold["paragraph"])
            cases.append(case)
    return cases, unbound


def _held(title: str, article: str, build: Build, retriever: Retriever, allowed: Any) -> Iterator[Article]:
    match = _ARTICLE.fullmatch(article)
    if not match:
        return
    sub = f"-{parse_numeral(match['sub'])}" if match["sub"] else ""
    for hit in build.titles.lookup(title):
        for row in retriever.index.versions(hit.key, f"art{parse_numeral(match['number'])}{sub}"):
            if allowed[row]:
                clause = retriever.index.clause(row)
                yield clause.titles[0], clause.id.display()


def run(
    retriever: Retriever, cases: list[Case], system: str, folds: list[str], as_of: date
) -> dict[str, Any]:
    """Measures by fold; `paragraph` is the share of found articles whose gold 款 was shown, of those that
    have several, with its n."""
    measured: dict[str, list[Measures]] = defaultdict(list)
    seconds: dict[str, list[float]] = defaultdict(list)
    shown: dict[str, list[bool]] = defaultdict(list)
    retriever.search("预热", as_of=as_of, system=system)
    for case in cases:
        wanted = [fold for fold in folds if case.gold.get(fold)]
        if not wanted:
            continue
        before = time.perf_counter()
        retriever.search(case.text, 10, as_of=as_of, system=system)
        took = time.perf_counter() - before
        hits = retriever.search(case.text, 50, as_of=as_of, system=system)
        ranked = [f"{hit.title} {hit.article}" for hit in hits]
        for fold in wanted:
            measured[fold].append(measure(ranked, {" ".join(article): 1 for article in case.gold[fold]}))
            seconds[fold].append(took)
            shown[fold] += [
                hit.paragraph in case.paragraphs[article]
                for hit in hits[:10]
                if (article := (hit.title, hit.article)) in case.gold[fold]
                and hit.paragraph is not None
                and None not in case.paragraphs[article]
            ]
    return {
        fold: {
            **summary(measured[fold], seconds[fold]),
            "paragraph": round(sum(shown[fold]) / len(shown[fold]), 3) if shown[fold] else None,
            "paragraph_n": len(shown[fold]),
        }
        for fold in folds
    }


def main() -> int:
    """Print a table, or JSON with --json."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--home", type=Path)
    parser.add_argument("--build")
    parser.add_argument("--cases", type=Path, required=True)
    parser.add_argument("--splits", type=Path, required=True)
    parser.add_argument("--as-of", type=date.fromisoformat, required=True)
    parser.add_argument("--system", action="append")
    parser.add_argument("--test", action="store_true", help="measure the test folds instead of train and dev")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()

    import os

    home = Home.resolve(options.home, os.environ)
    build = Build(home.build(options.build))
    retriever = Retriever.over(build, cache=home.cache, encoder=adapted_encoder())
    folds = ["test_source", "test_clause"] if options.test else ["train", "dev_source", "dev_clause"]
    splits = read_splits(options.splits)
    cases, unbound = read_cases(options.cases, splits, build, retriever, options.as_of)
    systems = options.system or [name for name in retriever.systems if name != "exact"]
    results = {system: run(retriever, cases, system, folds, options.as_of) for system in systems}
    report = {
        "build": build.id,
        "index": retriever.index.manifest.id,
        "clauses": len(retriever.index),
        "as_of": options.as_of.isoformat(),
        "cases": len(cases),
        "unbound": unbound,
        "note": "cases are model-written and unreviewed",
        "systems": results,
    }
    if options.json:
        print(json.dumps(report, ensure_ascii=False, indent=1))
        return 0
    print({key: value for key, value in report.items() if key != "systems"}, file=sys.stderr)
    columns = ["R@1", "R@10", "R@50", "MRR@10", "nDCG@10"]
    print("system", "fold", "n", *columns, "R@10 ci95", "款", "ms p50", "ms p95", sep="\t")
    for system, by_fold in results.items():
        for fold, found in by_fold.items():
            low, high = found["ci95"]
            print(
                system, fold, found["n"], *(f"{found[name]:.3f}" for name in columns), f"{low:.3f}–{high:.3f}",
                f"{found['paragraph']} (n={found['paragraph_n']})", found["ms_p50"], found["ms_p95"], sep="\t",
            )  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
