"""Drawing 审计: kept verdicts, one of them walked down to the quoted characters, its checks and its pack."""

from __future__ import annotations

import streamlit as st

from app import browse_html as mark
from app.views import find_article
from app.workbench import judge_html
from app.workbench.audit_view import Kept, audit_pack, check_rows, kept_rows
from app.workbench.judge_view import judge_view
from app.workbench.place import Place, linked_verdict, offer, reasoner
from evaluator.proof import VerdictFile
from evaluator.verdict_store import kept
from evaluator.verify import read_verdict
from kg.problem import InputError, YilunError

_PER_PAGE = 20


def audit(place: Place) -> None:
    """The whole page; `verdict` in the URL opens a kept one, an uploaded file any."""
    st.html(judge_html.STYLE)
    left, right = st.columns([4, 7], gap="large")
    with left:
        given = st.file_uploader("打开结论文件（JSON）", type=["json"], key="verdict-file")
        _list(place)
    with right:
        verdict = _chosen(place, given)
        if verdict is None:
            st.html(
                mark.note("从左侧选一个结论，或打开一份结论文件。核验不用语言模型，也不联网。", kind="info")
            )
            return
        _shown(place, verdict)


def _list(place: Place) -> None:
    wanted = st.text_input("只列以此条为据的", key="on", placeholder="《医师法》第二十五条")
    on = ""
    if wanted.strip():
        try:
            _, provision = find_article(place.build, wanted.strip(), place.day)
            on = str(provision.id)
        except InputError as error:
            st.html(mark.note(str(error), kind="warning"))
    rows = kept_rows(place.build, kept(place.home), day=place.day, on=on)
    if st.toggle(f"只看所据法律在 {place.day} 已变的", key="touched-only"):
        rows = [row for row in rows if row.touched]
    if not rows:
        st.html(mark.note("没有结论。在“情景研判”中保存，或用 yilun judge --save。", kind="info"))
        return
    pages = -(-len(rows) // _PER_PAGE)
    number = (
        st.number_input(f"第几页（共 {pages} 页，{len(rows)} 个）", 1, pages, key="audit-page")
        if pages > 1
        else 1
    )
    for row in rows[(number - 1) * _PER_PAGE : number * _PER_PAGE]:
        _row(row)


def _row(row: Kept) -> None:
    sign = "⚠ " if row.touched else ""
    told = row.scenario if len(row.scenario) <= 34 else f"{row.scenario[:34]}…"
    st.button(
        f"{sign}{row.as_of}　**{mark.label(row.conclusion)}**　{mark.label(told)}",
        key=f"kept-{row.id}", width="stretch", type="tertiary",
        help=mark.label("所据已变：" + "、".join(row.touched)) if row.touched else None,
        on_click=st.query_params.update, kwargs={"verdict": row.id[:16]},
    )  # fmt: skip


def _chosen(place: Place, given: object) -> VerdictFile | None:
    if given is not None:
        try:
            return read_verdict(given.getvalue().decode("utf-8"), given.name)  # type: ignore[attr-defined]  # an uploaded file
        except (YilunError, UnicodeDecodeError) as error:
            st.html(mark.note(f"打不开这份文件：{error}", kind="error"))
            return None
    return linked_verdict(place)


def _shown(place: Place, verdict: VerdictFile) -> None:
    view = judge_view(verdict, reasoner(place).words)
    st.html(judge_html.headline(view))
    with st.spinner("正在逐步核验…"):
        rows = check_rows(verdict, place.build)
    for row in rows:
        st.html(
            mark.note(
                f"{'✓' if row.held else '✗'} {row.step}：{row.told}", kind="info" if row.held else "error"
            )
        )
    offer(
        st,
        "下载审计包（ZIP）",
        lambda: audit_pack(verdict, place.build),
        f"yilun-audit-{verdict.id[:16]}.zip",
        "application/zip",
    )
    st.html(judge_html.scenario(view.told))
    st.html("".join(judge_html.finding(one, opened=n < 3) for n, one in enumerate(view.findings)))
    st.html("".join(map(judge_html.clause, view.governing)))
    st.html(judge_html.lists(view))
    for line in view.cautions:
        st.html(mark.small(line))
