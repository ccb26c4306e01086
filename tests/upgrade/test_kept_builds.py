"""Builds of earlier formats, kept as they were written: read on, or refused with the command that makes them anew.

Each was made of the invented texts of `tests/app/invented.py` with the pack of `tests/packs/labour`; nothing in
them is law. `builds/formatN.tar.gz` holds `builds/` and `current` of a state folder.
"""

from __future__ import annotations

import json
import tarfile
from datetime import date
from pathlib import Path

import pytest

from app.builder import make_build
from kg.build import Build
from kg.home import Home
from kg.manifest import FORMAT, NAME, Manifest
from kg.problem import DamagedError, FormatError
from kg.review_log import read_reviews
from retrieval.retriever import Retriever
from tests.app.conftest import Run
from tests.app.invented import write_corpus
from tests.faults.kept_things import assert_kept, keep_one_of_each

KEPT = Path(__file__).parent / "builds"
DAY = date(2021, 1, 1)


def unpacked(number: int, root: Path) -> Home:
    with tarfile.open(KEPT / f"format{number}.tar.gz") as archive:
        archive.extractall(root, filter="data")
    return Home(root)


def as_format(home: Home, number: int) -> Path:
    """The build in use, said to be of another format."""
    path = home.build() / NAME
    said = json.loads(path.read_text("utf-8")) | {"format": number}
    path.write_text(json.dumps(said), encoding="utf-8")
    return home.build()


def test_one_build_of_each_format_is_kept() -> None:
    assert {path.name for path in KEPT.iterdir()} == {f"format{n}.tar.gz" for n in range(1, FORMAT + 1)}


@pytest.mark.parametrize("number", range(1, FORMAT + 1))
def test_a_kept_build_answers_as_it_did_or_is_refused(tmp_path: Path, number: int) -> None:
    home = unpacked(number, tmp_path / "home")
    if number < FORMAT:
        with pytest.raises(FormatError, match="yilun build"):
            Build(home.build())
        return
    build = Build(home.build())
    assert build.manifest.damaged(build.path) == []
    assert set(build.manifest.counts.items()) >= {
        ("expressions", 3),
        ("norms", 18),
        ("citations_resolved", 6),
    }
    found = Retriever.over(build).search("护士应当保护病人隐私", k=1, as_of=DAY)[0]
    assert (found.id, found.text) == (
        "甲护理条例@2020-05-01/art2", "护士应当尊重、关心、爱护病人，保护病人隐私。",
    )  # fmt: skip


@pytest.mark.parametrize(("number", "says"), [(FORMAT - 1, "更旧"), (FORMAT + 1, "请升级 yilun")])
def test_another_format_is_refused_with_the_command_and_a_new_build_loses_nothing(
    run: Run, tmp_path: Path, number: int, says: str
) -> None:
    home = unpacked(FORMAT, tmp_path / "home")
    verdict, accepted = keep_one_of_each(home)
    folder = as_format(home, number)
    with pytest.raises(FormatError, match=says):
        Manifest.read(folder)
    told = run("search", "隐私", "--home", home.root)
    assert told.code != 0
    assert f"格式是 {number}" in told.err
    assert "yilun build" in told.err
    assert "Traceback" not in told.err
    make_build(
        home, [write_corpus(tmp_path / "corpus")], selector="all", environ={}, load_graph=False, encode=False,
        progress=lambda *_: None,
    )  # fmt: skip
    assert run("search", "隐私", "--home", home.root, "--as-of", DAY).code == 0
    assert_kept(home, verdict, accepted)
    assert read_reviews([home.reviews])[1] == []


@pytest.mark.parametrize("text", ["{}", '{"format": "x"}', "[1]", "", '{"format": null}'])
def test_a_manifest_that_says_no_format_is_damaged(tmp_path: Path, text: str) -> None:
    (tmp_path / NAME).write_text(text, encoding="utf-8")
    with pytest.raises(DamagedError, match="yilun build"):
        Manifest.read(tmp_path)
