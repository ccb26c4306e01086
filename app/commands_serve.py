"""`yilun serve` and `yilun mcp`: HTTP and MCP, on this machine alone unless callers have keys."""

from __future__ import annotations

import ipaddress
import logging
import os
import signal
import socket
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.api_gate import LOOPBACK, make_gate
from app.api_keys import Keys
from app.limits import Limits
from app.terminal import BuildOption, HomeOption, read_day, talk
from kg.home import Home
from kg.problem import InputError

if TYPE_CHECKING:
    from starlette.types import ASGIApp

_DEFAULT = Limits()

HostOption = Annotated[str, typer.Option("--host", help="地址；没有密钥时只能是本机")]
KeysOption = Annotated[
    Path | None,
    typer.Option("--keys", envvar="YILUN_API_KEYS", help="密钥文件：每行 密钥的 sha256、空格、名称"),
]
RateOption = Annotated[float, typer.Option("--rate", min=0.1, help="每个调用者每秒多少次")]


def serve(
    host: HostOption = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="端口；0 为任一空闲端口")] = 8700,
    keys: KeysOption = None,
    rate: RateOption = _DEFAULT.rate,
    home: HomeOption = None,
    build: BuildOption = None,
) -> None:
    """HTTP 服务：检索、条文、引文核对、情形判断；换了构建自动改用。Ctrl-C 结束，先答完手上的请求。

    例：yilun serve --port 8700
    """
    from app.api import make_api
    from app.live import LiveAnswers

    known = Keys.read(keys) if keys else None
    refuse_open_door(host, keyed=known is not None)
    limits = replace(_DEFAULT, rate=rate)
    with closing(
        LiveAnswers(Home.resolve(home, os.environ), build, today=_today, environ=os.environ)
    ) as live:
        api = make_api(live, today=_today, limits=limits, keys=known, hosts=_hosts(host, known))
        listen(api, host, port, limits=limits, told=f"构建 {live.answers.build.id}", path="/v1/health")


def mcp(
    http: Annotated[bool, typer.Option("--http", help="用 streamable HTTP；默认标准输入输出")] = False,
    host: HostOption = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="--http 的端口")] = 8701,
    keys: KeysOption = None,
    rate: RateOption = _DEFAULT.rate,
    home: HomeOption = None,
    build: BuildOption = None,
) -> None:
    """MCP 服务：search_law、get_article、get_norms、ask_graph、check_citations、judge_scenario 六个工具。

    例：yilun mcp
    """
    from app.live import LiveAnswers
    from app.mcp_server import make_mcp

    known = Keys.read(keys) if keys else None
    limits = replace(_DEFAULT, rate=rate)
    with closing(
        LiveAnswers(Home.resolve(home, os.environ), build, today=_today, environ=os.environ)
    ) as live:
        server = make_mcp(live, today=_today, limits=limits)
        if not http:
            talk(f"MCP 标准输入输出  构建 {live.answers.build.id}")
            server.run("stdio")
            return
        refuse_open_door(host, keyed=known is not None)
        inner = server.streamable_http_app(host=host, stateless_http=True, json_response=True)
        gate = make_gate(inner, paths=("/mcp",), limits=limits, keys=known, hosts=_hosts(host, known))
        listen(gate, host, port, limits=limits, told=f"构建 {live.answers.build.id}", path="/mcp")


def _today() -> date:
    return read_day(None)


def _hosts(host: str, keys: Keys | None) -> frozenset[str] | None:
    return None if keys else LOOPBACK | {host}


def is_loopback(host: str) -> bool:
    """Whether an address is this machine's own, reached by nobody else."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def refuse_open_door(host: str, *, keyed: bool) -> None:
    """InputError if a service without keys would be reached from other machines."""
    if not is_loopback(host) and not keyed:
        raise InputError(f"--host {host} 让别的机器也能访问，而没有密钥；请给出 --keys，或用 127.0.0.1")


def listen(app: ASGIApp, host: str, port: int, *, limits: Limits, told: str, path: str) -> None:
    """Serve until SIGINT or SIGTERM; questions in hand are answered first, then it ends in peace."""
    import uvicorn

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    config = uvicorn.Config(
        app, log_config=None, log_level="warning", access_log=False, server_header=False, proxy_headers=False,
        # Longer than clients keep an idle connection: else one is closed while a question is on its way.
        ws="none", timeout_keep_alive=75, timeout_graceful_shutdown=int(limits.shutdown_seconds),
    )  # fmt: skip
    with closing(bound(host, port)) as door:
        name = f"[{host}]" if ":" in host else host
        talk(f"http://{name}:{door.getsockname()[1]}{path}  {told}")
        # Having ended its work the server raises the signal again, for whoever was there before it.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: None)
        uvicorn.Server(config).run(sockets=[door])


def bound(host: str, port: int) -> socket.socket:
    """A socket that listens; InputError if the address cannot be had. Port 0 is any free one."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        door = socket.create_server((host, port), family=family, backlog=256)
        # Inherited by each connection. asyncio sets it only where the protocol number is given, which
        # create_server does not: every answer then waited 40 ms for an acknowledgement.
        door.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return door
    except OSError as error:
        raise InputError(
            f"不能在 {host}:{port} 上提供服务：{error.strerror or error}；请换 --host 或 --port"
        ) from error
