"""The file of reviews: lines are only added, each is on the disk before it counts, a torn one is told."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from kg.append_log import append_rows
from kg.problem import InputError, Problem, Severity
from kg.review import Act, Review, review_from_row, review_row
from kg.reviewing import subject

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
    """Add reviews to the folder's file; they are on the disk when this returns.

    InputError where an author has a later word on the same norm or fact already, as after a clock was set back:
    the new one would be kept and never count.
    """
    _refuse_earlier(read_reviews([folder])[0], reviews)
    append_rows(folder / NAME, map(review_row, reviews))


def _refuse_earlier(known: Sequence[Review], added: Sequence[Review]) -> None:
    withdrawn = {one.target for one in known if one.act is Act.WITHDRAW}
    last = {
        (one.author, *subject(one)): one
        for one in sorted(known, key=lambda r: r.time)
        if one.act is not Act.WITHDRAW and one.id not in withdrawn
    }
    for one in added:
        before = last.get((one.author, *subject(one)))
        if one.act is not Act.WITHDRAW and before and before.time > one.time:
            raise InputError(
                f"{one.author} 在 {before.time.isoformat()} 已审过这一处（{before.id}），新的审核写着更早的 {one.time.isoformat()}，"
                "不会生效，没有记入；请核对这台机器的时钟，或用 --time 写明时间，或先撤回那一条"
            )
