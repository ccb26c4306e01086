"""Building: repeatable, incremental, safe against faults; the last good build always serves."""

from __future__ import annotations

import errno
import hashlib
import multiprocessing
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from app.builder import BuildReport, make_build
from kg.build import Build
from kg.home import Home
from kg.problem import DamagedError, InputError, YilunError
from tests.app.invented import write_corpus


def quiet(stage: str, done: int, total: int) -> None:
    """Show no progress."""


def build(home: Path, corpus: Path, selector: str = "all") -> BuildReport:
    return make_build(
        Home(home), [corpus], selector=selector, environ={}, load_graph=False, encode=False, progress=quiet
    )


def tree(folder: Path) -> dict[str, str]:
    return {
        p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }


def test_two_builds_in_two_places_are_the_same_bytes(tmp_path: Path) -> None:
    corpus = write_corpus(tmp_path / "corpus")
    first = build(tmp_path / "a", corpus)
    second = build(tmp_path / "b", corpus)
    assert first.build_id == second.build_id
    a, b = (tmp_path / h / "builds" / first.build_id for h in ("a", "b"))
    assert tree(a) == tree(b)


def test_nothing_is_built_when_nothing_changed(tmp_path: Path) -> None:
    corpus = write_corpus(tmp_path / "corpus")
    first = build(tmp_path / "home", corpus)
    again = build(tmp_path / "home", corpus)
    assert (again.build_id, again.unchanged, first.unchanged) == (first.build_id, True, False)


def test_an_incremental_build_equals_a_clean_one(tmp_path: Path) -> None:
    corpus = write_corpus(tmp_path / "corpus", both_versions=False)
    build(tmp_path / "grown", corpus)
    write_corpus(corpus)
    grown, clean = build(tmp_path / "grown", corpus), build(tmp_path / "clean", corpus)
    assert grown.build_id == clean.build_id
    assert tree(tmp_path / "grown" / "builds" / grown.build_id) == tree(
        tmp_path / "clean" / "builds" / clean.build_id
    )


def test_other_inputs_with_the_same_outcome_are_remembered(tmp_path: Path) -> None:
    corpus = write_corpus(tmp_path / "corpus")
    home = tmp_path / "home"
    first = build(home, corpus, "all")
    build(home, corpus, "甲护理条例,甲处罚法")
    assert build(home, corpus, "甲护理条例,甲处罚法").unchanged
    assert Home(home).build_path(first.build_id).is_dir()


def test_a_full_disk_is_said_and_the_last_build_serves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus = write_corpus(tmp_path / "corpus", both_versions=False)
    good = build(tmp_path / "home", corpus)
    write_corpus(corpus)
    original = Path.open

    def full(self: Path, *args: object, **kwargs: object) -> object:
        # A disk cannot be filled in a test without root: the system's answer is given instead.
        if self.name == "citations.jsonl" and "w" in args:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self))
        return original(self, *args, **kwargs)  # type: ignore[call-overload]  # passes on what it was given

    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(YilunError, match=r"磁盘已满.*上一个构建仍可使用.*腾出空间"):
        build(tmp_path / "home", corpus)
    monkeypatch.undo()
    home = Home(tmp_path / "home")
    assert home.current_id() == good.build_id
    assert not list(home.builds.glob(".partial-*"))
    assert Build(home.build()).texts_intact()


def test_a_damaged_file_is_named_and_a_build_repairs_it(tmp_path: Path) -> None:
    corpus = write_corpus(tmp_path / "corpus")
    report = build(tmp_path / "home", corpus)
    home = Home(tmp_path / "home")
    path = home.build() / "expressions.jsonl"
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DamagedError, match=r"expressions\.jsonl"):
        _ = Build(home.build()).expressions
    assert build(tmp_path / "home", corpus).build_id == report.build_id
    assert Build(home.build()).texts_intact()


def test_a_missing_folder_is_an_input_error_and_changes_nothing(tmp_path: Path) -> None:
    good = build(tmp_path / "home", write_corpus(tmp_path / "corpus"))
    with pytest.raises(InputError):
        build(tmp_path / "home", tmp_path / "nowhere")
    assert Home(tmp_path / "home").current_id() == good.build_id


def test_a_folder_without_law_changes_nothing(tmp_path: Path) -> None:
    good = build(tmp_path / "home", write_corpus(tmp_path / "corpus"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="没有读到任何文本"):
        build(tmp_path / "home", tmp_path / "empty")
    assert Home(tmp_path / "home").current_id() == good.build_id


def _hold(
    home: Path, ready: multiprocessing.synchronize.Event, done: multiprocessing.synchronize.Event
) -> None:
    with Home(home).build_lock():
        ready.set()
        done.wait(30)


def test_two_builds_at_once_the_second_is_told(tmp_path: Path) -> None:
    corpus = write_corpus(tmp_path / "corpus")
    context = multiprocessing.get_context("spawn")
    ready, done = context.Event(), context.Event()
    holder = context.Process(target=_hold, args=(tmp_path / "home", ready, done))
    holder.start()
    try:
        assert ready.wait(30)
        with pytest.raises(InputError, match=r"正在.*构建"):
            build(tmp_path / "home", corpus)
    finally:
        done.set()
        holder.join()


def test_a_build_that_is_killed_leaves_the_last_one_and_is_swept(tmp_path: Path) -> None:
    corpus = write_corpus(tmp_path / "corpus", both_versions=False)
    good = build(tmp_path / "home", corpus)
    write_corpus(corpus)
    code = (
        "import sys, time; from pathlib import Path; import ingestion.write as w\n"
        "real = w.edge_rows\n"
        "def slow(c): print('writing', flush=True); time.sleep(60); return real(c)\n"
        "w.edge_rows = slow\n"  # a pause in the middle of writing, so that the kill lands there
        "from tests.app.test_builder import build\n"
        f"build(Path({str(tmp_path / 'home')!r}), Path({str(corpus)!r}))"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "writing\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    home = Home(tmp_path / "home")
    assert list(home.builds.glob(".partial-*"))
    assert home.current_id() == good.build_id
    after = build(tmp_path / "home", corpus)
    assert after.build_id != good.build_id
    assert not list(home.builds.glob(".partial-*"))
