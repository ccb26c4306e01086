"""The Streamlit entry: which pages there are. Each opens the build once and says what to do where there is none."""

from __future__ import annotations

import streamlit as st

from app.browse import browse
from app.browse_html import STYLE
from app.page_server import FILL
from app.workbench.audit_page import audit
from app.workbench.cite_page import cite
from app.workbench.evaluate_page import evaluate
from app.workbench.graph_page import graph
from app.workbench.judge_page import judge
from app.workbench.opinion import Matter, OpinionLog, told_of
from app.workbench.place import Place, guarded, page
from app.workbench.review_page import review
from app.workbench.sources_page import sources

# Without an icon of its own a page has the browser fetch one from a server on the internet.
ICON = (
    f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="6" fill="{FILL.light}"/>'
    '<path d="M16 7v18M7 16h18" stroke="#fff" stroke-width="5"/></svg>'
)

PAGES = (
    ("图谱", "graph", ":material/hub:", graph),
    ("情景研判", "judge", ":material/gavel:", judge),
    ("审计", "audit", ":material/fact_check:", audit),
    ("引用核验", "cite", ":material/format_quote:", cite),
    ("评测", "evaluate", ":material/monitoring:", evaluate),
    ("专家复核", "review", ":material/rate_review:", review),
    ("来源", "sources", ":material/inventory_2:", sources),
)


def _browse(place: Place) -> None:
    opinions = OpinionLog.of(place.home).read()
    browse(place.build, place.today, lambda gloss: told_of(opinions, Matter.GLOSS, gloss))


def main() -> None:
    """Draw the page that the URL names."""
    st.set_page_config(page_title="医伦", page_icon=ICON, layout="wide", initial_sidebar_state="auto")
    st.html(STYLE)
    pages = [
        st.Page(
            guarded(_browse),
            title="法规浏览",
            url_path="browse",
            icon=":material/menu_book:",
            default=True,
        )
    ]
    pages += [
        st.Page(page(title, draw), title=title, url_path=path, icon=icon) for title, path, icon, draw in PAGES
    ]
    chosen = st.navigation(pages, position="top")
    _carry_day(chosen.url_path)
    chosen.run()


def _carry_day(page: str) -> None:
    """A day chosen on one page is the day of the next: the menu's links name none, and today's law would take its place unseen."""
    moved = st.session_state.get("page") not in (None, page)
    if moved and "as_of" not in st.query_params and (day := st.session_state.get("day")):
        st.query_params["as_of"] = day
    st.session_state["page"], st.session_state["day"] = page, st.query_params.get("as_of", "")


main()
