"""The rule from steps to finding: a table of cases, and that nothing is found where nobody is bound."""

from __future__ import annotations

import itertools

import pytest

from evaluator.finding_rule import (
    BearerState,
    ConditionState,
    ConductState,
    ExceptionState,
    Outcome,
    find,
)
from kg.norm import Modality

B, C, E, D = BearerState, ConditionState, ExceptionState, ConductState


@pytest.mark.parametrize(
    ("modality", "bearer", "condition", "exception", "conduct", "outcome", "note"),
    [
        (Modality.OBLIGATION, B.MATCHED, C.NONE, E.NONE, D.OMITTED, Outcome.BREACH, "应当做而未做"),
        (Modality.OBLIGATION, B.MATCHED, C.MET, E.NONE, D.DONE, Outcome.COMPLIED, "应当做且已做"),
        (Modality.OBLIGATION, B.MATCHED, C.UNMET, E.NONE, D.OMITTED, Outcome.CONDITION_UNMET, "条件不具备"),
        (Modality.PROHIBITION, B.ACTS_FOR, C.NONE, E.NONE, D.DONE, Outcome.BREACH, "不得做而做"),
        (Modality.PROHIBITION, B.MATCHED, C.NONE, E.HOLDS, D.DONE, Outcome.EXCEPTION_HOLDS, "除外情形"),
        (Modality.PROHIBITION, B.MATCHED, C.NONE, E.NOT_TOLD, D.OMITTED, Outcome.COMPLIED, "没有做"),
        (Modality.LIABILITY, B.UNNAMED, C.NONE, E.NONE, D.DONE, Outcome.BREACH, "做了受罚的行为"),
        (Modality.PERMISSION, B.MATCHED, C.MET, E.NONE, D.DONE, Outcome.COMPLIED, "可以做，条件具备"),
        (Modality.PERMISSION, B.MATCHED, C.UNKNOWN, E.NONE, D.DONE, Outcome.UNCLEAR, "条件不知"),
        (Modality.RIGHT, B.MATCHED, C.NONE, E.NONE, D.OMITTED, Outcome.UNCLEAR, "有权而未行使不是违反"),
        (Modality.OBLIGATION, B.MATCHED, C.NONE, E.NONE, D.UNSETTLED, Outcome.UNCLEAR, "打算而未做"),
        (Modality.DEFINITION, B.MATCHED, C.NONE, E.NONE, D.DONE, Outcome.NOT_APPLICABLE, "定义不约束人"),
    ],
)
def test_table(
    modality: Modality,
    bearer: BearerState,
    condition: ConditionState,
    exception: ExceptionState,
    conduct: ConductState,
    outcome: Outcome,
    note: str,
) -> None:
    found = find(modality, bearer=bearer, condition=condition, exception=exception, conduct=conduct)
    assert found is outcome, note


def test_nothing_is_breached_by_nobody_or_untold() -> None:
    for modality, condition, exception in itertools.product(Modality, C, E):
        for bearer, conduct in [*((B.ABSENT, d) for d in D), *((b, D.NOT_TOLD) for b in B)]:
            found = find(modality, bearer=bearer, condition=condition, exception=exception, conduct=conduct)
            assert found is Outcome.NOT_APPLICABLE


def test_every_word_is_named_in_chinese() -> None:
    assert all(word.zh for words in (B, C, E, D, Outcome) for word in words)
