"""A disk with no room and a folder that cannot be written: said in words, and the last good build serves."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from kg.build import Build
from kg.home import Home
from tests.app.invented import write_corpus
from tests.app.test_builder import build
from tests.faults.kept_things import assert_kept, keep_one_of_each
from tests.faults.processes import ROOT, environment

_LIMITED = """
import resource, sys
from pathlib import Path
from app.cli import main
from ingestion import norms  # read before the limit, with everything that is compiled on the way
most = int(sys.argv.pop(1))
resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
main()
"""
_BOUND = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search")
"""Takes from root what lets it write where the permissions forbid it."""

needs_setpriv = pytest.mark.skipif(
    os.name != "posix" or os.geteuid() != 0 or not shutil.which("setpriv"),
    reason="root alone can be bound by setpriv",
)


def frozen(folder: Path) -> None:
    """Let nobody write below a folder."""
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)


def as_bound_root(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*_BOUND, sys.executable, "-c", "from app.cli import main; main()", *words],
        cwd=ROOT, env=environment({}), capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("most", [0, 2_000, 40_000])
def test_no_room_for_a_build(tmp_path: Path, most: int) -> None:
    corpus = write_corpus(tmp_path / "corpus", both_versions=False)
    home = Home(tmp_path / "home")
    good = build(home.root, corpus)
    verdict, review = keep_one_of_each(home)
    write_corpus(corpus)
    done = subprocess.run(
        [sys.executable, "-c", _LIMITED, str(most), "build", "--home", str(home.root), "--corpus", str(corpus),
         "--sources", "all", "--no-graph", "--no-vectors"],
        cwd=ROOT, env=environment({"PYTHONDONTWRITEBYTECODE": "1"}), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert "请" in done.stderr, done.stderr
    assert home.current_id() == good.build_id
    assert Build(home.build()).texts_intact()
    assert_kept(home, verdict, review)
    assert not list(home.builds.glob(".partial-*"))
    assert build(home.root, corpus).build_id != good.build_id


@needs_setpriv
@pytest.mark.parametrize(
    "command",
    [
        ("build", "--sources", "all", "--no-graph", "--no-vectors", "--corpus", "CORPUS"),
        ("judge", "护士没有保护病人隐私。", "--as-of", "2026-11-22", "--save"),
        ("review", "add", "甲", "--act", "reject", "--author", "甲", "--reason", "甲"),
    ],
)
def test_a_home_that_cannot_be_written(tmp_path: Path, command: tuple[str, ...]) -> None:
    corpus = write_corpus(tmp_path / "corpus")
    home = Home(tmp_path / "home")
    good = build(home.root, corpus)
    frozen(home.root)
    words = (str(corpus) if word == "CORPUS" else word for word in command)
    done = as_bound_root(*words, "--home", str(home.root))
    assert done.returncode == 2, (done.stdout, done.stderr)
    assert "Traceback" not in done.stderr
    assert home.current_id() == good.build_id


@needs_setpriv
def test_a_home_that_cannot_be_written_can_be_read(tmp_path: Path, made_home: Path) -> None:
    shutil.copytree(made_home, tmp_path / "home")
    frozen(tmp_path / "home")
    done = as_bound_root("article", "甲护理条例第二条", "--home", str(tmp_path / "home"))
    assert done.returncode == 0, done.stderr
    assert "保护病人隐私" in done.stdout
