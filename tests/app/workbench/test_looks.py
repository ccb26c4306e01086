"""Colours stand out from their ground in light and dark; every page fits a tablet held upright."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from app.page_server import FILL, page_command
from app.palette import GROUNDS, LINES, WORDS, variables
from kg.home import Home
from tests.app.paged import Watched, chromium, needs_chromium, serving_pages
from tests.app.workbench.conftest import DAY


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(first: str, second: str) -> float:
    """The contrast of two colours, from 1 to 21."""
    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


def test_the_measure_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("name", WORDS)
def test_words_stand_out(name: str) -> None:
    for colour, ground in zip(WORDS[name], GROUNDS, strict=True):
        assert contrast(colour, ground) >= 4.5, (name, colour, ground)


@pytest.mark.parametrize("name", LINES)
def test_lines_stand_out(name: str) -> None:
    for colour, ground in zip(LINES[name], GROUNDS, strict=True):
        assert contrast(colour, ground) >= 3, (name, colour, ground)


def test_white_words_stand_out_from_the_accent() -> None:
    for colour in FILL:
        assert contrast("#ffffff", colour) >= 4, colour
    assert all(shade in page_command(1) for shade in FILL)
    assert variables().count("light-dark(") == len(WORDS) + len(LINES)


PAGES = (
    "",
    "graph?node=护士",
    "judge?verdict={}",
    "audit?verdict={}",
    "cite",
    "evaluate",
    "review",
    "sources",
)


@pytest.fixture
def served(home: Home) -> Iterator[str]:
    with serving_pages(home.root) as address:
        yield address


@pytest.mark.browser
@pytest.mark.slow
@needs_chromium
@pytest.mark.parametrize(("scheme", "ground"), [("light", "rgb(255, 255, 255)"), ("dark", "rgb(23, 22, 20)")])
def test_every_page_fits_a_tablet_in_light_and_dark(
    served: str, verdict: Any, scheme: str, ground: str
) -> None:
    with chromium() as browser:
        watched = Watched(browser, served, width=834, color_scheme=scheme)
        for page in PAGES:
            path = page.format(verdict.id[:16])
            watched.open(f"{path}{'&' if '?' in path else '?'}as_of={DAY}")
            watched.picture(f"tablet-{scheme}-{path.partition('?')[0] or 'browse'}")
            watched.check()
            shown = watched.tab.evaluate("getComputedStyle(document.querySelector('.stApp')).backgroundColor")
            assert shown == ground
        watched.open(f"?id=甲护理条例@2020-05-01/art2&as_of={DAY}&view=norms")
        watched.picture(f"tablet-{scheme}-article")
        watched.check()
        link = watched.tab.evaluate("getComputedStyle(document.querySelector('.yl a')).color")
        accent = WORDS["accent"][scheme == "dark"]
        assert link == "rgb({}, {}, {})".format(*(int(accent[i : i + 2], 16) for i in (1, 3, 5)))
