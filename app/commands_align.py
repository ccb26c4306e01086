"""`yilun align`: data for alignment, a look at what is trained on, the stages, the plan, the loop and the report."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.terminal import (
    LLM_SECONDS,
    MOST_TOKENS,
    AsOfOption,
    BuildOption,
    HomeOption,
    JsonOption,
    LlmModelOption,
    LlmTimeoutOption,
    LlmTokensOption,
    LlmUrlOption,
    open_build,
    print_json,
    progress_bars,
    talk,
)
from kg.home import Home
from kg.problem import InputError

if TYPE_CHECKING:
    from alignment.sample import Sampled

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

    --recipe 用 dpo 的配方。何时停由规则的评估定，不用循环中评分的模型；评分头另
    评一份（它没有学过 dev 折的来源，但循环在迎合它，两份须对照着看）。待人复核的见各轮的 decisions.jsonl，人的决定
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
    learned = LearnedScorer(opened)
    part = LoopPart(rounds, prompts, held_out, decoding=Decoding(tokens, temperature))
    with progress_bars() as progress:
        finals = run_loop(
            read,
            part,
            out,
            build=opened,
            guardian=learned,
            judges={"rules": RuleScorer(opened), "learned": learned},
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


@align.command()
def objective(
    questions: Annotated[
        Path,
        typer.Argument(
            help="JSONL（id、question、options、answer）、MedES 客观题或 MedEthicEval 知识题 CSV、yilun items objective --csv"
        ),
    ],
    out: Annotated[Path, typer.Option("--out", help="逐题的回答写到这里；再次运行只问缺的")],
    clauses: Annotated[
        int, typer.Option("--clauses", min=0, max=20, help="另问一遍并示出检索所得的几条；0 为不问")
    ] = 5,
    llm_url: LlmUrlOption = None,
    llm_model: LlmModelOption = None,
    llm_timeout: LlmTimeoutOption = LLM_SECONDS,
    llm_tokens: LlmTokensOption = MOST_TOKENS,
    home: HomeOption = None,
    build: BuildOption = None,
    as_of: AsOfOption = None,
    as_json: JsonOption = False,
) -> None:
    """客观题：不示条款与示出检索到的条款各答一遍，完全一致才算对，附 95% 区间与成对之差。没有作答的不计入，另列。

    例：yilun align objective questions.jsonl --out answers.jsonl --as-of 2026-11-22
    """
    from alignment.objective import Clauses, answer_items, read_items, report
    from app.terminal import read_day, read_endpoint
    from evaluator.llm_model import ChatModel
    from retrieval.retriever import Retriever

    model, items, day = (
        ChatModel(read_endpoint(llm_url, llm_model, llm_timeout, llm_tokens), None),
        read_items(questions),
        read_day(as_of),
    )
    shown = None
    if clauses:
        place = Home.resolve(home, os.environ)
        opened = open_build(place, build)
        shown = Clauses(opened, Retriever.open(place.root, build=opened), as_of=day, count=clauses)
    found = list(
        answer_items(
            items, lambda turns: model.ask(*(turn["content"] for turn in turns)), shown, out, model=model.name
        )
    )
    for one in found:
        if one.failed:
            talk(f"{one.id}（{one.way}）没有作答：{one.failed}")
    told = {"questions": len(items), "as_of": str(day), **report(found)}
    if as_json:
        print_json(told)
    else:
        print("\n".join(_objective_lines(told)))
    if any(one.failed for one in found):
        raise typer.Exit(1)


def _objective_lines(told: dict[str, Any]) -> list[str]:
    names = {"alone": "不示条款", "with_clauses": "示出条款", "gain": "条款带来"}
    lines = [f"{told['questions']} 题，按 {told['as_of']} 的法律检索"]
    for way, name in names.items():
        if (row := told.get(way)) and row["n"]:
            value = row["mean"] if way == "gain" else row["accuracy"]
            low, high = row["ci95"]
            more = (
                f"，p {row['p']:.3f}"
                if way == "gain"
                else f"，未写明答案 {row['unread']}，没有作答 {row['failed']}"
            )
            lines.append(
                f"  {name}：{value:{'+' if way == 'gain' else ''}.3f}（{low:.3f} 至 {high:.3f}，n={row['n']}{more}）"
            )
    return lines


@align.command()
def regression(
    recipe: RecipeOption,
    out: Annotated[Path, typer.Option("--out", help="回答与 regression.json 写到这里")],
    text: Annotated[
        Path | None, typer.Option("--text", help="一般文本（UTF-8），比较训练前后的困惑度")
    ] = None,
    questions: Annotated[
        Path | None, typer.Option("--questions", help="客观题，格式同 align objective")
    ] = None,
    tokens: Annotated[int, typer.Option("--tokens", min=1, help="每个回答至多几个词元")] = 256,
) -> None:
    """训练前后的其他能力：你给的一般文本上的困惑度，你给的客观题上的正确率；成对之差附 95% 区间。

    例：yilun align regression --recipe alignment/recipes/small-sft.yaml --text general.txt --out regression
    """
    from alignment.load import need_training_libraries
    from alignment.objective import read_items
    from alignment.recipe import read_recipe
    from alignment.regression import regression as run
    from alignment.sample import Decoding

    if text is None and questions is None:
        raise InputError("请给出 --text 或 --questions，或二者")
    need_training_libraries()
    words = _general_text(text) if text else ""
    items = read_items(questions) if questions else []
    print_json(run(read_recipe(recipe), words, items, out, Decoding(tokens)))


def _general_text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"读不到 {path}：{error}；应为 UTF-8 的文本文件") from error


@align.command()
def report(
    data: Annotated[Path, typer.Option("--data", help="yilun align data 的文件夹")],
    answers: Annotated[
        list[str],
        typer.Option(
            "--answers", help="阶段名=回答文件（JSONL：id、text、whole），按先后多次；第一个是训练之前"
        ),
    ],
    out: Annotated[Path, typer.Option("--out", help="report.html、MODEL_CARD.md 与 standing.json 写到这里")],
    run: Annotated[list[Path] | None, typer.Option("--run", help="一个阶段的文件夹，可多次")] = None,
    scorer: Annotated[
        str, typer.Option("--scorer", help="rules：只按规则；learned：另用随附的评分头")
    ] = "rules",
    watts: Annotated[float, typer.Option("--watts", min=0, help="假定机器用多少瓦")] = 65.0,
    grams: Annotated[
        float, typer.Option("--grams-per-kwh", min=0, help="假定每千瓦时多少克二氧化碳")
    ] = 550.0,
    home: HomeOption = None,
    build: BuildOption = None,
) -> None:
    """训练报告与模型卡：数据、配方、曲线、训练前后的引用与评分、按错误与场景的失败、样例、限度、时间与能耗。

    例：yilun align report --data align-data --answers 训练前=base.jsonl --answers sft=sft.jsonl --run runs/small-sft --out report
    """
    from alignment.assess import Assessor, standing
    from alignment.rows import PROMPTS, PromptRow, read_rows
    from app.alignment_report import Energy, Stage, card, html, read_run
    from evaluator.guardian.learned import LearnedScorer
    from evaluator.guardian.rules import RuleScorer

    if scorer not in ("rules", "learned"):
        raise InputError(f"--scorer {scorer!r} 应为 rules 或 learned")
    kept = dict(_answers_file(text) for text in answers)
    runs = [read_run(folder) for folder in run or ()]
    opened = open_build(Home.resolve(home, os.environ), build)
    assessor = Assessor(opened, RuleScorer(opened) if scorer == "rules" else LearnedScorer(opened))
    held = {row.id: row for row in read_rows(data / PROMPTS, PromptRow)}
    ids = list(next(iter(kept.values())))
    if unknown := [name for name in ids if name not in held]:
        raise InputError(f"{data / PROMPTS} 中没有提问 {unknown[0]}；--data 应是这些回答的提问所在的文件夹")
    if trained := [name for name in ids if held[name].fold == "train"]:
        raise InputError(f"提问 {trained[0]} 属于 train 折；训练过的提问不能用来评估")
    prompts = [held[name] for name in ids]
    stages = []
    for name, found in kept.items():
        if set(found) != set(ids):
            raise InputError(f"{name} 的回答与第一个阶段的提问不同；各阶段须答同样的提问")
        mine = [found[one] for one in ids]
        stages.append(
            Stage(name, mine, [assessor.assess(row, one) for row, one in zip(prompts, mine, strict=True)])
        )
    manifest = data / "manifest.json"
    facts = json.loads(manifest.read_text("utf-8")) if manifest.is_file() else {}
    about = {
        "构建": opened.id,
        "提问": f"{len(prompts)}（dev 折）",
        "评分": "规则" if scorer == "rules" else "规则与随附的评分头",
    }
    shared: dict[str, Any] = {"about": about, "energy": Energy(watts, grams), "seed": 0}
    out.mkdir(parents=True, exist_ok=True)
    (out / "report.html").write_text(html(stages, prompts, runs, facts, **shared), "utf-8", newline="\n")
    (out / "MODEL_CARD.md").write_text(card(stages, runs, facts, **shared), "utf-8", newline="\n")
    figures = {stage.name: asdict(standing(stage.assessed)) for stage in stages}
    (out / "standing.json").write_text(
        json.dumps(figures, ensure_ascii=False, indent=1) + "\n", "utf-8", newline="\n"
    )
    talk(f"{out}/report.html、{out}/MODEL_CARD.md")


def _answers_file(text: str) -> tuple[str, dict[str, Sampled]]:
    from alignment.sample import read_sampled

    name, _, path = text.partition("=")
    if not name or not path:
        raise InputError(f"--answers {text!r} 应为 阶段名=文件")
    found = read_sampled(Path(path))
    if not found:
        raise InputError(f"{path} 中没有回答")
    return name, found
