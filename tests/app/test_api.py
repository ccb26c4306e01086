"""The HTTP API over a real server on a loopback port."""

from __future__ import annotations

import hashlib
import json
import shutil
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest

from app.answers import Answers
from app.api import api_document, make_api
from app.api_keys import Keys
from app.api_models import SearchOptions
from app.builder import make_build
from app.limits import Limits
from app.live import LiveAnswers
from kg.home import Home
from tests.app.invented import write_corpus
from tests.app.served import Served, serving

SCHEMAS = Path(__file__).resolve().parents[2] / "docs" / "schemas"
DAY = date(2021, 1, 1)
LIMITS = Limits(body=20_000, query=60, text=2_000, reference=80, batch=3, k=20, rate=1000, burst=1000)
JSON = {"content-type": "application/json"}


def today() -> date:
    return DAY


@pytest.fixture(scope="module")
def live(made_home: Path) -> LiveAnswers:
    return LiveAnswers(Home(made_home), today=today)


@pytest.fixture(scope="module")
def served(live: LiveAnswers) -> Iterator[Served]:
    with serving(make_api(live, today=today, limits=LIMITS)) as running:
        yield running


@pytest.fixture
def client(served: Served) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=served.url, timeout=30) as client:
        yield client


def same_as_schema(name: str, value: object) -> None:
    schema = json.loads((SCHEMAS / f"{name}.json").read_text(encoding="utf-8"))
    jsonschema.validate(value, schema, format_checker=jsonschema.FormatChecker())


def without(value: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: found for name, found in value.items() if name not in names}


# -- answers -------------------------------------------------------------------------------------------


def test_search_answers_in_the_contract_with_day_and_build(client: httpx.Client, live: LiveAnswers) -> None:
    answer = client.post("/v1/search", json={"query": "保护病人隐私", "k": 2, "id": "q1"}).json()
    assert (answer["id"], answer["as_of"], answer["build"]) == ("q1", "2021-01-01", live.answers.build.id)
    assert answer["hits"][0]["id"] == "甲护理条例@2020-05-01/art2"
    same_as_schema("search", without(answer, "as_of", "build"))


def test_search_on_another_day_shows_the_text_of_that_day(client: httpx.Client) -> None:
    asked = {"query": "甲护理条例第二条", "as_of": "2019-01-01"}
    assert client.post("/v1/search", json=asked).json()["hits"][0]["id"] == "甲护理条例@2010-01-01/art2"


def test_search_filters_by_level(client: httpx.Client) -> None:
    asked = {"query": "处罚", "levels": ["行政法规"]}
    hits = client.post("/v1/search", json=asked).json()["hits"]
    assert hits and {hit["title"] for hit in hits} == {"甲护理条例"}


def test_search_is_narrowed_by_norms_and_brings_neighbours(client: httpx.Client) -> None:
    asked = {"query": "护士", "parties": ["护士"], "modalities": ["obligation"], "neighbours": 1}
    hits = client.post("/v1/search", json={**asked, "sources": ["甲护理条例"]}).json()["hits"]
    assert {hit["article"] for hit in hits} == {"第二条", "第三条"}
    assert all(hit["neighbours"] for hit in hits)
    refused = client.post("/v1/search", json={**asked, "parties": ["宇航员"]})
    assert refused.status_code == 422 and "宇航员" in refused.json()["message"]


def test_a_batch_answers_in_order(client: httpx.Client) -> None:
    queries = [{"id": "b", "query": "警告"}, {"id": "a", "query": "甲护理条例第三条"}]
    results = client.post("/v1/search/batch", json={"queries": queries}).json()["results"]
    assert [(r["id"], r["hits"][0]["article"]) for r in results] == [("b", "第二条"), ("a", "第三条")]


def test_article_is_that_of_the_command(client: httpx.Client, live: LiveAnswers) -> None:
    answer = client.get("/v1/article", params={"ref": "《甲护理条例》第二条"}).json()
    same_as_schema("article", without(answer, "build"))
    assert answer["text"] == "护士应当尊重、关心、爱护病人，保护病人隐私。"
    by_id = client.get("/v1/article", params={"ref": answer["id"]}).json()
    assert by_id == answer


