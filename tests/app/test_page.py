"""The page itself: run without a browser by the page library's own driver, and once in a real Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from app.page_server import PAGE
from kg.home import Home
from tests.app.browse_build import HOSTILE, make_build_folder
from tests.app.paged import Watched, chromium, needs_chromium, serving_pages

pytest.importorskip("streamlit", reason="the page needs yilun[app]")
from streamlit.testing.v1 import AppTest

NEW = "甲护理条例@2020-05-01"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("状态 目录"))
    home.prepare()
    home.switch(make_build_folder(home.builds).name)
    return home


@pytest.fixture
def page(home: Home, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Draws the page for URL parameters; what it gives can be clicked."""
    monkeypatch.setenv("YILUN_HOME", str(home.root))

    def drawn(**params: str) -> Any:
        app = AppTest.from_file(str(PAGE), default_timeout=60)
        app.query_params.update(params)
        return clean(app.run())

    return drawn


def clean(app: Any) -> Any:
    assert not app.exception, [e.value for e in app.exception]
    return app


def html(app: Any) -> str:
    """All that is set as HTML on the page, without the style sheet."""
    found = [element.proto.body for element in app.main if element.type == "html"]
    found += [e.proto.body for e in walk(app.main) if getattr(e, "type", "") == "html"]
    return "\n".join(body for body in dict.fromkeys(found) if "<style>" not in body)


def walk(block: Any) -> Iterator[Any]:
    for child in block.children.values():
        yield child
        if hasattr(child, "children"):
            yield from walk(child)


def button(app: Any, key: str) -> Any:
    return next(b for b in app.button if b.key == key)


def url(app: Any) -> dict[str, str]:
    return {
        name: values if isinstance(values, str) else values[0] for name, values in app.query_params.items()
    }


# -- without a browser ---------------------------------------------------------------------------------


def test_from_the_tree_to_an_article_and_back_by_the_url(page: Any) -> None:
    app = page(key="甲处罚法", as_of="2021-01-01")
    clean(button(app, "source-丙长法").click().run())
    assert url(app) == {"as_of": "2021-01-01", "key": "丙长法"}
    chapter = next(b for b in app.button if "第二章" in b.label and b.key.startswith("d0-"))
    clean(chapter.click().run())
    assert url(app)["article"] == "ch2"
    block = next(b for b in app.button if "第七十一条—" in b.label)
    clean(block.click().run())
    assert url(app)["article"] == "art71"
    assert "《丙长法》第七十一条" in html(app)
    clean(button(app, "after").click().run())
    assert "《丙长法》第七十二条" in html(app)
    # The same view from its URL alone, in a new session:
    again = page(**url(app))
    assert html(again) == html(app)


def test_a_long_text_draws_few_widgets(page: Any) -> None:
    app = page(key="丙长法", article="art75")
    assert len([b for b in app.button if b.key.startswith("d")]) < 40


def test_another_day_shows_the_version_of_that_day(page: Any) -> None:
    app = page(key="甲护理条例", version="2020-05-01", article="art2", as_of="2026-11-22")
    assert "关心、爱护" in html(app)
    clean(app.date_input[0].set_value("2015-01-01").run())
    assert url(app) == {"as_of": "2015-01-01", "key": "甲护理条例", "article": "art2"}
    assert "关心、爱护" not in html(app)
    assert "尊重病人" in html(app)


def test_a_typed_citation_opens_the_article_and_a_word_filters(page: Any) -> None:
    app = page()
    clean(app.text_input[0].set_value("甲护理条例第三条").run())
    assert url(app)["article"] == "art3"
    clean(app.text_input[0].set_value("处罚").run())
    assert url(app)["q"] == "处罚"
    assert [b.key for b in app.button if b.key and b.key.startswith("source-")] == [
        "source-甲处罚法",
        "source-乙处罚法",
    ]
    clean(app.text_input[0].set_value("第八条").run())
    assert "没有" in html_of_sidebar(app)


def html_of_sidebar(app: Any) -> str:
    return "\n".join(e.proto.body for e in walk(app.sidebar) if getattr(e, "type", "") == "html")


