"""`yilun align`: data for alignment, a look at what is trained on, the stages, the plan, the loop and the report."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from app.terminal import (
    AsOfOption,
    BuildOption,
    HomeOption,
    JsonOption,
    open_build,
    print_json,
    progress_bars,
    talk,
)
from kg.home import Home
from kg.problem import InputError

align = typer.Typer(no_args_is_help=True, help="对齐：有据的推理数据、偏好对、训练各阶段与守护者的循环")

RecipeOption = Annotated[Path, typer.Option("--recipe", help="配方（YAML）；随软件的在 alignment/recipes/")]


@align.command()
def data(
    out: Annotated[Path, typer.Option("--out", help="写到这个文件夹")],
    against: Annotated[
        list[Path] | None,
        typer.Option("--against", help="评测文件（JSONL 或 CSV），可多次：报告并剔除重合的训练行"),
    ] = None,
    most_overlap: Annotated[
        float,
        typer.Option("--most-overlap", min=0, max=1, help="评测条目与训练行共有的 13 字片段超过此份额即剔除"),
    ] = 0.2,
    clauses: Annotated[int, typer.Option("--clauses", min=2, max=12, help="每个提问示出几条")] = 5,
    characters: Annotated[int, typer.Option("--characters", min=40, help="示出的条款最长多少字")] = 400,
    llama_factory: Annotated[bool, typer.Option("--llama-factory", help="另写 LLaMA-Factory 的文件")] = False,
    home: HomeOption = None,
    build: BuildOption = None,
    as_of: AsOfOption = None,
) -> None:
    """由案例、检索与规范写出训练数据：有据的推理、依据不足时的拒答、只差一处错误的偏好对。

    案例与回答由模型撰写、未经审核；每个回答先经引用核对才收入，未收入的连同原因记在 manifest.json。

    例：yilun align data --out align-data --as-of 2026-11-22
    """
    from alignment.dataset import Shape
    from alignment.dataset_files import write_dataset
    from app.terminal import read_day
    from evaluator.cases import read_cases
    from kg.pack import data_folder
    from retrieval.retriever import Retriever

    place = Home.resolve(home, os.environ)
    opened = open_build(place, build)
    with progress_bars() as progress:
        made = write_dataset(
            out, opened, Retriever.open(place.root, build=opened), list(read_cases(data_folder() / "cases")),
            as_of=read_day(as_of), shape=Shape(clauses=clauses, clause_characters=characters),
            against=against or [], most_overlap=most_overlap, llama_factory=llama_factory, progress=progress,
        )  # fmt: skip
    talk(
        f"{out}：有据 {made.counts['grounded']}、拒答 {made.counts['refusal']}、偏好对 {made.counts['preferences']}、提问 {made.counts['prompts']}"
    )
    for reason, number in sorted(made.left_out.items()):
        talk(f"  未收入 {number}：{reason}")


@align.command("inspect-batch")
def inspect_batch(
    recipe: RecipeOption,
    rows: Annotated[int, typer.Option("--rows", min=1, help="看几行")] = 2,
) -> None:
    """打印训练所见的文本：⟦ ⟧ 之间的词元才计入损失。

    例：yilun align inspect-batch --recipe alignment/recipes/small-sft.yaml
    """
    from alignment.chat_template import encode, shown
    from alignment.load import need_training_libraries, open_tokenizer
    from alignment.recipe import read_recipe
    from alignment.rows import PREFERENCES, SFT, PreferenceRow, SftRow, read_rows

    read = read_recipe(recipe)
    need_training_libraries()
    tokenizer = open_tokenizer(read.model)
    folder = Path(read.data.folder)
    if read.stage == "sft":
        conversations = [(row.id, row.messages) for row in read_rows(folder / SFT, SftRow)][:rows]
    else:
        pairs = list(read_rows(folder / PREFERENCES, PreferenceRow))[:rows]
        conversations = [
            (f"{p.id}（{what}）", [*p.prompt, *end])
            for p in pairs
            for what, end in (("取", p.chosen), ("舍", p.rejected))
        ]
    for name, messages in conversations:
        encoded = encode(tokenizer, messages, read.model.template)
        print(f"── {name}：{len(encoded.ids)} 个词元，训练 {sum(encoded.trained)} 个")
        print(shown(tokenizer, encoded))


def _run(recipe: Path, stage: str, home: Path | None, build: str | None) -> None:
    from alignment.load import need_training_libraries
    from alignment.recipe import read_recipe
    from alignment.reward import reward_of
    from alignment.train import train

    read = read_recipe(recipe)
    if read.stage != stage:
        raise InputError(f"{recipe} 是 {read.stage} 的配方，不是 {stage} 的")
    need_training_libraries()
    reward = reward_of(open_build(Home.resolve(home, os.environ), build)) if stage == "grpo" else None
    with progress_bars() as progress:
        run = train(read, reward=reward, progress=progress)
    talk(
        f"{run.adapter}：{run.rows} 行、{run.steps} 步；另有 {run.too_long} 行超过 {read.data.max_tokens} 个词元未用"
    )


@align.command()
def sft(recipe: RecipeOption) -> None:
    """有监督微调（LoRA）；中断后再运行即从上次的检查点继续。

    例：yilun align sft --recipe alignment/recipes/small-sft.yaml
    """
    _run(recipe, "sft", None, None)


@align.command()
def dpo(recipe: RecipeOption) -> None:
    """直接偏好优化，损失中含对取者的似然。

    例：yilun align dpo --recipe alignment/recipes/small-dpo.yaml
    """
    _run(recipe, "dpo", None, None)


@align.command()
def kto(recipe: RecipeOption) -> None:
    """由单个的取舍学习（KTO）。

    例：yilun align kto --recipe alignment/recipes/small-kto.yaml
    """
    _run(recipe, "kto", None, None)


@align.command()
def grpo(recipe: RecipeOption, home: HomeOption = None, build: BuildOption = None) -> None:
    """以引用核对与守护者的评分为奖励的强化学习（GRPO）。

    例：yilun align grpo --recipe alignment/recipes/small-grpo.yaml
    """
    _run(recipe, "grpo", home, build)


@align.command()
def merge(
    recipe: RecipeOption,
    out: Annotated[Path, typer.Option("--out", help="合并后的模型写到这里")],
) -> None:
    """把该配方训练出的适配器并入模型，写出可单独使用的模型文件夹。

    例：yilun align merge --recipe alignment/recipes/small-dpo.yaml --out merged
    """
    from alignment.adapter import merge_to
    from alignment.load import need_training_libraries
    from alignment.recipe import read_recipe

    need_training_libraries()
    merge_to(read_recipe(recipe), out)
    talk(f"{out}")


@align.command()
def plan(
    recipe: RecipeOption,
    throughput: Annotated[
        float, typer.Option("--tokens-per-second", min=1, help="每个设备每秒训练多少词元（由你的机器测得）")
    ] = 1500.0,
    as_json: JsonOption = False,
) -> None:
    """不载入权重，算出参数、可训练份额、各部分显存、步数、词元与小时；目标模块不存在即报错。

    例：yilun align plan --recipe alignment/recipes/qwen2.5-7b-qlora-24g-sft.yaml
    """
    from alignment.plan import plan_of
    from alignment.recipe import read_recipe

    made = plan_of(read_recipe(recipe), tokens_per_second=throughput)
    if as_json:
        print_json(asdict(made))
        return
    print(made.told())


@align.command()
def loop(
    recipe: RecipeOption,
    out: Annotated[Path, typer.Option("--out", help="各轮的回答、决定与适配器写到这里；再次运行即接着做")],
    rounds: Annotated[int, typer.Option("--rounds", min=1, help="至多几轮；得分不再上升即停")] = 3,
    prompts: Annotated[int, typer.Option("--prompts", min=1, help="每轮用几个训练提问")] = 32,
    held_out: Annotated[int, typer.Option("--held-out", min=1, help="评估用几个 dev 折的提问")] = 30,
    tokens: Annotated[int, typer.Option("--tokens", min=8, help="每个回答至多几个词元")] = 512,
    temperature: Annotated[float, typer.Option("--temperature", min=0, help="0 为取最可能者")] = 0.0,
    home: HomeOption = None,
    build: BuildOption = None,
) -> None:
    """守护者在环：抽取回答、评分并说明理由、按理由改写、收入或舍去或交人复核，再训练，再评估。

    --recipe 用 dpo 的配方。评估由规则核对，不用循环中评分的模型。待人复核的见各轮的 decisions.jsonl，人的决定
    用 yilun align decide 写入。

    例：yilun align loop --recipe alignment/recipes/small-dpo.yaml --out runs/loop
    """
    from alignment.load import need_training_libraries
    from alignment.loop_run import LoopPart, run_loop
    from alignment.recipe import read_recipe
    from alignment.sample import Decoding
    from evaluator.guardian.learned import LearnedScorer
    from evaluator.guardian.rules import RuleScorer

    read = read_recipe(recipe)
    if read.stage != "dpo":
        raise InputError(f"{recipe} 是 {read.stage} 的配方；循环用 dpo 的配方")
    need_training_libraries()
    opened = open_build(Home.resolve(home, os.environ), build)
    part = LoopPart(rounds, prompts, held_out, decoding=Decoding(tokens, temperature))
    with progress_bars() as progress:
        finals = run_loop(
            read,
            part,
            out,
            build=opened,
            guardian=LearnedScorer(opened),
            judge=RuleScorer(opened),
            progress=progress,
        )
    for number, value in enumerate(finals):
        talk(f"第 {number} 轮后 FinalScore {value:+.3f}（dev 折 {held_out} 问，规则评分）")


@align.command()
def decide(
    folder: Annotated[Path, typer.Argument(help="yilun align loop 的 --out")],
    prompt: Annotated[str, typer.Argument(help="待复核的提问编号")],
    decision: Annotated[str, typer.Option("--decision", help="accepted 收入，rejected 舍去")],
    author: Annotated[str, typer.Option("--author", help="谁决定")],
    reason: Annotated[str, typer.Option("--reason", help="为什么")],
) -> None:
    """写入人对一个待复核回答的决定；只追加，下一次运行循环时采用。

    例：yilun align decide runs/loop A-001/ask --decision rejected --author 甲律师 --reason 漏了但书
    """
    from alignment.loop import Decision
    from alignment.loop_run import answer_for_people

    if decision not in ("accepted", "rejected"):
        raise InputError(f"--decision {decision!r} 应为 accepted 或 rejected")
    answer_for_people(folder, prompt, Decision(decision), by=author, reason=reason)
