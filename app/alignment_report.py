"""What a training run was and did, as one HTML page and as a model card: data, recipes, curves, before and after, samples, limits.

Pure: what was read goes in, words come out. Nothing is rounded up, and what was not run is said not to have been.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from alignment.assess import Assessed, Standing, difference, standing
from alignment.recipe import Recipe
from alignment.rows import PromptRow
from alignment.sample import Sampled
from alignment.train import MANIFEST, METRICS
from app.evaluation_page import Group, page, table
from evaluator.metrics import Figure, Weighting, final_score
from kg.problem import InputError

CAUTION = (
    "案例、标注与好回答由语言模型撰写，未经法律或伦理专家审核；评分器会错，见 docs/benchmarks.md。分数高不等于可以照办，"
    "模型的话不是法律意见。提问来自 dev 折，其条款没有进入训练。"
)
_SAMPLES, _CHARACTERS = 4, 1200
_WIDTH, _HEIGHT = 860, 220


@dataclass(frozen=True, slots=True)
class TrainingRun:
    """A stage's folder, read: its recipe, the logged steps, what the manifest says; `seconds` None where the log has no end."""

    name: str
    recipe: Recipe
    steps: Sequence[Mapping[str, Any]]
    manifest: Mapping[str, Any]
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Stage:
    """The answers of one model to the held-out prompts, assessed; all stages answer the same prompts in the same order."""

    name: str
    answers: Sequence[Sampled]
    assessed: Sequence[Assessed]


@dataclass(frozen=True, slots=True)
class Energy:
    """What is assumed of the machine and its power: nothing of it was measured."""

    watts: float
    grams_per_kwh: float

    def told(self, seconds: float) -> str:
        """The energy and carbon of so many seconds, with the assumption.

        >>> Energy(100, 500).told(3600)
        '0.100 千瓦时、50 克二氧化碳（假定 100 瓦、每千瓦时 500 克；均为假定，未测）'
        """
        hours = seconds / 3600 * self.watts / 1000
        return f"{hours:.3f} 千瓦时、{hours * self.grams_per_kwh:.0f} 克二氧化碳（假定 {self.watts:g} 瓦、每千瓦时 {self.grams_per_kwh:g} 克；均为假定，未测）"


def read_run(folder: Path) -> TrainingRun:
    """The run in a folder of `yilun align sft` and its like; InputError if it has not ended."""
    for name in ("recipe.json", METRICS, MANIFEST):
        if not (folder / name).is_file():
            raise InputError(f"{folder} 中没有 {name}；它应是跑完的一个阶段的文件夹（配方的 out）")
    steps = [json.loads(line) for line in (folder / METRICS).read_text("utf-8").splitlines() if line]
    seconds = [float(step["train_runtime"]) for step in steps if "train_runtime" in step]
    recipe = Recipe.model_validate_json((folder / "recipe.json").read_text("utf-8"))
    manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
    return TrainingRun(folder.name, recipe, steps, manifest, seconds[-1] if seconds else None)


def html(
    stages: Sequence[Stage], prompts: Sequence[PromptRow], runs: Sequence[TrainingRun], data: Mapping[str, Any], *,
    about: Mapping[str, str], energy: Energy, seed: int,
) -> str:  # fmt: skip
    """The page: the same inputs give the same bytes."""
    scenes = [row.scene for row in prompts]
    names = [row.case for row in prompts]
    groups = [
        Group(stage.name, [one.assessment for one in stage.assessed], names, scenes) for stage in stages
    ]
    more = [
        "<h2>引用与依据，训练前后（同样的提问，95% 区间）</h2>",
        table(["", *(stage.name for stage in stages)], list(_standing_rows(stages, seed))),
        "<h2>训练数据</h2>", table(["项目", "值"], list(_data_rows(data))),
        "<h2>配方</h2>", table(["", *(run.name for run in runs)], list(_recipe_rows(runs))),
        "<h2>训练曲线（损失）</h2>", *(_curve(run) for run in runs),
        "<h2>时间与能耗</h2>", table(["阶段", "秒", "能耗"], [[run.name, *_time(run, energy)] for run in runs]),
        f"<h2>样例（次序固定的前 {min(_SAMPLES, len(prompts))} 问）</h2>", *_samples(stages, prompts),
        "<h2>限度</h2>", "<ul>" + "".join(f"<li>{escape(line)}</li>" for line in limits(stages, runs)) + "</ul>",
    ]  # fmt: skip
    return page(groups, title="对齐报告", about=about, caution=CAUTION, seed=seed, more=more)


