"""Drawing 图谱: a neighbourhood; widgets of the page library choose, the picture only shows. State is in the URL."""

from __future__ import annotations

import streamlit as st

from app import browse_html as mark
from app.views import find_article
from app.workbench.graph_view import (
    MOST,
    TIES,
    GraphView,
    NodeKind,
    dot,
    graph_view,
    graphml,
    neighbours,
)
from app.workbench.judge_view import link
from app.workbench.place import Place, offer
from kg.identity import article_of
from kg.problem import InputError
from kg.schema import RelationType

_READY = {
    "医师受哪些规范约束": "医师",
    "什么保护患者": "患者",
    "隐私由哪些规范体现": "privacy",
    "知情同意由哪些规范体现": "informed_consent",
}
_SIGNS = {NodeKind.ARTICLE: "▭", NodeKind.NORM: "▤", NodeKind.PARTY: "◯", NodeKind.PRINCIPLE: "⬡"}


def graph(place: Place) -> None:
    """The whole page; `node`, `open` and `ties` in the URL say what is shown."""
    with st.spinner("正在读出图…"):
        found = neighbours(place.build, place.day)
    left, right = st.columns([3, 9], gap="medium")
    with left:
        _choose(place)
        ties = _ties()
        most = st.segmented_control("至多几个节点", [30, 60, 120, MOST], default=60, key="graph-most") or 60
    centre = st.query_params.get("node", "")
    with right:
        if not centre:
            st.html(mark.note("输入一条法律、一个主体或原则，或从左侧选一个现成的视图。", kind="info"))
            return
        opened = [one for one in st.query_params.get("open", "").split("|") if one]
        try:
            view = graph_view(found, centre, expanded=opened, ties=ties, most=most)
        except InputError as error:
            st.html(mark.note(f"图中没有 {centre}：{error}", kind="error"))
            return
        _drawn(place, view, opened, most)


def _choose(place: Place) -> None:
    def typed() -> None:
        words = str(st.session_state["graph-words"] or "").strip()
        if words:
            _centre(_named(place, words))

    st.text_input(
        "条文、主体或原则", key="graph-words", placeholder="《医师法》第二十五条；护士；隐私", on_change=typed
    )
    st.caption("现成的视图")
    for name, node in _READY.items():
        if node in place.build.parties or node in place.build.principles:
            st.button(name, key=f"ready-{node}", type="tertiary", on_click=_centre, args=(node,))


def _named(place: Place, words: str) -> str:
    if words in place.build.parties or words in place.build.principles:
        return words
    for identifier, principle in place.build.principles.items():
        if words == principle.name:
            return identifier
    for identifier, party in place.build.parties.items():
        if words in party.words:
            return identifier
    try:
        _, provision = find_article(place.build, words, place.day)
    except InputError:
        return words
    return article_of(str(provision.id))


def _centre(node: str) -> None:
    st.query_params["node"] = node
    st.query_params.pop("open", None)


def _ties() -> list[RelationType]:
    wanted = [one for one in st.query_params.get("ties", "").split(",") if one in list(TIES)]
    st.session_state["graph-ties"] = [RelationType(one) for one in wanted] or list(TIES)

    def changed() -> None:
        chosen = st.session_state["graph-ties"]
        if not chosen or len(chosen) == len(TIES):
            st.query_params.pop("ties", None)
        else:
            st.query_params["ties"] = ",".join(chosen)

    return list(
        st.multiselect("关系", list(TIES), key="graph-ties", format_func=TIES.__getitem__, on_change=changed)
    )


def _drawn(place: Place, view: GraphView, opened: list[str], most: int) -> None:
    legend = "　".join(f"{sign} {kind.value}" for kind, sign in _SIGNS.items())
    st.caption(
        f"{legend}　粗框为中心。{len(view.nodes)} 个节点、{len(view.edges)} 条关系，按 {place.day} 的法律。"
    )
    if view.cut:
        st.html(
            mark.note(
                f"还有 {view.cut} 处相邻的没有画出：此图至多 {most} 个节点。可加大上限、减少关系的种类，或换一个中心。",
                kind="warning",
            )
        )
    st.graphviz_chart(dot(view), width="content")
    columns = st.columns([2, 2, 1, 1, 1])
    names = {node.id: f"{_SIGNS[node.kind]} {mark.visible(node.label)}" for node in view.nodes}
    others = [node.id for node in view.nodes if node.id != view.centre]
    chosen = columns[0].selectbox(
        "选一个节点",
        others,
        format_func=names.__getitem__,
        key="graph-node",
        index=None,
        placeholder="选后可展开、居中",
    )
    offer(columns[1], "GraphML", graphml(view), "yilun.graphml", "application/xml")
    offer(columns[1], "DOT", dot(view), "yilun.dot", "text/vnd.graphviz")
    if chosen:
        columns[2].button("展开", on_click=_open, args=(opened, chosen), disabled=chosen in opened)
        columns[3].button("居中", on_click=_centre, args=(chosen,))
        if "@" in chosen:
            href = mark.attribute(link(chosen, place.day))
            columns[4].html(f'<div class="yl"><a href="{href}">阅读原文</a></div>')
    with st.expander("以列表看"):
        st.dataframe(
            [{"从": names[e.source], "关系": TIES[e.tie], "到": names[e.target]} for e in view.edges], hide_index=True
        )  # fmt: skip


def _open(opened: list[str], node: str) -> None:
    st.query_params["open"] = "|".join([*opened, node])
