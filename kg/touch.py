"""What rests on provisions that changed: which ids they hit, and which rows of a file name one of them.

A verdict, an assessment, a row of training data names the clauses that it rests on by their ids; whichever
format it has, an id is a string of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kg.diff import Change, ChangeKind
from kg.problem import InputError
from kg.vocabulary import Kind


@dataclass(frozen=True)
class Touched:
    """Ids that a change hits: `whole` with everything below them, `named` only by themselves.

    An article of which one 款 changed is hit by whoever names the article, or that 款, but not by whoever
    names another 款 of it.
    """

    whole: frozenset[str]
    named: frozenset[str]

    @classmethod
    def of(cls, changes: Iterable[Change]) -> Touched:
        """What changes hit on either side. Provisions that say what they said hit nothing."""
        whole: set[str] = set()
        named: set[str] = set()
        for change in changes:
            _collect(change, whole, named)
        return cls(frozenset(whole), frozenset(named))

    def hits(self, identifier: str) -> bool:
        """Whether a provision or norm id is one that changed, or lies in one."""
        place = identifier.partition("#")[0]
        if place in self.named:
            return True
        while "/" in place:
            if place in self.whole:
                return True
            place = place.rpartition("/")[0]
        return False


def _collect(change: Change, whole: set[str], named: set[str]) -> None:
    if change.says_the_same:
        return
    ends = {str(end.id) for end in (change.old, change.new) if end is not None}
    article = any(end is not None and end.kind is Kind.ARTICLE for end in (change.old, change.new))
    if change.kind is ChangeKind.CHANGED and article and change.parts:
        named |= ends
        for part in change.parts:
            _collect(part, whole, named)
    else:
        whole |= ends


@dataclass(frozen=True, slots=True)
class TouchedRow:
    """A row of a file that names a provision which changed; `id` is the row's own, empty if it has none."""

    file: str
    line: int
    id: str
    provisions: tuple[str, ...]


def touched_rows(path: Path, touched: Touched) -> Iterator[TouchedRow]:
    """The rows of a JSON Lines file that name a changed provision; InputError for a file that is none."""
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"读不到 {path}：{error}；应为 UTF-8 的 JSONL 文件") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise InputError(f"{path}:{number} 不是 JSON：{error}") from error
        found = sorted({text for text in _strings(row) if touched.hits(text)})
        if found:
            own = row.get("id", "") if isinstance(row, dict) else ""
            yield TouchedRow(str(path), number, str(own), tuple(found))


def _strings(value: Any) -> Iterator[str]:
    """Every string of a JSON value that could be the id of a provision."""
    if isinstance(value, str):
        if "@" in value and "/" in value:
            yield value
    elif isinstance(value, list):
        for each in value:
            yield from _strings(each)
    elif isinstance(value, dict):
        for each in value.values():
            yield from _strings(each)
