"""The embedded server as a process: found, refused, killed, started again, and never telling its password."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import kg.server
from kg.home import Home
from kg.problem import StoreError
from kg.server import DATABASE, EmbeddedServer, ServerOptions, ServerState

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the embedded server runs on Linux and macOS")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home.resolve(tmp_path / "状态 目录", {})  # blanks and Chinese in the path are part of every test


def _run(server: EmbeddedServer, text: str) -> list[object]:
    import neo4j

    with neo4j.GraphDatabase.driver(server.uri, auth=server.auth) as driver:
        return [record[0] for record in driver.execute_query(text, database_=DATABASE).records]


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return (
        "Z"
        not in subprocess.run(
            ["ps", "-o", "stat=", "-p", str(pid)], check=False, capture_output=True, text=True
        ).stdout
    )


def test_without_the_package(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StoreError, match=r"没有适用于本机.*JRE.*词法检索"):
        EmbeddedServer.open(home, ServerOptions(package=tmp_path))
    monkeypatch.setattr(kg.server, "PACKAGE", "no_such_package")
    with pytest.raises(StoreError, match=r"arcadedb-embedded.*YILUN_NEO4J_URI.*词法检索"):
        EmbeddedServer.open(home)
    assert not home.root.exists()


def test_nothing_runs(home: Home) -> None:
    home.prepare()
    assert EmbeddedServer.find(home) is None


def test_foreign_java_settings_are_dropped() -> None:
    environ = {
        "JAVA_TOOL_OPTIONS": "-x",
        "_JAVA_OPTIONS": "-x",
        "JDK_JAVA_OPTIONS": "-x",
        "CLASSPATH": "x",
        "PATH": "p",
    }
    assert kg.server._environment(environ).keys() - {"LC_ALL"} == {"PATH"}


@pytest.mark.server
def test_one_server_for_all(home: Home) -> None:
    with EmbeddedServer.open(home) as first:
        pid = first.state.pid
        folder = home.server

        # Nothing that other users can read holds the password.
        assert first.password not in repr(first)
        if sys.platform == "linux":
            line = Path(f"/proc/{pid}/cmdline").read_bytes()
            assert first.password.encode() not in line
            assert b"@" in line
        assert list(folder.glob(".args-*")) == []
        for name in ("password", "state.json", "log"):
            assert (folder / name).stat().st_mode & 0o077 == 0, name
        assert folder.stat().st_mode & 0o077 == 0
        assert first.password not in (folder / "log").read_text(encoding="utf-8")

        # A second start is refused with words; opening finds the first.
        with pytest.raises(StoreError, match=f"正被进程 {pid}"):
            EmbeddedServer.start(home)
        second = EmbeddedServer.open(home)
        assert second.state == first.state
        second.close()
        assert _run(first, "RETURN 1") == [1]

        # A reused pid is not mistaken for the server, and never stopped.
        path = folder / "state.json"
        recorded = path.read_text(encoding="utf-8")
        ServerState(os.getpid(), first.state.started, first.state.port, False).write(path)
        assert EmbeddedServer.find(home) is None
        path.write_text(recorded, encoding="utf-8")

        # The last to leave ends it, whoever started it.
        last = EmbeddedServer.find(home)
        assert last is not None
    assert _is_running(pid)
    last.close()
    assert not _is_running(pid)
    assert EmbeddedServer.find(home) is None
    assert not (home.server / "state.json").exists()


@pytest.mark.server
def test_survives_kill_and_outlives_a_command(home: Home) -> None:
    script = (
        "import sys; from pathlib import Path; from kg.home import Home; from kg.server import EmbeddedServer\n"
        "s = EmbeddedServer.open(Home.resolve(Path(sys.argv[1]), {}), detached=True); s.close(); print(s.state.pid)"
    )
    command = [sys.executable, "-c", script, str(home.root)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])
    pid = int(done.stdout)
    detached = EmbeddedServer.find(home)
    assert detached is not None
    assert detached.state.pid == pid
    _run(detached, "CREATE (n:Kept {id: '甲'})")
    os.kill(pid, signal.SIGKILL)
    detached.close()

    # Losing the password too costs nothing: it is replaced.
    (home.server / "password").unlink()
    with EmbeddedServer.open(home, ServerOptions(stop_seconds=1)) as again:
        assert again.state.pid != pid
        assert again.password != detached.password
        assert _run(again, "MATCH (n:Kept) RETURN n.id") == ["甲"]
        os.kill(again.state.pid, signal.SIGSTOP)  # a server that does not heed SIGTERM is killed
        again.stop()
        assert not _is_running(again.state.pid)


@contextlib.contextmanager
def _taken_port() -> Iterator[int]:
    """A port on which someone else listens and hangs up on every caller."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()

        def hang_up() -> None:
            with contextlib.suppress(OSError):
                while True:
                    other.accept()[0].close()

        threading.Thread(target=hang_up, daemon=True).start()
        yield int(other.getsockname()[1])
        other.shutdown(socket.SHUT_RDWR)


def test_demanded_port_in_use(home: Home) -> None:
    with _taken_port() as port, pytest.raises(StoreError, match=f"{port} 已被占用"):
        EmbeddedServer.open(home, ServerOptions(port=port))


@pytest.mark.server
def test_port_taken_between_choice_and_start(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    choose = kg.server._free_port
    with _taken_port() as port:
        ports = [port]
        monkeypatch.setattr(kg.server, "_free_port", lambda: ports.pop() if ports else choose())
        with EmbeddedServer.open(home) as server:
            assert server.state.port != port
            assert _run(server, "RETURN 1") == [1]


@pytest.mark.server
def test_a_server_that_ends_at_once(home: Home) -> None:
    began = time.monotonic()
    with pytest.raises(StoreError, match=r"启动后即退出[\s\S]*日志"):
        EmbeddedServer.open(home, ServerOptions(heap="1x"))
    assert time.monotonic() - began < 20
    assert list(home.server.glob(".args-*")) == []
    assert not (home.server / "state.json").exists()
