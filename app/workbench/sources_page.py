"""Drawing 来源: how much of the ledger is held, what parsing found, what the build was made from, what changed."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlencode

import streamlit as st

from app import browse_html as mark
from app.views import coverage
from app.workbench.judge_view import link
from app.workbench.place import Place, opened_build
from app.workbench.sources_view import ProblemRow, changed, codes, manifest_rows, problem_rows

_PER_PAGE = 50
_MOST = 200


def sources(place: Place) -> None:
    """The whole page."""
    held, found, made, since = st.tabs(["收录", "解析时的发现", "构建", "与另一构建比较"])
    with held:
        _held(place)
    with found:
        _problems(place)
    with made:
        st.html(mark.counts_table([("项", "值"), *manifest_rows(place.build.manifest)]))
    with since:
        _since(place)


def _held(place: Place) -> None:
    found = coverage(place.build)
    target = f"，目标 {found.target} 部" if found.target else ""
    st.markdown(
        f"台账列 {found.listed} 部{target}；本构建收录 **{found.held}** 部，另有台账外 {found.unlisted_held} 部。"
    )
    left, right = st.columns(2)
    with left:
        st.html(
            mark.counts_table(
                [
                    ("位阶", "已收录", "台账"),
                    *((str(k.value), str(a), str(b)) for k, (a, b) in found.by_level.items()),
                ]
            )
        )
    with right:
        st.html(
            mark.counts_table(
                [
                    ("场景", "已收录", "台账"),
                    *((str(k), str(a), str(b)) for k, (a, b) in found.by_topic.items()),
                ]
            )
        )
    with st.expander(f"未收录的 {len(found.missing)} 部"):
        named = (
            (key, "./?" + urlencode({"key": key, "as_of": place.day.isoformat()})) for key in found.missing
        )
        st.html(_listed(named))


def _problems(place: Place) -> None:
    kinds = codes(place.build)
    if not kinds:
        st.html(mark.note("解析没有发现问题。", kind="info"))
        return
    columns = st.columns([1, 2, 3])
    severity = columns[0].selectbox("轻重", ["全部", "错误", "警告", "提示"], key="severity")
    code = columns[1].selectbox("种类", ["全部", *(f"{name}（{n}）" for name, n in kinds)], key="code")
    words = columns[2].text_input("含有", key="problem-words").strip()
    rows = problem_rows(
        place.build, severity="" if severity == "全部" else severity, code="" if code == "全部" else code.rpartition("（")[0], words=words
    )  # fmt: skip
    pages = max(1, -(-len(rows) // _PER_PAGE))
    number = (
        int(st.number_input(f"第几页（共 {pages} 页，{len(rows)} 处）", 1, pages, key="problem-page"))
        if pages > 1
        else 1
    )
    st.html("".join(_problem(row, place) for row in rows[(number - 1) * _PER_PAGE : number * _PER_PAGE]))


def _problem(row: ProblemRow, place: Place) -> str:
    shown = mark.escape(row.place)
    if row.provision:
        shown = f'<a href="{mark.attribute(link(row.provision, place.day))}">{shown}</a>'
    return (
        f'<div class="yl yl-cite"><b>{mark.escape(row.severity)}</b> <code>{mark.escape(row.code)}</code> {shown}'
        f"<br>{mark.escape(row.text)}</div>"
    )


def _listed(named: Iterable[tuple[str, str]]) -> str:
    """Links below one another, in one piece: a page of hundreds of pieces is slow to draw."""
    rows = "".join(
        f'<div><a href="{mark.attribute(href)}">{mark.escape(name)}</a></div>' for name, href in named
    )
    return f'<div class="yl">{rows}</div>'


def _since(place: Place) -> None:
    others = [name for name in place.home.build_ids() if name != place.build.path.name]
    if not others:
        st.html(mark.note("状态目录里只有这一个构建。", kind="info"))
        return
    chosen = st.selectbox("与哪一个构建比较", others, key="other-build")
    with st.spinner("正在比较…"):
        found = changed(opened_build(str(place.home.builds), chosen), place.build)
    for name, values in (
        ("新收的文本", found.came),
        ("不再收的文本", found.went),
        ("文字有变的文本", found.altered),
    ):
        cut = f"（列出前 {_MOST}）" if len(values) > _MOST else ""
        st.markdown(f"**{name}**　{len(values)}{cut}")
        if values:
            st.html(_listed((value, link(value, place.day)) for value in values[:_MOST]))
    st.html(
        mark.counts_table(
            [
                ("数量", chosen, place.build.path.name),
                *((k, str(a), str(b)) for k, (a, b) in found.counts.items()),
            ]
        )
    )
