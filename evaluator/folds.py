"""Which fold a case or an article belongs to. The rule is frozen: data/splits.tsv and this page decide.

Whole sources are test or dev; in every other source an article whose number ends in 7 is test_clause, in 3
dev_clause. A case belongs to the first of test, test_clause, dev, dev_clause that any of its primary gold clauses
belongs to, else it is train.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import cache

from kg.numerals import parse_numeral
from kg.pack import data_folder


class Fold(StrEnum):
    """A part of the data, in the order in which a case falls into one."""

    TEST = "test"
    TEST_CLAUSE = "test_clause"
    DEV = "dev"
    DEV_CLAUSE = "dev_clause"
    TRAIN = "train"

    @property
    def is_test(self) -> bool:
        """Whether nothing may be trained or chosen on it."""
        return self in (Fold.TEST, Fold.TEST_CLAUSE)

    @property
    def is_dev(self) -> bool:
        """Whether choices may be made on it, but nothing trained."""
        return self in (Fold.DEV, Fold.DEV_CLAUSE)


_LAST_DIGIT = {7: Fold.TEST_CLAUSE, 3: Fold.DEV_CLAUSE}
_ARTICLE = re.compile(r"第?(?P<number>[^条第]+)条")


@cache
def source_folds() -> Mapping[str, Fold]:
    """The sources that are test or dev as a whole, by title."""
    with (data_folder() / "splits.tsv").open(encoding="utf-8", newline="") as stream:
        rows = csv.DictReader(stream, delimiter="\t")
        return {row["title"]: Fold(row["fold"]) for row in rows if row["title"] != "*"}


def article_fold(title: str, article: str) -> Fold:
    """The fold of an article of a source named by its full title; ValueError if its number is none.

    >>> article_fold("护士条例", "第一条"), article_fold("中华人民共和国民法典", "第一千二百一十七条")
    (<Fold.TEST: 'test'>, <Fold.TEST_CLAUSE: 'test_clause'>)
    >>> article_fold("中华人民共和国民法典", "第一千二百一十九条")
    <Fold.TRAIN: 'train'>
    """
    if title in source_folds():
        return source_folds()[title]
    match = _ARTICLE.match(article)
    return _LAST_DIGIT.get(parse_numeral(match["number"]) % 10, Fold.TRAIN) if match else Fold.TRAIN


def case_fold(primary: Iterable[tuple[str, str]]) -> Fold:
    """The fold of a case by the (title, article) of its primary gold clauses; train if it has none."""
    found = {article_fold(title, article) for title, article in primary}
    return next(fold for fold in Fold if fold in found or fold is Fold.TRAIN)
