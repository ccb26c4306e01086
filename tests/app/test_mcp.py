"""The MCP server through the real client of the mcp package: over stdio, and over HTTP."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import Awaitable, Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters

from app.api_gate import make_gate
from app.builder import make_build
from app.limits import Limits
from app.live import LiveAnswers
from app.mcp_server import make_mcp
from kg.home import Home
from tests.app.invented import write_corpus
from tests.app.served import Served, serving

ROOT = Path(__file__).resolve().parents[2]
DAY = date(2021, 1, 1)
TOOLS = {"search_law", "get_article", "get_norms", "ask_graph", "check_citations", "judge_scenario"}
Use = Callable[[Client], Awaitable[None]]


def stdio(home: Path) -> StdioServerParameters:
    return StdioServerParameters(
        command=sys.executable, args=["-m", "app.cli", "mcp", "--home", str(home)], cwd=ROOT,
        env={name: value for name, value in os.environ.items() if not name.startswith("YILUN_")},
    )  # fmt: skip


def using(server: StdioServerParameters | str, use: Use) -> None:
    async def main() -> None:
        async with Client(server, read_timeout_seconds=60) as client:
            await use(client)

    asyncio.run(main())


@pytest.fixture(scope="module")
def over_http(made_home: Path) -> Iterator[Served]:
    live = LiveAnswers(Home(made_home), today=lambda: DAY)
    limits = Limits(query=60, k=20)
    server = make_mcp(live, today=lambda: DAY, limits=limits)
    app = server.streamable_http_app(stateless_http=True, json_response=True)
    with serving(make_gate(app, paths=("/mcp",), limits=limits)) as running:
        yield running


async def every_tool(client: Client) -> None:
    listed = {tool.name: tool for tool in (await client.list_tools()).tools}
    assert set(listed) == TOOLS
    for tool in listed.values():
        assert tool.description and tool.annotations and tool.annotations.read_only_hint

    async def call(name: str, **arguments: Any) -> dict[str, Any]:
        result = await client.call_tool(name, arguments)
        assert not result.is_error, result.content
        assert isinstance(result.structured_content, dict)
        assert listed[name].output_schema
        jsonschema.validate(result.structured_content, listed[name].output_schema)
        return result.structured_content

    found = await call("search_law", query="保护病人隐私", k=1, as_of="2021-01-01")
    identifier = found["hits"][0]["id"]
    assert identifier == "甲护理条例@2020-05-01/art2" and found["as_of"] == "2021-01-01"
    assert (await call("get_article", reference=identifier))["text"].startswith("护士应当尊重、关心")
    before = await call("get_article", reference="甲护理条例第二条", as_of="2019-01-01")
    assert before["id"] == "甲护理条例@2010-01-01/art2"
    norms = await call("get_norms", reference=identifier)
    assert norms["provisions"][0]["norms"][0]["modality"] == "obligation"
    checked = await call("check_citations", text="《甲护理条例》第九十九条", as_of="2021-01-01")
    assert checked["citations"][0]["outcome"] == "not_found"
    verdict = await call("judge_scenario", text="护士泄露病人隐私", k=1, as_of="2021-01-01")
    assert verdict["as_of"] == "2021-01-01" and verdict["build"] == found["build"]


def test_every_tool_over_stdio(made_home: Path) -> None:
    using(stdio(made_home), every_tool)


def test_every_tool_over_http(over_http: Served) -> None:
    using(f"{over_http.url}/mcp", every_tool)


@pytest.mark.parametrize(
    ("name", "arguments", "says"),
    [
        ("get_article", {"reference": "《没有此法》第一条"}, "没有《没有此法》"),
        ("get_article", {"reference": "../../current@unknown~1/art1"}, "不是版本 id"),
        ("get_article", {"reference": "甲护理条例第二条", "as_of": "昨天"}, "as_of"),
        ("search_law", {"query": "长" * 61}, "最多 60 字"),
        ("search_law", {"query": "隐私", "k": 21}, "最多 20 条"),
        ("search_law", {"query": "隐私", "k": 0}, "greater than or equal to 1"),
        ("search_law", {"query": "隐私", "levels": ["x"]}, "levels"),
        ("search_law", {"query": "隐私", "topics": ["x"]}, "没有场景"),
        ("search_law", {}, "query"),
        ("drop_tables", {}, "drop_tables"),
    ],
)
def test_what_a_tool_cannot_do_is_said(
    over_http: Served, name: str, arguments: dict[str, Any], says: str
) -> None:
    async def use(client: Client) -> None:
        result = await client.call_tool(name, arguments)
        assert result.is_error
        assert says in result.content[0].text  # type: ignore[union-attr]  # text, by the assertion itself

    using(f"{over_http.url}/mcp", use)


def test_a_session_follows_the_build_in_use(made_home: Path, tmp_path: Path) -> None:
    home = Home(Path(shutil.copytree(made_home, tmp_path / "home")))
    before = home.current_id()
    report = make_build(
        home, [write_corpus(tmp_path / "corpus", both_versions=False)], selector="all", environ={},
        load_graph=False, encode=False, progress=lambda *_: None,
    )  # fmt: skip
    assert before
    home.switch(before)

    async def use(client: Client) -> None:
        asked = {"reference": "甲护理条例第二条", "as_of": "2019-01-01"}
        assert not (await client.call_tool("get_article", asked)).is_error
        home.switch(report.build_id)
        now = await client.call_tool("get_article", asked)
        assert now.is_error and "没有可用的版本" in now.content[0].text  # type: ignore[union-attr]

    using(stdio(home.root), use)
