"""Drawing 图谱: a neighbourhood; widgets of the page library choose, the picture only shows. State is in the URL."""

from __future__ import annotations

import os

import streamlit as st

from app import browse_html as mark
from app.marked_norms import marked_norm
from app.views import find_article
from app.workbench.graph_png import chinese_font, png
from app.workbench.graph_view import (
    MOST,
    TIES,
    GraphView,
    Neighbours,
    NodeKind,
    dot,
    graph_view,
    graphml,
    neighbours,
)
from app.workbench.judge_view import link
from app.workbench.place import Place, offer
from app.workbench.tension import prevailing, tensions_of
from kg.identity import article_of
from kg.precedence import Outcome
from kg.problem import InputError
from kg.schema import RelationType

_READY = {
    "医师受哪些规范约束": "医师",
    "护士受哪些规范约束": "护士",
    "医疗机构受哪些规范约束": "医疗机构",
    "什么保护患者": "患者",
    "什么保护受试者": "受试者",
    "隐私由哪些规范体现": "privacy",
    "知情同意由哪些规范体现": "informed_consent",
    "不伤害由哪些规范体现": "non_maleficence",
}
_PER_PAGE = 8
_SIDES = {Outcome.FIRST: "前者", Outcome.SECOND: "后者"}
_SIGNS = {NodeKind.ARTICLE: "▭", NodeKind.NORM: "▤", NodeKind.PARTY: "◯", NodeKind.PRINCIPLE: "⬡"}


def graph(place: Place) -> None:
    """The whole page; `node`, `open`, `pin`, `against`, `ties` and `show` in the URL say what is shown."""
    with st.spinner("正在读出图…"):
        found = neighbours(place.build, place.day)
    left, right = st.columns([3, 9], gap="medium")
    with left:
        _choose(place, found)
        ties = _ties()
        most = st.segmented_control("至多几个节点", [30, 60, 120, MOST], default=60, key="graph-most") or 60
    centre = st.query_params.get("node", "")
    with right:
        if st.query_params.get("show") == "opposite":
            _opposite(place)
            return
        if not centre:
            st.html(mark.note("输入一条法律、一个主体或原则，或从左侧选一个现成的视图。", kind="info"))
            return
        opened, pinned = _listed("open"), _listed("pin")
        try:
            view = graph_view(
                found, centre, expanded=opened, ties=ties, most=most, pinned=pinned,
                against=st.query_params.get("against", ""),
            )  # fmt: skip
        except InputError as error:
            st.html(mark.note(f"图中没有 {centre}：{error}", kind="error"))
            return
        _drawn(place, view, opened, pinned, most)


def _choose(place: Place, found: Neighbours) -> None:
    def typed() -> None:
        words = str(st.session_state["graph-words"] or "").strip()
        if words:
            _centre(_named(place, words))

    st.text_input(
        "条文、主体或原则", key="graph-words", placeholder="《医师法》第二十五条；护士；隐私", on_change=typed
    )
    st.caption("现成的视图")
    with st.container(key="list-ready", gap=None):
        for name, node in _READY.items():
            known = node in place.build.parties or node in place.build.principles
            if known and any(True for _ in found.ties(node)):
                st.button(name, key=f"ready-{node}", type="tertiary", on_click=_centre, args=(node,))
        st.button("可能相互冲突的规范", key="ready-opposite", type="tertiary", on_click=_show_opposite)


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


def _centre(node: str, against: str = "") -> None:
    st.query_params["node"] = node
    for name in ("open", "show", "against"):
        st.query_params.pop(name, None)
    if against:
        st.query_params["against"] = against


def _show_opposite() -> None:
    st.query_params["show"] = "opposite"


def _opposite(place: Place) -> None:
    """The candidates for conflicting norms, paged, each with its words and what would prevail."""
    with st.spinner("正在比对规范…"):
        found = tensions_of(place.build, place.day)
    st.html(
        mark.note(
            "同一主体，一条禁止、另一条要求或允许的行为字面相近，且至少一方体现伦理原则；涉及诊疗场景的在前。只是候选：条件、对象不同时两者可以并存，"
            "是否冲突由人判断；没有量过漏掉多少。规范由规则读出。",
            kind="warning",
        )
    )
    if not found:
        st.html(mark.note(f"{place.day} 的法律中没有这样的候选。", kind="info"))
        return
    pages = -(-len(found) // _PER_PAGE)
    number = 1
    if pages > 1:
        number = int(
            st.number_input(f"第几页（共 {pages} 页，{len(found)} 对）", 1, pages, key="opposite-page")
        )
    for one in found[(number - 1) * _PER_PAGE : number * _PER_PAGE]:
        with st.container(border=True):
            for name, side in (("禁止", one.forbids), ("要求或允许", one.asks)):
                norm = marked_norm(place.build, side)
                href = mark.attribute(link(side, place.day))
                st.html(
                    f'<div class="yl"><b>{mark.escape(name)}</b>　<a href="{href}">{mark.escape(norm.name)}</a></div>'
                    + mark.marked_words(norm)
                )
            answer = prevailing(place.build, one, place.day)
            told = f"适用{_SIDES[answer.outcome]}" if answer.outcome in _SIDES else "未定"
            st.html(mark.small(f"若不能并存：{told}（{answer.principle.zh}）。{answer.reason}"))
            st.button(
                "在图中看",
                key=f"see-{one.forbids}-{one.asks}",
                on_click=_centre,
                args=(one.forbids, one.asks),
            )


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


def _drawn(place: Place, view: GraphView, opened: list[str], pinned: list[str], most: int) -> None:
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
    if not view.edges:
        st.html(mark.note("按所选的关系与日期，它没有相邻的节点。", kind="info"))
    st.graphviz_chart(dot(view), width="content")
    columns = st.columns([4, 1, 1, 1, 1], vertical_alignment="bottom")
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
    files = st.container(horizontal=True)
    offer(files, "GraphML", graphml(view), "yilun.graphml", "application/xml")
    try:
        font = chinese_font(os.environ)
        offer(files, "PNG", lambda: png(view, font), "yilun.png", "image/png")
    except InputError as error:
        files.caption(str(error))
    offer(files, "DOT", dot(view), "yilun.dot", "text/vnd.graphviz")
    if chosen:
        columns[1].button("展开", on_click=_keep, args=("open", [*opened, chosen]), disabled=chosen in opened)
        columns[2].button("居中", on_click=_centre, args=(chosen,))
        if chosen in pinned:
            columns[3].button("取下", on_click=_keep, args=("pin", [one for one in pinned if one != chosen]))
        else:
            columns[3].button(
                "钉住", on_click=_keep, args=("pin", [*pinned, chosen]), help="换了中心也留在图中"
            )
        if "@" in chosen:
            href = mark.attribute(link(chosen, place.day))
            columns[4].html(f'<div class="yl"><a href="{href}">阅读原文</a></div>')
    with st.expander("以列表看"):
        st.dataframe(
            [{"从": names[e.source], "关系": TIES[e.tie], "到": names[e.target]} for e in view.edges], hide_index=True
        )  # fmt: skip


def _listed(name: str) -> list[str]:
    return [one for one in dict.fromkeys(st.query_params.get(name, "").split("|")) if one]


def _keep(name: str, nodes: list[str]) -> None:
    if nodes:
        st.query_params[name] = "|".join(nodes)
    else:
        st.query_params.pop(name, None)
