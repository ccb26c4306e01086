"""The small build of invented texts, and the toy model with its rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from kg.build import Build
from kg.home import Home
from tests.alignment.tiny import make_model, make_rows
from tests.app.conftest import made_home, run

__all__ = ["made_home", "run"]


@pytest.fixture(scope="session")
def build(made_home: Path) -> Build:
    return Build(Home(made_home).build())


@pytest.fixture(scope="session")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `model` and `rows`; skipped where the extra `train` is not installed."""
    pytest.importorskip("trl", reason="the extra `train` is not installed")
    folder = tmp_path_factory.mktemp("toy")
    make_model(folder / "model")
    make_rows(folder / "rows")
    return folder
