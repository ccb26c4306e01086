"""The clauses of a written case as a build holds them on a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from evaluator.cases import GoldClause
from evaluator.guardian.graded import find_clause
from kg.build import Build


@dataclass(frozen=True, slots=True)
class Bound:
    """A clause of a case as the build holds it on a day."""

    clause: GoldClause
    id: str


def bind(build: Build, clauses: tuple[GoldClause, ...], *, as_of: date) -> list[Bound]:
    """Those of the clauses that the build holds in a version that applies on the day, in order."""
    found = ((c, find_clause(build, c.title, c.article, c.paragraph, c.item, as_of)) for c in clauses)
    return [Bound(clause, str(provision.id)) for clause, provision in found if provision is not None]
