"""The HTTP API: versioned paths over the answers of the build in use. Needs the extra `serve`.

Questions are bodies, never paths: what stands in a path is kept by every log on the way, and a question may
tell of a patient. There is no documentation page, because it would load scripts from elsewhere; the OpenAPI
document is at /v1/openapi.json and committed as docs/schemas/openapi.json.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from app.api_gate import LOOPBACK, RefusalError, internal_error, make_gate
from app.api_keys import Keys
from app.api_metrics import Metrics
from app.api_models import (
    ApiError,
    ArticleAnswer,
    Asked,
    AskRequest,
    CiteCheckAnswer,
    CiteCheckAnswers,
    CiteCheckBatch,
    CiteCheckRequest,
    Health,
    JudgeAnswers,
    JudgeBatch,
    JudgeRequest,
    NormsAnswer,
    ReferenceRequest,
    SearchAnswer,
    SearchAnswers,
    SearchBatch,
    SearchRequest,
)
from app.ask_contract import AskResult
from app.contracts import JudgeResult
from app.desk import BusyError, Desk, OtherBuildError
from app.limits import LimitError, Limits, TokenBuckets
from app.live import LiveAnswers, following
from kg.problem import DamagedError, InputError, StoreError, YilunError

try:
    from fastapi import FastAPI, Query, Request
    from fastapi.exceptions import RequestValidationError
    from fastapi.responses import JSONResponse, PlainTextResponse
    from starlette.exceptions import HTTPException
except ImportError as error:
    raise InputError(
        "HTTP 服务需要 fastapi 与 uvicorn；请安装 yilun[serve]：pip install 'yilun[serve]'"
    ) from error

if TYPE_CHECKING:
    from starlette.types import ASGIApp

T = TypeVar("T")

_ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"model": ApiError, "description": text}
    for status, text in (
        (400, "不是 JSON"), (401, "没有密钥或密钥不对"), (404, "没有这个地址或条文"),
        (409, "服务器用的是另一个构建"), (413, "请求体太大"), (422, "字段不合格式或超过上限"),
        (429, "太快"), (503, "正忙，或没有可用的构建"),
    )
}  # fmt: skip


def make_api(
    live: LiveAnswers,
    *,
    today: Callable[[], date],
    limits: Limits | None = None,
    keys: Keys | None = None,
    hosts: Collection[str] | None = LOOPBACK,
    clock: Callable[[], float] = time.monotonic,
    refresh_seconds: float = 2.0,
) -> ASGIApp:
    """The service as an ASGI application. `today` is the day whose law is meant where a question names none.

    Every `refresh_seconds` it reads one line of one file, to see whether another build was taken into use.
    """
    limits = limits or Limits()
    metrics = Metrics()
    buckets = TokenBuckets(rate=limits.rate, burst=limits.burst, clock=clock)
    routes = make_routes(
        live, today=today, limits=limits, metrics=metrics, buckets=buckets, refresh_seconds=refresh_seconds
    )
    paths = [*routes.openapi()["paths"], "/v1/openapi.json"]
    return make_gate(
        routes,
        paths=paths,
        limits=limits,
        keys=keys,
        hosts=hosts,
        buckets=buckets,
        metrics=metrics,
        clock=clock,
    )


def make_routes(
    live: LiveAnswers,
    *,
    today: Callable[[], date],
    limits: Limits,
    metrics: Metrics,
    buckets: TokenBuckets,
    refresh_seconds: float,
) -> FastAPI:
    """The routes without the gate before them."""
    desk = Desk(live, limits)

    api = FastAPI(
        title="yilun 医伦",
        version="1",
        description="以中国法律为据的临床伦理：检索、条文、引文核对、情形判断。不是法律意见。",
        openapi_url="/v1/openapi.json", docs_url=None, redoc_url=None,
        lifespan=lambda _: following(live, refresh_seconds),
        responses=_ERRORS, separate_input_output_schemas=False,
    )  # fmt: skip

    def charge_batch(request: Request, count: int, place: str) -> None:
        limits.check_batch(count, place=place)
        # The gate has taken one already.
        if count > 1 and (wait := buckets.take(request.state.caller, count - 1)):
            raise RefusalError(
                429, "rate_limited", f"这一批 {count} 条超过速率上限；请 {wait:.1f} 秒后再试", wait=wait
            )

    def day_of(asked: Asked) -> date:
        return asked.as_of or today()

    @api.post("/v1/search")
    async def search(asked: SearchRequest) -> SearchAnswer:
        """检索条文：引文直达，其余按词面与语义。"""
        limits.check_query(asked.query, place="query")
        limits.check_k(asked.k)
        answers = desk.answers(asked.build)
        return await desk.do(
            lambda: answers.search(asked.query, asked, as_of=day_of(asked), identifier=asked.id)
        )

    @api.post("/v1/search/batch")
    async def search_batch(asked: SearchBatch, request: Request) -> SearchAnswers:
        """许多查询，按次序回答。"""
        charge_batch(request, len(asked.queries), "queries")
        limits.check_k(asked.k)
        for number, one in enumerate(asked.queries):
            limits.check_query(one.query, place=f"queries.{number}.query")
        answers, day = desk.answers(asked.build), day_of(asked)
        return SearchAnswers(
            results=await desk.do(
                lambda: [answers.search(q.query, asked, as_of=day, identifier=q.id) for q in asked.queries]
            )
        )

    @api.get("/v1/article")
    async def article(asked: Annotated[ReferenceRequest, Query()]) -> ArticleAnswer:
        """一条法律：文本、版本、引出与引入、以它为据的案例。"""
        limits.check_reference(asked.ref, place="ref")
        answers = desk.answers(asked.build)
        return await desk.do(_found(lambda: answers.article(asked.ref, as_of=day_of(asked))))

    @api.get("/v1/norms")
    async def norms(asked: Annotated[ReferenceRequest, Query()]) -> NormsAnswer:
        """一条法律的规范：由规则从原文抽取，未经法律专家逐条审核。"""
        limits.check_reference(asked.ref, place="ref")
        answers = desk.answers(asked.build)
        return await desk.do(_found(lambda: answers.norms(asked.ref, as_of=day_of(asked))))

    @api.post("/v1/ask")
    async def ask(asked: AskRequest) -> AskResult:
        """向图提问：duties 主体的义务，protections 保护主体的禁止，sanctions 违反的后果，definitions 用语的定义。"""
        answers = desk.answers(asked.build)
        return await desk.do(lambda: answers.ask(asked.question, asked.parameters, as_of=day_of(asked)))

    @api.post("/v1/cite/check")
    async def cite_check(asked: CiteCheckRequest) -> CiteCheckAnswer:
        """核对一篇文本所引的每一条：有无此条、是否有效、引文与内容是否相符。"""
        limits.check_text(asked.text, place="text")
        answers = desk.answers(asked.build)
        return await desk.do(lambda: answers.check(asked.text, as_of=day_of(asked), identifier=asked.id))

    @api.post("/v1/cite/check/batch")
    async def cite_check_batch(asked: CiteCheckBatch, request: Request) -> CiteCheckAnswers:
        """许多文本，按次序核对。"""
        charge_batch(request, len(asked.texts), "texts")
        for number, one in enumerate(asked.texts):
            limits.check_text(one.text, place=f"texts.{number}.text")
        answers, day = desk.answers(asked.build), day_of(asked)
        return CiteCheckAnswers(
            results=await desk.do(
                lambda: [answers.check(t.text, as_of=t.as_of or day, identifier=t.id) for t in asked.texts]
            )
        )

    @api.post("/v1/judge")
    async def judge(asked: JudgeRequest) -> JudgeResult:
        """一个情形：适用的条款，逐字引用，与结论。"""
        limits.check_query(asked.text, place="text")
        limits.check_k(asked.k)
        answers = desk.answers(asked.build)
        return await desk.do(
            lambda: answers.judge(asked.text, as_of=day_of(asked), k=asked.k, identifier=asked.id)
        )

    @api.post("/v1/judge/batch")
    async def judge_batch(asked: JudgeBatch, request: Request) -> JudgeAnswers:
        """许多情形，按次序判断。"""
        charge_batch(request, len(asked.cases), "cases")
        limits.check_k(asked.k)
        for number, one in enumerate(asked.cases):
            limits.check_query(one.text, place=f"cases.{number}.text")
        answers, day = desk.answers(asked.build), day_of(asked)
        return JudgeAnswers(
            results=await desk.do(
                lambda: [
                    answers.judge(c.text, as_of=c.as_of or day, k=asked.k, identifier=c.id)
                    for c in asked.cases
                ]
            )
        )

    @api.get("/v1/health")
    async def health() -> Health:
        """是否在回答，用哪个构建。不需要密钥。"""
        return live.health()

    @api.get("/v1/metrics", response_class=PlainTextResponse)
    async def counters() -> PlainTextResponse:
        """计数，Prometheus 文本格式。"""
        text = metrics.text(build=live.answers.build.id, reloads=live.reloads)
        return PlainTextResponse(text, media_type="text/plain; version=0.0.4; charset=utf-8")

    _handle_errors(api)
    return api


def api_document() -> str:
    """The OpenAPI document in a fixed layout. It follows from the models alone: no build is opened."""
    import json
    from pathlib import Path

    from kg.home import Home

    def never() -> date:
        raise AssertionError("no question is asked here")

    limits = Limits()
    buckets = TokenBuckets(rate=limits.rate, burst=limits.burst, clock=time.monotonic)
    live = LiveAnswers(Home(Path("nowhere")), today=never)
    routes = make_routes(
        live, today=never, limits=limits, metrics=Metrics(), buckets=buckets, refresh_seconds=1
    )
    return json.dumps(routes.openapi(), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _found(work: Callable[[], T]) -> Callable[[], T]:
    """The work, with what it cannot find told as a thing that is not there."""

    def do() -> T:
        try:
            return work()
        except InputError as error:
            raise RefusalError(404, "no_such_provision", str(error), "ref") from error

    return do


def _handle_errors(api: FastAPI) -> None:
    @api.exception_handler(RefusalError)
    async def refused(_: Request, error: RefusalError) -> JSONResponse:
        return JSONResponse(error.body(), error.status, error.headers())

    @api.exception_handler(YilunError)
    async def ours(_: Request, error: YilunError) -> JSONResponse:
        match error:
            case OtherBuildError():
                refusal = RefusalError(409, "other_build", str(error), "build")
            case BusyError():
                refusal = RefusalError(503, "busy", str(error), wait=1)
            case LimitError():
                refusal = RefusalError(422, error.code, str(error), error.place)
            case InputError():
                refusal = RefusalError(422, "unusable", str(error))
            case StoreError():
                # The message may name an address; it is for the log as well.
                refusal = RefusalError(
                    503, "no_graph", "图数据库不可用，或未载入此构建；请管理者运行 yilun build"
                )
            case DamagedError():
                # The message names a path on this machine; it is for the log of whoever runs the service.
                refusal = RefusalError(503, "damaged_build", "构建中有文件损坏；请管理者重新运行 yilun build")
            case _:
                refusal = RefusalError(503, "unavailable", "服务器现在不能回答；请管理者查看日志")
        return JSONResponse(refusal.body(), refusal.status, refusal.headers())

    @api.exception_handler(RequestValidationError)
    async def malformed(_: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        if first["type"] == "json_invalid":
            return _not_json()
        place = ".".join(str(part) for part in first["loc"][1:])[:200] or "body"
        words = _FIELD_ERRORS.get(first["type"], first["msg"].removeprefix("Value error, "))
        refusal = RefusalError(422, "invalid", f"{place}：{words}", place)
        return JSONResponse(refusal.body(), refusal.status)

    @api.exception_handler(HTTPException)
    async def unrouted(_: Request, error: HTTPException) -> JSONResponse:
        if error.status_code == 400:  # a body that is not UTF-8, or nested deeper than the parser goes
            return _not_json()
        code, text = {
            404: ("not_found", "没有这个地址；所有地址见 /v1/openapi.json"),
            405: ("method_not_allowed", "此地址不接受这种方法；见 /v1/openapi.json"),
        }.get(error.status_code, ("http", str(error.detail)))
        refusal = RefusalError(error.status_code, code, text)
        return JSONResponse(refusal.body(), refusal.status, dict(error.headers or {}))

    @api.exception_handler(Exception)
    async def unforeseen(request: Request, _: Exception) -> JSONResponse:
        refusal = internal_error(request.state.request_id)
        return JSONResponse(refusal.body(), refusal.status)


def _not_json() -> JSONResponse:
    refusal = RefusalError(400, "not_json", "请求体不是 UTF-8 的 JSON", "body")
    return JSONResponse(refusal.body(), refusal.status)


_FIELD_ERRORS = {
    "missing": "缺少此字段",
    "extra_forbidden": "没有此字段",
    "string_type": "应为字符串",
    "int_type": "应为整数",
    "list_type": "应为列表",
    "model_attributes_type": "应为 JSON 对象，Content-Type 为 application/json",
    "date_from_datetime_parsing": "日期应写成 YYYY-MM-DD",
    "date_parsing": "日期应写成 YYYY-MM-DD",
    "date_from_datetime_inexact": "日期应写成 YYYY-MM-DD",
}
"""What the model's errors are called in Chinese; others keep the library's words."""
