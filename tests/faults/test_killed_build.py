"""A build that is killed at any stage: the last good build serves, and the next run makes what a clean one makes."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from app.builder import BuildReport, make_build
from kg.build import Build
from kg.home import Home
from kg.queries import counts_by_label
from kg.server import EmbeddedServer
from kg.store import GraphStore
from tests.app.invented import write_corpus
from tests.app.test_builder import tree
from tests.faults.kept_things import assert_kept, keep_one_of_each
from tests.faults.processes import build_that_dies_at


class Start(NamedTuple):
    """A home with a good build, a verdict and a review; a corpus that has changed since; what it should give."""

    home: Path
    good: str
    verdict: str
    review: str
    corpus: Path
    clean: dict[str, str]


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Start:
    folder = tmp_path_factory.mktemp("start")
    corpus = write_corpus(folder / "corpus", both_versions=False)
    home, other = Home(folder / "home"), Home(folder / "clean")
    good = made(home, corpus).build_id
    verdict, review = keep_one_of_each(home)
    write_corpus(corpus)
    shutil.copytree(home.reviews, other.reviews)
    clean = tree(other.build_path(made(other, corpus, encode=True).build_id))
    return Start(home.root, good, verdict.name, review, corpus, clean)


@pytest.mark.parametrize("stage", ["解析", "引用", "解析引用", "规范", "写文本", "词面索引", "向量"])
def test_killed_while_it_is_made(start: Start, tmp_path: Path, stage: str) -> None:
    home = Home(tmp_path / "home")
    shutil.copytree(start.home, home.root)
    build_that_dies_at(stage, home.root, start.corpus, encode=True)

    assert home.current_id() == start.good
    assert Build(home.build()).texts_intact()
    assert_kept(home, home.verdicts / start.verdict, start.review)

    again = made(home, start.corpus, encode=True)
    assert not list(home.builds.glob(".partial-*"))
    assert tree(home.build_path(again.build_id)) == start.clean
    assert_kept(home, home.verdicts / start.verdict, start.review)


@pytest.mark.server
def test_killed_while_the_graph_is_loaded(start: Start, tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    shutil.copytree(start.home, home.root)
    with EmbeddedServer.open(home):  # so that the server outlives the build that is killed
        build_that_dies_at("载入图", home.root, start.corpus, graph=True)
        assert home.current_id() == start.good
        report = made(home, start.corpus, load_graph=True)
        assert report.graph.startswith("全量载入"), "half a load is never taken for a whole one"
        with GraphStore.open(home, {}) as store:
            stored = store.stored()
            labels = counts_by_label(store)
    assert stored is not None
    assert (stored.id, stored.ready) == (report.build_id, True)
    assert labels["Verdict"] == 1, "kept verdicts are loaded again"


def made(home: Home, corpus: Path, *, load_graph: bool = False, encode: bool = False) -> BuildReport:
    return make_build(
        home, [corpus], selector="all", environ={}, load_graph=load_graph, encode=encode, progress=lambda *_: None
    )  # fmt: skip
