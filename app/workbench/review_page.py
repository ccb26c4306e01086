"""Drawing 专家复核: which queue, what people said, where they differ. Nothing that was said is ever changed."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from app import browse_html as mark
from app.review_input import withdrawal
from app.workbench.opinion import Accord, Matter, Opinion, OpinionLog, accord, standing, withdrawn
from app.workbench.opinion import exported as exported_opinions
from app.workbench.place import Place, offer
from app.workbench.review_norms import norm_queue
from app.workbench.review_opinions import opinion_queue
from app.workbench.review_view import agreement, exported, opinion_rows, review_rows
from kg.pack import data_folder
from kg.problem import YilunError
from kg.review import Act, Review
from kg.review_log import append_reviews, read_reviews
from kg.reviewing import latest

_QUEUES = {"norms": "规范", **{m.value: m.zh for m in Matter}, "said": "已作的审核", "differ": "一致与分歧"}


def review(place: Place) -> None:
    """The whole page; `queue` in the URL says which part is shown."""
    reviews, problems = read_reviews([data_folder() / "reviews", place.home.reviews])
    for problem in problems:
        st.html(mark.note(str(problem), kind="warning"))
    opinions = OpinionLog.of(place.home).read()
    chosen = _chosen()
    if chosen == "norms":
        norm_queue(place, reviews)
    elif chosen == "said":
        _said(place, reviews, opinions)
    elif chosen == "differ":
        _differ(reviews, opinions)
    else:
        opinion_queue(place, Matter(chosen), opinions)


def _chosen() -> str:
    wanted = st.query_params.get("queue", "norms")
    st.session_state["queue"] = wanted if wanted in _QUEUES else "norms"

    def changed() -> None:
        st.query_params["queue"] = st.session_state["queue"] or "norms"
        st.query_params.pop("on", None)

    st.segmented_control(
        "队列", list(_QUEUES), key="queue", format_func=_QUEUES.__getitem__, label_visibility="collapsed", on_change=changed
    )  # fmt: skip
    return str(st.session_state["queue"] or "norms")


def _said(place: Place, reviews: list[Review], opinions: list[Opinion]) -> None:
    mine = st.toggle("只看我的", key="mine")
    author = place.who.name if mine else ""
    rows = [*review_rows(reviews, place.build.reviews, author=author), *opinion_rows(opinions, author=author)]
    if not rows:
        st.html(mark.note("还没有审核。", kind="info"))
        return
    st.dataframe(
        [
            {"时间": r.time, "审核人": r.author, "审核": r.act, "对象": r.target, "理由": r.reason, "状态": r.state}
            for r in sorted(rows, key=lambda row: row.time, reverse=True)
        ],
        hide_index=True,
    )  # fmt: skip
    line = st.container(horizontal=True)
    offer(line, "导出规范与台账的审核（JSONL）", exported(reviews), "reviews.jsonl", "application/jsonl")
    offer(line, "导出其余的审核（JSONL）", exported_opinions(opinions), "opinions.jsonl", "application/jsonl")
    _take_back(place, reviews, opinions)


def _take_back(place: Place, reviews: list[Review], opinions: list[Opinion]) -> None:
    own = {
        one.id: f"{one.act.zh}　{one.target}　{one.reason}"
        for one in (*latest(reviews, {}), *standing(opinions))
        if isinstance(one, Review | Opinion) and one.author == place.who.name and one.act is not Act.WITHDRAW
    }
    if not own or not place.who.role.may_review:
        return
    with st.form("take-back", border=False, enter_to_submit=False):
        chosen = st.selectbox(
            "撤回我的一条", list(own), format_func=lambda i: mark.visible(own[i])[:80], key="back"
        )
        reason = st.text_input("撤回的理由", key="back-reason")
        sent = st.form_submit_button("撤回")
    if not sent:
        return
    now = datetime.now().astimezone().replace(microsecond=0)
    try:
        if said := next((one for one in opinions if one.id == chosen), None):
            OpinionLog.of(place.home).append(
                [withdrawn(said, author=place.who.name, time=now, reason=reason)]
            )
        else:
            known = {one.id: one for one in reviews}
            taken = withdrawal(known, str(chosen), author=place.who.name, time=now, reason=reason)
            append_reviews(place.home.reviews, [taken])
    except YilunError as error:
        st.html(mark.note(str(error), kind="error"))
        return
    st.toast("已撤回；原来的一行仍在文件中")
    st.rerun()


def _differ(reviews: list[Review], opinions: list[Opinion]) -> None:
    found = agreement(reviews)
    st.markdown("**规范与台账**")
    _counted(found.shared, found.agreed, None)
    for line in found.conflicts:
        st.html(mark.note(line, kind="warning"))
    for matter in Matter:
        st.markdown(f"**{matter.zh}**")
        one: Accord = accord(opinions, matter)
        _counted(one.shared, one.agreed, one.kappa)
        for split in one.conflicts:
            said = "；".join(f"{opinion.told}（{opinion.reason}）" for opinion in split)
            st.html(mark.note(f"{split[0].target}：{said}", kind="warning"))
    st.caption("意见不一的不应用，留待商定：改变看法的人再审一次，或撤回。每人以最后一次为准；文件只增不改。")


def _counted(shared: int, agreed: int, kappa: float | None) -> None:
    if not shared:
        st.caption("还没有两人看过同一处。")
        return
    chance = "" if kappa is None else f"，Cohen κ {kappa:.2f}"
    st.markdown(f"两人以上看过 {shared} 处，一致 {agreed} 处（{agreed / shared:.0%}{chance}）")
