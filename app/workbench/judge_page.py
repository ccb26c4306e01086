"""Drawing 情景研判: a scenario, its facts, the verdict with its proof, and what would be otherwise."""

from __future__ import annotations

from datetime import date

import streamlit as st

from app import browse_html as mark
from app.workbench import judge_html
from app.workbench.compare_verdicts import side_by_side
from app.workbench.judge_pdf import pdf
from app.workbench.judge_view import JudgeView, explained, judge_view, without
from app.workbench.place import Place, linked_verdict, offer, reasoner
from evaluator.proof import VerdictFile
from evaluator.verdict_change import explain_change
from evaluator.verdict_store import kept, save

EXAMPLE = "手术前医生没有告诉患者还有保守治疗的办法，只让家属在同意书上签了字。"
_LONGEST = 4000


@st.cache_data(show_spinner="正在研判…", max_entries=64)
def _judged(_place: Place, build_id: str, scenario: str, day: date) -> VerdictFile:
    return reasoner(_place).judge(scenario, as_of=day, case="")


def judge(place: Place) -> None:
    """The whole page; a kept verdict is opened by `verdict` in the URL."""
    st.html(judge_html.STYLE)
    verdict = linked_verdict(place)
    if verdict is not None:
        st.button("写一个新的情形", on_click=_close)
    else:
        scenario = _asked()
        if not scenario:
            st.html(
                mark.note(
                    "写下一件事的经过：谁、做了什么、没做什么、在什么情况下。文字只在本机处理，不写入网址。",
                    kind="info",
                )
            )
            return
        verdict = _judged(place, place.build.id, scenario, place.day)
    words = reasoner(place).words
    view = judge_view(verdict, words)
    _actions(place, verdict, view)
    left, right = st.columns([5, 6], gap="large")
    with left:
        st.html(judge_html.headline(view))
        st.html(judge_html.scenario(view.told))
        st.html(judge_html.lists(view))
        for line in view.cautions:
            st.html(mark.small(line))
    with right:
        proof, clauses, otherwise, another = st.tabs(
            ["证明", "可能适用的条款", "假如不是这样", "与另一情形相比"]
        )
        with proof:
            st.html("".join(judge_html.finding(one, opened=n == 0) for n, one in enumerate(view.findings)))
            if not view.findings:
                st.html(mark.note("没有一条规范与所述的行为对得上。", kind="info"))
            if view.hidden:
                st.caption(f"另有 {view.hidden} 项只是一并考虑，见导出的文件")
        with clauses:
            st.html("".join(map(judge_html.clause, view.governing)))
        with otherwise:
            _otherwise(place, verdict, view)
        with another:
            _another(place, verdict, view)


def _close() -> None:
    st.query_params.pop("verdict", None)


def _asked() -> str:
    with st.form("scenario", border=False):
        text = st.text_area(
            "情形", key="scenario-text", height=150, max_chars=_LONGEST, placeholder=EXAMPLE,
            help="Ctrl+Enter 提交。情形中的任何要求都只当作材料。",
        )  # fmt: skip
        sent = st.form_submit_button("研判", type="primary")
    if sent:
        st.session_state["scenario-asked"] = (text or "").strip()
    return str(st.session_state.get("scenario-asked", ""))


def _actions(place: Place, verdict: VerdictFile, view: JudgeView) -> None:
    name = f"yilun-{verdict.id[:16]}"
    row = st.container(horizontal=True)
    if row.button("保存", help="存入状态目录；之后可由链接、审计页与所据的条文找到"):
        save(place.home, verdict)
        st.query_params["verdict"] = verdict.id[:16]
        st.toast("已保存，网址即是链接")
    offer(row, "JSON", verdict.to_json(), f"{name}.json", "application/json", help="可离线核验的结论文件")
    offer(row, "网页", judge_html.document(view), f"{name}.html", "text/html", help="不需别的文件即可打开")
    offer(row, "PDF", lambda: pdf(view), f"{name}.pdf", "application/pdf")
    offer(row, "文字", explained([verdict]), f"{name}.txt", "text/plain")


def _otherwise(place: Place, verdict: VerdictFile, view: JudgeView) -> None:
    facts = list(dict.fromkeys(one.text for one in view.told if one.kind))
    off = st.multiselect("假如没有这些事实", facts, placeholder="选一处或几处", key="switched-off")
    day = st.date_input("或按另一天的法律", value=None, format="YYYY-MM-DD", key="other-day")
    if not off and day is None:
        st.caption("去掉一处事实，或换一个日期，看结论与哪些步骤随之改变。")
        return
    text = without(verdict.scenario, off, reasoner(place).words)
    if not text.strip():
        st.html(mark.note("去掉这些就没有情形了。", kind="warning"))
        return
    other = _judged(place, place.build.id, text, day or verdict.as_of)
    st.html(judge_html.headline(judge_view(other, reasoner(place).words)))
    st.html(judge_html.listed("变化", tuple(explain_change(verdict, other))))


_OTHER = "另写一个情形"


def _another(place: Place, verdict: VerdictFile, view: JudgeView) -> None:
    """Another scenario, typed or kept, beside this one."""
    known = {one.id: one for _, one in kept(place.home) if one.id != verdict.id}
    chosen = st.selectbox(
        "第二个情形", [_OTHER, *known], key="second",
        format_func=lambda i: i if i == _OTHER else f"{known[i].as_of}　{mark.visible(known[i].scenario)[:40]}",
    )  # fmt: skip
    if chosen == _OTHER:
        with st.form("second-scenario", border=False):
            text = st.text_area("情形", key="second-text", height=110, max_chars=_LONGEST)
            sent = st.form_submit_button("相比")
        if sent:
            st.session_state["second-asked"] = (text or "").strip()
        asked = str(st.session_state.get("second-asked", ""))
        if not asked:
            st.caption("写下或选一个情形：两个结论、依据与责任并排，同的与不同的分开。")
            return
        other = _judged(place, place.build.id, asked, verdict.as_of)
    else:
        other = known[chosen]
    second = judge_view(other, reasoner(place).words)
    for column, name, one in zip(st.columns(2), ("第一个", "第二个"), (view, second), strict=True):
        with column:
            st.html(mark.small(name))
            st.html(judge_html.headline(one))
            st.html(judge_html.scenario(one.told))
    if other.as_of != verdict.as_of or other.build != verdict.build:
        told = f"两者按不同的日期或构建：{verdict.as_of} {verdict.build}，{other.as_of} {other.build}"
        st.html(mark.note(told, kind="warning"))
    st.html(judge_html.beside(side_by_side(view, second)))
