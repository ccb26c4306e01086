"""A small HTTP server that speaks chat completions, and misbehaves when told to."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple


class Broken(NamedTuple):
    """A body that is begun and not ended: what comes of it, then silence, or the connection is closed.

    Where nothing of it comes, the connection is closed before there is a response.
    """

    begun: bytes
    silent: bool = False


Answer = Callable[[dict[str, Any]], bytes | Broken | None]
"""Makes the body of a response from the request's; None never answers."""


def completion(content: str, *, finish: str = "stop") -> bytes:
    """The body of a chat completion with these words."""
    choice = {"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": finish}
    body = {
        "id": "c1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
    }  # fmt: skip
    return json.dumps(body, ensure_ascii=False).encode()


def called(tool: str, **arguments: str) -> bytes:
    """The body of a chat completion that calls a tool."""
    call = {
        "id": f"call-{tool}",
        "type": "function",
        "function": {"name": tool, "arguments": json.dumps(arguments)},
    }
    message = {"role": "assistant", "content": None, "tool_calls": [call]}
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls"}
    return json.dumps(
        {"id": "c1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}
    ).encode()


def streamed(body: bytes, *, cut: bool = False) -> bytes:
    """A chat completion as server-sent events, a few characters each; cut: it ends without a finish."""
    whole = json.loads(body)
    message, finish = whole["choices"][0]["message"], whole["choices"][0]["finish_reason"]
    words = message["content"] or ""
    deltas: list[dict[str, Any]] = [{"content": words[at : at + 7]} for at in range(0, len(words), 7)]
    deltas += [{"tool_calls": [{"index": 0, **call}]} for call in message.get("tool_calls", ())]
    deltas = deltas[: len(deltas) // 2] if cut else deltas
    choices: list[dict[str, Any]] = [{"index": 0, "delta": delta, "finish_reason": None} for delta in deltas]
    if not cut:
        choices.append({"index": 0, "delta": {}, "finish_reason": finish})
    chunks = [
        {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [c]}
        for c in choices
    ]
    lines = [f"data: {json.dumps(chunk, ensure_ascii=False)}\n\n" for chunk in chunks]
    return ("".join(lines) + ("" if cut else "data: [DONE]\n\n")).encode()


class Chat:
    """A running server: its address, and the requests that it had."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str | None] = []


@contextmanager
def chat_server(answer: Answer, *, status: int = 200) -> Iterator[Chat]:
    """A server on a free loopback port that answers each request by `answer`."""
    over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            chat.requests.append({"path": self.path, **request})
            chat.keys.append(self.headers["Authorization"])
            body = answer(request)
            if body is None:
                over.wait()
            if body is None or body == Broken(b""):
                return
            sent = body.begun if isinstance(body, Broken) else body
            self.send_response(status)
            kind = "text/event-stream" if sent.startswith(b"data:") else "application/json"
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(sent) + isinstance(body, Broken)))
            self.end_headers()
            self.wfile.write(sent)
            self.wfile.flush()
            if isinstance(body, Broken) and body.silent:
                over.wait()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    chat = Chat(f"http://127.0.0.1:{server.server_address[1]}/v1")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield chat
    finally:
        over.set()
        server.shutdown()
        thread.join()
        server.server_close()
