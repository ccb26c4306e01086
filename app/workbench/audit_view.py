"""What the audit page shows, as values: kept verdicts, which of them changes of law touch, and checks step by step."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from app.workbench.judge_html import document
from app.workbench.judge_pdf import pdf
from app.workbench.judge_view import explained, judge_view
from evaluator.fact_words import shipped_fact_words
from evaluator.proof import VerdictFile
from evaluator.verdict import Conclusion
from evaluator.verdict_store import roles_on
from evaluator.verify import Fault, verify, verify_against
from evaluator.weighing import read_weights
from kg.build import Build
from kg.pack import data_folder

_EPOCH = (
    1980,
    1,
    1,
    0,
    0,
    0,
)  # the earliest day a zip can tell: a pack of one verdict has always the same bytes


@dataclass(frozen=True, slots=True)
class Kept:
    """A kept verdict in one line. `touched` names the texts it rests on that are no longer in force on the day."""

    id: str
    as_of: date
    conclusion: str
    scenario: str
    works: tuple[str, ...]
    touched: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CheckRow:
    """One step of a verification and what was found: nothing, or where it does not hold."""

    step: str
    held: bool
    told: str


def kept_rows(
    build: Build, verdicts: Iterable[tuple[Path, VerdictFile]], *, day: date, on: str = ""
) -> list[Kept]:
    """The kept verdicts, newest day of law first; only those that rest on a provision where `on` names one."""
    rows = []
    for _, verdict in verdicts:
        if on and not roles_on(verdict, on):
            continue
        conclusion = "未下结论" if verdict.abstained else Conclusion(verdict.conclusion).zh
        works = tuple(dict.fromkeys(clause.title for clause in verdict.clauses))
        rows.append(
            Kept(verdict.id, verdict.as_of, conclusion, verdict.scenario, works, touched(build, verdict, day))
        )
    return sorted(rows, key=lambda row: (-row.as_of.toordinal(), row.id))


def touched(build: Build, verdict: VerdictFile, day: date) -> tuple[str, ...]:
    """The texts that a verdict's grounds stand in and that the law of a day has replaced or ended, by title."""
    used = {row.clause for row in verdict.findings if row.role != "considered"} | set(verdict.governing)
    titles = {clause.id: clause.title for clause in verdict.clauses}
    found = []
    for clause in sorted(used):
        expression = clause.split("/")[0]
        held = build.expressions.get(expression)
        applies = build.in_force(expression.split("@")[0], day)
        if held is None or applies is None or str(applies[0].id) != expression:
            found.append(f"《{titles.get(clause, expression)}》{expression.partition('@')[2]} 文本")
    return tuple(dict.fromkeys(found))


def check_rows(verdict: VerdictFile, build: Build) -> list[CheckRow]:
    """The verification step by step: by itself, then against the build."""
    words, digest = shipped_fact_words()
    weights = read_weights(data_folder() / "models" / "verdict")
    own = verify(verdict, words=words, words_digest=digest, weights=weights)
    against = verify_against(verdict, build)
    steps: list[tuple[str, str, Sequence[Fault]]] = [
        ("文件未被改动", "内容的校验值与 id 相同", [f for f in own if f.place in ("id", "scenario_sha256")]),
        (
            "引文与摘要相符",
            f"{len(verdict.clauses)} 条引文",
            [f for f in own if f.place.startswith("clauses")],
        ),
        (
            "认定由各步推出",
            f"{len(verdict.findings)} 项认定",
            [f for f in own if f.place.startswith("findings")],
        ),
        ("事实由情形读出", "与随附词表重读一致", [f for f in own if f.place.startswith("facts")]),
    ]
    placed = {id(fault) for _, _, faults in steps for fault in faults}
    steps.append(("权衡与结论一致", "重算相符", [f for f in own if id(f) not in placed]))
    steps.append(("与当前构建相符", f"构建 {build.id}", against))
    return [
        CheckRow(name, not faults, "；".join(f"{f.place}：{f.text}" for f in faults) if faults else good)
        for name, good, faults in steps
    ]


def audit_pack(verdict: VerdictFile, build: Build) -> bytes:
    """One zip: the verdict, its proof in words and as a page, the checks, and how to check it without this program's pages."""
    words, _ = shipped_fact_words()
    rows = [{"step": r.step, "held": r.held, "told": r.told} for r in check_rows(verdict, build)]
    view = judge_view(verdict, words)
    files: dict[str, str | bytes] = {
        "verdict.json": verdict.to_json(),
        "proof.txt": explained([verdict]),
        "proof.html": document(view),
        "proof.pdf": pdf(view),
        "checks.json": json.dumps({"build": build.id, "checks": rows}, ensure_ascii=False, indent=1) + "\n",
        "README.txt": "离线核验：yilun verify verdict.json；并与构建比对：yilun verify verdict.json --build current\n不是法律意见。\n",
    }
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as pack:
        for name, content in files.items():
            pack.writestr(zipfile.ZipInfo(name, _EPOCH), content)
    return stream.getvalue()
