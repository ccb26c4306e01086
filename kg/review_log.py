"""The file of reviews: lines are only added, each is on the disk before it counts, a torn one is told."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from kg.append_log import append_rows
from kg.problem import Problem, Severity
from kg.review import Review, review_from_row, review_row

NAME = "reviews.jsonl"


def read_reviews(folders: Iterable[Path]) -> tuple[list[Review], list[Problem]]:
    """The reviews in the files of some folders, in the order of folders, names and lines; each id once.

    A line that is no review is a problem with its place: WARNING `review_torn` for a last line that has no
    line break (a crash while it was written), ERROR `review_bad_line` else.
    """
    reviews: dict[str, Review] = {}
    problems: list[Problem] = []
    for folder in folders:
        for path in sorted(folder.glob("*.jsonl")):
            lines = path.read_bytes().split(b"\n")
            for number, line in enumerate(lines, 1):
                if not line.strip():
                    continue
                try:
                    one = review_from_row(json.loads(line.decode("utf-8")))
                except (ValueError, KeyError, TypeError, AttributeError) as error:
                    problems.append(_bad(path, number, torn=number == len(lines), error=error))
                else:
                    reviews.setdefault(one.id, one)
    return list(reviews.values()), problems


def _bad(path: Path, number: int, *, torn: bool, error: Exception) -> Problem:
    place = f"{path}:{number}"
    if torn:
        text = "最后一行不完整，多半是写入时中断；该条审核没有生效，请重新提交，旧行可以留着"
        return Problem(Severity.WARNING, "review_torn", place, text)
    text = f"不是审核记录，或内容与其 id 不符（{type(error).__name__}: {error}）；该行没有生效，请从备份恢复"
    return Problem(Severity.ERROR, "review_bad_line", place, text)


def append_reviews(folder: Path, reviews: Sequence[Review]) -> None:
    """Add reviews to the folder's file; they are on the disk when this returns."""
    append_rows(folder / NAME, map(review_row, reviews))
