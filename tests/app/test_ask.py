"""The named questions on real law over the embedded graph: what the statute says is written here, read by hand."""

from __future__ import annotations

import asyncio
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from mcp.client import Client

from app.api import make_api
from app.api_gate import make_gate
from app.builder import make_build
from app.limits import Limits
from app.live import LiveAnswers
from app.mcp_server import make_mcp
from kg.home import Home
from tests.app.conftest import Run
from tests.app.served import serving

DAY = date(2026, 11, 22)
DOCTORS = "中华人民共和国医师法@2021-08-20"
HEALTH = "中华人民共和国基本医疗卫生与健康促进法@2019-12-28"
WORKS = "中华人民共和国医师法,中华人民共和国基本医疗卫生与健康促进法,中华人民共和国药品管理法"

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def asked_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("asked") / "home"
    report = make_build(
        Home(folder), [], selector=WORKS, environ={}, load_graph=True, encode=False, progress=lambda *_: None
    )
    assert not report.graph_failed, report.graph
    return folder


@pytest.fixture(scope="module")
def live(asked_home: Path) -> Iterator[LiveAnswers]:
    answers = LiveAnswers(Home(asked_home), today=lambda: DAY)
    yield answers
    answers.close()


def asked(live: LiveAnswers, question: str, as_of: date = DAY, **parameters: str) -> list[dict[str, Any]]:
    found = live.answers.ask(question, parameters, as_of=as_of)
    return [row.model_dump() for row in found.answers]


def places(rows: list[dict[str, Any]]) -> set[str]:
    return {row["provision"].rsplit("@", 1)[-1].partition("/")[2].partition("/")[0] for row in rows}


class TestDuties:
    def test_those_of_doctors_towards_patients(self, live: LiveAnswers) -> None:
        rows = asked(live, "duties", party="医师", topic="医患关系")
        found = {row["provision"]: row for row in rows}
        telling = found[f"{DOCTORS}/art25/p1"]
        assert telling["text"].startswith("医师在诊疗活动中应当向患者说明病情")
        assert telling["through"] == "医师" and telling["status"] == "in_force"
        assert any(
            row["through"] == "医务人员" for row in rows
        )  # 医疗卫生人员 are bound, and doctors are such
        assert not any("护士" in (row["bearer"] or "") for row in rows)

    def test_before_the_law_began_there_were_none_of_it(self, live: LiveAnswers) -> None:
        rows = asked(live, "duties", date(2022, 2, 28), party="医师", topic="医患关系")
        assert not [row for row in rows if row["provision"].startswith(DOCTORS)]


def test_prohibitions_that_protect(live: LiveAnswers) -> None:
    rows = asked(live, "protections", party="医师")
    texts = {row["provision"]: row["text"] for row in rows}
    assert all(row["modality"] == "prohibition" for row in rows)
    assert any("威胁、危害医疗卫生人员人身安全" in text for text in texts.values())  # 健康促进法 46, 57


class TestSanctions:
    def test_of_what_a_doctor_must_not_do(self, live: LiveAnswers) -> None:
        """医师法 24: 未经亲自诊查、调查，不得签署诊断、治疗…证明文件; 56 names the act, not the article."""
        rows = asked(live, "sanctions", id="《医师法》第二十四条")
        first = [row for row in rows if row["tie"]["step"] == 1 and row["tie"]["method"] == "likeness"]
        assert {row["provision"] for row in first} == {f"{DOCTORS}/art56/p1"}
        assert "吊销医师执业证书" in first[0]["text"]
        further = [
            row for row in rows if row["tie"]["step"] == 2 and row["provision"] == f"{DOCTORS}/art56/p1"
        ]
        assert further and all(row["tie"]["by_likeness"] for row in further)
        general = [row for row in rows if row["tie"]["method"] == "general"]
        assert {row["provision"] for row in general} == {f"{DOCTORS}/art63/p1"}
        assert not general[0]["tie"]["by_likeness"] and "追究刑事责任" in general[0]["action"]

    def test_of_practising_without_a_licence(self, live: LiveAnswers) -> None:
        rows = asked(live, "sanctions", id="《基本医疗卫生与健康促进法》第三十八条")
        first = {row["provision"]: row["tie"] for row in rows if row["tie"]["step"] == 1}
        assert first[f"{HEALTH}/art99/p1"]["evidence"] == "未取得医疗机构执业许可证擅自执业的"
        assert first[f"{HEALTH}/art99/p2"]["evidence"].startswith("伪造、变造、买卖、出租、出借")