def test_norms_are_those_of_the_command(client: httpx.Client) -> None:
    answer = client.get("/v1/norms", params={"ref": "《甲护理条例》第二条"}).json()
    same_as_schema("norms", without(answer, "as_of", "build"))
    norm = answer["provisions"][0]["norms"][0]
    assert (norm["modality"], norm["bearer"]) == ("obligation", "护士")
    assert client.get("/v1/norms", params={"ref": "《没有此法》第一条"}).status_code == 404


def test_citations_are_checked(client: httpx.Client) -> None:
    text = "依照《甲护理条例》第二条和第九十九条处理。"
    answer = client.post("/v1/cite/check", json={"text": text, "id": "t"}).json()
    same_as_schema("cite-check", without(answer, "as_of", "build"))
    assert [c["outcome"] for c in answer["citations"]] == ["verified", "not_found"]
    start, end = answer["citations"][0]["span"]
    assert text[start:end] == answer["citations"][0]["surface"]


def test_a_batch_of_texts_each_on_its_own_day(client: httpx.Client) -> None:
    texts = [
        {
            "id": "1",
            "text": "《甲护理条例》第二条规定“护士应当尊重病人，保护病人隐私”。",
            "as_of": "2015-01-01",
        },
        {"id": "2", "text": "《甲护理条例》第二条规定“护士应当尊重病人，保护病人隐私”。"},
    ]
    results = client.post("/v1/cite/check/batch", json={"texts": texts}).json()["results"]
    assert [r["citations"][0]["outcome"] for r in results] == ["verified", "quote_mismatch"]
    assert [r["as_of"] for r in results] == ["2015-01-01", "2021-01-01"]


def test_judge_gives_a_verdict_in_the_contract(client: httpx.Client) -> None:
    answer = client.post("/v1/judge", json={"text": "护士泄露病人隐私", "k": 1}).json()
    same_as_schema("judge", answer)
    assert answer["governing"][0]["id"].startswith("甲护理条例@2020-05-01/art2")
    cases = {"cases": [{"id": "x", "text": "护士泄露病人隐私", "as_of": "2015-01-01"}]}
    results = client.post("/v1/judge/batch", json=cases).json()["results"]
    assert [(r["id"], r["as_of"]) for r in results] == [("x", "2015-01-01")]


def test_health_says_that_search_is_by_words_alone(client: httpx.Client, live: LiveAnswers) -> None:
    health = client.get("/v1/health").json()
    assert health["status"] == "degraded"  # the fixture has no vectors
    assert health["build"] == live.answers.build.id
    assert "词面" in health["problems"][0]


def test_a_pinned_build(client: httpx.Client, live: LiveAnswers) -> None:
    asked = {"query": "隐私", "build": live.answers.build.id}
    assert client.post("/v1/search", json=asked).status_code == 200
    other = client.post("/v1/search", json={**asked, "build": "0123456789abcdef"})
    assert (other.status_code, other.json()["code"]) == (409, "other_build")


def test_metrics_count_routes_and_never_what_callers_make_up(client: httpx.Client) -> None:
    client.post("/v1/search", json={"query": "病人甲的隐私"})
    client.get("/v1/made-up-name")
    client.request("BREW", "/v1/search")
    text = client.get("/v1/metrics").text
    assert 'yilun_requests_total{route="/v1/search",method="POST",status="200"}' in text
    assert 'route="other",method="GET",status="404"' in text
    assert not any(word in text for word in ("made-up-name", "BREW", "病人"))
    buckets = [line for line in text.splitlines() if 'bucket{route="/v1/search"' in line]
    assert [int(line.split()[-1]) for line in buckets] == sorted(int(line.split()[-1]) for line in buckets)


# -- hostile input -------------------------------------------------------------------------------------

