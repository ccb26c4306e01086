"""The fixtures of commands."""

from tests.app.conftest import made_home, run

__all__ = ["made_home", "run"]
