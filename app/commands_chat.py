"""`yilun chat`: questions to a language model that looks the law up with our tools, its citations checked."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from app.terminal import (
    AsOfOption,
    BuildOption,
    HomeOption,
    JsonOption,
    print_json,
    read_day,
    read_endpoint,
    talk,
)
from kg.home import Home

if TYPE_CHECKING:
    from app.chat import Event, Replied

_TOOLS = {"search_law": "检索", "get_article": "读条文", "check_citations": "核对引文"}


def chat(
    question: Annotated[str | None, typer.Argument(help="问题；不给则逐行提问，空行结束")] = None,
    llm_url: Annotated[
        str | None,
        typer.Option("--llm-url", help="OpenAI 兼容的地址；默认 YILUN_LLM_URL。密钥用 YILUN_LLM_KEY"),
    ] = None,
    llm_model: Annotated[
        str | None, typer.Option("--llm-model", help="该地址上的模型名；默认 YILUN_LLM_MODEL")
    ] = None,
    llm_timeout: Annotated[
        float, typer.Option("--llm-timeout", min=1, help="每次等多少秒；网络故障再试一次")
    ] = 120.0,
    home: HomeOption = None,
    build: BuildOption = None,
    as_of: AsOfOption = None,
    as_json: JsonOption = False,
) -> None:
    """与语言模型对话：它用检索、读条文、核对引文三个工具找依据；说完之后，每处引用再核对一遍。

    模型的话是模型的，不是本系统的结论，不是法律意见。有引用未通过核对、引了没有读过的条文或没有作答，退出码为 1。

    例：yilun chat "手术前只让家属签字可以吗" --llm-url http://127.0.0.1:8000/v1 --llm-model 模型名
    """
    from app.answers import Answers
    from app.asking import GraphDesk
    from app.chat import Conversation

    place = Home.resolve(home, os.environ)
    endpoint, day = read_endpoint(llm_url, llm_model, llm_timeout), read_day(as_of)
    answers = Answers.open(place, GraphDesk(place, os.environ), build)
    talking, sound = Conversation(endpoint, answers, as_of=day), True
    for asked in [question] if question is not None else _questions():
        sound = _answer(talking.ask(asked), as_json=as_json) and sound
    if question is not None and not sound:
        raise typer.Exit(1)


def _questions() -> Iterator[str]:
    while True:
        talk("问（空行结束）：")
        line = sys.stdin.readline().strip()
        if not line:
            return
        yield line


def _answer(events: Iterator[Event], *, as_json: bool) -> bool:
    from app.chat import Looked, Replied, Spoken

    for event in events:
        match event:
            case Spoken():
                if not as_json:
                    print(event.text, end="", flush=True)
            case Looked():
                talk(f"\n［{_TOOLS.get(event.tool, event.tool)}］{event.asked}  {len(event.found)} 条")
            case Replied():
                if as_json:
                    print_json(
                        {
                            "answer": event.text,
                            "sound": event.sound,
                            "unread": event.unread,
                            **event.check.model_dump(mode="json"),
                        }
                    )
                else:
                    print("\n" + "\n".join(_checked(event)))
                return event.sound
            case _:
                talk(f"\n{event.kind.zh}：{event.text}")
                return False
    return False


def _checked(reply: Replied) -> list[str]:
    from evaluator.citation_outcome import Outcome

    lines = ["", f"引用核对（按 {reply.check.as_of} 的法律）："]
    if not reply.check.citations:
        lines.append("  没有引用任何法条：以上没有可核对的依据")
    for c in reply.check.citations:
        outcome = Outcome(c.outcome)
        lines.append(f"  {outcome.symbol} {c.surface}：{outcome.zh}。{c.evidence}")
    lines += [f"  ✗ {surface}：对话中没有读过这一条" for surface in reply.unread]
    return lines
