"""Invented laws of a few articles, built."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from app.builder import make_build
from kg.build import Build
from kg.home import Home
from tests.app.invented import HEADER


class Law(NamedTuple):
    """One text: its title, its level, the day from which it is law, and its words from 第一条 on."""

    title: str
    level: str
    since: str
    words: str


def build_of(folder: Path, laws: Sequence[Law]) -> Build:
    """A build of these texts, without graph and vectors."""
    corpus = folder / "corpus"
    corpus.mkdir(parents=True)
    index = HEADER
    for number, law in enumerate(laws):
        day = "{}年{}月{}日".format(*(int(part) for part in law.since.split("-")))
        text = f"# {law.title}\n\n{day} 甲机关公布\n\n{law.words}\n\n第九条 本法自{day}起施行。\n"
        (corpus / f"{number}.md").write_text(text, encoding="utf-8")
        row = (
            f"{number}.md",
            law.title,
            law.level,
            "甲机关",
            "",
            law.since,
            law.since,
            "现行有效",
            "2",
            "通用",
        )
        index += "\t".join((*row, "invented", f"{number}.md")) + "\n"
    (corpus / "INDEX.tsv").write_text(index, encoding="utf-8")
    home = Home(folder / "home")
    make_build(
        home, [corpus], selector="all", environ={}, load_graph=False, encode=False,
        progress=lambda *_: None,
    )  # fmt: skip
    return Build(home.build())
