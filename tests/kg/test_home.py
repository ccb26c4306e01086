"""The state folder: which one is used, and what it promises."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from kg.home import Home, write_atomically
from kg.problem import InputError, MissingBuildError

BUILD, OTHER = "a1b2c3d4", "a1ffffff"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home.resolve(tmp_path / "状态", {})
    home.prepare()
    return home


@pytest.mark.parametrize(
    ("option", "environ", "expected", "note"),
    [
        ("/a", {"YILUN_HOME": "/b"}, "/a", "the option wins"),
        (None, {"YILUN_HOME": "/b"}, "/b", "then the environment"),
        (None, {"YILUN_HOME": " "}, None, "an empty variable is no setting"),
        (None, {}, None, "then the user's data folder"),
    ],
)
def test_precedence(option: str | None, environ: dict[str, str], expected: str | None, note: str) -> None:
    root = Home.resolve(Path(option) if option else None, environ).root
    assert root == Path(expected) if expected else root.name == "yilun" and root.is_absolute(), note


def test_resolving_creates_nothing(tmp_path: Path) -> None:
    home = Home.resolve(tmp_path / "new", {})
    assert home.current_id() is None
    assert home.build_ids() == []
    with pytest.raises(MissingBuildError, match="yilun build"):
        home.build()
    assert not home.root.exists()


def test_a_file_is_no_home(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="是文件"):
        Home.resolve(tmp_path / "file", {})
    with pytest.raises(InputError, match="YILUN_HOME"):
        Home.resolve(tmp_path / "file" / "below", {}).prepare()


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_unwritable(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(InputError, match="权限"):
            Home.resolve(tmp_path / "home", {}).prepare()
    finally:
        tmp_path.chmod(0o700)


def test_switch_and_find_builds(home: Home) -> None:
    for build_id in (BUILD, OTHER):
        home.build_path(build_id).mkdir()
    home.switch(BUILD)
    assert home.current_id() == BUILD
    assert home.build() == home.build_path(BUILD)
    home.switch(OTHER)
    assert home.build() == home.build_path(OTHER)
    assert home.build("a1b") == home.build_path(BUILD)
    with pytest.raises(InputError, match="2 个构建"):
        home.build("a1")
    with pytest.raises(InputError, match=BUILD):
        home.build("ff")
    assert [p.name for p in home.root.iterdir() if p.name.startswith(".current")] == []


@pytest.mark.parametrize("bad", ["", "../x", "ABCDEF", "abc", "a1b2c3d4/x"])
def test_not_a_build_id(home: Home, bad: str) -> None:
    with pytest.raises(InputError):
        home.build_path(bad)


def test_current_names_what_is_there(home: Home) -> None:
    with pytest.raises(MissingBuildError):
        home.switch(BUILD)
    home.build_path(BUILD).mkdir()
    home.switch(BUILD)
    home.build_path(BUILD).rmdir()
    with pytest.raises(MissingBuildError, match=BUILD):
        home.build()
    (home.root / "current").write_text("?")
    with pytest.raises(InputError, match="不是构建 id"):
        home.current_id()


def test_readers_never_see_half_a_switch(home: Home) -> None:
    ids = [f"{n:064x}" for n in range(50)]
    for build_id in ids:
        home.build_path(build_id).mkdir()
    home.switch(ids[0])
    seen: set[str | None] = set()
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            seen.add(home.current_id())

    reader = threading.Thread(target=read)
    reader.start()
    for build_id in ids:
        home.switch(build_id)
    done.set()
    reader.join()
    assert seen <= set(ids)


def test_two_builds_at_once(home: Home) -> None:
    with home.build_lock(), pytest.raises(InputError, match="正在"), home.build_lock():
        pass
    with home.build_lock():  # and it is free again
        pass


def test_atomic_write_leaves_no_temporary_file(tmp_path: Path) -> None:
    write_atomically(tmp_path / "secret", "甲\n", mode=0o600)
    assert [p.name for p in tmp_path.iterdir()] == ["secret"]
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError, match="写不了"):
        write_atomically(tmp_path / "folder", "x")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["folder", "secret"]
