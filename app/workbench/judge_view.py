"""What the pages on verdicts show, as values: marked facts, the proof from conclusion to characters, what-ifs."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from evaluator.explanation import ROLES, explain
from evaluator.fact_words import FactWords
from evaluator.facts import read_facts
from evaluator.proof import ClauseRow, FactRow, FindingRow, VerdictFile
from evaluator.proof_rows import measured_by
from evaluator.verdict import Conclusion

_CONSIDERED = 8


@dataclass(frozen=True, slots=True)
class Told:
    """A piece of the scenario; `kind` is how it was read, empty where it is no fact; `note` what restricts it."""

    text: str
    kind: str
    note: str


@dataclass(frozen=True, slots=True)
class StepRow:
    """One line under a finding: what was asked, the answer, and the words it rests on."""

    name: str
    state: str
    words: str


@dataclass(frozen=True, slots=True)
class FindingView:
    """A norm applied, down to the quoted characters."""

    role: str
    outcome: str
    place: str
    norm: str
    steps: tuple[StepRow, ...]
    quote: str
    sha256: str
    status: str
    link: str


@dataclass(frozen=True, slots=True)
class ClauseView:
    """A governing clause with its words and where it is read in full."""

    name: str
    quote: str
    status: str
    since: str
    link: str


@dataclass(frozen=True, slots=True)
class JudgeView:
    """A verdict as it is drawn."""

    id: str
    headline: str
    concluded: bool
    reason: str
    told: tuple[Told, ...]
    governing: tuple[ClauseView, ...]
    findings: tuple[FindingView, ...]
    hidden: int
    principles: tuple[str, ...]
    missing: tuple[str, ...]
    advice: tuple[str, ...]
    sanctions: tuple[str, ...]
    conflicts: tuple[str, ...]
    cautions: tuple[str, ...]


def judge_view(verdict: VerdictFile, words: FactWords) -> JudgeView:
    """What is drawn of a verdict; findings that only were considered are cut to the weightiest few."""
    clauses = {clause.id: clause for clause in verdict.clauses}
    weighty = [row for row in verdict.findings if row.role != "considered"]
    others = [row for row in verdict.findings if row.role == "considered"]
    shown = [*weighty, *others[:_CONSIDERED]]
    concluded = not verdict.abstained
    sure = "" if verdict.confidence is None else f"（把握 {verdict.confidence:.2f}）"
    headline = f"{Conclusion(verdict.conclusion).zh}{sure}" if concluded else "未下结论"
    return JudgeView(
        id=verdict.id,
        headline=headline,
        concluded=concluded,
        reason=verdict.reason,
        told=marked_facts(verdict.scenario, words),
        governing=tuple(_clause(clauses[one], verdict.as_of) for one in verdict.governing),
        findings=tuple(_finding(row, clauses[row.clause], verdict.as_of) for row in shown),
        hidden=len(verdict.findings) - len(shown),
        principles=verdict.principles,
        missing=verdict.missing_facts,
        advice=tuple(row.text for row in verdict.advice),
        sanctions=tuple(f"《{s.title}》{s.article}：“{s.quote}”" for s in verdict.sanctions),
        conflicts=tuple(f"{c.fact.text.strip('，。；：')}：{c.rule}。{c.reason}" for c in verdict.conflicts),
        cautions=(
            f"按 {verdict.as_of} 的法律，构建 {verdict.build}；不是法律意见，结论模型由模型撰写、未经审核的案例训练。",
            *(
                f"效力待核：《{clauses[one].title}》{clauses[one].article}"
                for one in verdict.unknown_validity
            ),
        ),
    )


def marked_facts(scenario: str, words: FactWords) -> tuple[Told, ...]:
    """The scenario in pieces, in order and without a character lost; facts with how they were read."""
    pieces: list[Told] = []
    at = 0
    for fact in read_facts(scenario, words).facts:
        start, end = fact.part.start, fact.part.end
        if start < at:
            continue
        if start > at:
            pieces.append(Told(scenario[at:start], "", ""))
        notes = [note for note, holds in (("否定", fact.negated), ("未定", not fact.is_settled)) if holds]
        pieces.append(Told(scenario[start:end], fact.kind.zh, "、".join(notes)))
        at = end
    if at < len(scenario):
        pieces.append(Told(scenario[at:], "", ""))
    return tuple(pieces)


def without(scenario: str, switched_off: Collection[str], words: FactWords) -> str:
    """The scenario without the facts whose words are given: what would be judged if they were not so."""
    return "".join(one.text for one in marked_facts(scenario, words) if one.text not in switched_off)


def link(provision: str, as_of: date) -> str:
    """Where the browsing page shows a provision on a day, as seen from another page."""
    return "./?" + urlencode({"id": provision.split("#")[0], "as_of": as_of.isoformat()})


def _name(clause: ClauseRow) -> str:
    return f"《{clause.title}》{clause.article}"


def _clause(clause: ClauseRow, as_of: date) -> ClauseView:
    since = f"{clause.effective_from} 起施行" if clause.effective_from else "施行日期不详"
    return ClauseView(_name(clause), clause.quote, clause.status.zh, since, link(clause.id, as_of))


def _finding(row: FindingRow, clause: ClauseRow, as_of: date) -> FindingView:
    actor = f"{row.actor.text}（{'、'.join(row.actor_parties)}）" if row.actor else ""
    steps = (
        StepRow("规范", row.modality.zh, measured_by(row)),
        StepRow("承担者", row.bearer.zh, actor),
        StepRow("条件", row.condition.zh, _words(row.condition_fact)),
        StepRow("例外", row.exception.zh, _words(row.exception_fact)),
        StepRow("行为", row.conduct.zh, _words(row.conduct_fact)),
    )
    return FindingView(
        ROLES[row.role], row.outcome.zh, _name(clause), row.norm, steps, clause.quote, clause.sha256,
        clause.status.zh, link(row.provision, as_of),
    )  # fmt: skip


def _words(fact: FactRow | None) -> str:
    return f"{fact.span.text.strip()}（第 {fact.span.start}–{fact.span.end} 字）" if fact else ""


def explained(verdicts: Sequence[VerdictFile]) -> str:
    """The proof trees as text, one after another."""
    return "\n\n".join("\n".join(explain(verdict)) for verdict in verdicts) + "\n"
