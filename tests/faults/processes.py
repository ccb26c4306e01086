"""Real processes that die as `kill -9` lets them die: nothing is flushed, no `finally` runs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]

_BUILD = """
import os, signal, sys
from pathlib import Path
from app.builder import make_build
from kg.home import Home

home, corpus, wanted, graph, encode = sys.argv[1:]
print("started", flush=True)

def progress(stage, done, total):
    if stage == wanted:
        os.kill(os.getpid(), signal.SIGKILL)

make_build(Home(Path(home)), [Path(corpus)], selector="all", environ={}, load_graph=graph == "graph",
           encode=encode == "encode", progress=progress)
"""


def build_that_dies_at(
    stage: str, home: Path, corpus: Path, *, graph: bool = False, encode: bool = False
) -> None:
    """Run a build in a process of its own that is killed the first time it reports the stage."""
    done = subprocess.run(
        [sys.executable, "-c", _BUILD, str(home), str(corpus), stage, "graph" if graph else "", "encode" if encode else ""],
        check=False, cwd=ROOT, capture_output=True, text=True, timeout=120, env=environment({}),
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL, f"{stage} was not reached: {done.stderr[-2000:]}"


def environment(more: Mapping[str, str]) -> dict[str, str]:
    """The environment of a child: ours without the settings of a state folder or database."""
    return (
        {k: v for k, v in os.environ.items() if not k.startswith("YILUN_")}
        | {"PYTHONPATH": str(ROOT)}
        | dict(more)
    )
