"""Each page drawn by the page library's own driver: empty, filled, and with a click that writes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from evaluator.proof import VerdictFile
from kg.home import Home
from kg.review_log import read_reviews
from tests.app.workbench.conftest import SCENARIO, clean, html

pytest.importorskip("streamlit", reason="the pages need yilun[app]")
Draw = Callable[..., Any]


def button(app: Any, words: str) -> Any:
    return next(b for b in app.button if words in b.label)


@pytest.mark.parametrize(
    ("name", "says"),
    [("judge", "写下一件事"), ("audit", "从左侧选一个结论"), ("cite", "粘贴一段文字"), ("evaluate", "上传一份或几份"), ("graph", "输入一条法律")],
)  # fmt: skip
def test_an_empty_page_says_what_to_do(drawn: Draw, name: str, says: str) -> None:
    assert says in html(drawn(name))


def test_a_scenario_is_judged_with_its_proof(drawn: Draw) -> None:
    app = drawn("judge")
    app.text_area(key="scenario-text").set_value(SCENARIO)
    clean(button(app, "研判").click().run())
    shown = html(app)
    assert "《甲护理条例》第二条" in shown
    assert "yl-fact" in shown
    assert "<script>" not in shown
    fact = app.multiselect(key="switched-off").options[0]
    clean(app.multiselect(key="switched-off").select(fact).run())
    assert "变化" in html(app)


def test_a_kept_verdict_is_opened_by_its_link_and_walked(drawn: Draw, verdict: VerdictFile) -> None:
    shown = html(drawn("judge", verdict=verdict.id[:16]))
    assert "《甲护理条例》第二条" in shown
    checked = html(drawn("audit", verdict=verdict.id[:16]))
    assert checked.count("✓") == 6
    assert "sha256" in checked
    assert "不在" in html(drawn("audit", verdict="ffff"))


def test_citations_are_marked_and_corrected(drawn: Draw) -> None:
    app = drawn("cite")
    app.text_area(key="cite-words").set_value(
        "《甲护理条例》第二条要求“护士应当尊重、关心、爱护病人，公开病人隐私”。<script>x</script>"
    )
    clean(button(app, "核验").click().run())
    shown = html(app)
    assert "quote_mismatch" in shown
    assert "<script>" not in shown
    assert "+" in app.code[0].value


def test_a_review_is_written_at_once_and_survives_a_reload(drawn: Draw, home: Home) -> None:
    app = drawn("review")
    app.text_input(
        key=next(t.key for t in app.text_input if t.key and t.key.startswith("reason-"))
    ).set_value("照原文")
    clean(button(app, "认可").click().run())
    reviews, problems = read_reviews([home.reviews])
    assert [one.reason for one in reviews] == ["照原文"]
    assert not problems
    again = drawn("review", queue="said")
    assert "照原文" in str(again.dataframe[0].value.to_dict())


def test_a_review_without_a_reason_is_not_written(drawn: Draw, home: Home) -> None:
    app = drawn("review")
    clean(button(app, "否定").click().run())
    assert "缺少" in html(app)
    assert read_reviews([home.reviews])[0] == []


def test_a_reader_only_reads(drawn: Draw, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YILUN_APP_ROLES", "a@b.cn=reviewer")
    app = drawn("review")
    assert not [b for b in app.button if "认可" in b.label]


def test_sources_show_coverage_problems_and_manifest(drawn: Draw) -> None:
    shown = html(drawn("sources"))
    assert "输入摘要" in shown
    assert "只有这一个构建" in shown


def test_a_graph_is_drawn_from_its_link_and_told_as_a_list(drawn: Draw) -> None:
    app = drawn("graph", node="甲护理条例@2020-05-01/art2")
    assert "个节点" in app.caption[-1].value or any("个节点" in c.value for c in app.caption)
    assert "图中没有" in html(drawn("graph", node="<script>"))
    assert "<script>" not in html(drawn("graph", node="<script>"))


def test_no_build_says_how_to_make_one(
    drawn: Draw, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YILUN_HOME", str(tmp_path_factory.mktemp("none")))
    app = drawn("judge")
    assert "yilun build" in app.code[0].value


def test_a_second_scenario_stands_beside_the_first(drawn: Draw, verdict: VerdictFile) -> None:
    app = drawn("judge", verdict=verdict.id[:16])
    app.text_area(key="second-text").set_value("护士发现医嘱违反规定，没有向医师提出。<script>x</script>")
    clean(button(app, "相比").click().run())
    shown = html(app)
    assert "只在第二个" in shown
    assert "<script>" not in shown


def test_a_pinned_node_stays_when_the_centre_moves(drawn: Draw) -> None:
    app = drawn("graph", node="甲护理条例@2020-05-01/art2", pin="患者")
    assert "患者" in app.get("graphviz_chart")[0].proto.spec
    app.selectbox(key="graph-node").set_value("患者").run()
    clean(button(app, "取下").click().run())
    assert "pin" not in app.query_params
