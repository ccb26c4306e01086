"""Candidates for conflicting norms: found where words and people are the same, not where they are not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from app.builder import make_build
from app.workbench.graph_png import chinese_font, layers, png
from app.workbench.graph_view import Neighbours, dot, graph_view, graphml
from app.workbench.tension import prevailing, tensions, tensions_of
from kg.build import Build
from kg.home import Home
from kg.norm import Evidence, Modality, kinds_of
from kg.precedence import Outcome
from kg.problem import InputError
from tests.app.invented import HEADER
from tests.app.workbench.conftest import DAY, clean, html

LAW = """# 甲保密法

2005年1月1日 甲机关通过

第一条 医疗机构不得公开患者的传染病诊断资料。

第二条 本法自2005年6月1日起施行。
"""
RULE = """# 甲公开办法

2010年1月1日 乙机关公布

第一条 医疗机构应当公开患者的传染病诊断资料。

第二条 餐馆应当公开患者的传染病诊断资料。

第三条 医疗机构应当保护患者的个人隐私。

第四条 本办法自2010年6月1日起施行。
"""


@pytest.fixture(scope="module")
def opposed(tmp_path_factory: pytest.TempPathFactory) -> Home:
    folder = tmp_path_factory.mktemp("opposed")
    corpus = folder / "corpus"
    corpus.mkdir()
    index = HEADER
    for name, title, level, day, text in (
        ("law.md", "甲保密法", "法律", "2005-01-01", LAW), ("rule.md", "甲公开办法", "部门规章", "2010-01-01", RULE)
    ):  # fmt: skip
        (corpus / name).write_text(text, encoding="utf-8")
        row = [name, title, level, "甲机关", "", day, "", "", "", "通用", "invented", name]
        index += "\t".join(row) + "\n"
    (corpus / "INDEX.tsv").write_text(index, encoding="utf-8")
    home = Home(folder / "home")
    make_build(
        home, [corpus], selector="all", environ={}, load_graph=False, encode=False, progress=lambda *_: None
    )
    return home


@pytest.fixture(scope="module")
def law(opposed: Home) -> Build:
    return Build(opposed.build())


def test_what_one_forbids_and_another_asks_of_the_same_people_is_a_candidate(law: Build) -> None:
    [one] = tensions_of(law, DAY)
    assert one.forbids.startswith("甲保密法@2005-01-01/art1")
    assert one.asks.startswith("甲公开办法@2010-01-01/art1")
    answer = prevailing(law, one, DAY)
    assert answer.outcome is Outcome.FIRST, "a law stands above a rule of a ministry"


def test_other_people_other_acts_and_norms_without_a_principle_are_none(law: Build) -> None:
    norms = [norm for expression in law.expressions for norm in law.norms_of(expression)]
    kinds = {party: kinds_of(party, law.parties) for party in law.parties}
    assert len(tensions(norms, kinds)) == 1
    plain = [replace(norm, principles=()) for norm in norms]
    assert tensions(plain, kinds) == []
    allowed = [replace(n, modality=Modality.OBLIGATION) for n in norms]
    assert tensions(allowed, kinds) == []
    embodied = [
        replace(n, principles=(Evidence("privacy", 1.0, ()),), bearers=(f"p{i}",))
        for i, n in enumerate(norms)
    ]
    assert tensions(embodied, kinds) == []


def test_a_candidate_is_drawn_as_a_question_and_is_no_relation(law: Build) -> None:
    [one] = tensions_of(law, DAY)
    view = graph_view(Neighbours(law, DAY), one.forbids, against=one.asks)
    assert view.against == ((one.forbids, one.asks),)
    assert "方向相反？" in dot(view)
    assert b"OPPOSITE_CANDIDATE" in graphml(view)
    assert [node.id for node in view.nodes][:2] == [one.forbids, one.asks]


def test_a_picture_has_every_node_once_and_is_the_same_twice(law: Build) -> None:
    view = graph_view(Neighbours(law, DAY), "医疗机构")
    columns = layers(view)
    assert sorted(name for column in columns for name in column) == sorted(node.id for node in view.nodes)
    try:
        font = chinese_font({})
    except InputError as error:
        pytest.skip(str(error))
    made = png(view, font)
    assert made.startswith(b"\x89PNG")
    assert made == png(view, font)


def test_a_font_that_is_not_there_is_told() -> None:
    with pytest.raises(InputError, match="YILUN_FONT"):
        chinese_font({"YILUN_FONT": "/没有/这个.ttf"})


def test_the_page_lists_candidates_with_what_prevails_and_opens_the_picture(
    drawn: Any, opposed: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YILUN_HOME", str(opposed.root))
    app = drawn("graph", show="opposite")
    shown = html(app)
    assert "只是候选" in shown
    assert "适用前者（上位法优于下位法）" in shown
    clean(next(b for b in app.button if b.label == "在图中看").click().run())
    assert "against" in app.query_params
    assert any("方向相反" in chart.proto.spec for chart in app.get("graphviz_chart"))
