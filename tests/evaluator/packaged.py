"""A build of the packaged laws for tests: made once in a run, without vectors and without a database."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from app.builder import make_build
from kg.build import Build
from kg.home import Home


@cache
def packaged_build() -> Build:
    """The default corpus as `yilun build` reads it."""
    home = Home(Path(mkdtemp(prefix="yilun-packaged-")))
    make_build(
        home, [], selector="ledger", environ={}, load_graph=False, encode=False, progress=lambda *_: None
    )
    return Build(home.build())
