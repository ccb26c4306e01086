"""`yilun chat`: questions to a language model that looks the law up with our tools, its citations checked."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

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
    print_json,
    read_day,
    read_endpoint,
    talk,
)
from kg.home import Home

if TYPE_CHECKING:
    from datetime import date

    from app.chat import Event, Replied
    from app.contracts import ChatResult

_TOOLS = {"search_law": "检索", "get_article": "读条文", "check_citations": "核对引文"}


def chat(
    question: Annotated[str | None, typer.Argument(help="问题；不给则逐行提问，空行结束")] = None,
    llm_url: LlmUrlOption = None,
    llm_model: LlmModelOption = None,
    llm_timeout: LlmTimeoutOption = LLM_SECONDS,
    llm_tokens: LlmTokensOption = MOST_TOKENS,
    clauses: Annotated[
        int,
        typer.Option(
            "--clauses",
            min=0,
            max=20,
            help="不用工具：先检索，把这几条连同问题给模型（对齐训练所用的格式，各问互不相干）；0 为由模型自己检索",
        ),
    ] = 0,
    home: HomeOption = None,
    build: BuildOption = None,
    as_of: AsOfOption = None,
    as_json: JsonOption = False,
) -> None:
    """与语言模型对话：它用检索、读条文、核对引文三个工具找依据；说完之后，每处引用再核对一遍。

    模型的话是模型的，不是本系统的结论，不是法律意见。没有引用法条、有引用未通过核对、引了没有读过的条文或没有作答，退出码为 1；用于脚本时加 --json。

    不会调用工具的小模型、对齐所得的模型，用 --clauses 5。

    例：yilun chat "手术前只让家属签字可以吗" --llm-url http://127.0.0.1:8000/v1 --llm-model 模型名
    """
    from contextlib import closing

    from app.answers import Answers
    from app.asking import GraphDesk
    from app.chat import Conversation
    from app.chat_given import GivenClauses

    place = Home.resolve(home, os.environ)
    endpoint, day = read_endpoint(llm_url, llm_model, llm_timeout, llm_tokens), read_day(as_of)
    with closing(GraphDesk(place, os.environ)) as graph:
        answers = Answers.open(place, graph, build)
        talking = (
            GivenClauses(endpoint, answers, as_of=day, count=clauses)
            if clauses
            else Conversation(endpoint, answers, as_of=day)
        )
        sound = True
        for asked in [question] if question is not None else _questions():
            events = talking.ask(asked)
            if as_json:
                row = _row(events, asked, endpoint.model, answers.build.id, day)
                print_json(row.model_dump(mode="json"))
                sound = row.sound
            else:
                sound = _show(events)
    if question is not None and not sound:
        raise typer.Exit(1)


def _questions() -> Iterator[str]:
    while True:
        talk("问（空行结束）：")
        line = sys.stdin.readline().strip()
        if not line:
            return
        yield line


def _row(events: Iterator[Event], asked: str, model: str, build: str, day: date) -> ChatResult:
    from app.chat import Looked, Replied, Spoken
    from app.contracts import ChatFailureRow, ChatResult, LookUpRow

    row = ChatResult(
        question=asked, answer=None, failure=None, sound=False, citations=[], unread=[], looked=[],
        model=model, as_of=day, build=build,
    )  # fmt: skip
    for event in events:
        match event:
            case Spoken():
                continue
            case Looked():
                row.looked.append(LookUpRow(tool=event.tool, asked=event.asked, found=list(event.found)))
            case Replied():
                row.answer, row.sound = event.text, event.sound
                row.citations, row.unread = event.check.citations, list(event.unread)
            case _:
                row.failure = ChatFailureRow(kind=event.kind.value, text=event.text)
                talk(f"{event.kind.zh}：{event.text}")
    return row


def _show(events: Iterator[Event]) -> bool:
    from app.chat import Looked, Replied, Spoken
    from evaluator.llm_model import legible

    for event in events:
        match event:
            case Spoken():
                print(event.text, end="", flush=True)
            case Looked():
                named = _TOOLS.get(event.tool, event.tool)
                talk(f"\n［{named}］{legible(event.asked)}  {len(event.found)} 条")
            case Replied():
                print("\n" + "\n".join(_checked(event)))
                return event.sound
            case _:
                talk(f"\n{event.kind.zh}：{legible(event.text)}")
    return False


def _checked(reply: Replied) -> list[str]:
    from evaluator.citation_outcome import Outcome
    from evaluator.llm_model import legible

    lines = ["", f"──── 以上是模型的话；引用核对（按 {reply.check.as_of} 的法律；结论对不对不在其内）："]
    if not reply.check.citations:
        lines.append("  没有引用任何法条：以上没有可核对的依据")
    for c in reply.check.citations:
        outcome = Outcome(c.outcome)
        lines.append(f"  {outcome.symbol} {legible(c.surface)}：{outcome.zh}。{legible(c.evidence)}")
    lines += [f"  ✗ {legible(surface)}：对话中没有读过这一条" for surface in reply.unread]
    return lines
