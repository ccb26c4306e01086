"""`yilun calibrate`: the guardian held against experts' grades, and its probabilities set right by them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.commands_evaluate import Tier, scorer_of
from app.terminal import (
    AsOfOption,
    BuildOption,
    HomeOption,
    JsonOption,
    open_build,
    print_json,
    read_day,
    talk,
)
from kg.home import Home

if TYPE_CHECKING:
    from evaluator.guardian.experts import Agreement, Graded


def calibrate(
    grades: Annotated[
        Path,
        typer.Argument(help="专家评分 CSV：query、response、R1…Q4（空为未评），可有 expert、reference 列"),
    ],
    out: Annotated[
        Path, typer.Option("--out", help="校准写到此 JSON 文件，供 yilun evaluate --calibration 使用")
    ],
    tier: Annotated[Tier, typer.Option("--tier", help="校准哪一级评分器")] = Tier.LEARNED,
    home: HomeOption = None,
    build: BuildOption = None,
    as_of: AsOfOption = None,
    as_json: JsonOption = False,
) -> None:
    """用专家评分校准评分器：报告一致性（kappa），校准前后对照（后者按情形交叉验证）。

    例：yilun calibrate experts.csv --out calibration.json
    """
    from evaluator.guardian.assessment import Answer
    from evaluator.guardian.experts import Settings, between_experts, read_expert_grades
    from evaluator.importers.table import without_debris

    day = read_day(as_of)
    place = Home.resolve(home, os.environ)
    scorer = scorer_of(tier, open_build(place, build), place)
    graded = read_expert_grades(grades)
    assessed = []
    for one in graded:
        query, response, reference = (
            without_debris(one.row.get(n) or "") for n in ("query", "response", "reference")
        )
        stated = (one.row.get("as_of") or "").strip()
        assessed.append(scorer.score(Answer(query, response, read_day(stated) if stated else day, reference)))
    rows, settings = _compared(graded, assessed)
    among = between_experts(graded)
    written = Settings(scorer=scorer.name, labels=len(graded), settings=settings)
    out.write_text(written.model_dump_json(indent=1) + "\n", encoding="utf-8")
    talk(
        f"{len(graded)} 行专家评分，{len({g.expert for g in graded})} 位专家；校准了 {len(settings)} 个维度，写入 {out}"
    )
    for row in rows:
        row["between_experts"] = _plain(among[row["dimension"]])
    if as_json:
        print_json({"scorer": scorer.name, "labels": len(graded), "dimensions": rows})
        return
    for row in rows:
        parts = (f"{label} {_words(row[key])}" for label, key in _SHOWN if row[key])
        print(f"{row['dimension']}  " + "；".join(parts))


_SHOWN = (("评分器与专家", "before"), ("校准后", "after"), ("专家之间", "between_experts"))


def _compared(graded: list[Graded], assessed: list[Any]) -> tuple[list[dict[str, Any]], dict[Any, Any]]:
    from evaluator.guardian.experts import agreement, event_of, recalibrate
    from evaluator.metrics import Dimension

    rows, settings = [], {}
    for d in Dimension:
        both = [(g, a.marks[d]) for g, a in zip(graded, assessed, strict=True) if d in g.grades]
        before = agreement([(g.grades[d], m.grade) for g, m in both if m.grade is not None])
        known = [(g, event_of(m.probability, d)) for g, m in both if m.probability is not None]
        event = d.bad if d.is_risk else d.good
        found = recalibrate(
            [e for _, e in known],
            [g.grades[d] == event for g, _ in known],
            [g.row["query"] for g, _ in known],
        )
        after = None
        if found:
            settings[d], said = found
            other = d.good if d.is_risk else d.bad
            after = agreement(
                [(g.grades[d], event if s else other) for (g, _), s in zip(known, said, strict=True)]
            )
        rows.append({"dimension": d, "before": _plain(before), "after": _plain(after) if after else None})
    return rows, settings


def _plain(found: Agreement) -> dict[str, Any]:
    return {"n": found.n, "accuracy": found.accuracy, "kappa": found.kappa}


def _words(found: dict[str, Any]) -> str:
    if not found["n"]:
        return "无"
    kappa = "无法计算" if found["kappa"] is None else f"{found['kappa']:.3f}"
    return f"n={found['n']} 一致 {found['accuracy']:.3f} kappa {kappa}"
