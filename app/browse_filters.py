"""Drawing what narrows the tree of sources: day, words, level, scene, standing, party, principle. State is in the URL."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import streamlit as st

from app import browse_html as mark
from app.browse_selection import EARLIEST, LATEST, Selection
from app.browse_view import jump
from kg.build import Build
from kg.problem import InputError
from kg.vocabulary import Level, Status, Topic


def go(selection: Selection) -> None:
    """Put a view into the URL."""
    st.query_params.from_dict(selection.params())


def filters(build: Build, selection: Selection, today: date) -> None:
    """The widgets show what the URL says; a change goes into the URL and comes back from there."""
    state = st.session_state
    state["as_of"] = min(max(selection.as_of, EARLIEST), LATEST)
    state["words"] = selection.words
    state["levels"] = [level.value for level in selection.levels]
    state["topics"] = list(selection.topics)
    state["statuses"] = list(selection.statuses)
    state["parties"] = list(selection.parties)
    state["principles"] = list(selection.principles)
    state["held_only"] = selection.held_only

    def changed(change: Callable[[], Selection]) -> Callable[[], None]:
        return lambda: go(change())

    def new_day() -> Selection:
        day: date | None = state["as_of"]
        if day is None:
            return selection
        # Another day may have another version of the same article in force.
        return replace(selection, as_of=day, version="", against="")

    def new_words() -> Selection:
        typed = (state["words"] or "").strip()
        try:
            return replace(selection.at(jump(build, typed, selection.as_of)), words="")
        except InputError:
            return replace(selection, words=typed)

    st.date_input(
        "按哪一天的法律",
        key="as_of",
        min_value=EARLIEST,
        max_value=LATEST,
        format="YYYY-MM-DD",
        on_change=changed(new_day),
    )
    if selection.as_of != today:
        st.button(
            f"不是今天；改为今天 {today}",
            key="today",
            type="tertiary",
            on_click=go,
            args=(replace(selection, as_of=today, version="", against=""),),
        )
    st.text_input(
        "题名，或直接输入条文",
        key="words",
        placeholder="知情同意、护士条例；民法典1219条",
        help="题名、简称、文号按词筛选；写成《医师法》第二十五条、民法典1219条 则直接打开该条。",
        on_change=changed(new_words),
    )
    if selection.words and any(char.isdigit() or char in "第条" for char in selection.words):
        _why_not(build, selection)
    with st.expander("筛选", expanded=selection.narrowed):
        st.multiselect(
            "位阶",
            [level.value for level in Level],
            key="levels",
            placeholder="全部",
            on_change=changed(lambda: replace(selection, levels=tuple(map(Level, state["levels"])))),
        )
        st.multiselect(
            "场景",
            [topic.name for topic in build.topics],
            key="topics",
            placeholder="全部",
            on_change=changed(lambda: replace(selection, topics=tuple(map(Topic, state["topics"])))),
        )
        st.multiselect(
            "当日效力",
            list(Status),
            key="statuses",
            format_func=lambda status: status.zh,
            placeholder="全部",
            on_change=changed(lambda: replace(selection, statuses=tuple(state["statuses"]))),
        )
        st.multiselect(
            "约束或关乎谁",
            list(build.parties),
            key="parties",
            placeholder="全部",
            help="规范的承担者或相对人；选护士，也含对医务人员的规范。规范由规则读出。",
            on_change=changed(lambda: replace(selection, parties=tuple(state["parties"]))),
        )
        st.multiselect(
            "体现的原则",
            list(build.principles),
            key="principles",
            format_func=lambda one: build.principles[one].name,
            placeholder="全部",
            on_change=changed(lambda: replace(selection, principles=tuple(state["principles"]))),
        )
        st.toggle(
            "只看已收录",
            key="held_only",
            on_change=changed(lambda: replace(selection, held_only=state["held_only"])),
        )


def _why_not(build: Build, selection: Selection) -> None:
    try:
        jump(build, selection.words, selection.as_of)
    except InputError as error:
        st.html(mark.small(f"按题名筛选；不能作为条文打开：{error}"))
