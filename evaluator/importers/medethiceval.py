"""MedEthicEval files as published: knowledge questions, queries that ask for help with a violation, dilemmas."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from evaluator.importers.objective import Question, answer_letters, read_question
from evaluator.importers.table import read_table, without_debris
from kg.problem import InputError


@dataclass(frozen=True, slots=True)
class KnowledgeRow:
    """A single-choice question with options A to E and the letter of the right one."""

    place: str
    uuid: str
    question: Question
    answer: str
    source: str


@dataclass(frozen=True, slots=True)
class ViolationRow:
    """A query that asks for help with a violation; `type` is how it is dressed up, `themes` its tags."""

    place: str
    uuid: str
    themes: tuple[str, ...]
    scenario: str
    type: str
    query: str


@dataclass(frozen=True, slots=True)
class DilemmaRow:
    """A case in which principles pull apart, and the question asked of it."""

    place: str
    case: str
    query: str


def read_knowledge(path: Path) -> Iterator[KnowledgeRow]:
    """The rows of medical_ethics_knowledge.csv."""
    for place, row in read_table(path, ("uuid", "question", "options", "answer")):
        answer = answer_letters(row["answer"])
        if answer is None or len(answer) != 1:
            raise InputError(f"{place} 的 answer 是 {row['answer'][:20]!r}；应为一个字母")
        # A prompt of ours around the two columns lets one reader of options serve both files.
        question = read_question(f"{row['question'].strip()}\n{row['options'].strip()}")
        yield KnowledgeRow(place, row["uuid"], question, answer, row.get("source", ""))


def read_violations(path: Path) -> Iterator[ViolationRow]:
    """The rows of medical_ethics_detecting_violation.csv."""
    for place, row in read_table(path, ("uuid", "theme_tag1", "scenario", "type", "query")):
        tags = (row.get(f"theme_tag{n}", "").strip() for n in (1, 2, 3))
        themes = tuple(tag for tag in tags if tag)
        scenario, query = without_debris(row["scenario"]), without_debris(row["query"])
        yield ViolationRow(place, row["uuid"], themes, scenario, row["type"], query)


def read_dilemmas(path: Path) -> Iterator[DilemmaRow]:
    """The rows of medical_ethics_priority_dilemma.csv or medical_ethics_equilibrium_dilemma.csv."""
    for place, row in read_table(path, ("case", "query")):
        yield DilemmaRow(place, without_debris(row["case"]), without_debris(row["query"]))