def test_filters_go_into_the_url_and_come_back(page: Any) -> None:
    app = page()
    clean(app.multiselect[0].set_value(["法律"]).run())
    clean(app.toggle[0].set_value(True).run())
    assert url(app)["level"] == "法律"
    assert url(app)["held"] == "1"
    again = page(**url(app))
    assert again.multiselect[0].value == ["法律"]
    assert again.toggle[0].value is True


@pytest.mark.parametrize(
    ("view", "words"),
    [
        ("citations", "引出"),
        ("versions", "标出的是两边不同的字"),
        ("cases", "模型撰写，未经法律专家审核"),
        ("origin", None),
    ],
)
def test_every_tab(page: Any, view: str, words: str | None) -> None:
    app = page(id=f"{NEW}/art2", view=view)
    if words is None:
        shown = [code.value for code in app.code]
        assert f"{NEW}/art2" in shown
        assert any(len(code) == 64 for code in shown)
        assert any(code.startswith("?") and "build=" in code for code in shown)
    else:
        assert words in html(app) + "".join(m.value for m in app.markdown)


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"key": "没有的法"}, "不在此构建"),
        ({"key": "甲护理条例", "version": "1999-01-01"}, "没有《甲护理条例》的版本 1999-01-01"),
        ({"id": f"{NEW}/art99"}, "art99 不在"),
        ({"build": "abcdef"}, "没有这个构建"),
        ({"build": "<script>"}, "&lt;script&gt;"),
        ({"as_of": "明天"}, "不合格式"),
        ({"key": "乙处罚法"}, "台账有，未收录"),
    ],
)
def test_what_cannot_be_shown_is_said(page: Any, params: dict[str, str], words: str) -> None:
    assert words in html(page(**params))


def test_without_a_build_the_page_says_how_to_make_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YILUN_HOME", str(tmp_path / "空"))
    app = clean(AppTest.from_file(str(PAGE), default_timeout=60).run())
    assert "还没有构建" in html(app)
    assert [code.value for code in app.code] == ["yilun build"]


# -- in a browser --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def served(home: Home) -> Iterator[str]:
    with serving_pages(home.root) as address:
        yield address


@pytest.mark.browser
@needs_chromium
def test_a_reader_in_a_browser(served: str) -> None:
    with chromium() as browser:
        watched = Watched(browser, served)
        tab = watched.tab

        def heading(words: str) -> None:
            tab.get_by_role("heading", name=words, exact=True).wait_for()

        # From the tree to an article.
        tab.goto(f"{served}/?as_of=2026-11-22")
        tab.get_by_text("行政法规").first.click()
        tab.get_by_role("button", name="甲护理条例").click()
        heading("《甲护理条例》")
        tab.get_by_role("button", name="第一章 总则").click()
        tab.get_by_role("button", name="第四条").click()
        heading("《甲护理条例》第四条")
        assert "article=art4" in tab.url

        # A citation inside the words of the law, and what cites its target.
        tab.locator(".yl-law").get_by_role("link", name="《甲处罚法》第二条").click()
        heading("《甲处罚法》第二条")
        assert "违反规定的，给予警告。" in tab.locator(".yl-law").first.inner_text()
        tab.get_by_role("link", name="《甲护理条例》第四条").wait_for()

        # Back as browsers do it; then the version that was replaced.
        tab.go_back()
        heading("《甲护理条例》第四条")
        tab.get_by_role("button", name="2010-01-01 版本").click()
        tab.get_by_text("已失效").first.wait_for()
        tab.get_by_role("alert").filter(has_text="当日适用的版本是").wait_for()

        # Typed on the keyboard: a citation, Enter.
        tab.get_by_role("textbox", name="题名，或直接输入条文").fill("甲护理条例第二条")
        tab.keyboard.press("Enter")
        heading("《甲护理条例》第二条")
        tab.get_by_role("radio", name="版本对照").or_(tab.get_by_role("button", name="版本对照")).click()
        tab.locator("ins", has_text="、关心、爱护").wait_for()
        assert "view=versions" in tab.url

        # Hostile words stay words, and nothing lies outside a 1280 px window.
        tab.goto(f"{served}/?id={quote(HOSTILE)}@unknown~1/art1")
        tab.locator(".yl-law", has_text="<script>alert(1)</script>").wait_for()
        assert tab.locator(".yl-law img, .yl-law script").count() == 0
        watched.check()
