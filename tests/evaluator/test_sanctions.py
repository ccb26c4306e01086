"""The sanctions of a verdict: the liabilities that name the broken norm, and those that they refer to, quoted."""

from __future__ import annotations

from datetime import date

import pytest

from evaluator.finding_rule import Outcome
from evaluator.grounds import sanctions
from evaluator.verdict import Reasoner
from kg.build import Build
from kg.text import digest
from retrieval import Retriever
from tests.evaluator.small_corpus import Law, build_of

LAWS = (
    Law(
        "甲病历条例",
        "行政法规",
        "2020-06-01",
        "第一条 医院不得向保险公司提供病人的病历复印件。\n\n"
        "第二条 医院违反本条例第一条规定的，由卫生主管部门责令改正，处一万元以下的罚款。\n\n"
        "第三条 医院应当保持病房安静。",
    ),
)
DAY = date(2022, 1, 1)


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    return build_of(tmp_path_factory.mktemp("sanction"), LAWS)


def test_the_liability_that_names_the_broken_article_is_reached_and_quoted(build: Build) -> None:
    reasoner = Reasoner(build, Retriever.over(build), weights=None, encoder=None)
    verdict = reasoner.judge("医院向保险公司提供了病人的病历复印件。", as_of=DAY)
    broken = [r for r in verdict.findings if r.outcome is Outcome.BREACH and "/art1/" in f"{r.provision}/"]
    assert broken
    (found,) = sanctions(broken, build)
    assert found.sanction.startswith("甲病历条例@2020-06-01/art2") and "一万元以下的罚款" in found.quote
    text, _ = build.provision(found.sanction)
    assert text.official[found.start : found.end] == found.quote and digest(found.quote) == found.sha256


def test_what_no_liability_names_has_none(build: Build) -> None:
    reasoner = Reasoner(build, Retriever.over(build), weights=None, encoder=None)
    verdict = reasoner.judge("医院没有保持病房安静。", as_of=DAY)
    broken = [r for r in verdict.findings if r.outcome is Outcome.BREACH and "/art3/" in f"{r.provision}/"]
    assert broken and sanctions(broken, build) == ()
