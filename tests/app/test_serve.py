"""`yilun serve` as a process: what it refuses, and how it ends."""

from __future__ import annotations

import hashlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from app.commands_serve import bound
from tests.app.conftest import Run

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def service(home: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    command = [sys.executable, "-m", "app.cli", "serve", "--port", "0", "--home", str(home), *arguments]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("YILUN_")}
    process = subprocess.Popen(command, cwd=ROOT, env=environ, stderr=subprocess.PIPE, text=True)
    assert process.stderr
    try:
        line = process.stderr.readline()
        assert line.startswith("http://127.0.0.1:"), line
        yield process, line.split()[0].removesuffix("/v1/health")
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_peace_and_what_was_begun_is_answered(made_home: Path, number: int) -> None:
    with service(made_home) as (process, url):
        host, port = url.removeprefix("http://").split(":")
        body = b'{"query":"a"}'
        with socket.create_connection((host, int(port))) as raw:
            raw.settimeout(30)
            raw.sendall(
                b"POST /v1/search HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(body)
            )
            assert raw.recv(4096).startswith(b"HTTP/1.1 100")  # the question is in hand
            process.send_signal(number)
            raw.sendall(body)
            assert raw.recv(65536).startswith(b"HTTP/1.1 200")
        assert process.wait(30) == 0
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{url}/v1/health")


def test_a_key_file_closes_it(made_home: Path, tmp_path: Path) -> None:
    (tmp_path / "keys").write_text(f"{hashlib.sha256(b'a-key').hexdigest()} ward-3\n", encoding="utf-8")
    with service(made_home, "--keys", str(tmp_path / "keys")) as (process, url):
        assert httpx.post(f"{url}/v1/search", json={"query": "隐私 a-question"}).status_code == 401
        asked = {"json": {"query": "隐私 a-question"}, "headers": {"authorization": "Bearer a-key"}}
        assert httpx.post(f"{url}/v1/search", **asked).status_code == 200  # type: ignore[arg-type]  # by name
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=30)
    assert "POST /v1/search 401" in log and "POST /v1/search 200" in log
    assert "a-key" not in log and "a-question" not in log


def test_what_it_refuses(run: Run, made_home: Path, tmp_path: Path) -> None:
    for arguments, says in (
        (("--host", "0.0.0.0"), "没有密钥"),
        (("--host", "example.org"), "没有密钥"),
        (("--keys", tmp_path / "none"), "读不到密钥文件"),
        (("--build", "ffffff"), "没有这个构建"),
        (("--rate", "0"), "rate"),
    ):
        outcome = run("serve", "--home", made_home, *arguments)
        assert outcome.code == 2
        assert says in outcome.err


def test_answers_are_sent_at_once() -> None:
    """Without it an answer of two packets waits 40 ms for the first to be acknowledged."""
    with bound("127.0.0.1", 0) as door, socket.create_connection(door.getsockname()):
        accepted, _ = door.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_a_port_that_is_taken(run: Run, made_home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        outcome = run("serve", "--home", made_home, "--port", taken.getsockname()[1])
    assert outcome.code == 2
    assert "请换 --host 或 --port" in outcome.err
