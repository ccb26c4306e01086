"""Typing a command, as the tests of commands do."""

from __future__ import annotations

from tests.app.conftest import run

__all__ = ["run"]
