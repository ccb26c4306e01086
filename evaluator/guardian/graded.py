"""The pack's graded answers, with the text of the governing clause where the build holds it, and their fold.

The answers and their grades are written by a language model and unreviewed; whoever shows figures says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from evaluator.cases import read_cases
from evaluator.folds import Fold
from evaluator.guardian.assessment import Answer
from evaluator.metrics import Dimension, Grades
from kg.build import Build, Text
from kg.identity import Step
from kg.model import Provision
from kg.numerals import parse_numeral
from kg.vocabulary import Kind


@dataclass(frozen=True, slots=True)
class GradedAnswer:
    """An answer with the grades and fault names that its author gave it.

    `place` counts the answers of a case from 0; `twin_of` is the place of the answer that this one is a
    one-fault copy of.
    """

    case: str
    place: int
    fold: Fold
    answer: Answer
    grades: Grades
    faults: tuple[str, ...]
    twin_of: int | None


def read_graded(folder: Path, build: Build, as_of: date) -> Iterator[GradedAnswer]:
    """Every graded answer of a folder of cases, in the order of files and lines."""
    for case in read_cases(folder):
        primary = [gold for gold in case.gold if gold.role == "primary"]
        words = (
            clause_words(build, gold.title, gold.article, gold.paragraph, gold.item, as_of)
            for gold in primary
        )
        reference = next((text for text in words if text), "")
        for place, one in enumerate(case.answers):
            answer = Answer(case.scenario, one.text, as_of, reference, case.scene)
            grades = Grades(*(one.labels.get(dimension) for dimension in Dimension))
            yield GradedAnswer(case.id, place, case.fold, answer, grades, one.faults, one.twin_of)


def clause_words(
    build: Build, title: str, article: str, paragraph: int | None, item: int | None, as_of: date
) -> str:
    """The words of a clause in the version that applies on a day; empty if the build has none."""
    found = find_clause(build, title, article, paragraph, item, as_of)
    return build.text(found.id.expression).words(found) if found is not None else ""


def find_clause(
    build: Build, title: str, article: str, paragraph: int | None, item: int | None, as_of: date
) -> Provision | None:
    """A clause in the version of its work that applies on a day; None if the build has none."""
    for hit in build.titles.lookup(title):
        version = build.in_force(hit.key, as_of)
        if version is None:
            continue
        found = _find(build.text(version[0].id), article, paragraph, item)
        if found is not None:
            return found
    return None


def _find(text: Text, article: str, paragraph: int | None, item: int | None) -> Provision | None:
    number, _, sub = article.removeprefix("第").partition("条")
    try:
        step = Step(Kind.ARTICLE, parse_numeral(number), parse_numeral(sub.removeprefix("之")) if sub else 0)
    except ValueError:
        return None
    found = text.find((step,))
    for kind, wanted in ((Kind.PARAGRAPH, paragraph), (Kind.ITEM, item)):
        if found is None or wanted is None:
            continue
        within = [p for p in text.below(found) if p.kind is kind and p.id.steps[-1].number == wanted]
        found = within[0] if within else found
    return found