def card(
    stages: Sequence[Stage], runs: Sequence[TrainingRun], data: Mapping[str, Any], *, about: Mapping[str, str], energy: Energy,
    seed: int,
) -> str:  # fmt: skip
    """The model card in Markdown."""
    base = runs[0].recipe.model.path if runs else "（没有训练）"
    lines = [
        "---", "language: zh", f"base_model: {json.dumps(base, ensure_ascii=False)}", "library_name: peft", "---", "",
        "# 模型卡：以引用核对与守护者对齐的适配器", "", CAUTION, "", "## 用途", "",
        "在给出条款的前提下，就临床伦理情形作有据的说明；不给条款时会编造。不用于替代法律或医疗意见。", "",
        "## 数据与配方", "", *_markdown(["项目", "值"], [*([k, v] for k, v in about.items()), *_data_rows(data)]), "",
        *_markdown(["", *(run.name for run in runs)], list(_recipe_rows(runs))), "", "## 训练前后", "",
        *_markdown(["", *(stage.name for stage in stages)], list(_standing_rows(stages, seed))), "", "## 时间与能耗", "",
        *_markdown(["阶段", "秒", "能耗"], [[run.name, *_time(run, energy)] for run in runs]), "", "## 限度", "",
        *(f"- {line}" for line in limits(stages, runs)), "",
    ]  # fmt: skip
    return "\n".join(lines)


def limits(stages: Sequence[Stage], runs: Sequence[TrainingRun]) -> list[str]:
    """What the figures do not show, as far as it follows from what was run."""
    found = [
        "案例、标注与好回答出自少数几次模型撰写；学到的可能是其文风。",
        "评分器本身未经专家校准，风险维度漏判多（docs/benchmarks.md）。",
    ]
    if stages:
        n = len(stages[0].assessed)
        found.append(f"每个阶段 {n} 问{'，区间很宽' if n < 100 else ''}；每个配方一次训练、一个种子。")
    if len(stages) < 2:
        found.append("只有一个阶段的回答：没有训练前后的比较。")
    for stage in stages:
        cut = sum(not one.whole for one in stage.answers)
        if cut:
            found.append(f"{stage.name} 的 {cut} 份回答到词元上限被截断，结论可能在截断之后。")
    if not runs:
        found.append("没有给出训练的文件夹：配方、曲线、时间不在此报告中。")
    if any(run.recipe.model.shape is None and "7b" not in run.recipe.model.path.lower() for run in runs):
        found.append("所训练的不是 7B 模型；7B 的结果没有跑。")
    return found


def _standing_rows(stages: Sequence[Stage], seed: int) -> Iterator[list[str]]:
    stood: list[Standing] = [standing(stage.assessed, seed=seed) for stage in stages]
    yield ["回答", *(str(one.answers) for one in stood)]
    yield ["引用处数", *(str(one.citations) for one in stood)]
    named = (
        ("引用中核实的", "verified_of_citations"), ("引用全部核实（且有引用）的回答", "verified_per_answer"),
        ("引到管辖条款的回答", "cites_gold"), ("写明条款编号的断言", "grounded_claims"), ("结论与案例一致", "correct"),
        ("没有被截断", "whole"),
    )  # fmt: skip
    for label, name in named:
        yield [label, *(_figure(getattr(one, name)) for one in stood)]
    summary = (
        ("RiskRate", "risk_rate"),
        ("QualityScore（加权）", "quality_weighted"),
        ("FinalScore（加权）", "final_weighted"),
    )
    for label, name in summary:
        yield [label, *(f"{_figure(getattr(one.summary, name))}，计 {one.summary.scored}" for one in stood)]
    if len(stages) > 1:
        first = [_final(one) for one in stages[0].assessed]
        yield [f"FinalScore 减 {stages[0].name}（逐问）", "", *(_figure(difference(first, [_final(one) for one in stage.assessed], seed=seed)) for stage in stages[1:])]  # fmt: skip
    outcomes = sorted({name for one in stood for name in one.outcomes})
    for name in outcomes:
        yield [f"引用结果 {name}", *(str(one.outcomes.get(name, 0)) for one in stood)]


def _final(one: Assessed) -> float:
    return final_score(one.assessment.grades, Weighting.WEIGHTED) or 0.0


def _figure(figure: Figure) -> str:
    if figure.value is None:
        return "无"
    return (
        f"{figure.value:.3f}"
        if figure.low is None
        else f"{figure.value:.3f} [{figure.low:.3f}, {figure.high:.3f}]"
    )


