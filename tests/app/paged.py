"""The pages behind a real server on a free loopback port, and a real browser that calls nobody else."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from app.page_server import PAGE, page_command

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
SCREENSHOTS = ROOT / "build" / "screenshots"
"""Where pictures of the journeys are kept; the folder is build output and never committed."""

needs_chromium = pytest.mark.skipif(not CHROMIUM.exists(), reason=f"{CHROMIUM} is not installed")


@contextmanager
def serving_pages(
    home: Path, environ: Mapping[str, str] | None = None, *, page: Path = PAGE
) -> Iterator[str]:
    """The pages over a home (or another page), as `yilun app` serves them; ends with the block."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        page_command(port, page),
        env={**os.environ, **(environ or {}), "YILUN_HOME": str(home)},
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 60
        while not _answers(address):
            assert server.poll() is None, "the page's server ended at once"
            assert time.monotonic() < deadline, "the page's server does not answer"
            time.sleep(0.2)
        yield address
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(20)


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/_stcore/health", timeout=2) as reply:
            return bool(reply.status == 200)
    except (urllib.error.URLError, OSError):
        return False


class Watched:
    """A tab that keeps what must not happen: dialogs that opened, errors of scripts, questions to other hosts."""

    def __init__(self, browser: Any, address: str, *, width: int = 1280, **options: Any) -> None:
        self.address = address
        self.context = browser.new_context(
            viewport={"width": width, "height": 900}, permissions=["clipboard-read", "clipboard-write"],
            accept_downloads=True, locale="zh-CN", **options,
        )  # fmt: skip
        self.tab = self.context.new_page()
        self.tab.set_default_timeout(30_000)
        self.dialogs: list[str] = []
        self.errors: list[str] = []
        self.elsewhere: list[str] = []
        self.tab.on("dialog", self._refuse)
        self.tab.on("pageerror", lambda error: self.errors.append(str(error)))
        self.tab.on("request", self._note)

    def _refuse(self, dialog: Any) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def _note(self, request: Any) -> None:
        if not request.url.startswith((self.address, "data:", "blob:")):
            self.elsewhere.append(request.url)

    def open(self, path: str) -> None:
        """Go to a page and wait until it is drawn."""
        self.tab.goto(f"{self.address}/{path}")
        self.settle()

    def settle(self) -> None:
        """Wait until nothing on the page is being worked on."""
        self.tab.wait_for_selector('[data-testid="stAppViewContainer"]')
        self.tab.wait_for_function(
            """() => document.querySelector('[data-test-script-state="notRunning"]')
                     && !document.querySelector('[data-testid="stSkeleton"], [data-testid="stSpinner"]')"""
        )

    def picture(self, name: str) -> None:
        """Keep a picture of what is on the screen."""
        self.settle()
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self.tab.screenshot(path=str(SCREENSHOTS / f"{name}.png"), full_page=False)

    def check(self) -> None:
        """Nothing ran that was only text, nothing broke, nobody else was asked, nothing lies beside the window."""
        assert not self.dialogs
        assert not self.errors
        assert not self.elsewhere, self.elsewhere
        wide, window = self.tab.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
        assert wide <= window


@contextmanager
def chromium() -> Iterator[Any]:
    """A browser; the test is skipped where its driver is not installed."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()
