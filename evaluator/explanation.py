"""A verdict's proof tree as lines of Chinese text, from the conclusion down to the quoted characters."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.proof import ClauseRow, ConflictRow, FactRow, FindingRow, VerdictFile
from evaluator.proof_rows import measured_by
from evaluator.verdict import Conclusion
from kg.precedence import Outcome as Answer

ROLES = {"grounds": "依据", "against": "相反", "considered": "一并考虑"}
"""How a finding bears on the conclusion, in the words shown to readers."""
_SHOWN = 6
_EVIDENCE = {"base": "起点", "findings": "逐条认定", "facts": "叙述方式", "words": "用词", "text": "文意"}


def explain(verdict: VerdictFile) -> Iterator[str]:
    """The tree, one line at a time; findings that only were considered are cut to the weightiest few."""
    if verdict.abstained:
        yield f"结论：未下结论 — {verdict.reason}"
    else:
        yield f"结论：{Conclusion(verdict.conclusion).zh}（把握 {verdict.confidence:.2f}）— {verdict.reason}"
    origin = (
        f"由语言模型 {verdict.llm.model} 作出，把握为其自称"
        if verdict.llm
        else "结论模型由未经专家审核的案例训练"
    )
    yield f"按 {verdict.as_of} 的法律，构建 {verdict.build}；不是法律意见，{origin}"
    clauses = {clause.id: clause for clause in verdict.clauses}
    shown = [row for row in verdict.findings if row.role != "considered"]
    shown += [row for row in verdict.findings if row.role == "considered"][: max(0, _SHOWN - len(shown))]
    for row in shown:
        yield from _finding(row, clauses[row.clause])
    if len(shown) < len(verdict.findings):
        yield f"（另有 {len(verdict.findings) - len(shown)} 项认定，见文件）"
    for sanction in verdict.sanctions:
        yield f"可及的责任：《{sanction.title}》{sanction.article}  {sanction.sanction}"
        yield f"  “{_flat(sanction.quote)}”"
    for conflict in verdict.conflicts:
        yield from _conflict(conflict)
    for title, lines in (
        ("原则", verdict.principles),
        ("尚缺的事实", verdict.missing_facts),
        ("规范的要求", tuple(row.text for row in verdict.advice)),
    ):
        if lines:
            yield f"{title}："
            yield from (f"  - {line}" for line in lines)
    for identifier in verdict.unknown_validity:
        yield f"效力待核：《{clauses[identifier].title}》{clauses[identifier].article}"
    yield "可能适用的条款："
    for identifier in verdict.governing:
        yield from _clause(clauses[identifier])
    if verdict.weighing is not None:
        yield "权衡（各类证据对“不合规、合规、附条件可行、未定”的加减）："
        # In the order of the names here: that of the file is alphabetical, that of a fresh verdict is not.
        for name in sorted(verdict.weighing.evidence, key=list(_EVIDENCE).index):
            values = verdict.weighing.evidence[name]
            yield f"  {_EVIDENCE[name]}：" + "  ".join(f"{value:+.2f}" for value in values)
        chances = "  ".join(f"{value:.2f}" for value in verdict.weighing.probabilities)
        yield f"  概率：{chances}；门槛 {verdict.weighing.threshold:.2f}"


def _finding(row: FindingRow, clause: ClauseRow) -> Iterator[str]:
    yield f"├ {ROLES[row.role]}：{row.outcome.zh}  《{clause.title}》{clause.article}  {row.norm}"
    words = measured_by(row)
    yield f"│  ├ 规范（{row.modality.zh}，{row.method.value}）：{words or '（见引文）'}"
    actor = f"“{row.actor.text}”（{'、'.join(row.actor_parties)}）" if row.actor else ""
    yield f"│  ├ 承担者：{row.bearer.zh} {actor}".rstrip()
    yield f"│  ├ 条件：{row.condition.zh} {_fact(row.condition_fact)}".rstrip()
    yield f"│  ├ 例外：{row.exception.zh} {_fact(row.exception_fact)}".rstrip()
    yield f"│  ├ 行为：{row.conduct.zh} {_fact(row.conduct_fact)}" + _alike(row)
    yield f"│  └ 引文：“{_flat(clause.quote)}” [{clause.status.zh}] sha256 {clause.sha256[:16]}"


_ANSWERS = {
    Answer.FIRST: "前者优先",
    Answer.SECOND: "后者优先",
    Answer.BOTH: "各自适用，并不冲突",
    Answer.NEITHER: "都不适用",
    Answer.UNDETERMINED: "孰先孰后不能断定",
}


def _conflict(row: ConflictRow) -> Iterator[str]:
    yield f"两条规范对“{row.fact.text.strip('，。；：')}”指向不同（若不能兼顾）：{_ANSWERS[row.answer]}，{row.rule}"
    yield f"  ├ 有违：{row.broken}" + ("（让位）" if row.losing == row.broken else "")
    yield f"  ├ 合乎：{row.kept}" + ("（让位）" if row.losing == row.kept else "")
    basis = f"（{'、'.join(row.basis)}）" if row.basis else ""
    yield f"  ├ 理由：{row.reason}{basis}" + (f"；由{row.decider}" if row.decider else "")
    yield from (f"  ├ 注意：{caution}" for caution in row.cautions)
    pulls = "、".join(row.principles_broken) or "（未标）", "、".join(row.principles_kept) or "（未标）"
    yield f"  └ 原则：{pulls[0]} 与 {pulls[1]}"


def _alike(row: FindingRow) -> str:
    return f"（相似度 {row.likeness:.2f}）" if row.likeness else ""


def _fact(row: FactRow | None) -> str:
    if row is None:
        return ""
    return f"“{row.span.text.strip()}”[{row.span.start}–{row.span.end}，{row.kind.zh}]"


def _clause(clause: ClauseRow) -> Iterator[str]:
    begins = f"{clause.effective_from} 起施行" if clause.effective_from else "施行日期不详"
    yield f"- 《{clause.title}》{clause.article}  [{clause.status.zh}，{begins}]"
    yield f"  “{_flat(clause.quote)}”"
    yield f"  {clause.id}  sha256 {clause.sha256[:16]}"


def _flat(text: str) -> str:
    return " ".join(text.split("\n"))
