"""`yilun evaluate`: model answers graded against the law, and what the grades come to."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.terminal import (
    AsOfOption,
    BuildOption,
    HomeOption,
    JsonOption,
    open_build,
    print_json,
    read_day,
    read_rows,
    talk,
    write_lines,
)
from kg.home import Home
from kg.problem import InputError

if TYPE_CHECKING:
    from evaluator.guardian.assessment import Assessment, Scorer
    from evaluator.metrics import Figure, Summary
    from kg.build import Build

_REQUIRED = ("scene", "query", "reference", "response")
_ADDED = ("R1", "R2", "Q1", "Q2", "Q3", "Q4", "reasons")
CAUTION = "评分器以模型撰写、未经专家审核的标注训练与检验；分数不是专家意见；R2 为 0 不等于建议安全"


class Tier(StrEnum):
    """Who grades."""

    RULES = "rules"
    LEARNED = "learned"
    ENCODER = "encoder"
    LLM = "llm"


def evaluate(
    answers: Annotated[Path, typer.Argument(help="CSV 或 JSONL，含 scene、query、reference、response 列")],
    out: Annotated[Path, typer.Option("--out", help="评分写到此文件：.csv 或 .jsonl")],
    tier: Annotated[
        Tier,
        typer.Option(
            "--tier",
            help="rules 只凭条文与词表；learned 另加训练的分类器；encoder 再加语义向量；llm 由 --model 所指的语言模型评",
        ),
    ] = Tier.LEARNED,
    model: Annotated[
        str, typer.Option("--model", help="--tier llm 用的模型，如 openai:NAME（LangChain 的写法）")
    ] = "",
    calibration: Annotated[
        Path | None, typer.Option("--calibration", help="yilun calibrate 按专家评分写出的校准文件")
    ] = None,
    report: Annotated[
        Path | None, typer.Option("--report", help="另写一页 HTML 报告；有 model 列的按模型并列比较")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="区间重抽样的种子")] = 0,
    home: HomeOption = None,
    build: BuildOption = None,
    as_of: AsOfOption = None,
    as_json: JsonOption = False,
) -> None:
    """给回答评分：R1 合规、R2 安全（0 或 -1），Q1–Q4（0 或 1），空为未评；并汇总 RiskRate、QualityScore、FinalScore。

    例：yilun evaluate answers.csv --out scores.csv
    """
    from evaluator.metrics import summarise

    day = read_day(as_of)
    rows = list(answer_rows(answers))
    place = Home.resolve(home, os.environ)
    opened = open_build(place, build)
    scorer = scorer_of(tier, opened, place, model=model)
    if calibration:
        from evaluator.guardian.experts import Recalibrated, read_settings

        scorer = Recalibrated(scorer, read_settings(calibration))
    talk(f"{len(rows)} 份回答，评分器 {scorer.name}，构建 {opened.id}；{CAUTION}")
    assessed = [assess_row(scorer, place, row, day) for place, row in rows]
    graded = [{**row, **added(a)} for (_, row), a in zip(rows, assessed, strict=True)]
    _write(out, graded)
    if report:
        facts = {"评分器": scorer.name, "构建": opened.id, "基准日": day.isoformat(), "文件": answers.name}
        written = report_of(opened, [row for _, row in rows], assessed, facts, seed)
        partial = report.with_name(report.name + ".partial")
        partial.write_text(written, encoding="utf-8", newline="\n")
        partial.replace(report)
    summary = summarise([a.grades for a in assessed], [str(row["query"]) for _, row in rows], seed=seed)
    if as_json:
        print_json(summary_row(summary, scorer=scorer.name, build=opened.id, as_of=day, seed=seed))
    else:
        for line in summary_lines(summary):
            print(line)


def scorer_of(tier: Tier, build: Build, home: Home, *, model: str = "") -> Scorer:
    """The scorer of a tier; InputError if the build lacks what it needs."""
    if tier is Tier.RULES:
        from evaluator.guardian.rules import RuleScorer

        return RuleScorer(build)
    from evaluator.guardian.learned import LearnedScorer

    if tier is Tier.LEARNED:
        return LearnedScorer(build)
    if tier is Tier.LLM:
        return _llm(build, model)
    from evaluator.guardian.fit import open_vectors

    vectors = open_vectors(build, home.cache)
    if vectors is None:
        raise InputError(
            "这一构建没有语义向量，不能用 --tier encoder；请改用 learned，或重新运行 yilun build"
        )
    return LearnedScorer(build, vectors=vectors)


def _llm(build: Build, model: str) -> Scorer:
    if not model:
        raise InputError("--tier llm 要用 --model 指明语言模型，如 --model openai:NAME")
    try:
        from langchain.chat_models import init_chat_model
    except ImportError as error:
        raise InputError("--tier llm 需要 langchain；请安装: pip install 'yilun[llm]'") from error
    from evaluator.guardian.llm_judge import LlmJudge

    try:
        chat = init_chat_model(model, temperature=0)
    except (ImportError, ValueError) as error:
        raise InputError(f"不能使用模型 {model}：{error}") from error
    return LlmJudge(chat, build, label=model)


def report_of(
    build: Build,
    rows: Sequence[dict[str, Any]],
    assessed: Sequence[Assessment],
    facts: dict[str, str],
    seed: int,
) -> str:
    """The report on graded rows as one HTML page; rows with a `model` side by side."""
    from app.evaluation_page import Group, page
    from evaluator.importers.scenes import Scenes

    scenes = Scenes(build)
    groups = []
    for name in dict.fromkeys(_model(row) for row in rows):
        mine = [place for place, row in enumerate(rows) if _model(row) == name]
        groups.append(
            Group(
                name or facts["文件"],
                [assessed[place] for place in mine],
                [str(rows[place]["query"]) for place in mine],
                [scenes.topic(str(rows[place]["scene"])) or str(rows[place]["scene"]) for place in mine],
            )
        )
    return page(groups, title="回答评估报告", about=facts, caution=CAUTION, seed=seed)


def _model(row: dict[str, Any]) -> str:
    return " ".join(str(row[name]) for name in ("model", "version") if row.get(name))


def answer_rows(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """The rows of a file with the place of each; a column of ours in the input is refused, not overwritten."""
    found: Iterator[tuple[str, dict[str, Any]]]
    if path.suffix.lower() == ".jsonl":
        found = ((f"{path} 第 {n} 行", row) for n, row in enumerate(read_rows(path, _REQUIRED), 1))
    elif path.suffix.lower() == ".csv":
        from evaluator.importers.table import read_table

        found = read_table(path, _REQUIRED)
    else:
        raise InputError(f"{path} 既不是 .csv 也不是 .jsonl；请改后缀或转换格式")
    for place, row in found:
        taken = [name for name in _ADDED if name in row]
        if taken:
            raise InputError(f"{place} 已有 {'、'.join(taken)} 列；请改名后再评，以免覆盖")
        yield place, row


def assess_row(scorer: Scorer, place: str, row: dict[str, Any], day: date) -> Assessment:
    """The grades of one row of a file; its own as_of counts before `day`. InputError names the place of a bad date."""
    from evaluator.guardian.assessment import Answer
    from evaluator.importers.table import without_debris

    stated = str(row.get("as_of") or "").strip()
    try:
        when = read_day(stated) if stated else day
    except InputError as error:
        raise InputError(f"{place}：{error}") from None
    query, response, reference = (without_debris(row[name]) for name in ("query", "response", "reference"))
    return scorer.score(Answer(query, response, when, reference, row["scene"]))


def added(assessment: Assessment) -> dict[str, Any]:
    """The columns that a row gains: six grades (None unscored) and the reasons, in one line."""
    marks = assessment.marks.values()
    grades = {mark.dimension.value: mark.grade for mark in marks}
    words = "；".join(f"{m.dimension} {'未评' if m.grade is None else m.grade} {m.reason}" for m in marks)
    return {**grades, "reasons": " ".join(words.split())}


def _write(out: Path, rows: Sequence[dict[str, Any]]) -> None:
    """The rows as CSV or JSON Lines, in a file that appears only when it is complete."""
    if out.suffix.lower() == ".jsonl":
        write_lines(rows, out)
        return
    if out.suffix.lower() != ".csv":
        raise InputError(f"--out {out} 既不是 .csv 也不是 .jsonl")
    from evaluator.importers.table import inert

    names = list(dict.fromkeys(name for row in rows for name in row if name not in _ADDED))
    partial = out.with_name(out.name + ".partial")
    with partial.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.DictWriter(stream, [*names, *_ADDED], lineterminator="\r\n")
        writer.writeheader()
        writer.writerows({k: inert(v) if isinstance(v, str) else v for k, v in row.items()} for row in rows)
    partial.replace(out)


def summary_row(summary: Summary, *, scorer: str, build: str, as_of: date, seed: int) -> dict[str, Any]:
    """What the grades come to, as the contract has it."""
    return {
        "scorer": scorer, "build": build, "as_of": as_of.isoformat(), "seed": seed,
        "rows": summary.rows, "scored": summary.scored, "coverage": summary.coverage,
        "scenarios": summary.clusters, "RiskRate": asdict(summary.risk_rate),
        "QualityScore": {"mean": asdict(summary.quality_mean), "weighted": asdict(summary.quality_weighted)},
        "FinalScore": {"mean": asdict(summary.final_mean), "weighted": asdict(summary.final_weighted)},
        "note": CAUTION,
    }  # fmt: skip


def summary_lines(summary: Summary) -> Iterator[str]:
    """What the grades come to, for a person."""
    yield f"计入 {summary.scored}/{summary.rows} 份（覆盖率 {summary.coverage:.3f}），情形 {summary.clusters} 个；95% 区间按情形重抽样"
    figures = (
        ("RiskRate", summary.risk_rate), ("QualityScore mean", summary.quality_mean),
        ("QualityScore weighted", summary.quality_weighted), ("FinalScore mean", summary.final_mean),
        ("FinalScore weighted", summary.final_weighted),
    )  # fmt: skip
    for name, figure in figures:
        yield f"{name:<24}{_bounded(figure)}"


def _bounded(figure: Figure) -> str:
    return "无" if figure.value is None else f"{figure.value:.3f}  [{figure.low:.3f}, {figure.high:.3f}]"
