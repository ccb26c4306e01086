"""What people said of what no build reads: glosses, cases, grades and answers. Appended, never changed.

An opinion is bound to the words that were on the screen by their digest: where those change, it is of something else.
Norms and facts of the ledger have reviews (`kg.review`), which builds apply; opinions are shown, counted and exported.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from itertools import combinations
from pathlib import Path
from typing import Any, Self

from evaluator.guardian.experts import agreement
from kg.append_log import append_rows, replay
from kg.home import Home
from kg.problem import InputError
from kg.review import Act
from kg.text import digest


class Matter(StrEnum):
    """What an opinion is about."""

    GLOSS = "gloss"
    CASE = "case"
    GRADES = "grades"
    SAMPLE = "sample"

    @property
    def zh(self) -> str:
        """The word shown to readers."""
        return {"gloss": "释义", "case": "案例", "grades": "评分分歧", "sample": "循环的回答"}[self.value]


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one person said of one thing; `value` is what it should be instead, empty where it is right or wrong as it is.

    `sha256` is that of the words that were judged. A withdrawal has the id of the opinion as its target.
    """

    id: str
    matter: Matter
    target: str
    sha256: str
    act: Act
    value: str
    author: str
    time: datetime
    reason: str

    @property
    def told(self) -> str:
        """Who said what, in words."""
        return f"{self.author} {self.act.zh}{f'为“{self.value}”' if self.value else ''}"


@dataclass(frozen=True, slots=True)
class Accord:
    """How far people agree on what two or more of them judged. `kappa` is Cohen's over all pairs of people.

    None where nobody could agree by chance less than always.
    """

    shared: int
    agreed: int
    kappa: float | None
    conflicts: tuple[tuple[Opinion, ...], ...]


def opinion(
    matter: Matter, target: str, words: str, act: Act, *, author: str, time: datetime, reason: str, value: str = "", now: str = ""
) -> Opinion:  # fmt: skip
    """A new opinion on the words that were judged; InputError if it does not say what it must.

    `now` is what a correction would replace.
    """
    missing = [
        name for name, said in (("审核人", author), ("理由", reason), ("对象", target)) if not said.strip()
    ]
    if act is Act.CORRECT and not value.strip():
        missing.append("应为什么")
    if missing:
        raise InputError(f"审核（{act.zh}）缺少{'、'.join(missing)}")
    if act is Act.CORRECT and value.strip() == now.strip():
        raise InputError("更正没有改动任何内容；无误请用“认可”")
    draft = Opinion("", matter, target, digest(words), act, value.strip(), author, time, reason.strip())
    return Opinion(_digest(draft), *(getattr(draft, f.name) for f in fields(Opinion)[1:]))


def withdrawn(one: Opinion, *, author: str, time: datetime, reason: str) -> Opinion:
    """The withdrawal of an own opinion; InputError where it is another's."""
    if one.author != author:
        raise InputError(f"这条审核出自 {one.author}；只有本人可以撤回")
    return opinion(one.matter, one.id, "", Act.WITHDRAW, author=author, time=time, reason=reason)


@dataclass(frozen=True)
class OpinionLog:
    """The opinions of a home, in a file that is only appended to."""

    path: Path

    @classmethod
    def of(cls, home: Home) -> Self:
        """The log of a home."""
        return cls(home.opinions / "opinions.jsonl")

    def read(self) -> list[Opinion]:
        """All that was said, in order; DamagedError names a line that is no opinion, or was altered."""
        found: list[Opinion] = []
        replay(self.path, lambda row: found.append(opinion_from_row(row)), what="审核意见")
        return found

    def append(self, opinions: Iterable[Opinion]) -> None:
        """Add opinions; they are on the disk when this returns."""
        append_rows(self.path, map(opinion_row, opinions))