HOSTILE = [
    ("POST", "/v1/search", {"content": b"{", "headers": JSON}, 400, "not_json", "body"),
    ("POST", "/v1/search", {"content": b"", "headers": JSON}, 422, "invalid", "body"),
    ("POST", "/v1/search", {"content": b'{"query":"\xff"}', "headers": JSON}, 400, "not_json", "body"),
    ("POST", "/v1/search", {"content": b"[" * 9_000, "headers": JSON}, 400, "not_json", "body"),
    ("POST", "/v1/search", {"content": b'{"query":"a"}'}, 422, "invalid", "body"),  # no type of content
    ("POST", "/v1/search", {"content": b'{"query":"\\ud83d"}', "headers": JSON}, 422, "invalid", "query"),
    ("POST", "/v1/search", {"json": []}, 422, "invalid", "body"),
    ("POST", "/v1/search", {"json": {}}, 422, "invalid", "query"),
    ("POST", "/v1/search", {"json": {"query": 1}}, 422, "invalid", "query"),
    ("POST", "/v1/search", {"json": {"query": "a", "k": "5"}}, 422, "invalid", "k"),
    ("POST", "/v1/search", {"json": {"query": "a", "k": True}}, 422, "invalid", "k"),
    ("POST", "/v1/search", {"json": {"query": "a", "k": 0}}, 422, "invalid", "k"),
    ("POST", "/v1/search", {"json": {"query": "a", "k": 10**30}}, 422, "k_too_large", "k"),
    ("POST", "/v1/search", {"json": {"query": "a", "as_of": 0}}, 422, "invalid", "as_of"),  # not 1970-01-01
    ("POST", "/v1/search", {"json": {"query": "a", "as_of": "昨天"}}, 422, "invalid", "as_of"),
    ("POST", "/v1/search", {"json": {"query": "a", "system": "x"}}, 422, "invalid", "system"),
    ("POST", "/v1/search", {"json": {"query": "a", "system": "dense"}}, 422, "unusable", ""),  # none here
    ("POST", "/v1/search", {"json": {"query": "a", "levels": ["x"]}}, 422, "invalid", "levels.0"),
    ("POST", "/v1/search", {"json": {"query": "a", "topics": ["x"]}}, 422, "unusable", ""),
    ("POST", "/v1/search", {"json": {"query": "a", "home": "/"}}, 422, "invalid", "home"),
    ("POST", "/v1/search", {"json": {"query": "长" * 61}}, 422, "query_too_long", "query"),
    ("POST", "/v1/search", {"json": {"query": "长" * 20_000}}, 413, "body_too_large", "body"),
    ("POST", "/v1/search/batch", {"json": {"queries": [{"id": "1", "query": "a"}] * 4}}, 422, "batch_too_large", "queries"),
    ("POST", "/v1/search/batch", {"json": {"queries": [{"id": "1", "query": "长" * 61}]}}, 422, "query_too_long", "queries.0.query"),
    ("POST", "/v1/search/batch", {"json": {"queries": [{"id": "1" * 201, "query": "a"}]}}, 422, "invalid", "queries.0.id"),
    ("POST", "/v1/cite/check", {"json": {"text": "长" * 2_001}}, 422, "text_too_long", "text"),
    ("POST", "/v1/judge", {"json": {"text": "长" * 61}}, 422, "query_too_long", "text"),
    ("GET", "/v1/article", {}, 422, "invalid", "ref"),
    ("GET", "/v1/article", {"params": {"ref": "长" * 81}}, 422, "reference_too_long", "ref"),
    ("GET", "/v1/article", {"params": {"ref": "../../current@unknown~1/art1"}}, 404, "no_such_provision", "ref"),
    ("GET", "/v1/article", {"params": {"ref": "甲护理条例@2020-05-01/../../art2"}}, 404, "no_such_provision", "ref"),
    ("GET", "/v1/article", {"params": {"ref": "甲护理条例@2020-05-01/art2' OR 1=1 --"}}, 404, "no_such_provision", "ref"),
    ("GET", "/v1/article", {"params": {"ref": "甲护理条例@2020-05-01/art" + "9" * 40}}, 404, "no_such_provision", "ref"),
    ("GET", "/v1/article", {"params": {"ref": "甲护理条例@9999-99-99/art2"}}, 404, "no_such_provision", "ref"),
    ("GET", "/v1/article", {"params": {"ref": "甲护理条例@2020-05-01/art2\x00"}}, 404, "no_such_provision", "ref"),
    ("GET", "/v1/article", {"params": {"ref": "《没有此法》第一条"}}, 404, "no_such_provision", "ref"),
    ("GET", "/v1/article", {"params": {"ref": "《甲护理条例》第九十九条"}}, 404, "no_such_provision", "ref"),
    ("GET", "/v1/article", {"params": {"ref": "甲护理条例第二条", "as_of": "0001-01-01"}}, 404, "no_such_provision", "ref"),
    ("GET", "/v1/search", {}, 405, "method_not_allowed", ""),
    ("GET", "/", {}, 404, "not_found", ""),
    ("GET", "/v1/..%2f..%2fetc%2fpasswd", {}, 404, "not_found", ""),
    ("GET", "/docs", {}, 404, "not_found", ""),
    ("GET", "/v1/health", {"headers": {"host": "evil.example"}}, 421, "unknown_host", "Host"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "asked", "status", "code", "place"), HOSTILE)