def test_definitions(live: LiveAnswers) -> None:
    (doctors,) = asked(live, "definitions", term="医师")
    assert doctors["provision"] == f"{DOCTORS}/art2/p1" and doctors["modality"] is None
    assert doctors["text"].startswith("本法所称医师，是指依法取得医师资格")
    assert places(asked(live, "definitions", term="假药")) <= {"art98"}


def test_the_command_line_says_the_same(run: Run, asked_home: Path, live: LiveAnswers) -> None:
    words = ["ask", "sanctions", "--param", "id=《医师法》第二十四条", "--as-of", DAY, "--home", asked_home]
    told = run(*words)
    assert told.code == 0 and "字词相合，非条文指明" in told.out and "第五十六条" in told.out
    row = json.loads(run(*words, "--json").out)
    assert row["answers"] == asked(live, "sanctions", id="《医师法》第二十四条")
    listed = run("ask")
    assert all(name in listed.out for name in ("duties", "protections", "sanctions", "definitions"))
    assert run("ask", "duties", "--param", "party=医师", "--home", asked_home).code == 2


def test_http_says_the_same(live: LiveAnswers) -> None:
    with serving(make_api(live, today=lambda: DAY)) as running:

        def post(question: str, **parameters: str) -> tuple[int, dict[str, Any]]:
            body = json.dumps({"question": question, "parameters": parameters}).encode()
            request = urllib.request.Request(
                f"{running.url}/v1/ask", body, {"Content-Type": "application/json"}
            )
            try:
                with urllib.request.urlopen(request, timeout=60) as answer:
                    return answer.status, json.load(answer)
            except urllib.error.HTTPError as refused:
                return refused.code, json.load(refused)

        status, answer = post("definitions", term="医师")
        assert status == 200 and answer["as_of"] == DAY.isoformat()
        assert answer["answers"] == asked(live, "definitions", term="医师")
        assert post("drop")[0] == 422 and "duties" in post("drop")[1]["message"]
        assert post("protections", party="没有的主体")[0] == 422


def test_mcp_says_the_same(live: LiveAnswers) -> None:
    limits = Limits()
    app = make_mcp(live, today=lambda: DAY, limits=limits).streamable_http_app(
        stateless_http=True, json_response=True
    )

    async def use(url: str) -> dict[str, Any]:
        async with Client(f"{url}/mcp", read_timeout_seconds=60) as client:
            arguments = {"question": "protections", "parameters": {"party": "医师"}}
            result = await client.call_tool("ask_graph", arguments)
            assert not result.is_error and isinstance(result.structured_content, dict)
            wrong = await client.call_tool("ask_graph", {"question": "definitions", "parameters": {}})
            assert wrong.is_error and "term" in wrong.content[0].text  # type: ignore[union-attr]  # text
            return result.structured_content

    with serving(make_gate(app, paths=("/mcp",), limits=limits)) as running:
        assert asyncio.run(use(running.url))["answers"] == asked(live, "protections", party="医师")


def test_a_graph_of_another_build_is_not_asked(asked_home: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    make_build(
        Home(home), [], selector="中华人民共和国医师法", environ={}, load_graph=False, encode=False,
        progress=lambda *_: None,
    )  # fmt: skip
    other = LiveAnswers(Home(home), today=lambda: DAY)
    try:
        with serving(make_api(other, today=lambda: DAY)) as running:
            body = json.dumps({"question": "definitions", "parameters": {"term": "医师"}}).encode()
            request = urllib.request.Request(
                f"{running.url}/v1/ask", body, {"Content-Type": "application/json"}
            )
            with pytest.raises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(request, timeout=60)
            assert refused.value.code == 503 and json.load(refused.value)["code"] == "no_graph"
    finally:
        other.close()
