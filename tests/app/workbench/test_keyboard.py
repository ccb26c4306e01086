"""A reader without a mouse: from the first page to a verdict and its proof by Tab, Enter and typing alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from kg.home import Home
from tests.app.paged import Watched, chromium, needs_chromium, serving_pages
from tests.app.workbench.conftest import DAY

pytest.importorskip("streamlit", reason="the pages need yilun[app]")
pytestmark = [pytest.mark.browser, pytest.mark.slow, needs_chromium]

_MOST = 60
_FOCUSED = """() => {
  const e = document.activeElement;
  const style = getComputedStyle(e);
  return [e.tagName, e.getAttribute('aria-label') || e.innerText || '', style.outlineStyle + style.boxShadow];
}"""


@pytest.fixture
def at(made_home: Any) -> Iterator[Watched]:
    with serving_pages(Home(made_home).root) as address, chromium() as browser:
        watched = Watched(browser, address)
        yield watched
        watched.check()
        watched.context.close()


def reach(tab: Any, words: str, tag: str = "") -> None:
    """Press Tab until what has the focus says these words; links begin with the name of their icon."""
    seen = []
    for _ in range(_MOST):
        tab.keyboard.press("Tab")
        kind, said, _ = tab.evaluate(_FOCUSED)
        seen.append(said)
        if said.split()[-1:] == [words] and tag in ("", kind):
            return
    raise AssertionError(f"Tab does not reach {words}: {seen}")


def test_a_verdict_without_a_mouse(at: Watched) -> None:
    tab = at.tab
    at.open(f"?as_of={DAY}")
    reach(tab, "情景研判")
    tab.keyboard.press("Enter")
    tab.get_by_role("heading", name="情景研判").wait_for()
    at.settle()
    assert f"as_of={DAY}" in tab.url  # the day goes along: today's law does not take its place unseen
    reach(tab, "情形", "TEXTAREA")
    tab.keyboard.type("护士没有保护病人隐私。")
    reach(tab, "研判")
    tab.keyboard.press("Enter")
    tab.get_by_text("证明").first.wait_for()
    at.settle()
    at.picture("keyboard-verdict")


def test_what_has_the_focus_can_be_seen(at: Watched) -> None:
    tab = at.tab
    at.open(f"?as_of={DAY}")
    unseen = []
    for _ in range(12):
        tab.keyboard.press("Tab")
        tag, said, shown = tab.evaluate(_FOCUSED)
        # A field shows it on the frame around it, which this does not look at.
        if tag in ("A", "BUTTON", "SUMMARY") and shown in ("nonenone", ""):
            unseen.append((tag, said[:20]))
    assert not unseen
