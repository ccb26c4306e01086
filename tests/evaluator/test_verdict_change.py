"""Two verdicts on one scenario by the law of two days: what changed is told step by step."""

from __future__ import annotations

from datetime import date

import pytest

from app.builder import make_build
from evaluator.proof import VerdictFile
from evaluator.verdict import Reasoner
from evaluator.verdict_change import explain_change, steps
from kg.build import Build
from kg.home import Home
from retrieval import Retriever
from tests.app.invented import write_corpus

SCENARIO = "护士发现医嘱违反规定，没有及时向开具医嘱的医师提出，也没有尊重、关心、爱护病人。"


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[VerdictFile, VerdictFile]:
    folder = tmp_path_factory.mktemp("change")
    home = Home(folder / "home")
    make_build(
        home, [write_corpus(folder / "corpus")], selector="all", environ={},
        load_graph=False, encode=False, progress=lambda *_: None,
    )  # fmt: skip
    build = Build(home.build())
    reasoner = Reasoner(build, Retriever.over(build), weights=None, encoder=None)
    before, after = (reasoner.judge(SCENARIO, as_of=date(year, 1, 1)) for year in (2015, 2021))
    return before, after


def test_the_texts_that_came_and_went_are_named(pair: tuple[VerdictFile, VerdictFile]) -> None:
    told = list(explain_change(*pair))
    assert "不再引用的文本：《甲护理条例》（2010-01-01 文本，2010-03-01 起施行）" in told
    assert "新引用的文本：《甲护理条例》（2020-05-01 文本，2020-07-01 起施行）" in told


def test_a_norm_with_the_same_words_is_the_same_step(pair: tuple[VerdictFile, VerdictFile]) -> None:
    both = [(s.before.norm, s.after.norm) for s in steps(*pair) if s.before and s.after]
    kept = [pair for pair in both if "/art3/" in pair[0]]
    assert kept and all(a.replace("2010-01-01", "2020-05-01") == b for a, b in kept)


def test_a_norm_whose_words_changed_went_and_came(pair: tuple[VerdictFile, VerdictFile]) -> None:
    told = list(explain_change(*pair))
    assert [
        line for line in told if line.startswith("- ") and "尊重病人" in line and "（2010-01-01）" in line
    ]
    assert [line for line in told if line.startswith("+ ") and "尊重、关心、爱护病人" in line]


def test_a_verdict_does_not_differ_from_itself(pair: tuple[VerdictFile, VerdictFile]) -> None:
    assert list(explain_change(pair[0], pair[0]))[-1] == "有变化的步骤：0（其中依据或相反者 0）"
