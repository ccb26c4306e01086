"""A home with the small build and a kept verdict; a page drawn by the page library's own driver."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from evaluator.proof import VerdictFile
from evaluator.verdict import Reasoner
from evaluator.verdict_store import save
from kg.build import Build
from kg.home import Home
from retrieval.retriever import Retriever
from tests.app.conftest import made_home, run

__all__ = ["made_home", "run"]

DAY = date(2026, 11, 22)
SCENARIO = "护士没有保护病人隐私，把<script>alert(1)</script>病历给别人看。听说医师也知道。"


@pytest.fixture(scope="session")
def build(made_home: Path) -> Build:
    return Build(Home(made_home).build())


@pytest.fixture(scope="session")
def verdict(build: Build) -> VerdictFile:
    return Reasoner.over(build, Retriever.over(build)).judge(SCENARIO, as_of=DAY)


@pytest.fixture
def home(made_home: Path, tmp_path: Path, verdict: VerdictFile, monkeypatch: pytest.MonkeyPatch) -> Home:
    shutil.copytree(made_home, tmp_path / "home")
    home = Home(tmp_path / "home")
    save(home, verdict)
    monkeypatch.setenv("YILUN_HOME", str(home.root))
    return home


def _script(name: str) -> None:
    import importlib

    import streamlit as st

    from app.browse_html import STYLE
    from app.workbench.place import page

    st.html(STYLE)
    module = importlib.import_module(f"app.workbench.{name}_page")
    page(name, getattr(module, name))()


@pytest.fixture
def drawn(home: Home) -> Callable[..., Any]:
    """Draws a page for URL parameters; what it gives can be clicked."""
    from streamlit.testing.v1 import AppTest

    def draw(name: str, **params: str) -> Any:
        app = AppTest.from_function(_script, kwargs={"name": name}, default_timeout=60)
        app.query_params.update({"as_of": DAY.isoformat()} | params)
        return clean(app.run())

    return draw


def clean(app: Any) -> Any:
    assert not app.exception, [e.value for e in app.exception]
    return app


def html(app: Any) -> str:
    """All that is set as HTML on a page, without style sheets."""
    found: list[str] = []

    def walk(block: Any) -> None:
        for child in block.children.values():
            if getattr(child, "type", "") == "html":
                found.append(child.proto.body)
            if hasattr(child, "children"):
                walk(child)

    walk(app.main)
    return "\n".join(body for body in found if "<style>" not in body)
