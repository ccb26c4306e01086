"""The guardian in the loop: what becomes of an answer is decided by rules over grades, and every decision is kept.

Sample → grade with reasons → revise with the reasons → accept, reject, or ask a person → rows for the next stage. The
decisions are pure; models and files are at the edge (`alignment.loop_run`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from alignment.prompt import Message
from alignment.rows import PreferenceRow, PromptRow, SftRow
from evaluator.guardian.assessment import Assessment
from evaluator.metrics import Weighting, final_score


class Decision(StrEnum):
    """What becomes of an answer."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    ASKED = "asked"  # waits for a person

    @property
    def zh(self) -> str:
        """The Chinese word shown to readers."""
        return {"accepted": "收入", "rejected": "舍去", "asked": "待人复核"}[self.value]


@dataclass(frozen=True, slots=True)
class Bounds:
    """From which score an answer is accepted, and within which distance of it, or below which certainty, a person is asked."""

    accept: float = 0.7
    doubt: float = 0.15
    certainty: float = 0.6


@dataclass(frozen=True, slots=True)
class Tried:
    """An answer and its grades; `reasons` are the guardian's words on what is wrong with it."""

    text: str
    score: float | None
    certainty: float
    reasons: tuple[str, ...]
    verified: bool


@dataclass(frozen=True, slots=True)
class Decided:
    """One prompt of one round: the first answer, its revision, what was decided, and by whom."""

    round: int
    prompt: str
    first: Tried
    revised: Tried
    decision: Decision
    by: str
    reason: str


def tried(text: str, assessment: Assessment, *, verified: bool) -> Tried:
    """An answer with its score: −1 where risky, else its weighted quality; None where a dimension is unscored."""
    grades = assessment.grades
    bad = [m for m in assessment.marks.values() if m.grade is not None and m.grade == m.dimension.bad]
    certain = [m.probability if m.grade == m.dimension.good else 1 - m.probability for m in assessment.marks.values() if m.probability is not None]  # fmt: skip
    score = final_score(grades, Weighting.WEIGHTED)
    reasons = tuple(f"{m.dimension.value} {m.dimension.zh}：{m.reason}" for m in bad)
    return Tried(text, score, min(certain, default=0.0), reasons, verified)


def decide(number: int, prompt: str, first: Tried, revised: Tried, bounds: Bounds) -> Decided:
    """What becomes of a pair of answers by the guardian alone.

    A citation that was not verified is never accepted, whatever the grades: the checker outranks the guardian.
    """

    def decided(decision: Decision, reason: str) -> Decided:
        return Decided(number, prompt, first, revised, decision, "guardian", reason)

    if revised.score is None:
        return decided(Decision.ASKED, "有维度没有评出")
    if not revised.verified:
        return decided(Decision.REJECTED, "有引用没有核实")
    if revised.score < 0:
        return decided(Decision.REJECTED, "；".join(revised.reasons) or "有风险")
    if abs(revised.score - bounds.accept) < bounds.doubt:
        return decided(Decision.ASKED, f"得分 {revised.score:.2f} 在收舍之间")
    if revised.score >= bounds.accept:
        if revised.certainty < bounds.certainty:
            return decided(Decision.ASKED, f"守护者把握不足（{revised.certainty:.2f}）")
        return decided(Decision.ACCEPTED, f"得分 {revised.score:.2f}，引用均已核实")
    return decided(Decision.REJECTED, "；".join(revised.reasons) or f"得分 {revised.score:.2f}")


def with_people(
    decided: Sequence[Decided], answers: Mapping[str, tuple[Decision, str, str]]
) -> list[Decided]:
    """The decisions with those of people put in: prompt to (decision, who, why). Only what was asked can be answered."""
    found = []
    for one in decided:
        said = answers.get(one.prompt)
        if one.decision is Decision.ASKED and said is not None:
            decision, by, reason = said
            one = Decided(one.round, one.prompt, one.first, one.revised, decision, by, reason)
        found.append(one)
    return found


REVISE = "请按下面指出的问题重写你的回答，格式与编号不变，不得引用没有给出的条款：\n{reasons}"
_NO_FAULT = "请再核对每处引用的条号与原文，确认无误后重写一遍。"


def revision(row: PromptRow, first: Tried) -> list[Message]:
    """The conversation that asks a model to write its answer again with the reasons."""
    told = (
        REVISE.format(reasons="\n".join(f"- {reason}" for reason in first.reasons))
        if first.reasons
        else _NO_FAULT
    )
    return [*row.prompt, {"role": "assistant", "content": first.text}, {"role": "user", "content": told}]


def row_name(one: Decided) -> str:
    """The id of the rows that a decision makes."""
    return f"{one.prompt}/round{one.round}"


def next_rows(
    rows: Mapping[str, PromptRow], decided: Sequence[Decided]
) -> tuple[list[SftRow], list[PreferenceRow]]:
    """The rows of the next round: accepted revisions, and pairs of them with first answers that scored less."""
    sft, pairs = [], []
    for one in decided:
        if one.decision is not Decision.ACCEPTED:
            continue
        row = rows[one.prompt]
        said: list[Message] = [{"role": "assistant", "content": one.revised.text}]
        shared: dict[str, Any] = {"id": row_name(one), "case": row.case, "fold": row.fold}
        sft.append(
            SftRow.model_validate({**shared, "messages": [*row.prompt, *said], "clauses": row.clauses, "kind": "grounded", "as_of": row.as_of})
        )  # fmt: skip
        if (
            one.first.score is not None
            and one.revised.score is not None
            and one.first.score < one.revised.score
        ):
            worse: list[Message] = [{"role": "assistant", "content": one.first.text}]
            fault = one.first.reasons[0].split(" ")[0] if one.first.reasons else "less"
            pairs.append(
                PreferenceRow.model_validate(
                    {**shared, "prompt": row.prompt, "chosen": said, "rejected": worse, "fault": fault}
                )
            )
    return sft, pairs


def goes_on(finals: Sequence[float]) -> bool:
    """Whether another round is worth it: FinalScore of the held-out prompts rose with the last one.

    >>> goes_on([0.2]), goes_on([0.2, 0.3]), goes_on([0.2, 0.3, 0.3])
    (True, True, False)
    """
    return len(finals) < 2 or finals[-1] > finals[-2]
