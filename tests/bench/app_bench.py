"""First paint and page switches of `yilun app` in a real Chromium on loopback.

    python -m tests.bench.app_bench --home HOME --rounds 10

`paint` is from the click (or the address) until the page's own heading stands on the screen, `settled` until the server has
nothing left to draw. `first_ever` is the first visit after the server began, when the build is opened; `first` a visitor with
an empty cache after that; `empty` the same for a page of the library with a heading and nothing else, the floor. Pages are switched by their links at the top, an article by the button to the next.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import quantiles

from tests.app.paged import Watched, chromium, serving_pages

DAY = "2026-11-22"
PAGES = ("图谱", "情景研判", "审计", "引用核验", "评测", "专家复核", "来源", "法规浏览")


def told(milliseconds: list[float]) -> dict[str, float]:
    """How many, and the middle, the 95th of a hundred, and the most."""
    cuts = quantiles(milliseconds, n=100, method="inclusive") if len(milliseconds) > 1 else milliseconds * 99
    return {
        "n": len(milliseconds), "p50_ms": round(cuts[49]), "p95_ms": round(cuts[94]), "most_ms": round(max(milliseconds))
    }  # fmt: skip


class Clock:
    """Times of one kind of step: until the heading, until nothing is left to draw."""

    def __init__(self) -> None:
        self.painted: list[float] = []
        self.settled: list[float] = []

    def step(self, watched: Watched, act: Callable[[], object], heading: str) -> None:
        """Do it and wait for the heading, then for the end."""
        began = time.perf_counter()
        act()
        watched.tab.get_by_role("heading", name=heading, exact=True).wait_for()
        self.painted.append((time.perf_counter() - began) * 1000)
        watched.settle()
        self.settled.append((time.perf_counter() - began) * 1000)

    def row(self) -> dict[str, dict[str, float]]:
        """Both, told."""
        return {"paint": told(self.painted), "settled": told(self.settled)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=10)
    asked = parser.parse_args()
    clocks = {name: Clock() for name in ("empty", "first_ever", "first", "article", *PAGES)}
    welcome = "医伦　法规浏览"
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "empty.py"
        page.write_text("import streamlit as st\nst.title('空')\n", encoding="utf-8")
        with serving_pages(asked.home, page=page) as address, chromium() as browser:
            for _ in range(asked.rounds):
                watched = Watched(browser, address)
                clocks["empty"].step(watched, partial(watched.tab.goto, address), "空")
                watched.context.close()
    with serving_pages(asked.home) as address, chromium() as browser:

        def visit(clock: Clock) -> Watched:
            watched = Watched(browser, address)
            clock.step(watched, lambda: watched.tab.goto(f"{address}/?as_of={DAY}"), welcome)
            return watched

        visit(clocks["first_ever"]).context.close()
        for _ in range(asked.rounds):
            visit(clocks["first"]).context.close()
        watched = visit(Clock())
        for name in PAGES:  # what is opened once for all sessions is opened now
            watched.tab.get_by_role("link", name=name).click()
            watched.settle()
        for _ in range(asked.rounds):
            for name in PAGES:
                link = watched.tab.get_by_role("link", name=name)
                heading = welcome if name == "法规浏览" else name
                clocks[name].step(watched, link.click, heading)
        watched.open(f"?id=中华人民共和国医师法@2021-08-20/art24&as_of={DAY}")
        numbers = (
            "二十五",
            "二十六",
            "二十七",
            "二十八",
            "二十九",
            "三十",
            "三十一",
            "三十二",
            "三十三",
            "三十四",
        )
        for number in numbers[: asked.rounds]:
            label = f"第{number}条"
            step = watched.tab.get_by_role("button", name=f"{label} →")
            clocks["article"].step(watched, step.click, f"《中华人民共和国医师法》{label}")
    load = round(os.getloadavg()[0], 1)
    print(
        json.dumps(
            {"load_1min": load} | {n: c.row() for n, c in clocks.items()}, ensure_ascii=False, indent=1
        )
    )


if __name__ == "__main__":
    main()
