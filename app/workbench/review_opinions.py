"""Drawing the queues of glosses, cases, disputed grades and answers of the loop; what is said is appended at once."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from app import browse_html as mark
from app.workbench import queues
from app.workbench.dispute import DisputeLog, expert_table, grades_words, read_grades
from app.workbench.judge_view import link
from app.workbench.opinion import Matter, Opinion, OpinionLog, judged_by, opinion, settled
from app.workbench.place import Place, offer
from app.workbench.queues import Waiting
from evaluator.metrics import Dimension
from kg.problem import InputError, YilunError
from kg.review import Act

if TYPE_CHECKING:
    from alignment.loop import Decided

_PER_PAGE = 5
_EMPTY = {
    Matter.GLOSS: "没有待看的释义：都看过了，或此构建没有释义。",
    Matter.CASE: "没有待看的案例：都看过了，或此构建没有案例。",
    Matter.GRADES: "没有待看的评分分歧。在“评测”上传回答后，可把规则与模型评分不一的送到这里。",
    Matter.SAMPLE: "没有待看的回答。让环境变量 YILUN_LOOP_RUNS 指向 yilun align loop 的 --out（可有几个，以 : 相隔）。",
}
_TOLD = {
    Matter.GLOSS: "释义由模型撰写，未经审核；看它是否说对了条文的意思。",
    Matter.CASE: "案例由模型撰写，未经审核；看判断与依据是否成立。依据不对的，请否定并在理由中写明应为哪一条。",
    Matter.GRADES: "规则与模型的评分不一，或模型把握不足。你的评分可导出，用 yilun calibrate 校准评分器。",
    Matter.SAMPLE: "守护者没有把握的回答：收入者成为下一轮的训练数据，舍去者不用。两人一致后才写回循环。",
}


def opinion_queue(place: Place, matter: Matter, opinions: list[Opinion]) -> None:
    """What of a kind waits for this person, paged."""
    st.caption(_TOLD[matter])
    with st.spinner("正在整理待看的…"):
        waiting = _waiting(place, matter)
    if matter is Matter.SAMPLE:
        _back_to_the_loop(place, opinions)
    if matter is Matter.GRADES:
        _table(place, opinions)
    left, right = st.columns(2)
    words = left.text_input("只看题名含有", key=f"words-{matter}").strip()
    done = judged_by(opinions, matter, place.who.name)
    number = int(st.session_state.get(f"page-{matter}", 1))
    rows, total = queues.page_of(
        waiting, done=done, words=words, start=(number - 1) * _PER_PAGE, count=_PER_PAGE
    )
    if not total:
        st.html(mark.note(_EMPTY[matter], kind="info"))
        return
    pages = -(-total // _PER_PAGE)
    if number > pages:
        st.session_state[f"page-{matter}"] = 1
        rows, _ = queues.page_of(waiting, done=done, words=words, start=0, count=_PER_PAGE)
    if pages > 1:
        right.number_input(f"第几页（共 {pages} 页，{total} 条）", 1, pages, key=f"page-{matter}")
    else:
        right.caption(f"{total} 条")
    for row in rows:
        with st.container(border=True):
            _row(place, row)


def _waiting(place: Place, matter: Matter) -> Sequence[Waiting]:
    match matter:
        case Matter.GLOSS:
            return queues.glosses(place.build)
        case Matter.CASE:
            return queues.cases(place.build)
        case Matter.GRADES:
            return queues.disputes(DisputeLog.of(place.home).read())
        case Matter.SAMPLE:
            return [one for run in _runs() for one in queues.samples(run, _decided(run))]


def _runs() -> list[Path]:
    return [Path(one) for one in os.environ.get("YILUN_LOOP_RUNS", "").split(os.pathsep) if one]


def _decided(run: Path) -> list[Decided]:
    from alignment.loop_run import DECISIONS, read_decisions

    return [one for path in sorted(run.glob(f"round-*/{DECISIONS}")) for one in read_decisions(path)]


def _row(place: Place, row: Waiting) -> None:
    title = f"<b>{mark.escape(row.title)}</b>"
    if row.provision:
        title = f'<a href="{mark.attribute(link(row.provision, place.day))}">{title}</a>'
    beside = "".join(
        f'<p class="yl-small"><b>{mark.escape(name)}</b>　{mark.escape(words)}</p>'
        for name, words in row.beside
    )
    st.html(
        f'<div class="yl" lang="zh-CN">{title}<p class="yl-case">{mark.escape(row.words)}</p>{beside}</div>'
    )
    if not place.who.role.may_review:
        st.caption("读者只看；要作审核，请管理员给你审核人的角色。")
        return
    name = f"{row.matter}-{row.target}"
    with st.form(f"form-{name}", border=False, enter_to_submit=False):
        if row.matter is Matter.GRADES:
            acts, value = _grades(row, name)
        elif row.matter is Matter.SAMPLE:
            acts, value = {"收入": Act.ACCEPT, "舍去": Act.REJECT}, ""
        else:
            acts, value = (
                {act.zh: act for act in (Act.ACCEPT, Act.CORRECT, Act.REJECT)},
                _correction(row, name),
            )
        reason = st.text_input("理由", key=f"reason-{name}")
        line = st.container(horizontal=True)
        pressed = [act for words, act in acts.items() if line.form_submit_button(words, key=f"{act}-{name}")]
    if pressed:
        _say(place, row, pressed[0], value if pressed[0] is Act.CORRECT else "", reason)


def _correction(row: Waiting, name: str) -> str:
    with st.expander("更正"):
        if row.choices:
            return str(
                st.selectbox("应为", row.choices, index=row.choices.index(row.now), key=f"value-{name}")
            )
        return str(st.text_area("应为", value=row.now, key=f"value-{name}"))


def _grades(row: Waiting, name: str) -> tuple[dict[str, Act], str]:
    """A choice for each dimension, what the heads said chosen; what is left open is not graded."""
    now = read_grades(row.now)
    said: dict[Dimension, int] = {}
    for column, d in zip(st.columns(6), Dimension, strict=True):
        choice = column.selectbox(
            f"{d} {d.zh}", ["不评", str(d.good), str(d.bad)], index=0 if d not in now else 1 + (now[d] == d.bad),
            key=f"{d}-{name}",
        )  # fmt: skip
        if choice != "不评":
            said[d] = int(choice)
    return {"记下评分": Act.CORRECT}, grades_words(said)


def _say(place: Place, row: Waiting, act: Act, value: str, reason: str) -> None:
    now = "" if row.matter is Matter.GRADES else row.now
    try:
        one = opinion(
            row.matter, row.target, row.judged, act, author=place.who.name,
            time=datetime.now().astimezone().replace(microsecond=0), reason=reason, value=value, now=now,
        )  # fmt: skip
        OpinionLog.of(place.home).append([one])
    except YilunError as error:
        st.html(mark.note(str(error), kind="error"))
        return
    st.toast(f"已记入：{row.matter.zh} {act.zh}")
    st.rerun()


def _table(place: Place, opinions: list[Opinion]) -> None:
    table = expert_table(DisputeLog.of(place.home).read(), opinions)
    if table.count("\n") > 1:
        offer(st, "导出专家评分（CSV，供 yilun calibrate）", table, "expert-grades.csv", "text/csv")


def _back_to_the_loop(place: Place, opinions: list[Opinion]) -> None:
    """What two people agree on is written where the loop reads it; only by one who may, only when asked to."""
    from alignment.loop import Decision
    from alignment.loop_run import answer_for_people, answered

    ready = []
    for run in _runs():
        done = answered(run)
        ready += [
            (run, said)
            for said in settled(opinions, Matter.SAMPLE)
            if said.target.startswith(f"{run.name}:") and said.target.partition(":")[2] not in done
        ]
    if not ready or not place.who.role.may_review:
        return
    if st.button(f"把两人一致的 {len(ready)} 条写回循环"):
        for run, said in ready:
            people = [o for o in opinions if o.matter is Matter.SAMPLE and o.target == said.target]
            decision = Decision.ACCEPTED if said.act is Act.ACCEPT else Decision.REJECTED
            try:
                answer_for_people(
                    run, said.target.partition(":")[2], decision,
                    by="、".join(sorted({o.author for o in people})), reason=said.reason,
                )  # fmt: skip
            except InputError as error:
                st.html(mark.note(str(error), kind="error"))
                return
        st.toast(f"已写回 {len(ready)} 条")
