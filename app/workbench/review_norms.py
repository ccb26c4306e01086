"""Drawing the queue of norms: one at a time, its parts marked in the words of the law; decisions are appended at once."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from app import browse_html as mark
from app.marked_norms import MarkedNorm
from app.review_input import norm_review
from app.workbench.judge_view import link
from app.workbench.place import Place
from app.workbench.review_view import queue, reviewed_norms
from kg.norm import Modality, Role
from kg.problem import YilunError
from kg.review import Act, Review
from kg.review_log import append_reviews

_PER_PAGE = 5


def norm_queue(place: Place, reviews: list[Review]) -> None:
    """The norms that wait for this person; `on` in the URL narrows to those of one article."""
    on = st.query_params.get("on", "")
    if on:
        st.button("只看一条的规范；改看全部", on_click=_all, type="tertiary")
    left, right = st.columns(2)
    title = left.text_input("只看题名含有", key="review-title", placeholder="医师法").strip()
    done = reviewed_norms(place.build, reviews, author=place.who.name)
    number = int(st.session_state.get("review-page", 1))
    with st.spinner("正在整理待看的规范…"):
        rows, total = queue(
            place.build, place.day, done=done, title=title, on=on, start=(number - 1) * _PER_PAGE, count=_PER_PAGE
        )  # fmt: skip
    if not total:
        st.html(mark.note("没有待看的规范。", kind="info"))
        return
    pages = -(-total // _PER_PAGE)
    if number > pages:
        number = st.session_state["review-page"] = 1
        rows, _ = queue(place.build, place.day, done=done, title=title, on=on, count=_PER_PAGE)
    order = "" if on else "，规则最没有把握的在前"
    if pages > 1:
        right.number_input(f"第几页（共 {pages} 页，{total} 条{order}）", 1, pages, key="review-page")
    else:
        right.caption(f"{total} 条{order}")
    for row in rows:
        with st.container(border=True):
            _norm(place, row)


def _all() -> None:
    st.query_params.pop("on", None)


def _norm(place: Place, row: MarkedNorm) -> None:
    elided = "，承担者由上文得出" if row.elided else ""
    by = "专家审核" if row.expert else f"规则，把握 {row.confidence:.2f}"
    st.html(
        f'<div class="yl"><a href="{mark.attribute(link(row.provision, place.day))}"><b>{mark.escape(row.name)}</b></a> '
        f'<span class="yl-small">{mark.escape(row.modality)}，{by}{elided}</span></div>'
        + mark.marked_words(row)
    )
    if not place.who.role.may_review:
        st.caption("读者只看；要作审核，请管理员给你审核人的角色。")
        return
    with st.form(f"form-{row.norm}", border=False, enter_to_submit=False):
        reason = st.text_input("理由", key=f"reason-{row.norm}", placeholder="照原文 / 承担者应为…")
        with st.expander("更正（须是原文的字词）"):
            modality = st.selectbox(
                "规范类型",
                ["不改", *Modality],
                key=f"modality-{row.norm}",
                format_func=lambda m: m if m == "不改" else Modality(m).zh,
            )
            halves = st.columns(2)
            changes = {
                role: halves[n % 2].text_input(role.zh, value=row.parts.get(role.zh, ""), key=f"{role}-{row.norm}")
                for n, role in enumerate(Role)
            }  # fmt: skip
        line = st.container(horizontal=True)
        acts = [
            act
            for act in (Act.ACCEPT, Act.CORRECT, Act.REJECT)
            if line.form_submit_button(act.zh, key=f"{act}-{row.norm}")
        ]
    if acts:
        settings = []
        if acts[0] is Act.CORRECT:
            settings = [
                f"{role.value}={words.strip()}"
                for role, words in changes.items()
                if words.strip() != row.parts.get(role.zh, "")
            ]
            settings += [f"modality={modality}"] if modality != "不改" else []
        _decide(place, row, acts[0], settings, reason)


def _decide(place: Place, row: MarkedNorm, act: Act, settings: list[str], reason: str) -> None:
    now = datetime.now().astimezone().replace(microsecond=0)
    try:
        one = norm_review(
            place.build, act, row.norm, settings, author=place.who.name, time=now, reason=reason, as_of=place.day
        )  # fmt: skip
        append_reviews(place.home.reviews, [one])
    except YilunError as error:
        st.html(mark.note(str(error), kind="error"))
        return
    st.toast(f"已记入：{act.zh}；下次构建时应用")
    st.rerun()
