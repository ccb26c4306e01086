"""The answers as tools of an MCP server, over stdio or streamable HTTP. Needs the extra `serve`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date
from functools import wraps
from typing import Annotated, ParamSpec, TypeVar

from pydantic import Field

from app.answers import Answers
from app.api_models import (
    ArticleAnswer,
    CiteCheckAnswer,
    Day,
    Name,
    NormsAnswer,
    SearchAnswer,
    SearchOptions,
    Words,
)
from app.ask_contract import AskResult
from app.contracts import JudgeResult
from app.desk import Desk
from app.limits import Limits
from app.live import LiveAnswers
from kg.problem import DamagedError, InputError, YilunError
from kg.vocabulary import Level

try:
    from mcp.server import MCPServer
    from mcp.server.mcpserver.exceptions import ToolError
    from mcp.types import ToolAnnotations
except ImportError as error:
    raise InputError("MCP 服务需要 mcp 2；请安装 yilun[serve]：pip install 'yilun[serve]'") from error

P = ParamSpec("P")
T = TypeVar("T")

INSTRUCTIONS = """\
按某一天的中国法律检索条文、读条文与其规范、核对引文、判断临床情形。每条结果都有 id、日期与构建，引用时请一并写出。
status 为 unknown 的条文效力待核，不是现行有效。检索用的释义、案例与情形判断由模型或规则得出，未经专家审核。不是法律意见。
"""

Count = Annotated[int, Field(ge=1, description="取多少条")]
ReferenceWords = Annotated[Words, Field(description="《医师法》第二十五条、民法典1219条 或条款 id")]


def make_mcp(live: LiveAnswers, *, today: Callable[[], date], limits: Limits) -> MCPServer[None]:
    """The server. `today` is the day whose law is meant where a call names none."""
    server: MCPServer[None] = MCPServer("yilun", title="医伦", instructions=INSTRUCTIONS, log_level="WARNING")
    desk = Desk(live, limits)

    async def do(work: Callable[[Answers], T]) -> T:
        await asyncio.to_thread(live.refresh)
        answers = desk.answers()
        return await desk.do(lambda: work(answers))

    def tool(title: str) -> Callable[[Callable[P, Awaitable[T]]], Callable[P, Awaitable[T]]]:
        def register(function: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
            hints = ToolAnnotations(
                title=title, read_only_hint=True, idempotent_hint=True, open_world_hint=False
            )
            return server.tool(title=title, annotations=hints)(_told(function))

        return register

    @tool("检索条文")
    async def search_law(
        query: Annotated[Words, Field(description="情形、问题或引文")],
        k: Count = 10,
        as_of: Day = None,
        levels: list[Level] | None = None,
        topics: list[Words] | None = None,
        sources: list[Name] | None = None,
        modalities: list[Name] | None = None,
        parties: list[Name] | None = None,
        only_in_force: bool = False,
        neighbours: Annotated[int, Field(ge=0, le=20, description="每条之前、之后各带几条相邻条文")] = 0,
    ) -> SearchAnswer:
        """检索条文：引文直达，其余按词面与语义。why 说明为何找到；其中的释义由模型撰写，未经审核，不是法律。"""
        limits.check_query(query, place="query")
        limits.check_k(k)
        options = SearchOptions(
            k=k,
            levels=levels,
            topics=topics,
            sources=sources,
            modalities=modalities,
            parties=parties,
            only_in_force=only_in_force,
            neighbours=neighbours,
        )
        return await do(lambda answers: answers.search(query, options, as_of=as_of or today()))

    @tool("读一条法律")
    async def get_article(reference: ReferenceWords, as_of: Day = None) -> ArticleAnswer:
        """一条法律当日的文本、版本、引出与引入；scenarios 为模型撰写的案例，未经审核。"""
        limits.check_reference(reference, place="reference")
        return await do(lambda answers: answers.article(reference, as_of=as_of or today()))

    @tool("一条法律的规范")
    async def get_norms(reference: ReferenceWords, as_of: Day = None) -> NormsAnswer:
        """义务、禁止、许可、责任……各由谁承担、何时适用、有何例外。由规则从原文抽取，未经法律专家逐条审核。"""
        limits.check_reference(reference, place="reference")
        return await do(lambda answers: answers.norms(reference, as_of=as_of or today()))

    @tool("向图提问")
    async def ask_graph(
        question: Annotated[Name, Field(description="duties、protections、sanctions 或 definitions")],
        parameters: Annotated[
            dict[Name, Name],
            Field(
                description="duties：party 主体，topic 场景；protections：party；"
                "sanctions：id 《医师法》第二十五条 或条款 id；definitions：term 用语"
            ),
        ],
        as_of: Day = None,
    ) -> AskResult:
        """主体在场景中的义务与禁止、保护主体的禁止、违反一条的后果、用语的定义。

        tie.method 为 likeness 的后果只因字词相合，条文没有指明；by_likeness 表示其前有这样的一步。
        """
        return await do(lambda answers: answers.ask(question, parameters, as_of=as_of or today()))

    @tool("核对引文")
    async def check_citations(
        text: Annotated[Words, Field(description="要核对的文本，例如一篇回答")], as_of: Day = None
    ) -> CiteCheckAnswer:
        """文中引用的每一条：有无此条、当日是否有效、引文与内容是否相符；不符的给出可能的条文。"""
        limits.check_text(text, place="text")
        return await do(lambda answers: answers.check(text, as_of=as_of or today()))

    @tool("判断情形")
    async def judge_scenario(
        text: Annotated[Words, Field(description="一个临床情形")], k: Count = 5, as_of: Day = None
    ) -> JudgeResult:
        """适用的条款，逐字引用，与结论；undetermined 是一种结论，reason 说明原因。不是法律意见。"""
        limits.check_query(text, place="text")
        limits.check_k(k)
        return await do(lambda answers: answers.judge(text, as_of=as_of or today(), k=k))

    return server


def _told(function: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
    """The tool, with errors of ours in words for the model that called it."""

    @wraps(function)
    async def call(*arguments: P.args, **named: P.kwargs) -> T:
        try:
            return await function(*arguments, **named)
        except DamagedError as error:
            # The message names a path on this machine; the log has it.
            raise RuntimeError(str(error)) from error
        except YilunError as error:
            raise ToolError(str(error)) from error

    return call
