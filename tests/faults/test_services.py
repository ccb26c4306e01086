"""Services that die, and the database that restarts under those who use it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest

import kg.store
from kg.append_log import replay
from kg.home import Home
from kg.problem import StoreError
from kg.schema import Label, NodeRow
from kg.server import DATABASE, EmbeddedServer, ServerOptions
from kg.store import GraphStore
from tests.faults.kept_things import assert_kept, keep_one_of_each
from tests.faults.processes import ROOT, environment

_WRITER = """
import sys
from pathlib import Path
from kg.append_log import append_rows
for number in range(10_000):
    append_rows(Path(sys.argv[1]), [{"number": number, "words": "照原文" * 200}])
    print(number, flush=True)
"""


def test_what_was_said_to_be_kept_outlives_a_kill(tmp_path: Path) -> None:
    log = tmp_path / "reviews" / "log.jsonl"
    said = 0
    for _ in range(3):
        writer = subprocess.Popen(
            [sys.executable, "-c", _WRITER, str(log)], cwd=ROOT, env=environment({}), stdout=subprocess.PIPE, text=True
        )  # fmt: skip
        assert writer.stdout is not None
        for _ in range(20):
            assert writer.stdout.readline()
            said += 1
        writer.kill()
        said += len(writer.stdout.readlines())
        writer.wait()
        writer.stdout.close()
        with log.open("ab") as stream:  # and the last line may be torn
            stream.write(b'{"number": ')
    rows: list[int] = []
    text = log.read_bytes().replace(b'{"number": \n', b"").removesuffix(b'{"number": ')
    log.write_bytes(text)
    replay(log, lambda row: rows.append(row["number"]), what="记录")
    # A row may be on the disk before it was said to be; never the other way round.
    assert said <= len(rows) <= said + 3


def test_a_service_that_was_killed_serves_again(made_home: Path) -> None:
    command = [sys.executable, "-c", "from app.cli import main; main()", "serve", "--port", "0", "--home", str(made_home)]  # fmt: skip

    def started() -> tuple[subprocess.Popen[str], str]:
        process = subprocess.Popen(command, cwd=ROOT, env=environment({}), stderr=subprocess.PIPE, text=True)
        assert process.stderr is not None
        line = process.stderr.readline()
        return process, line.split("/v1/health")[0]

    for _ in range(2):
        process, url = started()
        asking = threading.Event()

        def ask(url: str = url, asking: threading.Event = asking) -> None:
            while True:
                try:
                    httpx.get(f"{url}/v1/search", params={"q": "隐私"}, timeout=10)
                except httpx.HTTPError:
                    return
                asking.set()

        client = threading.Thread(target=ask)
        client.start()
        assert asking.wait(60)
        process.send_signal(signal.SIGKILL)
        process.wait()
        client.join(30)
        assert process.stderr is not None
        process.stderr.close()
    assert Home(made_home).build().is_dir()


def test_pages_that_were_killed_open_again_and_what_was_kept_is_there(
    made_home: Path, tmp_path: Path
) -> None:
    shutil.copytree(made_home, tmp_path / "home")
    verdict, accepted = keep_one_of_each(Home(tmp_path / "home"))
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
    command = [
        sys.executable, "-c", "from app.cli import main; main()", "app", "--port", str(port), "--home", str(tmp_path / "home"),
    ]  # fmt: skip
    for _ in range(2):
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment({}), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            for _ in range(600):
                assert process.poll() is None
                try:
                    if httpx.get(f"http://127.0.0.1:{port}/_stcore/health", timeout=10).text == "ok":
                        break
                except httpx.HTTPError:
                    time.sleep(0.2)
            else:
                pytest.fail("the pages never answered")
            assert "streamlit" in httpx.get(f"http://127.0.0.1:{port}/", timeout=30).text.lower()
        finally:
            process.kill()
            process.wait()
        assert_kept(Home(tmp_path / "home"), verdict, accepted)


@pytest.mark.server
def test_a_database_that_restarts_under_load(tmp_path: Path) -> None:
    """Writers go on through a kill and a restart, and nothing is there twice; without one they end, with words."""
    home = Home(tmp_path / "home")
    home.prepare()
    with EmbeddedServer.open(home) as first:
        port, pid = first.state.port, first.state.pid
        settings = {
            "YILUN_NEO4J_URI": first.uri,
            "YILUN_NEO4J_USER": first.auth[0],
            "YILUN_NEO4J_PASSWORD": first.auth[1],
            "YILUN_NEO4J_DATABASE": DATABASE,
        }
        written: list[int] = []
        failed: list[StoreError] = []

        def write() -> None:
            with GraphStore.open(Home(tmp_path / "client"), settings) as store:
                for number in range(60):
                    row = NodeRow(f"v{number}", {"id": f"v{number}"})
                    try:
                        store.upsert({Label.TERM: [row]}, {})
                    except StoreError as error:
                        failed.append(error)
                        return
                    written.append(number)
                    time.sleep(0.02)

        writer = threading.Thread(target=write)
        writer.start()
        while len(written) < 10:
            time.sleep(0.01)
        os.kill(pid, signal.SIGKILL)
        time.sleep(0.5)
        with EmbeddedServer.open(home, ServerOptions(port=port)) as second:
            writer.join(90)
            assert not writer.is_alive()
            assert [str(error) for error in failed] == []
            with GraphStore.open(Home(tmp_path / "client"), settings) as store:
                rows = [json.loads(text)["id"] for label, text in store.dump() if label is Label.TERM]
                assert sorted(rows) == sorted(f"v{number}" for number in range(60))
            impatient = kg.store._driver(second.uri, second.auth, retry_seconds=1.0)
            with GraphStore(impatient, DATABASE, Home(tmp_path / "client")) as store:
                second.stop()
                with pytest.raises(StoreError, match="未能完成"):  # retries have an end
                    store.upsert({Label.TERM: [NodeRow("v", {"id": "v"})]}, {})