def _data_rows(data: Mapping[str, Any]) -> Iterator[list[str]]:
    if not data:
        yield ["训练数据", "没有给出"]
        return
    yield ["撰写", str(data["authorship"])]
    yield ["法律按", str(data["as_of"])]
    for label, key in (("收入", "counts"), ("所植错误", "faults"), ("未收入", "left_out")):
        yield [label, "；".join(f"{name} {number}" for name, number in data[key].items())]
    overlap = data["overlap"]
    yield [
        "与评测文件的重合",
        f"{overlap['gram']} 字片段，剔除 {len(overlap['found'])} 个案例（核对了 {len(overlap['files'])} 个文件）",
    ]


def _recipe_rows(runs: Sequence[TrainingRun]) -> Iterator[list[str]]:
    yield ["阶段", *(run.recipe.stage for run in runs)]
    yield ["模型", *(run.recipe.model.path for run in runs)]
    yield ["数字格式", *(f"{run.recipe.model.dtype}、{run.recipe.model.quantization}" for run in runs)]
    yield [
        "LoRA",
        *(
            f"r {run.recipe.lora.r}、α {run.recipe.lora.alpha}、{len(run.recipe.lora.targets)} 类模块"
            for run in runs
        ),
    ]
    yield ["行 / 步", *(f"{run.manifest['rows']} / {run.manifest['steps']}" for run in runs)]
    yield ["太长未用", *(str(run.manifest["too_long"]) for run in runs)]
    yield ["学习率", *(f"{run.recipe.train.learning_rate:g}" for run in runs)]
    yield ["种子", *(str(run.recipe.train.seed) for run in runs)]
    yield ["数据摘要", *(str(run.manifest["data_sha256"])[:12] for run in runs)]
    yield ["库", *("、".join(f"{k} {v}" for k, v in run.manifest["versions"].items()) for run in runs)]


def _time(run: TrainingRun, energy: Energy) -> tuple[str, str]:
    return ("未记", "未记") if run.seconds is None else (f"{run.seconds:.0f}", energy.told(run.seconds))


def _curve(run: TrainingRun) -> str:
    points = [(int(s["step"]), float(s["loss"])) for s in run.steps if "loss" in s]
    if len(points) < 2:
        return f"<p>{escape(run.name)}：记录不足两步，没有曲线。</p>"
    most_x, least_x = max(x for x, _ in points), min(x for x, _ in points)
    most, least = max(y for _, y in points), min(y for _, y in points)

    def at(x: int, y: float) -> str:
        across = 60 + (x - least_x) / max(1, most_x - least_x) * (_WIDTH - 90)
        return f"{across:.1f},{20 + (most - y) / max(1e-9, most - least) * (_HEIGHT - 60):.1f}"

    line = " ".join(at(x, y) for x, y in points)
    return (
        f'<svg role="img" aria-label="{escape(run.name)} 的损失" width="{_WIDTH}" height="{_HEIGHT}" viewBox="0 0 {_WIDTH} {_HEIGHT}">'
        f'<polyline points="{line}" fill="none" stroke="#2b6cb0" stroke-width="2"/>'
        f'<text x="54" y="24" text-anchor="end">{most:.3f}</text><text x="54" y="{_HEIGHT - 38}" text-anchor="end">{least:.3f}</text>'
        f'<text x="60" y="{_HEIGHT - 12}">{escape(run.name)}：第 {least_x} 步至第 {most_x} 步，{len(points)} 个记录</text></svg>'
    )


def _samples(stages: Sequence[Stage], prompts: Sequence[PromptRow]) -> Iterator[str]:
    for at, row in enumerate(prompts[:_SAMPLES]):
        yield f"<h3>{escape(row.id)}（{escape(row.scene)}）</h3><p>{escape(row.scenario)}</p>"
        for stage in stages:
            one, found = stage.answers[at], stage.assessed[at]
            faults = "、".join(fault.zh for fault in found.assessment.faults) or "未发现问题"
            words = one.text[:_CHARACTERS] + ("……" if len(one.text) > _CHARACTERS or not one.whole else "")
            yield f'<h4>{escape(stage.name)}（{escape(faults)}）</h4><pre style="white-space:pre-wrap">{escape(words)}</pre>'


def _markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"

    yield line(head)
    yield "|" + "---|" * len(head)
    yield from map(line, rows)
