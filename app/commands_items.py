"""`yilun items`: questions and scenarios made from norms, for building a set to measure models with."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.terminal import (
    LLM_SECONDS,
    AsOfOption,
    BuildOption,
    HomeOption,
    LlmModelOption,
    LlmTimeoutOption,
    LlmUrlOption,
    open_build,
    read_day,
    read_endpoint,
    talk,
    write_lines,
)
from kg.home import Home
from kg.problem import InputError

if TYPE_CHECKING:
    from evaluator.items.screen import Unseen

items_app = typer.Typer(help="由规范生成选择题与情形；生成的都未经审核。", no_args_is_help=True)
_Against = Annotated[
    list[Path] | None,
    typer.Option("--against", help="不得有十三字以上相同的文件，如要用来评测的题集；可多次"),
]


def _unseen(files: list[Path] | None) -> Unseen:
    from evaluator.items.screen import Unseen

    texts = []
    for path in files or ():
        try:
            texts.append(path.read_text(encoding="utf-8-sig"))
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"读不到 {path}：{error}；应为 UTF-8 文本") from error
    return Unseen(texts)


@items_app.command("objective")
def objective(
    count: Annotated[int, typer.Option("--count", min=1, max=100_000, help="至多多少题")] = 100,
    seed: Annotated[int, typer.Option("--seed", help="同一种子得同样的题")] = 1,
    kind: Annotated[
        list[str] | None, typer.Option("--kind", help="list、modality、bearer、source；可多次")
    ] = None,
    fold: Annotated[
        list[str] | None, typer.Option("--fold", help="train、dev、dev_clause、test、test_clause；可多次")
    ] = None,
    against: _Against = None,
    out: Annotated[Path | None, typer.Option("--out", help="写到此文件；默认标准输出")] = None,
    table: Annotated[bool, typer.Option("--csv", help="写成 scene,query,reference,type 的 CSV")] = False,
    home: HomeOption = None,
    build: BuildOption = None,
    as_of: AsOfOption = None,
) -> None:
    """由现行条文生成选择题，干扰项取自相邻的规范；每个选项都注明出自哪一条。

    例：yilun items objective --count 200 --seed 7 --out items.jsonl
    """
    from evaluator.folds import Fold
    from evaluator.items.item import Kind, csv_table, item_row
    from evaluator.items.objective import objective_items

    try:
        kinds, folds = [Kind(word) for word in kind or Kind], [Fold(word) for word in fold or Fold]
    except ValueError as error:
        raise InputError(f"{error}；--kind 有 {'、'.join(Kind)}，--fold 有 {'、'.join(Fold)}") from error
    made = objective_items(
        open_build(Home.resolve(home, os.environ), build), as_of=read_day(as_of), count=count, seed=seed,
        kinds=kinds, folds=folds, unseen=_unseen(against),
    )  # fmt: skip
    left_out = "、".join(f"{why} {n}" for why, n in sorted(made.left_out.items())) or "无"
    talk(f"{len(made.items)} 题，由程序生成，未经审核；略去：{left_out}")
    if not table:
        write_lines((item_row(item) for item in made.items), out)
    elif out is None:
        print(csv_table(made.items), end="")
    else:
        out.write_text(csv_table(made.items), encoding="utf-8", newline="")


@items_app.command("scenario")
def scenario(
    reference: Annotated[str, typer.Argument(help="《医师法》第二十五条，或条款 id")],
    stance: Annotated[
        str, typer.Option("--stance", help="violation、compliant、permitted_with_conditions、uncertain")
    ] = "violation",
    llm_url: LlmUrlOption = None,
    llm_model: LlmModelOption = None,
    llm_timeout: LlmTimeoutOption = LLM_SECONDS,
    against: _Against = None,
    home: HomeOption = None,
    build: BuildOption = None,
    as_of: AsOfOption = None,
) -> None:
    """请语言模型为一条法律写一个情形，核对后存放待审；未经认可，什么也不用它。

    例：yilun items scenario "《医师法》第二十五条" --stance compliant --llm-url http://127.0.0.1:8000/v1 --llm-model qwen
    """
    from app.views import find_article
    from evaluator.items.generated import NAME, Stance, form, write_scenario
    from evaluator.items.queue import ScenarioQueue, scenario_row
    from evaluator.items.screen import Known
    from evaluator.llm_model import ChatModel, Form
    from kg.pack import read_jsonl

    place = Home.resolve(home, os.environ)
    if stance not in set(Stance):
        raise InputError(f"没有立场 {stance!r}；有：{'、'.join(Stance)}")
    made = open_build(place, build)
    text, provision = find_article(made, reference, read_day(as_of))
    queue, known = ScenarioQueue.of(place), Known()
    for one, _ in queue.read():
        known.add(one.scenario)
    for path in sorted((made.pack / "cases").glob("*.jsonl")):
        for _, row in read_jsonl(path):
            if isinstance(row, dict):
                known.add(str(row["scenario"]))
    topics = made.sources[text.expression.id.key].topics
    written = write_scenario(
        text, provision, Stance(stance),
        ChatModel(read_endpoint(llm_url, llm_model, llm_timeout), Form(NAME, form())),
        scene=str(topics[0]) if topics else "", time=datetime.now().astimezone(), known=known,
        unseen=_unseen(against),
    )  # fmt: skip
    if written.scenario is None:
        told = written.failure
        talk(f"没有写成：{told.kind.value if told else ''} {told.text if told else ''}")
        raise typer.Exit(1)
    queue.add([written.scenario])
    write_lines([scenario_row(written.scenario)], None)
    talk("由语言模型撰写，待审：yilun items decide ID --accept|--reject --author … --reason …")


@items_app.command("queue")
def queue(
    state: Annotated[str | None, typer.Option("--state", help="waiting、accepted 或 rejected")] = None,
    home: HomeOption = None,
) -> None:
    """列出待审、已认可或已否定的情形。

    例：yilun items queue --state waiting
    """
    from evaluator.items.queue import ScenarioQueue, State, scenario_row

    if state is not None and state not in set(State):
        raise InputError(f"没有状态 {state!r}；有：{'、'.join(State)}")
    found = ScenarioQueue.of(Home.resolve(home, os.environ)).read()
    rows = [
        {
            **scenario_row(one),
            "state": (decision.state if decision else State.WAITING).value,
            "decided_by": decision.author if decision else None,
            "decision_reason": decision.reason if decision else None,
        }
        for one, decision in found
    ]
    write_lines((row for row in rows if state in (None, row["state"])), None)


@items_app.command("decide")
def decide(
    identifier: Annotated[str, typer.Argument(help="情形的 id")],
    author: Annotated[str, typer.Option("--author", help="谁决定")],
    reason: Annotated[str, typer.Option("--reason", help="为什么")],
    accept: Annotated[bool, typer.Option("--accept/--reject", help="认可或否定")],
    home: HomeOption = None,
) -> None:
    """认可或否定一个情形；记录只增不改，以最后一次为准。

    例：yilun items decide case:0123456789abcdef --accept --author 王律师 --reason "情形与条文相符"
    """
    from evaluator.items.queue import Decision, ScenarioQueue, State

    state = State.ACCEPTED if accept else State.REJECTED
    now = datetime.now().astimezone()
    ScenarioQueue.of(Home.resolve(home, os.environ)).decide(Decision(identifier, state, author, reason, now))
    talk(f"已记录：{identifier} {state.value}")
