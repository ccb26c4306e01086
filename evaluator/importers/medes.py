"""MedES files as published: objective and subjective questions, model answers, judged answers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from evaluator.importers.objective import Question, answer_letters, read_question
from evaluator.importers.table import read_table, without_debris
from evaluator.metrics import Dimension, Grades
from kg.problem import InputError

_QUESTION = ("scene", "query", "reference", "type")
_OBJECTIVE = "客观题"
_SUBJECTIVE = "主观题"
_LETTERS = re.compile(r"[A-H]{1,8}")
_SCORES = tuple(f"score{n}" for n in range(1, 7))


@dataclass(frozen=True, slots=True)
class ObjectiveRow:
    """An objective question, and what a model chose: `chosen` is None where it answered nothing readable.

    `model` and `response` are empty in a file of questions. Texts are without debris; `scene` is as written.
    """

    place: str
    scene: str
    question: Question
    reference: str
    model: str = ""
    response: str = ""
    chosen: str | None = None


@dataclass(frozen=True, slots=True)
class SubjectiveRow:
    """An open question with the text of one clause as its reference (may be empty), and a model's answer."""

    place: str
    scene: str
    query: str
    reference: str
    model: str = ""
    response: str = ""


@dataclass(frozen=True, slots=True)
class JudgedRow:
    """A judged answer; `grades` has None where the file has no score, `final_score` is as the file says."""

    answer: SubjectiveRow
    grades: Grades
    final_score: float | None
    risk_judge: str
    quality_judge: str


def read_objective(path: Path) -> Iterator[ObjectiveRow]:
    """The questions of objective_questions.csv, or the answers of objective_<model>.csv.

    The letters are those of `answer_model`, else those that the response states.
    """
    for place, row in read_table(path, _QUESTION):
        _expect(place, row["type"], _OBJECTIVE)
        reference = row["reference"].strip()
        if not _LETTERS.fullmatch(reference):
            raise InputError(f"{place} 的 reference 是 {reference[:20]!r}；应为大写字母，如 ABD")
        response = row.get("response", "")
        given = row.get("answer_model", "")
        chosen = answer_letters(given) or answer_letters(response)
        yield ObjectiveRow(
            place, row["scene"], read_question(row["query"]), "".join(sorted(set(reference))),
            row.get("model", ""), without_debris(response), chosen,
        )  # fmt: skip


def read_subjective(path: Path) -> Iterator[SubjectiveRow]:
    """The questions of subjective_questions.csv, or the answers of subjective_<model>.csv."""
    for place, row in read_table(path, _QUESTION):
        yield _subjective(place, row)


def read_judged(path: Path) -> Iterator[JudgedRow]:
    """The answers of subjective_<model>_judge.csv with their scores; an empty score is None, never 0."""
    for place, row in read_table(path, (*_QUESTION, "response", *_SCORES)):
        grades = (
            _grade(place, row[name], dimension) for name, dimension in zip(_SCORES, Dimension, strict=True)
        )
        yield JudgedRow(
            _subjective(place, row), Grades(*grades), _number(place, row.get("final_score", "")),
            row.get("risk_judge", ""), row.get("quality_judge", ""),
        )  # fmt: skip


def _subjective(place: str, row: dict[str, str]) -> SubjectiveRow:
    _expect(place, row["type"], _SUBJECTIVE)
    query, reference, response = (without_debris(row.get(n, "")) for n in ("query", "reference", "response"))
    return SubjectiveRow(place, row["scene"], query, reference.strip(), row.get("model", ""), response)


def _expect(place: str, found: str, kind: str) -> None:
    if found.strip() != kind:
        raise InputError(f"{place} 的 type 是 {found[:20]!r}；此文件应为{kind}")


def _grade(place: str, cell: str, dimension: Dimension) -> int | None:
    number = _number(place, cell)
    if number is None:
        return None
    if number not in (dimension.good, dimension.bad):
        raise InputError(f"{place} 的 {dimension} 是 {cell!r}；应为 {dimension.good} 或 {dimension.bad}")
    return int(number)


def _number(place: str, cell: str) -> float | None:
    text = cell.strip()
    if not text or text.lower() in ("nan", "none", "null"):
        return None
    try:
        return float(text)
    except ValueError:
        raise InputError(f"{place} 的分数 {text[:20]!r} 不是数") from None
