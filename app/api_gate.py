"""What every request passes before it reaches a route: name, host, key, rate, size; and leaves by: headers, log."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import secrets
import time
from collections.abc import Awaitable, Callable, Collection
from typing import TYPE_CHECKING

from app.api_keys import Keys
from app.api_metrics import Metrics
from app.limits import Limits, TokenBuckets

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_log = logging.getLogger("yilun.api")

OPEN_PATHS = frozenset({"/v1/health"})
"""Answered without a key: a load balancer has none."""

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
"""The names by which a service on this machine alone is called."""

_METHODS = frozenset({"GET", "POST", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"})
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cache-control", b"no-store"),
)


class RefusalError(Exception):
    """A request that is not let through: status, code, words, the field at fault, seconds to wait."""

    def __init__(self, status: int, code: str, message: str, place: str = "", *, wait: float = 0.0) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.place, self.wait = status, code, message, place, wait

    def body(self) -> dict[str, str]:
        """The error in the one shape that all errors have."""
        return {"code": self.code, "message": self.message, "place": self.place}

    def headers(self) -> dict[str, str]:
        """What a client's library acts upon by itself."""
        found = {}
        if self.wait > 0:
            found["Retry-After"] = str(int(self.wait) + 1)
        if self.status == 401:
            found["WWW-Authenticate"] = "Bearer"
        return found


def internal_error(request_id: str) -> RefusalError:
    """An error of ours, of which the caller learns only under which name the log has it."""
    return RefusalError(500, "internal", f"服务器内部错误；日志中以 {request_id} 记录")


class Gate:
    """ASGI middleware around the routes.

    `paths` are those of the routes, by which requests are counted. `hosts` are the names under which the
    service may be called, None for any: a service on loopback without keys would otherwise answer any web
    page whose host name an attacker lets point to 127.0.0.1.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        paths: Collection[str],
        limits: Limits,
        keys: Keys | None,
        hosts: Collection[str] | None,
        buckets: TokenBuckets,
        metrics: Metrics,
        clock: Callable[[], float],
        new_id: Callable[[], str],
    ) -> None:
        self._app, self._paths, self._limits, self._keys, self._hosts = (
            app,
            frozenset(paths),
            limits,
            keys,
            hosts,
        )
        self._buckets, self._metrics, self._clock, self._new_id = buckets, metrics, clock, new_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection's scope."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        given = headers.get(b"x-request-id", b"")
        name = given if _REQUEST_ID.fullmatch(given) else self._new_id().encode()
        started, status = self._clock(), 499  # 499: the client left before there was an answer
        self._metrics.begin()

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {
                    **message,
                    "headers": [*message["headers"], *_HEADERS, (b"x-request-id", name)],
                }
            await send(message)

        try:
            try:
                caller = self._caller(scope, headers)
                scope.setdefault("state", {}).update(caller=caller, request_id=name.decode())
                if scope["path"] not in OPEN_PATHS:
                    self.charge(caller, 1)
                await self._app(scope, await self._whole_body(headers, receive), answer)
            except RefusalError as refusal:
                await _send_refusal(refusal, answer)
            except Exception:
                _log.exception("%s 内部错误", name.decode())
                if status == 499:
                    await _send_refusal(internal_error(name.decode()), answer)
                elif status != 500:  # an answer was begun: the connection has to be cut
                    raise
        finally:
            self._metrics.end()
            route = scope["path"] if scope["path"] in self._paths else "other"
            method = scope["method"] if scope["method"] in _METHODS else "other"
            seconds = self._clock() - started
            self._metrics.observe(route, method, status, seconds)
            # Never the query string, nor a path that a caller made up: both may tell of a patient.
            _log.info("%s %s %s %d %.0fms", name.decode(), method, route, status, seconds * 1000)

    def charge(self, caller: str, questions: int) -> None:
        """Take that many questions from the caller's allowance; RefusalError 429 if it has run out."""
        if wait := self._buckets.take(caller, questions):
            raise RefusalError(
                429, "rate_limited",
                f"超过每秒 {self._limits.rate:g} 次、一次 {self._limits.burst} 次的上限；请 {wait:.1f} 秒后再试",
                wait=wait,
            )  # fmt: skip

    def _caller(self, scope: Scope, headers: dict[bytes, bytes]) -> str:
        address = str(scope["client"][0]) if scope.get("client") else "unknown"
        if self._hosts is not None:
            host = _host_name(headers.get(b"host", b"").decode("latin-1"))
            if host not in self._hosts:
                raise RefusalError(
                    421, "unknown_host", "请求的主机名不是此服务的；请用启动时显示的地址", "Host"
                )
        if self._keys is None or scope["path"] in OPEN_PATHS:
            return f"address {address}"
        key = _presented_key(headers)
        if not key:
            raise RefusalError(
                401, "key_missing", "此服务需要密钥；请放在 Authorization: Bearer 之后", "Authorization"
            )
        holder = self._keys.holder(key)
        if holder is None:
            # Guessing is paid for too.
            self.charge(f"address {address}", 1)
            raise RefusalError(401, "key_unknown", "密钥不对；请向提供服务的人核对", "Authorization")
        return f"key {holder}"

    async def _whole_body(self, headers: dict[bytes, bytes], receive: Receive) -> Receive:
        """The body, read to its end within bounds, to be received again by the routes."""
        most = self._limits.body
        too_large = RefusalError(413, "body_too_large", f"请求体超过 {most} 字节；请分次提交", "body")
        declared = headers.get(b"content-length", b"")
        if declared.isdigit() and int(declared) > most:
            raise too_large
        chunks, size = [], 0
        try:
            async with asyncio.timeout(self._limits.body_seconds):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        return _replay([message], receive)
                    chunks.append(message)
                    size += len(message.get("body", b""))
                    if size > most:
                        raise too_large
                    if not message.get("more_body"):
                        return _replay(chunks, receive)
        except TimeoutError:
            raise RefusalError(
                408, "body_timeout", f"{self._limits.body_seconds:g} 秒内没有收完请求体", "body"
            ) from None


def make_gate(
    app: ASGIApp,
    *,
    paths: Collection[str],
    limits: Limits,
    keys: Keys | None = None,
    hosts: Collection[str] | None = LOOPBACK,
    buckets: TokenBuckets | None = None,
    metrics: Metrics | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Gate:
    """The gate with a clock and counters of its own where none are given, and random names for requests."""
    return Gate(
        app,
        paths=paths,
        limits=limits,
        keys=keys,
        hosts=hosts,
        buckets=buckets or TokenBuckets(rate=limits.rate, burst=limits.burst, clock=clock),
        metrics=metrics or Metrics(),
        clock=clock,
        new_id=lambda: secrets.token_hex(8),
    )


def _replay(messages: list[Message], receive: Receive) -> Receive:
    held = iter(messages)

    async def again() -> Message:
        return next(held, None) or await receive()

    return again


def _presented_key(headers: dict[bytes, bytes]) -> str:
    scheme, _, token = headers.get(b"authorization", b"").partition(b" ")
    found = token.strip() if scheme.lower() == b"bearer" else headers.get(b"x-api-key", b"").strip()
    return found.decode("utf-8", "surrogateescape")


def _host_name(host: str) -> str:
    """The name in a Host header without its port: [::1]:8700 is ::1."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.rpartition(":")[0] if host.count(":") == 1 else host


async def _send_refusal(refusal: RefusalError, send: Callable[[Message], Awaitable[None]]) -> None:
    body = json.dumps(refusal.body(), ensure_ascii=False).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    headers += [(name.lower().encode(), value.encode()) for name, value in refusal.headers().items()]
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
