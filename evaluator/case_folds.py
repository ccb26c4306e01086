"""The written cases with their labels and folds, for training and measuring only."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kg.numerals import parse_numeral
from kg.pack import read_jsonl

_CONCLUSIONS = {
    "violation": "non_compliant",
    "compliant": "compliant",
    "permitted_with_conditions": "conditional",
    "uncertain": "undetermined",
}
_NUMBER = re.compile(r"第(?P<number>[零〇一二三四五六七八九十百千两]+)条")
_BY_DIGIT = {7: "test_clause", 3: "dev_clause"}


@dataclass(frozen=True, slots=True)
class LabelledCase:
    """A case, written by a model and unreviewed. `fold` is that of its first primary clause.

    `gold` are (title, article) of the primary clauses, `cited` of all.
    """

    id: str
    scene: str
    scenario: str
    conclusion: str
    fold: str
    gold: tuple[tuple[str, str], ...]
    cited: tuple[tuple[str, str], ...]


def read_labelled_cases(data: Path) -> list[LabelledCase]:
    """The cases of a pack in the order of their files."""
    rows = (line.split("\t") for line in (data / "splits.tsv").read_text("utf-8").splitlines()[1:])
    sources = {title: fold for title, fold in rows if title != "*"}
    found = []
    for path in sorted((data / "cases").glob("*.jsonl")):
        for _, row in read_jsonl(path):
            assert isinstance(row, dict)
            primary = tuple((g["title"], g["article"]) for g in row["gold"] if g["role"] == "primary")
            found.append(
                LabelledCase(
                    id=row["id"],
                    scene=row["scene"],
                    scenario=row["scenario"],
                    conclusion=_CONCLUSIONS[row["stance"]],
                    fold=_fold(*primary[0], sources),
                    gold=primary,
                    cited=tuple((g["title"], g["article"]) for g in row["gold"]),
                )
            )
    return found


def _fold(title: str, article: str, sources: Mapping[str, str]) -> str:
    if title in sources:
        return f"{sources[title]}_source"
    match = _NUMBER.match(article)
    return _BY_DIGIT.get(parse_numeral(match["number"]) % 10, "train") if match else "train"
