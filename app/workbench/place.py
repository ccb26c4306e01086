"""Where a page stands: the build, the day and the person of a session, and what is opened once for all sessions."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import streamlit as st

from app import browse_html as mark
from app.browse_selection import EARLIEST, LATEST
from app.workbench.roles import Person, person
from evaluator.citation_check import CitationChecker
from evaluator.guardian.learned import LearnedScorer
from evaluator.guardian.rules import RuleScorer
from evaluator.proof import VerdictFile
from evaluator.verdict import Reasoner
from evaluator.verdict_store import kept
from kg.build import Build
from kg.home import Home
from kg.problem import MissingBuildError, YilunError
from retrieval.retriever import Retriever


@dataclass(frozen=True, slots=True)
class Place:
    """What every page is drawn over."""

    home: Home
    build: Build
    day: date
    today: date
    who: Person


@st.cache_resource(show_spinner="正在打开构建…", max_entries=2)
def opened_build(root: str, build_id: str) -> Build:
    """One build per id, opened once and read by every session."""
    return Build(Path(root) / build_id)


@st.cache_resource(show_spinner="正在打开检索…", max_entries=2)
def opened_retriever(home: str, root: str, build_id: str) -> Retriever:
    """The retriever of a build, opened once."""
    return Retriever.open(Path(home), build=opened_build(root, build_id))


@st.cache_resource(show_spinner="正在准备研判…", max_entries=2)
def opened_reasoner(home: str, root: str, build_id: str) -> Reasoner:
    """The built-in reasoner over a build, opened once."""
    return Reasoner.over(opened_build(root, build_id), opened_retriever(home, root, build_id))


@st.cache_resource(show_spinner="正在准备引用核验…", max_entries=2)
def opened_checker(root: str, build_id: str) -> CitationChecker:
    """The citation checker over a build, opened once."""
    return CitationChecker(opened_build(root, build_id))


@st.cache_resource(show_spinner="正在准备评分…", max_entries=2)
def opened_guardian(root: str, build_id: str) -> LearnedScorer:
    """The learned guardian over a build, opened once."""
    return LearnedScorer(opened_build(root, build_id))


@st.cache_resource(show_spinner="正在准备评分…", max_entries=2)
def opened_rules(root: str, build_id: str) -> RuleScorer:
    """The rules of the guardian over a build, opened once."""
    return RuleScorer(opened_build(root, build_id))


def rule_scorer(place: Place) -> RuleScorer:
    """The rules of the guardian of a place."""
    return opened_rules(str(place.build.path.parent), place.build.path.name)


def reasoner(place: Place) -> Reasoner:
    """The reasoner of a place."""
    return opened_reasoner(str(place.home.root), str(place.build.path.parent), place.build.path.name)


def checker(place: Place) -> CitationChecker:
    """The citation checker of a place."""
    return opened_checker(str(place.build.path.parent), place.build.path.name)


def guardian(place: Place) -> LearnedScorer:
    """The guardian of a place."""
    return opened_guardian(str(place.build.path.parent), place.build.path.name)


def here() -> Place:
    """The place that the environment and the URL name; YilunError where there is no build."""
    home = Home.resolve(None, os.environ)
    path = home.build(st.query_params.get("build") or None)
    today = datetime.now().astimezone().date()
    return Place(home, opened_build(str(path.parent), path.name), _day(today), today, _person())


def _person() -> Person:
    try:
        email = st.user.get("email") if st.user.get("is_logged_in") else None
    except (AttributeError, KeyError):
        email = None
    return person(os.environ, str(email) if email else None)


def _day(today: date) -> date:
    try:
        return min(max(date.fromisoformat(st.query_params.get("as_of", "")), EARLIEST), LATEST)
    except ValueError:
        return today


def linked_verdict(place: Place) -> VerdictFile | None:
    """The kept verdict that `verdict` in the URL names, by the beginning of its id; what is not kept here is told."""
    wanted = st.query_params.get("verdict", "")
    if not wanted:
        return None
    found = [verdict for _, verdict in kept(place.home) if verdict.id.startswith(wanted)]
    if len(found) != 1:
        told = f"链接所指的结论 {wanted} 不在 {place.home.verdicts}；它可能存在别的机器上"
        st.html(mark.note(told, kind="error"))
        return None
    return found[0]


def offer(
    box: Any, name: str, data: str | bytes | Callable[[], str | bytes], file_name: str, mime: str, help: str | None = None
) -> None:  # fmt: skip
    """A button that downloads. The page is not drawn anew: that would take away what is being made for the download."""
    box.download_button(name, data, file_name, mime, on_click="ignore", help=help)


def page(title: str, draw: Callable[[Place], None]) -> Callable[[], None]:
    """A page function: the header with day and build, then what `draw` makes."""

    def with_header(place: Place) -> None:
        _header(title, place)
        draw(place)

    return guarded(with_header)


def guarded(draw: Callable[[Place], None]) -> Callable[[], None]:
    """A page function that draws over the place of the session; every failure is told in words, with what to do."""

    def drawn() -> None:
        try:
            draw(here())
        except MissingBuildError as error:
            st.html(mark.note(str(error), kind="error"))
            st.markdown("用打包的法律生成构建（几分钟），再刷新本页：")
            st.code("yilun build", language=None)
        except YilunError as error:
            st.html(mark.note(str(error), kind="error"))
            st.markdown("查看所含文件与构建：")
            st.code("yilun status", language=None)

    return drawn


def _header(title: str, place: Place) -> None:
    left, middle, right = st.columns([5, 2, 3], vertical_alignment="bottom")
    left.html(mark.heading(title))

    def changed() -> None:
        st.query_params["as_of"] = st.session_state["header-day"].isoformat()

    st.session_state["header-day"] = place.day
    middle.date_input(
        "按哪一天的法律", key="header-day", format="YYYY-MM-DD", min_value=EARLIEST, max_value=LATEST, on_change=changed
    )  # fmt: skip
    right.caption(
        f"构建 {mark.label(place.build.id)}　{mark.label(place.who.name)}（{place.who.role.zh}）　不是法律意见"
    )
