"""From what was matched to what is found: the rule that every finding of a proof is checked against.

The rule is a total function over closed vocabularies, so that a verifier without a database can apply it
again to the states that a proof records.
"""

from __future__ import annotations

from enum import StrEnum

from kg.norm import Modality


class BearerState(StrEnum):
    """Whether the norm binds somebody in the scenario."""

    MATCHED = "matched"  # an actor is of the kind that the norm binds
    ACTS_FOR = "acts_for"  # an actor's conduct counts for the one whom the norm binds
    UNNAMED = "unnamed"  # the norm names nobody, or somebody whom the list of parties does not know
    ABSENT = "absent"  # nobody of that kind is in the scenario

    @property
    def zh(self) -> str:
        """The Chinese words shown to readers."""
        return _BEARER[self]


class ConditionState(StrEnum):
    """Whether the norm's condition is met."""

    NONE = "none"
    MET = "met"
    UNMET = "unmet"  # the scenario tells the contrary
    UNKNOWN = "unknown"  # the scenario does not say

    @property
    def zh(self) -> str:
        """The Chinese words shown to readers."""
        return _CONDITION[self]


class ExceptionState(StrEnum):
    """Whether an exception to the norm holds."""

    NONE = "none"
    HOLDS = "holds"
    NOT_TOLD = "not_told"  # the norm has one, the scenario tells nothing of it

    @property
    def zh(self) -> str:
        """The Chinese words shown to readers."""
        return _EXCEPTION[self]


class ConductState(StrEnum):
    """Whether the norm's action was done."""

    DONE = "done"
    OMITTED = "omitted"
    UNSETTLED = "unsettled"  # planned, asked, heard of, doubtful, or only spoken of
    NOT_TOLD = "not_told"

    @property
    def zh(self) -> str:
        """The Chinese words shown to readers."""
        return _CONDUCT[self]


class Outcome(StrEnum):
    """What is found about the conduct under one norm."""

    BREACH = "breach"
    COMPLIED = "complied"
    CONDITION_UNMET = "condition_unmet"
    EXCEPTION_HOLDS = "exception_holds"
    UNCLEAR = "unclear"
    NOT_APPLICABLE = "not_applicable"

    @property
    def zh(self) -> str:
        """The Chinese words shown to readers."""
        return _OUTCOME[self]


_BEARER = {
    BearerState.MATCHED: "有行为人属于承担者",
    BearerState.ACTS_FOR: "有行为人的行为可归于承担者",
    BearerState.UNNAMED: "规范未写明（或词表不识）承担者",
    BearerState.ABSENT: "情形中没有承担者",
}
_CONDITION = {
    ConditionState.NONE: "规范不附条件",
    ConditionState.MET: "条件已具备",
    ConditionState.UNMET: "条件不具备",
    ConditionState.UNKNOWN: "条件是否具备，情形未说",
}
_EXCEPTION = {
    ExceptionState.NONE: "规范没有例外",
    ExceptionState.HOLDS: "例外成立",
    ExceptionState.NOT_TOLD: "有例外，情形未提及",
}
_CONDUCT = {
    ConductState.DONE: "已作此行为",
    ConductState.OMITTED: "未作此行为",
    ConductState.UNSETTLED: "是否作此行为未定",
    ConductState.NOT_TOLD: "情形未提及此行为",
}
_OUTCOME = {
    Outcome.BREACH: "违反",
    Outcome.COMPLIED: "符合",
    Outcome.CONDITION_UNMET: "条件不具备，不受其约束",
    Outcome.EXCEPTION_HOLDS: "例外成立",
    Outcome.UNCLEAR: "不明",
    Outcome.NOT_APPLICABLE: "不适用",
}

_WRONG_WHEN_DONE = frozenset({Modality.PROHIBITION, Modality.LIABILITY})


def find(
    modality: Modality,
    *,
    bearer: BearerState,
    condition: ConditionState,
    exception: ExceptionState,
    conduct: ConductState,
) -> Outcome:
    """What follows under one norm. A liability is measured by the conduct that it punishes.

    >>> find(Modality.OBLIGATION, bearer=BearerState.MATCHED, condition=ConditionState.NONE,
    ...      exception=ExceptionState.NONE, conduct=ConductState.OMITTED).zh
    '违反'
    """
    if bearer is BearerState.ABSENT or conduct is ConductState.NOT_TOLD or not modality.is_deontic:
        return Outcome.NOT_APPLICABLE
    if condition is ConditionState.UNMET:
        return Outcome.CONDITION_UNMET
    if exception is ExceptionState.HOLDS:
        return Outcome.EXCEPTION_HOLDS
    if conduct is ConductState.UNSETTLED:
        return Outcome.UNCLEAR
    if modality is Modality.OBLIGATION:
        return Outcome.COMPLIED if conduct is ConductState.DONE else Outcome.BREACH
    if modality in _WRONG_WHEN_DONE:
        return Outcome.BREACH if conduct is ConductState.DONE else Outcome.COMPLIED
    # What is allowed may be done once its condition is met; nobody has to do it.
    allowed = conduct is ConductState.DONE and condition is not ConditionState.UNKNOWN
    return Outcome.COMPLIED if allowed else Outcome.UNCLEAR
