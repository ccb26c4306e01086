"""The small build that tests of commands share."""

from tests.app.conftest import made_home, run

__all__ = ["made_home", "run"]
