"""How the pages are served: on this machine alone unless people are named, no figures sent to anyone, one accent colour in light and in dark."""

from __future__ import annotations

import sys
from pathlib import Path

from app.palette import Shade

PAGE = Path(__file__).parent / "pages.py"
FILL = Shade("#1f5fa8", "#3b7fc4")
"""The accent where white words stand on it."""


def page_command(port: int, page: Path = PAGE, *, host: str = "127.0.0.1") -> list[str]:
    """The command that serves the pages at a port until it is stopped; YILUN_HOME says over which home."""
    options = {
        "server.address": host,
        "server.port": str(port),
        "server.headless": "true",
        "server.maxUploadSize": "20",
        "server.fileWatcherType": "none",  # the program does not change while it runs
        "browser.gatherUsageStats": "false",
        "client.toolbarMode": "minimal",  # the buttons for publishing an app are not for readers
        "runner.magicEnabled": "false",  # a bare expression is not something to print
        "theme.light.primaryColor": FILL.light,
        "theme.dark.primaryColor": FILL.dark,
    }
    flags = [word for name, value in options.items() for word in (f"--{name}", value)]
    return [sys.executable, "-m", "streamlit", "run", str(page), *flags]