def test_hostile_input_is_told_what_is_wrong(
    client: httpx.Client, method: str, path: str, asked: dict[str, Any], status: int, code: str, place: str
) -> None:
    answer = client.request(method, path, **asked)
    told = answer.json()
    assert (answer.status_code, told["code"], told["place"]) == (status, code, place), told
    assert set(told) == {"code", "message", "place"} and told["message"]
    assert len(told["message"]) < 400
    assert str(SCHEMAS.parent.parent) not in told["message"]


@pytest.mark.parametrize(
    "query",
    [
        "",
        " \n",
        "\x00",
        "\u202e隐私",
        "😀" * 20,
        "第条第款",
        "(((((a+)+)+)+)+$",
        "%00",
        "《甲护理条例》第" + "9" * 30 + "条第" + "9" * 9 + "款",
    ],
)
def test_odd_but_possible_questions_are_answered(client: httpx.Client, query: str) -> None:
    assert client.post("/v1/search", json={"query": query}).status_code == 200
    assert client.post("/v1/cite/check", json={"text": query}).status_code == 200
    assert client.post("/v1/judge", json={"text": query}).status_code == 200


def test_a_body_without_a_declared_length_is_bounded_too(client: httpx.Client) -> None:
    answer = client.post("/v1/search", content=iter([b'{"query":"'] + [b"a" * 1000] * 40), headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


def test_a_body_that_does_not_come_is_not_waited_for(live: LiveAnswers) -> None:
    app = make_api(live, today=today, limits=Limits(body_seconds=0.05))
    with (
        serving(app) as served,
        socket.create_connection(("127.0.0.1", int(served.url.rsplit(":", 1)[1]))) as raw,
    ):
        raw.settimeout(20)
        raw.sendall(b"POST /v1/search HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{")
        assert raw.recv(4096).startswith(b"HTTP/1.1 408")


def test_an_error_of_ours_is_named_in_the_log_and_not_told(
    live: LiveAnswers, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("秘密的内部情形")

    monkeypatch.setattr(Answers, "search", broken)  # nothing known to us makes search fail in this way
    with serving(make_api(live, today=today)) as served:
        answer = httpx.post(f"{served.url}/v1/search", json={"query": "a"}, headers={"x-request-id": "my-1"})
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert "my-1" in answer.json()["message"] and "秘密" not in answer.text
    assert "my-1 内部错误" in caplog.text


# -- headers, keys, rate -------------------------------------------------------------------------------


def test_every_answer_has_the_headers(client: httpx.Client) -> None:
    for answer in (client.get("/v1/health"), client.get("/nowhere"), client.post("/v1/search", content=b"{")):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert "access-control-allow-origin" not in answer.headers
        assert len(answer.headers["x-request-id"]) == 16


@pytest.mark.parametrize(
    ("given", "kept"), [("abc-1", True), ("a b", False), ("x" * 65, False), ("a;b", False)]
)
def test_a_request_keeps_its_id_if_it_is_one(client: httpx.Client, given: str, kept: bool) -> None:
    answer = client.get("/v1/health", headers={"x-request-id": given})
    assert (answer.headers["x-request-id"] == given) is kept


def test_keys(live: LiveAnswers, caplog: pytest.LogCaptureFixture) -> None:
    keys = Keys({hashlib.sha256(b"key-of-ward-3").hexdigest(): "ward-3"})
    app = make_api(live, today=today, keys=keys, hosts=None)
    with serving(app) as served, httpx.Client(base_url=served.url) as client:
        assert client.get("/v1/health").status_code == 200
        for headers, code in (
            ({}, "key_missing"),
            ({"x-api-key": "key-of-ward-4"}, "key_unknown"),
            ({"authorization": "Basic key-of-ward-3"}, "key_missing"),
            ({"authorization": "Bearer \xff"}, "key_unknown"),
        ):
            answer = client.get("/v1/metrics", headers={k: v.encode("latin-1") for k, v in headers.items()})
            assert (answer.status_code, answer.json()["code"]) == (401, code)
            assert answer.headers["www-authenticate"] == "Bearer"
        for headers in ({"x-api-key": "key-of-ward-3"}, {"authorization": "bearer key-of-ward-3"}):
            assert client.get("/v1/metrics", headers=headers).status_code == 200
    assert "key-of-ward" not in caplog.text


def test_each_key_has_its_own_allowance_and_guessing_is_limited(live: LiveAnswers) -> None:
    now = [0.0]
    keys = Keys({hashlib.sha256(name.encode()).hexdigest(): name for name in ("a", "b")})
    limits = Limits(rate=1, burst=3, batch=3)
    app = make_api(live, today=today, keys=keys, hosts=None, limits=limits, clock=lambda: now[0])
    with serving(app) as served, httpx.Client(base_url=served.url) as client:

        def ask(key: str, count: int = 1) -> httpx.Response:
            queries = [{"id": str(n), "query": "隐私"} for n in range(count)]
            return client.post("/v1/search/batch", json={"queries": queries}, headers={"x-api-key": key})

        assert ask("a", 2).status_code == 200
        refused = ask("a", 2)  # one is left, two are asked
        assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
        assert int(refused.headers["retry-after"]) >= 1
        assert ask("b").status_code == 200
        now[0] = 3.0
        assert ask("a", 3).status_code == 200
        assert [ask("guess").status_code for _ in range(4)] == [401, 401, 401, 429]
        assert client.get("/v1/health").status_code == 200


def test_more_than_can_wait_are_sent_away(live: LiveAnswers, monkeypatch: pytest.MonkeyPatch) -> None:
    held, entered = threading.Event(), threading.Semaphore(0)
    search = Answers.search

    def slow(self: Answers, query: str, options: SearchOptions, **more: Any) -> object:
        entered.release()
        assert held.wait(30)
        return search(self, query, options, **more)

    monkeypatch.setattr(Answers, "search", slow)  # to hold a question for as long as the test needs
    limits = Limits(workers=1, waiting=0)
    with serving(make_api(live, today=today, limits=limits)) as served, ThreadPoolExecutor(1) as pool:
        first = pool.submit(httpx.post, f"{served.url}/v1/search", json={"query": "隐私"}, timeout=30)
        assert entered.acquire(timeout=30)
        busy = httpx.post(f"{served.url}/v1/search", json={"query": "隐私"})
        assert (busy.status_code, busy.json()["code"], busy.headers["retry-after"]) == (503, "busy", "2")
        assert httpx.get(f"{served.url}/v1/health").status_code == 200
        held.set()
        assert first.result().status_code == 200


# -- many at once, and changes underneath --------------------------------------------------------------


def test_eight_clients_get_what_one_gets(served: Served, live: LiveAnswers) -> None:
    queries = ["保护隐私", "甲护理条例第三条", "违反规定的处罚", "医嘱有误", "《甲处罚法》第二条"]
    alone = [live.answers.search(q, SearchOptions(), as_of=DAY).model_dump(mode="json") for q in queries]

    def one(_: int) -> list[Any]:
        with httpx.Client(base_url=served.url, timeout=30) as client:
            return [client.post("/v1/search", json={"query": q}).json() for q in queries * 4]

    with ThreadPoolExecutor(8) as pool:
        assert all(found == alone * 4 for found in pool.map(one, range(8)))


def test_a_new_build_takes_over_and_no_question_is_lost(made_home: Path, tmp_path: Path) -> None:
    home = Home(Path(shutil.copytree(made_home, tmp_path / "home")))
    before = home.current_id()
    report = make_build(
        home, [write_corpus(tmp_path / "corpus", both_versions=False)], selector="all", environ={},
        load_graph=False, encode=False, progress=lambda *_: None,
    )  # fmt: skip
    assert before and report.build_id != before
    home.switch(before)
    live = LiveAnswers(home, today=today)
    assert live.answers.build.id == before
    stop = threading.Event()
    with serving(make_api(live, today=today, limits=LIMITS, refresh_seconds=0.01)) as served:

        def ask(_: int) -> list[tuple[int, str]]:
            seen = []
            with httpx.Client(base_url=served.url, timeout=60) as client:
                while not stop.is_set():
                    answer = client.post("/v1/search", json={"query": "甲护理条例第二条"})
                    seen.append((answer.status_code, answer.json().get("build")))
            return seen

        with ThreadPoolExecutor(2) as pool:
            asking = [pool.submit(ask, n) for n in range(2)]
            try:
                home.switch(report.build_id)
                with httpx.Client(base_url=served.url, timeout=60) as client:
                    while client.get("/v1/health").json()["build"] == before:
                        pass
            finally:
                stop.set()
            seen = [pair for one in asking for pair in one.result()]
    assert {status for status, _ in seen} == {200}
    assert {build for _, build in seen} <= {before, report.build_id}
    assert live.reloads == 1


def test_a_new_build_that_is_damaged_changes_nothing(made_home: Path, tmp_path: Path) -> None:
    home = Home(Path(shutil.copytree(made_home, tmp_path / "home")))
    live = LiveAnswers(home, today=today)
    before = live.answers.build.id
    shutil.copytree(home.build_path(before), home.build_path("abcdef0123456789"))
    (home.build_path("abcdef0123456789") / "manifest.json").write_text("{", encoding="utf-8")
    home.switch("abcdef0123456789")
    assert not live.refresh()
    assert live.answers.build.id == before
    assert live.health().status == "degraded" and "打不开" in live.health().problems[0]
    home.switch(before)
    assert not live.refresh()
    assert live.failure == ""


def test_stopping_answers_what_was_asked(live: LiveAnswers, monkeypatch: pytest.MonkeyPatch) -> None:
    held, entered = threading.Event(), threading.Event()
    search = Answers.search

    def slow(self: Answers, query: str, options: SearchOptions, **more: Any) -> object:
        entered.set()
        assert held.wait(30)
        return search(self, query, options, **more)

    monkeypatch.setattr(Answers, "search", slow)  # to hold a question for as long as the test needs
    with serving(make_api(live, today=today)) as served, ThreadPoolExecutor(1) as pool:
        asked = pool.submit(httpx.post, f"{served.url}/v1/search", json={"query": "隐私"}, timeout=30)
        assert entered.wait(30)
        served.server.should_exit = True
        held.set()
        assert asked.result().status_code == 200


# -- the document --------------------------------------------------------------------------------------


def test_the_committed_document_is_that_of_the_routes() -> None:
    """A change of the API shows here first; `make schemas` writes the new document, the changelog names it."""
    assert (SCHEMAS / "openapi.json").read_text(encoding="utf-8") == api_document()


def test_the_document_is_served_and_answers_keep_to_it(client: httpx.Client) -> None:
    document = client.get("/v1/openapi.json").json()
    assert document == json.loads(api_document())
    assert set(document["paths"]) == {
        "/v1/search", "/v1/search/batch", "/v1/article", "/v1/norms", "/v1/ask", "/v1/cite/check", "/v1/cite/check/batch",
        "/v1/judge", "/v1/judge/batch", "/v1/health", "/v1/metrics",
    }  # fmt: skip
    schema = {"$ref": "#/components/schemas/ArticleAnswer", "components": document["components"]}
    jsonschema.validate(client.get("/v1/article", params={"ref": "甲护理条例第三条"}).json(), schema)
