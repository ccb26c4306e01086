"""What the tests of commands share: typing a command, and a home with a small build of invented texts."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, Protocol

import pytest

from app.builder import make_build
from app.cli import main
from kg.home import Home
from tests.app.invented import write_corpus


class Outcome(NamedTuple):
    code: int
    out: str
    err: str


class Run(Protocol):
    def __call__(self, *arguments: object) -> Outcome: ...


@pytest.fixture(autouse=True)
def _own_main() -> Iterator[None]:
    """The page library's driver puts a page in place of `__main__`: a process spawned later would run that page."""
    main_module = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main_module


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    monkeypatch.setenv("YILUN_HOME", str(tmp_path / "home"))

    def go(*arguments: object) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["yilun", *map(str, arguments)])
        code = 0
        try:
            main()
        except SystemExit as leaving:
            code = leaving.code if isinstance(leaving.code, int) else 1
        return Outcome(code, *capsys.readouterr())

    return go


@pytest.fixture(scope="session")
def made_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    make_build(
        Home(folder / "home"), [write_corpus(folder / "corpus")], selector="all", environ={},
        load_graph=False, encode=False, progress=lambda *_: None,
    )  # fmt: skip
    return folder / "home"
