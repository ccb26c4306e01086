"""The pairs that the encoder is trained on: what people say, and the provision that governs it.

    python -m retrieval.train_pairs --home DIR --glosses DIR --cases DIR --splits FILE --as-of DAY --out pairs.jsonl

From each gloss its situations, its meaning and its search words; from each case its scenario; each paired
with the provision's article and its 款. A pair carries its fold, so that training can leave out the folds
that figures are taken on. Glosses and cases are model-written and unreviewed.
"""

from __future__ import annotations

import argparse
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kg.numerals import parse_numeral

if TYPE_CHECKING:
    from kg.build import Build
    from kg.clause import Clause
    from retrieval.retriever import Retriever

_ARTICLE = re.compile(r"第(?P<number>.+?)条(?:之(?P<sub>.+))?")
_BY_DIGIT = {7: "test_clause", 3: "dev_clause"}


@dataclass(frozen=True, slots=True)
class Pair:
    """What is said, how (situation, scenario, gloss, keywords), of which clause, and the clause's texts."""

    query: str
    kind: str
    fold: str
    clause: str
    title: str
    texts: tuple[str, ...]


def read_splits(path: Path) -> dict[str, str]:
    """Title to fold for the sources that are held out whole."""
    rows = (line.split("\t") for line in path.read_text("utf-8").splitlines()[1:])
    return {title: fold for title, fold in rows if title != "*"}


def fold_of(title: str, article: str, sources: Mapping[str, str]) -> str:
    """The fold of a clause: that of its source, else by the last digit of its number.

    >>> fold_of("护士条例", "第二条", {"护士条例": "test"}), fold_of("中华人民共和国民法典", "第一千二百一十七条", {})
    ('test_source', 'test_clause')
    """
    if title in sources:
        return f"{sources[title]}_source"
    match = _ARTICLE.fullmatch(article)
    return _BY_DIGIT.get(parse_numeral(match["number"]) % 10, "train") if match else "train"


def _rows(folder: Path) -> Iterator[dict[str, Any]]:
    for path in sorted(folder.glob("*.jsonl")):
        for line in path.read_text("utf-8").splitlines():
            yield json.loads(line)


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where the provisions named by glosses and cases are looked up: those that are law on a day."""

    build: Build
    retriever: Retriever
    day: date

    def clauses(self, title: str, article: str) -> Iterator[Clause]:
        """The clauses that a title and 第…条 mean on that day."""
        match = _ARTICLE.fullmatch(article)
        if not match:
            return
        index = self.retriever.index
        allowed = index.allowed(self.day)
        sub = f"-{parse_numeral(match['sub'])}" if match["sub"] else ""
        for hit in self.build.titles.lookup(title):
            for row in index.versions(hit.key, f"art{parse_numeral(match['number'])}{sub}"):
                if allowed[row]:
                    yield index.clause(row)


def _texts(clause: Clause, paragraph: int | None) -> tuple[str, ...]:
    part = [p.text for p in clause.paragraphs if paragraph is not None and p.number == paragraph]
    return (clause.text, *part)


def gloss_pairs(
    rows: Iterable[Mapping[str, Any]], shelf: Shelf, sources: Mapping[str, str]
) -> Iterator[Pair]:
    """The pairs of glosses whose provision the shelf holds."""
    for row in rows:
        said = [("situation", text) for text in row["situations"]]
        said += [("gloss", row["gloss"]), ("keywords", " ".join(row["keywords"]))]
        fold = fold_of(row["title"], row["article"], sources)
        for clause in shelf.clauses(row["title"], row["article"]):
            texts = _texts(clause, row["paragraph"])
            for kind, text in said:
                yield Pair(text, kind, fold, str(clause.id), clause.titles[0], texts)


def case_pairs(rows: Iterable[Mapping[str, Any]], shelf: Shelf, sources: Mapping[str, str]) -> Iterator[Pair]:
    """The pairs of cases with each of their gold provisions that the shelf holds."""
    for row in rows:
        for gold in row["gold"]:
            fold = fold_of(gold["title"], gold["article"], sources)
            for clause in shelf.clauses(gold["title"], gold["article"]):
                texts = _texts(clause, gold["paragraph"])
                yield Pair(row["scenario"], "scenario", fold, str(clause.id), clause.titles[0], texts)


def main() -> None:
    """Write the pairs, one JSON line each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--glosses", type=Path, action="append", required=True)
    parser.add_argument("--cases", type=Path, required=True)
    parser.add_argument("--splits", type=Path, required=True)
    parser.add_argument("--as-of", type=date.fromisoformat, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()

    from kg.build import Build
    from kg.home import Home
    from retrieval.retriever import Retriever

    home = Home.resolve(options.home, os.environ)
    build = Build(home.build())
    shelf = Shelf(build, Retriever.over(build), options.as_of)
    sources = read_splits(options.splits)
    glosses = (row for folder in options.glosses for row in _rows(folder))
    pairs = [*gloss_pairs(glosses, shelf, sources), *case_pairs(_rows(options.cases), shelf, sources)]
    with options.out.open("w", encoding="utf-8") as file:
        for pair in pairs:
            file.write(json.dumps(asdict(pair), ensure_ascii=False) + "\n")
    print(f"{len(pairs)} pairs")


if __name__ == "__main__":
    main()
