"""What a language model must answer about a scenario, and everything that can be wrong with its answer.

The answer is JSON of a closed form. It is never mended: what does not hold is named, and nothing is
concluded from it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from evaluator.citation_clean import hidden, show_hidden
from evaluator.citation_outcome import CheckedCitation, Outcome
from evaluator.finding_rule import BearerState, ConditionState, ConductState, ExceptionState, find
from evaluator.finding_rule import Outcome as Found
from evaluator.grounds import SUPPORT
from evaluator.proof import ClauseRow, ConclusionWord
from kg.norm import Modality, Norm


class Failure(StrEnum):
    """Why an answer is not a verdict."""

    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    REFUSED = "refused"
    TRUNCATED = "truncated"
    MALFORMED = "malformed"
    NOT_OFFERED = "not_offered"
    ALTERED_QUOTATION = "altered_quotation"
    FACT_NOT_TOLD = "fact_not_told"
    STATES = "states"
    CITATION = "citation"
    NO_GROUND = "no_ground"

    @property
    def zh(self) -> str:
        """The Chinese words shown to readers."""
        return _WORDS[self]


_WORDS = {
    Failure.UNREACHABLE: "模型服务不可用",
    Failure.TIMEOUT: "模型没有在时限内回答",
    Failure.REFUSED: "模型服务拒绝了请求",
    Failure.TRUNCATED: "回答被截断",
    Failure.MALFORMED: "回答不合格式",
    Failure.NOT_OFFERED: "引用了没有给出的条款或规范",
    Failure.ALTERED_QUOTATION: "引文与条款原文不同",
    Failure.FACT_NOT_TOLD: "所据事实不是情形中的文字",
    Failure.STATES: "对规范的认定自相矛盾",
    Failure.CITATION: "说明中的引用有误",
    Failure.NO_GROUND: "没有认定支持结论",
}


class Failed(NamedTuple):
    """One thing that does not hold, with what was found."""

    kind: Failure
    text: str


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class AnswerFinding(_Part):
    """A norm applied: `norm` names it by the label given, facts are words of the scenario."""

    norm: str
    quote: str = Field(min_length=1)
    bearer: BearerState
    actor: str | None
    condition: ConditionState
    condition_fact: str | None
    exception: ExceptionState
    exception_fact: str | None
    conduct: ConductState
    conduct_fact: str | None

    def outcome(self, modality: Modality) -> Found:
        """What follows from the states by the rule that every finding follows from."""
        return find(
            modality, bearer=self.bearer, condition=self.condition, exception=self.exception,
            conduct=self.conduct,
        )  # fmt: skip

    def facts(self) -> Iterator[tuple[str, str | None, bool]]:
        """Each place for words of the scenario: its name, the words, and whether there must be some."""
        bound = self.bearer in (BearerState.MATCHED, BearerState.ACTS_FOR)
        yield "actor", self.actor, bound
        settled = self.condition in (ConditionState.MET, ConditionState.UNMET)
        yield "condition_fact", self.condition_fact, settled
        yield "exception_fact", self.exception_fact, self.exception is ExceptionState.HOLDS
        yield "conduct_fact", self.conduct_fact, self.conduct is not ConductState.NOT_TOLD


class Answer(_Part):
    """The whole answer."""

    conclusion: ConclusionWord
    confidence: float = Field(ge=0, le=1)
    reason: str = Field(min_length=1)
    governing: list[str]
    findings: list[AnswerFinding]
    missing_facts: list[str]


def parse_answer(text: str) -> Answer | Failed:
    """The answer that a text is; a fence, a preface or one field too many is a failure, not something to mend."""
    try:
        return Answer.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "全文"
        return Failed(Failure.MALFORMED, f"{where}：{first['msg']}")


class Offered(NamedTuple):
    """A norm that the model was given, and the clause that it stands in."""

    norm: Norm
    clause: ClauseRow


def failures(
    answer: Answer,
    *,
    scenario: str,
    clauses: Mapping[str, str],
    norms: Mapping[str, Offered],
    cite: Callable[[str], Sequence[CheckedCitation]],
) -> list[Failed]:
    """Everything that does not hold; `clauses` are the ids of the clauses given, by label, `norms` the norms."""
    found = [
        Failed(Failure.NOT_OFFERED, f"条款 {label}") for label in answer.governing if label not in clauses
    ]
    for own in answer.findings:
        offered = norms.get(own.norm)
        if offered is None:
            found.append(Failed(Failure.NOT_OFFERED, f"规范 {own.norm}"))
            continue
        if own.quote not in offered.clause.quote:
            found.append(Failed(Failure.ALTERED_QUOTATION, f"{own.norm}：“{own.quote}”"))
        found += _of_facts(own, scenario)
        found += _of_states(own, offered.norm)
    for written in (answer.reason, *answer.missing_facts):
        checked = cite(written)
        found += _of_citations(checked, set(clauses.values()))
        found += _of_titles(written, checked, set(clauses.values()))
        if unseen := hidden(written):
            found.append(Failed(Failure.MALFORMED, f"“{show_hidden(written)}”：{unseen}"))
    outcomes = {own.outcome(norms[own.norm].norm.modality) for own in answer.findings if own.norm in norms}
    if answer.conclusion != "undetermined" and not outcomes & SUPPORT[answer.conclusion]:
        said = "、".join(sorted(o.zh for o in outcomes)) or "没有认定"
        found.append(Failed(Failure.NO_GROUND, f"结论 {answer.conclusion}，认定为：{said}"))
    return found


def _of_facts(own: AnswerFinding, scenario: str) -> Iterator[Failed]:
    for name, words, needed in own.facts():
        if words is not None and (not words or words not in scenario):
            yield Failed(Failure.FACT_NOT_TOLD, f"{own.norm} {name}：“{words}”")
        if needed != (words is not None):
            said = "须有情形中的文字" if needed else "没有作此认定，不得有文字"
            yield Failed(Failure.STATES, f"{own.norm} {name}：{said}")


def _of_states(own: AnswerFinding, norm: Norm) -> Iterator[Failed]:
    if (norm.exception is None) != (own.exception is ExceptionState.NONE):
        yield Failed(Failure.STATES, f"{own.norm}：例外的有无与规范不符")
    # What a liability punishes is its condition: it is measured as conduct.
    if norm.modality is Modality.LIABILITY:
        if own.condition is not ConditionState.NONE:
            yield Failed(Failure.STATES, f"{own.norm}：责任规范的条件按行为认定，condition 应为 none")
    elif (norm.condition is None) != (own.condition is ConditionState.NONE):
        yield Failed(Failure.STATES, f"{own.norm}：条件的有无与规范不符")


def _of_citations(checked: Sequence[CheckedCitation], clauses: set[str]) -> Iterator[Failed]:
    for one in checked:
        if one.outcome is not Outcome.VERIFIED:
            yield Failed(Failure.CITATION, f"“{one.surface}”：{one.outcome.value}，{one.evidence}")
        elif one.resolved and not any(_touch(one.resolved, clause) for clause in clauses):
            yield Failed(Failure.NOT_OFFERED, f"“{one.surface}”（{one.resolved}）")


_TITLE = re.compile("《(?P<title>[^《》]{1,80})》")


def _of_titles(reason: str, checked: Sequence[CheckedCitation], clauses: set[str]) -> Iterator[Failed]:
    """A document named in the reason that no clause given is of, even where what follows it is no citation of law."""
    works = {_short(clause.partition("@")[0]) for clause in clauses}
    for match in _TITLE.finditer(reason):
        judged = any(match[0] in one.surface for one in checked)
        if not judged and _short(match["title"]) not in works:
            yield Failed(Failure.NOT_OFFERED, f"“{match[0]}”不是给出的条款所在的文件")


def _short(title: str) -> str:
    return title.strip().removeprefix("中华人民共和国")


def _touch(first: str, second: str) -> bool:
    return (first + "/").startswith(second + "/") or (second + "/").startswith(first + "/")


def answer_schema() -> dict[str, Any]:
    """The JSON Schema that the model is asked to keep to."""
    return Answer.model_json_schema()


def describe(failed: Sequence[Failed], as_of: date) -> str:
    """All failures in one sentence."""
    told = "；".join(f"{one.kind.zh}（{one.text}）" for one in failed)
    return f"语言模型的回答没有通过核对，不下结论（按 {as_of} 的法律）：{told}"