def opinion_row(one: Opinion) -> dict[str, Any]:
    """An opinion as one JSON row."""
    return {
        "id": one.id, "matter": one.matter.value, "target": one.target, "sha256": one.sha256, "act": one.act.value,
        "value": one.value, "author": one.author, "time": one.time.isoformat(), "reason": one.reason,
    }  # fmt: skip


def opinion_from_row(row: Mapping[str, Any]) -> Opinion:
    """The inverse of `opinion_row`; KeyError, TypeError or ValueError if it is none, or was altered."""
    found = Opinion(
        row["id"], Matter(row["matter"]), str(row["target"]), str(row["sha256"]), Act(row["act"]),
        str(row["value"]), str(row["author"]), datetime.fromisoformat(row["time"]), str(row["reason"]),
    )  # fmt: skip
    if _digest(found) != found.id:
        raise ValueError("id is not that of the content")
    return found


def exported(opinions: Sequence[Opinion]) -> str:
    """All opinions as JSON Lines."""
    return "".join(json.dumps(opinion_row(one), ensure_ascii=False) + "\n" for one in opinions)


def standing(opinions: Sequence[Opinion]) -> list[Opinion]:
    """The opinions that count: not withdrawn by their author, and of each author the last word on each thing."""
    authors = {one.id: one.author for one in opinions}
    gone = {o.target for o in opinions if o.act is Act.WITHDRAW and authors.get(o.target) == o.author}
    last: dict[tuple[str, ...], Opinion] = {}
    for one in opinions:
        if one.act is not Act.WITHDRAW and one.id not in gone:
            last[(one.author, one.matter, one.target, one.sha256)] = one
    return list(last.values())


def judged_by(opinions: Sequence[Opinion], matter: Matter, author: str) -> frozenset[tuple[str, str]]:
    """The things (target, digest) of a kind that one person judged: they leave that person's queue, nobody else's."""
    return frozenset(
        (one.target, one.sha256)
        for one in standing(opinions)
        if one.matter is matter and one.author == author
    )


def accord(opinions: Sequence[Opinion], matter: Matter) -> Accord:
    """How far people agree on one kind of thing, by their last words."""
    groups: dict[tuple[str, str], list[Opinion]] = {}
    for one in standing(opinions):
        if one.matter is matter:
            groups.setdefault((one.target, one.sha256), []).append(one)
    shared = [sorted(group, key=lambda one: one.author) for group in groups.values() if len(group) > 1]
    split = [tuple(group) for group in shared if len({_said(one) for one in group}) > 1]
    numbers: dict[tuple[Act, str], int] = {}
    pairs = [
        (numbers.setdefault(_said(a), len(numbers)), numbers.setdefault(_said(b), len(numbers)))
        for group in shared
        for a, b in combinations(group, 2)
    ]
    return Accord(len(shared), len(shared) - len(split), agreement(pairs).kappa, tuple(split))


def settled(opinions: Sequence[Opinion], matter: Matter, *, least: int = 2) -> list[Opinion]:
    """One opinion for each thing on which at least `least` people said the same, and nobody something else."""
    groups: dict[tuple[str, str], list[Opinion]] = {}
    for one in standing(opinions):
        if one.matter is matter:
            groups.setdefault((one.target, one.sha256), []).append(one)
    return [
        group[0] for group in groups.values() if len(group) >= least and len({_said(one) for one in group}) == 1
    ]  # fmt: skip


def told_of(opinions: Sequence[Opinion], matter: Matter, words: str) -> str:
    """What people said of some words, empty where nobody did."""
    found = [one for one in standing(opinions) if one.matter is matter and one.sha256 == digest(words)]
    return "；".join(one.told for one in found)


def _said(one: Opinion) -> tuple[Act, str]:
    return one.act, one.value


def _digest(unnamed: Opinion) -> str:
    row = {name: value for name, value in opinion_row(unnamed).items() if name != "id"}
    return hashlib.sha256(json.dumps(row, ensure_ascii=False, sort_keys=True).encode()).hexdigest()[:16]
