"""Two verdicts side by side, as values: what both rest on, what only one does."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from app.workbench.judge_view import JudgeView


@dataclass(frozen=True, slots=True)
class Shared:
    """One aspect of two verdicts: what both have, what only the first has, what only the second."""

    name: str
    both: tuple[str, ...]
    first: tuple[str, ...]
    second: tuple[str, ...]


def side_by_side(first: JudgeView, second: JudgeView) -> tuple[Shared, ...]:
    """Clauses, findings that decide, principles, missing facts, requirements and liabilities of two verdicts."""
    pairs = (
        ("可能适用的条款", [one.name for one in first.governing], [one.name for one in second.governing]),
        ("据以认定的规范", _grounds(first), _grounds(second)),
        ("牵涉的原则", first.principles, second.principles),
        ("尚缺的事实", first.missing, second.missing),
        ("规范的要求", first.advice, second.advice),
        ("可及的责任", first.sanctions, second.sanctions),
    )
    return tuple(_shared(name, one, other) for name, one, other in pairs)


def _grounds(view: JudgeView) -> list[str]:
    return [f"{one.place}：{one.outcome}" for one in view.findings if one.role == "依据"]


def _shared(name: str, first: Iterable[str], second: Iterable[str]) -> Shared:
    mine, theirs = tuple(dict.fromkeys(first)), tuple(dict.fromkeys(second))
    return Shared(
        name,
        tuple(one for one in mine if one in theirs),
        tuple(one for one in mine if one not in theirs),
        tuple(one for one in theirs if one not in mine),
    )
