"""What the evaluation page shows, as values: graded rows, their figures by group, one answer with its evidence."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from app.commands_evaluate import answer_rows, assess_row
from app.workbench.dispute import Dispute, dispute
from evaluator.guardian.assessment import Assessment, Scorer
from evaluator.metrics import Dimension, Figure, Summary, summarise
from kg.problem import InputError


@dataclass(frozen=True, slots=True)
class Run:
    """A file of answers with its grades."""

    name: str
    rows: tuple[dict[str, Any], ...]
    assessed: tuple[Assessment, ...]

    @property
    def summary(self) -> Summary:
        """The figures of the run."""
        return summarise([one.grades for one in self.assessed], [str(row["query"]) for row in self.rows])


@dataclass(frozen=True, slots=True)
class Slice:
    """The share of risky answers and the mean score of a part of a run."""

    name: str
    answers: int
    risky: float | None
    good: dict[str, float]


def graded(
    name: str, content: bytes, scorer: Scorer, day: date, *, progress: Callable[[int, int], None]
) -> Run:
    """Grade the answers of an uploaded CSV or JSON Lines file; InputError names the row that cannot be read."""
    suffix = Path(name).suffix.lower()
    if suffix not in (".csv", ".jsonl"):
        raise InputError(f"{Path(name).name} 既不是 .csv 也不是 .jsonl")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"answers{suffix}"
        path.write_bytes(content)
        try:
            rows = list(answer_rows(path))
        except InputError as error:  # told by the name that the person knows
            raise InputError(str(error).replace(str(path), Path(name).name)) from error
    assessed = []
    for number, (place, row) in enumerate(rows, 1):
        assessed.append(assess_row(scorer, place.replace(str(path), Path(name).name), row, day))
        progress(number, len(rows))
    return Run(Path(name).name, tuple(row for _, row in rows), tuple(assessed))


def disputed_answers(
    run: Run, rules: Scorer, day: date, *, progress: Callable[[int, int], None]
) -> list[Dispute]:
    """The answers of a run that the rules grade otherwise than its scorer did, or that it left ungraded."""
    found = []
    for number, (row, one) in enumerate(zip(run.rows, run.assessed, strict=True), 1):
        again = assess_row(rules, f"第 {number} 行", row, day)
        made = dispute(row, str(row.get("as_of") or day), again, one)
        found += [made] if made else []
        progress(number, len(run.rows))
    return found


def distinct(runs: Sequence[Run]) -> list[Run]:
    """The runs with a number behind each name that another has too."""
    seen: dict[str, int] = {}
    found = []
    for run in runs:
        seen[run.name] = seen.get(run.name, 0) + 1
        found.append(run if seen[run.name] == 1 else replace(run, name=f"{run.name}（{seen[run.name]}）"))
    return found


def figures(runs: Sequence[Run]) -> list[dict[str, str]]:
    """A table of the figures of runs, each with its interval."""
    named: tuple[tuple[str, Callable[[Summary], Figure]], ...] = (
        ("RiskRate", lambda s: s.risk_rate),
        ("QualityScore（均值）", lambda s: s.quality_mean),
        ("QualityScore（加权）", lambda s: s.quality_weighted),
        ("FinalScore（均值）", lambda s: s.final_mean),
        ("FinalScore（加权）", lambda s: s.final_weighted),
    )
    summaries = {run.name: run.summary for run in runs}
    rows = [
        {"": "计入（覆盖率）"} | {n: f"{s.scored}/{s.rows}（{s.coverage:.2f}）" for n, s in summaries.items()}
    ]
    rows += [{"": name} | {n: told(pick(s)) for n, s in summaries.items()} for name, pick in named]
    return rows


def told(figure: Figure) -> str:
    """A figure with its interval, 无 where there is none."""
    return "无" if figure.value is None else f"{figure.value:.3f} [{figure.low:.3f}, {figure.high:.3f}]"


def slices(run: Run, by: Callable[[dict[str, Any], Assessment], Sequence[str]]) -> list[Slice]:
    """The parts of a run, most answers first; an answer may be in several."""
    parts: dict[str, list[Assessment]] = {}
    for row, one in zip(run.rows, run.assessed, strict=True):
        for name in by(row, one):
            parts.setdefault(name or "（未注明）", []).append(one)
    found = [Slice(name, len(group), _risky(group), _good(group)) for name, group in parts.items()]
    return sorted(found, key=lambda one: (-one.answers, one.name))


def by_scene(row: dict[str, Any], _: Assessment) -> Sequence[str]:
    """The scene that a row names."""
    return (str(row.get("scene") or ""),)


def by_model(row: dict[str, Any], _: Assessment) -> Sequence[str]:
    """The model that a row names."""
    return (str(row.get("model") or ""),)


def by_fault(_: dict[str, Any], one: Assessment) -> Sequence[str]:
    """The faults that were found in an answer."""
    return tuple(fault.zh for fault in one.faults)


def _risky(group: Sequence[Assessment]) -> float | None:
    known = [one.grades for one in group if one.grades.r1 is not None and one.grades.r2 is not None]
    return sum(-1 in (g.r1, g.r2) for g in known) / len(known) if known else None


def _good(group: Sequence[Assessment]) -> dict[str, float]:
    found = {}
    for dimension in Dimension:
        grades = [one.grades.of(dimension) for one in group]
        known = [grade for grade in grades if grade is not None]
        if known:
            found[dimension.zh] = sum(grade == dimension.good for grade in known) / len(known)
    return found


@dataclass(frozen=True, slots=True)
class Piece:
    """Words of an answer; `note` says what evidence they are, empty where they are none."""

    text: str
    note: str
    bad: bool


def evidence(answer: str, one: Assessment) -> tuple[Piece, ...]:
    """An answer in pieces, in order and without a character lost; the evidence of bad grades comes before others'."""
    spans: list[tuple[int, int, str, bool]] = []
    for mark in one.marks.values():
        bad = mark.grade is not None and mark.grade == mark.dimension.bad
        for e in mark.evidence:
            spans.append(
                (e.start, e.end, f"{mark.dimension.zh}：{e.fault.zh if e.fault else e.note or '依据'}", bad)
            )
    spans.sort(key=lambda s: (not s[3], s[0], s[1]))
    kept: list[tuple[int, int, str, bool]] = []
    for span in spans:
        if span[0] < span[1] <= len(answer) and all(span[1] <= k[0] or span[0] >= k[1] for k in kept):
            kept.append(span)
    pieces, at = [], 0
    for start, end, note, bad in sorted(kept):
        pieces += [Piece(answer[at:start], "", False)] if start > at else []
        pieces.append(Piece(answer[start:end], note, bad))
        at = end
    return (*pieces, Piece(answer[at:], "", False)) if at < len(answer) else tuple(pieces)
