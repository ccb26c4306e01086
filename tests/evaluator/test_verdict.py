"""A verdict quotes the build, to the character, in force on its date; and concludes nothing yet."""

from __future__ import annotations

from datetime import date

import pytest

from app.builder import make_build
from evaluator.verdict import Conclusion, judge
from kg.build import Build
from kg.home import Home
from kg.text import digest
from kg.vocabulary import Status
from retrieval import Retriever
from tests.app.invented import write_corpus

SCENARIO = "护士把病人的隐私告诉了邻床，又发现医嘱有问题却没有提出"


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    folder = tmp_path_factory.mktemp("verdict")
    home = Home(folder / "home")
    make_build(
        home, [write_corpus(folder / "corpus")], selector="all", environ={},
        load_graph=False, encode=False, progress=lambda *_: None,
    )  # fmt: skip
    return Build(home.build())


def test_every_quotation_is_cut_from_the_official_text(build: Build) -> None:
    verdict = judge(SCENARIO, build, Retriever.over(build), as_of=date(2021, 1, 1))
    assert verdict.governing
    for clause in verdict.governing:
        text, provision = build.provision(clause.id)
        assert text.official[clause.start : clause.end] == clause.quote
        assert digest(clause.quote) == clause.sha256
        assert provision.start <= clause.start < clause.end <= provision.end
        assert clause.title == text.expression.title


def test_the_conclusion_is_undetermined_and_says_why(build: Build) -> None:
    verdict = judge(SCENARIO, build, Retriever.over(build), as_of=date(2021, 1, 1), identifier="c1")
    assert (verdict.conclusion, verdict.abstained, verdict.confidence) == (
        Conclusion.UNDETERMINED,
        True,
        None,
    )
    assert "不对行为作结论" in verdict.reason
    assert (verdict.id, verdict.build, verdict.as_of) == ("c1", build.id, date(2021, 1, 1))


def test_the_law_of_the_day_governs(build: Build) -> None:
    """The same scenario on two dates rests on two versions; before the first there is no law to rest on."""
    retriever = Retriever.over(build)

    def versions(day: date) -> set[str]:
        governing = judge(SCENARIO, build, retriever, as_of=day).governing
        return {c.id.split("/")[0] for c in governing if c.title == "甲护理条例"}

    assert versions(date(2015, 1, 1)) == {"甲护理条例@2010-01-01"}
    assert versions(date(2021, 1, 1)) == {"甲护理条例@2020-05-01"}
    nothing = judge(SCENARIO, build, retriever, as_of=date(2000, 1, 1))
    assert (nothing.governing, nothing.reason) == ((), "没有检索到可能适用的条款")


def test_nothing_ended_or_not_yet_in_force_is_cited(build: Build) -> None:
    verdict = judge(SCENARIO, build, Retriever.over(build), as_of=date(2015, 1, 1), k=50)
    assert {c.status for c in verdict.governing} <= {Status.IN_FORCE, Status.UNKNOWN}
