"""A clock that was set back: nothing that people say is dropped for it, and what is computed does not ask the time."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from app.builder import make_build
from kg.build import Build
from kg.home import Home
from kg.problem import InputError
from kg.review import Act, claim_of, review, words_digest
from kg.review_log import append_reviews, read_reviews
from retrieval.retriever import Retriever
from tests.app.conftest import made_home
from tests.app.invented import write_corpus

__all__ = ["made_home"]

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
BEFORE = NOON - timedelta(hours=1)


def test_a_later_word_with_an_earlier_time_is_told_and_not_kept_without_effect(
    made_home: Path, tmp_path: Path
) -> None:
    text = Build(Home(made_home).build()).text("甲护理条例@2020-05-01")
    norms = Build(Home(made_home).build()).norms_of("甲护理条例@2020-05-01")
    norm, other = next((a, b) for a in norms for b in norms if a.provision != b.provision)

    def said(act: Act, time: datetime, about=norm, author: str = "甲律师"):  # type: ignore[no-untyped-def]
        provision = text.find(about.provision.steps)
        assert provision is not None
        return review(
            act, str(about.provision), words_digest(text, provision), author=author, time=time, reason="照原文",
            old=claim_of(text, about),
        )  # fmt: skip

    first = said(Act.ACCEPT, NOON)
    append_reviews(tmp_path, [first])
    with pytest.raises(InputError, match="时钟"):
        append_reviews(tmp_path, [said(Act.REJECT, BEFORE)])
    assert [one.id for one in read_reviews([tmp_path])[0]] == [first.id]
    # Another author, another norm, and the same second are none of its business; nor is what was withdrawn.
    append_reviews(
        tmp_path,
        [said(Act.REJECT, BEFORE, author="乙律师"), said(Act.REJECT, BEFORE, other), said(Act.REJECT, NOON)],
    )
    assert len(read_reviews([tmp_path])[0]) == 4


def test_what_is_computed_does_not_ask_the_time(made_home: Path, tmp_path: Path) -> None:
    """Texts dated in the future of this machine's clock, as after it was set back, make the same build."""
    corpus = write_corpus(tmp_path / "corpus")
    for path in corpus.iterdir():
        os.utime(path, (4e9, 4e9))
    report = make_build(
        Home(tmp_path / "home"), [corpus], selector="all", environ={}, load_graph=False, encode=False,
        progress=lambda *_: None,
    )  # fmt: skip
    assert report.build_id == Home(made_home).current_id()


def test_a_day_before_the_build_was_made_is_answered_by_the_law_of_that_day(made_home: Path) -> None:
    found = Retriever.over(Build(Home(made_home).build())).search(
        "护士尊重病人隐私", k=1, as_of=date(2015, 1, 1)
    )
    assert [hit.id for hit in found] == ["甲护理条例@2010-01-01/art2"]
