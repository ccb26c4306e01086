"""In a real browser: what is text stays text, wherever it comes from; two people at once do not see or lose each other's."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from app.builder import make_build
from evaluator.verdict import Reasoner
from evaluator.verdict_store import save
from kg.build import Build
from kg.home import Home
from kg.review_log import read_reviews
from retrieval.retriever import Retriever
from tests.app.invented import HEADER
from tests.app.paged import Watched, chromium, needs_chromium, serving_pages
from tests.app.workbench.conftest import DAY

pytest.importorskip("streamlit", reason="the pages need yilun[app]")
pytestmark = [pytest.mark.browser, pytest.mark.slow, needs_chromium]

RUNS = "<script>alert(1)</script><img src=x onerror=alert(2)>[点](javascript:alert(3))<svg onload=alert(4)>"
TITLE = "甲<img src=x onerror=alert(5)>办法"
LAW = f"""# 甲办法

2005年1月1日 甲机关通过

第一条 护士应当尊重病人，保护病人隐私，不得公开{RUNS}。

第二条 **粗** $x^2$ :red[红] 医疗机构应当依照《{TITLE}》第一条处理 &lt;b&gt;。

第三条 本办法自2005年6月1日起施行。
"""
SCENARIO = f"护士没有保护病人隐私，公开了{RUNS}。"


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Home:
    folder = tmp_path_factory.mktemp("hostile")
    corpus = folder / "corpus"
    corpus.mkdir()
    (corpus / "law.md").write_text(LAW, encoding="utf-8")
    row = [
        "law.md",
        TITLE,
        "部门规章",
        RUNS,
        "",
        "2005-01-01",
        "2005-06-01",
        "",
        "",
        "通用",
        "invented",
        "law.md",
    ]
    (corpus / "INDEX.tsv").write_text(HEADER + "\t".join(row) + "\n", encoding="utf-8")
    home = Home(folder / "home")
    make_build(
        home, [corpus], selector="all", environ={}, load_graph=False, encode=False, progress=lambda *_: None
    )  # fmt: skip
    build = Build(home.build())
    save(home, Reasoner.over(build, Retriever.over(build)).judge(SCENARIO, as_of=DAY))
    return home


@pytest.fixture(scope="module")
def served(hostile: Home) -> Iterator[str]:
    with serving_pages(hostile.root, {"YILUN_APP_USER": "王<b>律师"}) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as opened:
        yield opened


def check(watched: Watched) -> None:
    """Nothing ran, and no element came of text; links go nowhere but to pages."""
    watched.check()
    found = watched.tab.evaluate(
        """() => [...document.querySelectorAll(
               '#root img[src="x"], #root script, #root svg[onload], #root a[href^="javascript"], #root [onerror]'
           )].map(e => e.outerHTML)"""
    )
    assert found == []


def test_law_that_looks_like_markup_is_read_as_law(browser: Any, served: str, hostile: Home) -> None:
    [expression] = Build(hostile.build()).expressions
    watched = Watched(browser, served)
    for view in ("", "norms", "versions", "cases", "origin", "citations"):
        query = {"id": f"{expression}/art1", "as_of": str(DAY), **({"view": view} if view else {})}
        watched.open(f"?{urlencode(query)}")
        assert "<script>alert(1)</script>" in watched.tab.locator(".yl-law").first.inner_text()
        check(watched)
    watched.open(f"?{urlencode({'key': expression.split('@')[0], 'as_of': str(DAY)})}")
    check(watched)
    for path in (
        f"graph?node={quote(f'{expression}/art1')}", "graph?node=" + quote("护士"), "graph?show=opposite", "sources",
        "review", f"review?on={quote(f'{expression}/art1')}", "review?queue=said",
    ):  # fmt: skip
        watched.open(path)
        check(watched)


def test_a_scenario_that_looks_like_markup_is_judged_as_words(browser: Any, served: str) -> None:
    watched = Watched(browser, served)
    watched.open(f"judge?as_of={DAY}")
    watched.tab.get_by_role("textbox", name="情形").fill(SCENARIO)
    watched.tab.get_by_role("button", name="研判").click()
    watched.tab.locator(".yl-head").wait_for()
    watched.settle()
    assert "<script>alert(1)</script>" in watched.tab.locator(".yl-scenario").first.inner_text()
    check(watched)
    for name in ("可能适用的条款", "假如不是这样", "与另一情形相比"):
        watched.tab.get_by_role("tab", name=name).click()
        watched.settle()
        check(watched)
    watched.open(f"audit?as_of={DAY}")
    watched.tab.get_by_role("button", name="护士没有保护病人隐私").click()
    watched.tab.locator(".yl-head").wait_for()
    check(watched)


def test_a_file_whose_name_looks_like_markup_is_named_as_it_is(
    browser: Any, served: str, tmp_path: Path
) -> None:
    watched = Watched(browser, served)
    name = "<img src=x onerror=alert(6)>[a](javascript:alert(7)).txt"
    paper, answers, verdict = (tmp_path / f"{name}{suffix}" for suffix in (".txt", ".csv", ".json"))
    paper.write_text(f"《甲处罚法》第二条{RUNS}", encoding="utf-8")
    answers.write_text(
        f'scene,query,reference,response\r\n护理,"{RUNS}",,"《甲法》第一条{RUNS}"\r\n', encoding="utf-8"
    )
    verdict.write_text('{"id": "<img src=x onerror=alert(8)>"}', encoding="utf-8")
    for page, file in (("cite", paper), ("evaluate", answers), ("audit", verdict)):
        watched.open(f"{page}?as_of={DAY}")
        watched.tab.locator("input[type=file]").first.set_input_files(file)
        watched.tab.wait_for_timeout(1500)
        watched.settle()
        check(watched)
    assert "打不开这份文件" in watched.tab.locator(".yl-note.error").inner_text()


BROWSING = ("id", "key", "version", "article", "against", "view", "q", "level", "topic", "status", "party", "principle", "as_of")  # fmt: skip
OTHERS = ("node", "open", "pin", "ties", "show", "against", "verdict", "on", "queue", "as_of")


@pytest.mark.parametrize("page", ["", "graph", "judge", "audit", "cite", "evaluate", "review", "sources"])
def test_an_address_that_looks_like_markup_is_told_as_text(browser: Any, served: str, page: str) -> None:
    watched = Watched(browser, served)
    all_of_them = dict.fromkeys(OTHERS if page else BROWSING, RUNS)
    # What comes first may hide the rest: so also with a node that is one, and with no id.
    for query in (all_of_them, {"build": RUNS}, all_of_them | {"node": "护士", "id": "", "key": TITLE}):
        watched.open(f"{page}?{urlencode(query)}")
        check(watched)
        broken = watched.tab.get_by_test_id("stException")
        assert not broken.count(), broken.inner_text()


def test_two_people_at_once_keep_their_own_and_lose_nothing(
    browser: Any, made_home: Path, tmp_path: Path
) -> None:
    shutil.copytree(made_home, tmp_path / "home")
    home = Home(tmp_path / "home")
    with (
        serving_pages(home.root, {"YILUN_APP_USER": "甲律师"}) as first,
        serving_pages(home.root, {"YILUN_APP_USER": "乙律师"}) as second,
    ):
        people = [Watched(browser, first), Watched(browser, second)]
        # Two sessions of one server: another day, another scenario, nothing of the other's.
        guest = Watched(browser, first)
        people[0].open(f"judge?as_of={DAY}")
        guest.open("judge?as_of=2015-01-01")
        people[0].tab.get_by_role("textbox", name="情形").fill("护士没有保护病人隐私。")
        people[0].tab.get_by_role("button", name="研判").click()
        people[0].tab.locator(".yl-head").wait_for()
        guest.tab.reload()
        guest.settle()
        assert guest.tab.locator(".yl-head").count() == 0
        article = quote("甲护理条例@2020-05-01/art2")
        people[0].open(f"?key={quote('甲护理条例')}&article=art2&as_of={DAY}")
        guest.open(f"?key={quote('甲护理条例')}&article=art2&as_of=2015-01-01")
        assert "关心、爱护" in people[0].tab.locator(".yl-law").first.inner_text()
        assert "关心、爱护" not in guest.tab.locator(".yl-law").first.inner_text()
        # Both look at one norm before either has decided; both decide; both are kept, and differ.
        for one in people:
            one.open(f"review?on={article}&as_of={DAY}")
            one.tab.get_by_label("理由").fill("看过")
        for one, word in zip(people, ("认可", "否定"), strict=True):
            one.tab.get_by_role("button", name=word, exact=True).click()
        for one in people:
            one.tab.get_by_text("没有待看的规范").wait_for()
        people[1].open("review?queue=differ")
        shown = people[1].tab.locator(".yl-note.warning").first.inner_text()
        assert "甲律师 认可" in shown
        assert "乙律师 否定" in shown
        people[1].picture("two-people")
        for one in (*people, guest):
            one.check()
    reviews, problems = read_reviews([home.reviews])
    assert sorted(one.author for one in reviews) == ["乙律师", "甲律师"]
    assert not problems
