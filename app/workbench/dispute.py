"""Answers on which the tiers of the guardian differ, kept until a person grades them.

The rules and the learned heads grade the same answer. Where they say otherwise, or the heads are not sure enough to
say anything, a person's grade is worth most. Kept only where somebody asks for it: answers may be private.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from app.workbench.opinion import Matter, Opinion, standing
from evaluator.guardian.assessment import Assessment
from evaluator.importers.table import inert
from evaluator.metrics import Dimension
from kg.append_log import append_rows, replay
from kg.home import Home
from kg.problem import InputError

COLUMNS = ("expert", "scene", "query", "reference", "response", "as_of", *Dimension)


@dataclass(frozen=True, slots=True)
class Dispute:
    """An answer with the grades of two tiers; None is unscored. `id` is the digest of question, answer and day."""

    id: str
    scene: str
    query: str
    reference: str
    response: str
    as_of: str
    rules: Mapping[Dimension, int | None]
    learned: Mapping[Dimension, int | None]

    @property
    def about(self) -> tuple[Dimension, ...]:
        """The dimensions on which the tiers differ, or the heads say nothing."""
        return tuple(d for d in Dimension if disputed(self.rules[d], self.learned[d]))


def disputed(rules: int | None, learned: int | None) -> bool:
    """Whether a person should grade: the heads are unsure, or the rules say otherwise.

    >>> disputed(0, -1), disputed(None, 1), disputed(0, None), disputed(1, 1)
    (True, False, True, False)
    """
    return learned is None or (rules is not None and rules != learned)


def dispute(row: Mapping[str, Any], as_of: str, rules: Assessment, learned: Assessment) -> Dispute | None:
    """The answer of a row with both gradings; None where the tiers agree on all that both grade."""
    words = {name: str(row.get(name) or "") for name in ("scene", "query", "reference", "response")}
    named = hashlib.sha256(json.dumps([words["query"], words["response"], as_of]).encode()).hexdigest()[:16]
    made = Dispute(
        named, words["scene"], words["query"], words["reference"], words["response"], as_of,
        {d: rules.grades.of(d) for d in Dimension}, {d: learned.grades.of(d) for d in Dimension},
    )  # fmt: skip
    return made if made.about else None


@dataclass(frozen=True)
class DisputeLog:
    """The disputed answers of a home, in a file that is only appended to."""

    path: Path

    @classmethod
    def of(cls, home: Home) -> Self:
        """The log of a home."""
        return cls(home.opinions / "disputes.jsonl")

    def read(self) -> list[Dispute]:
        """Every disputed answer once, as it was graded last; DamagedError names a line that is none."""
        found: dict[str, Dispute] = {}

        def take(row: dict[str, Any]) -> None:
            one = _from_row(row)
            found[one.id] = one

        replay(self.path, take, what="有分歧的评分")
        return list(found.values())

    def append(self, disputes: Iterable[Dispute]) -> int:
        """Add those that are not there yet; how many. They are on the disk when this returns."""
        known = {one.id: one for one in self.read()}
        new = [one for one in disputes if known.get(one.id) != one]
        if new:
            append_rows(self.path, map(_row, new))
        return len(new)


def grades_words(grades: Mapping[Dimension, int]) -> str:
    """A person's grades in one word each: R1=0 Q2=1; the dimensions that were not graded are missing."""
    return " ".join(f"{d.value}={grades[d]}" for d in Dimension if d in grades)


def read_grades(words: str) -> dict[Dimension, int]:
    """The inverse of `grades_words`; InputError for a grade that is none.

    >>> read_grades(grades_words({Dimension.R1: -1, Dimension.Q2: 1}))
    {<Dimension.R1: 'R1'>: -1, <Dimension.Q2: 'Q2'>: 1}
    """
    found = {}
    for word in words.split():
        name, _, grade = word.partition("=")
        if name not in list(Dimension) or grade not in {str(Dimension(name).good), str(Dimension(name).bad)}:
            raise InputError(f"{word!r} 不是评分，应如 R1=0")
        found[Dimension(name)] = int(grade)
    return found


def expert_table(disputes: Sequence[Dispute], opinions: Sequence[Opinion]) -> str:
    """People's grades as the table that `yilun calibrate` reads: a row for each person and answer."""
    known = {one.id: one for one in disputes}
    stream = io.StringIO()
    writer = csv.DictWriter(stream, COLUMNS)
    writer.writeheader()
    for said in standing(opinions):
        one = known.get(said.target)
        if said.matter is Matter.GRADES and one is not None:
            told = {
                "expert": said.author, "scene": one.scene, "query": one.query, "reference": one.reference,
                "response": one.response, "as_of": one.as_of,
            }  # fmt: skip
            writer.writerow(
                {k: inert(v) for k, v in told.items()}
                | {d.value: grade for d, grade in read_grades(said.value).items()}
            )
    return stream.getvalue()


def _row(one: Dispute) -> dict[str, Any]:
    return {
        "id": one.id, "scene": one.scene, "query": one.query, "reference": one.reference,
        "response": one.response, "as_of": one.as_of,
        "rules": {d.value: one.rules[d] for d in Dimension}, "learned": {d.value: one.learned[d] for d in Dimension},
    }  # fmt: skip


def _from_row(row: Mapping[str, Any]) -> Dispute:
    rules, learned = ({d: row[tier][d.value] for d in Dimension} for tier in ("rules", "learned"))
    return Dispute(
        row["id"], row["scene"], row["query"], row["reference"], row["response"], row["as_of"], rules, learned
    )  # fmt: skip
