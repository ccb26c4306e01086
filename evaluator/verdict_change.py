"""What differs between two verdicts on one scenario, as by the law of two days: step by step, with the texts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from evaluator.proof import ClauseRow, FindingRow, VerdictFile
from evaluator.proof_rows import measured_by
from evaluator.verdict import Conclusion

_SHOWN = 12


class Step(NamedTuple):
    """A norm applied in one of the verdicts or in both; `None` where that verdict does not apply it."""

    before: FindingRow | None
    after: FindingRow | None


def steps(before: VerdictFile, after: VerdictFile) -> list[Step]:
    """The norms of both verdicts side by side: first those of one id, then those with the same words.

    A text that was replaced as a whole gives its norms new ids and often new numbers; where the action reads
    the same, it is the same step.
    """
    first, second = ({row.norm: row for row in verdict.findings} for verdict in (before, after))
    found = [Step(first[norm], second[norm]) for norm in first if norm in second]
    left = [row for norm, row in first.items() if norm not in second]
    right = [row for norm, row in second.items() if norm not in first]
    for row in left:
        other = next((one for one in right if _words(one) and _words(one) == _words(row)), None)
        if other is not None:
            right.remove(other)
        found.append(Step(row, other))
    return found + [Step(None, row) for row in right]


def _words(row: FindingRow) -> tuple[str, str]:
    words = measured_by(row)
    return (row.modality.value, words) if words else ("", "")


def explain_change(before: VerdictFile, after: VerdictFile) -> Iterator[str]:
    """The change in Chinese, one line at a time: conclusion, texts that came or went, steps that changed."""
    days = before.as_of, after.as_of
    if (before.conclusion, before.abstained) == (after.conclusion, after.abstained):
        yield f"结论未变：{_told(before)}（{days[0]} 与 {days[1]}）"
    else:
        yield f"结论由“{_told(before)}”（{days[0]}）变为“{_told(after)}”（{days[1]}）"
    texts = [{c.id.split("/")[0]: c for c in verdict.clauses} for verdict in (before, after)]
    for kind, own, other in (("不再引用的文本", texts[0], texts[1]), ("新引用的文本", texts[1], texts[0])):
        for expression in sorted(set(own) - set(other)):
            clause = own[expression]
            begins = f"，{clause.effective_from} 起施行" if clause.effective_from else ""
            yield f"{kind}：《{clause.title}》（{expression.split('@')[-1]} 文本{begins}）"
    clauses = [{c.id: c for c in verdict.clauses} for verdict in (before, after)]
    changed = [(step, line) for step in steps(before, after) if (line := _step(step, clauses[0], clauses[1]))]
    # Grounds and what speaks against come first: a verdict has a score of other findings.
    lines = [line for _, line in sorted(changed, key=lambda pair: _weight(pair[0]))]
    weighty = sum(_weight(step) < len(_ROLES) for step, _ in changed)
    yield f"有变化的步骤：{len(changed)}（其中依据或相反者 {weighty}）"
    yield from lines[:_SHOWN]
    if len(lines) > _SHOWN:
        yield f"（另有 {len(lines) - _SHOWN} 步，见两份结论文件）"


_ROLES = ("grounds", "against")


def _weight(step: Step) -> int:
    """How little the step bears on a conclusion: 0 for a ground in either verdict, 1 for one against it, else 2."""
    roles = [row.role for row in step if row is not None]
    return min((_ROLES.index(role) for role in roles if role in _ROLES), default=len(_ROLES))


def _told(verdict: VerdictFile) -> str:
    return "未下结论" if verdict.abstained else Conclusion(verdict.conclusion).zh


def _step(step: Step, before: Mapping[str, ClauseRow], after: Mapping[str, ClauseRow]) -> str | None:
    old, new = step
    if old is None and new is not None:
        return f"+ {new.outcome.zh}：{_place(new, after)}{_action(new)}"
    if new is None and old is not None:
        return f"- {old.outcome.zh}：{_place(old, before)}{_action(old)}"
    assert old is not None and new is not None
    places = _place(old, before), _place(new, after)
    if old.norm != new.norm:
        same = (
            "，认定不变"
            if old.outcome is new.outcome
            else f"，认定由“{old.outcome.zh}”变为“{new.outcome.zh}”"
        )
        return f"~ {places[0]} → {places[1]}{_action(new)}：规范文字相同{same}"
    if old.outcome is not new.outcome:
        return f"~ {places[0]}{_action(new)}：认定由“{old.outcome.zh}”变为“{new.outcome.zh}”"
    return None


def _place(row: FindingRow, clauses: Mapping[str, ClauseRow]) -> str:
    clause = clauses[row.clause]
    return f"《{clause.title}》{clause.article}（{row.norm.split('/')[0].split('@')[-1]}）"


def _action(row: FindingRow) -> str:
    words = measured_by(row)
    return f"“{words}”" if words else ""
