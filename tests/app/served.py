"""A real server on a free loopback port, in a thread."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import uvicorn

from app.commands_serve import bound

if TYPE_CHECKING:
    from starlette.types import ASGIApp


@dataclass(frozen=True, slots=True)
class Served:
    url: str
    server: uvicorn.Server
    thread: threading.Thread


@contextmanager
def serving(app: ASGIApp) -> Iterator[Served]:
    door = bound("127.0.0.1", 0)
    config = uvicorn.Config(
        app, log_config=None, timeout_keep_alive=75, timeout_graceful_shutdown=20, ws="none"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [door]})
    thread.start()
    try:
        yield Served(f"http://127.0.0.1:{door.getsockname()[1]}", server, thread)
    finally:
        server.should_exit = True
        thread.join(30)
        door.close()
    assert not thread.is_alive()
