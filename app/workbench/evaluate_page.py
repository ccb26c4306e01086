"""Drawing 评测: files of answers graded, their figures side by side, parts of them, one answer with its evidence."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import streamlit as st

from app import browse_html as mark
from app.commands_evaluate import CAUTION, report_of
from app.workbench.compare_runs import changed_rows, compared, weightiest
from app.workbench.dispute import DisputeLog
from app.workbench.evaluate_view import (
    Run,
    Slice,
    by_fault,
    by_model,
    by_scene,
    disputed_answers,
    distinct,
    evidence,
    figures,
    graded,
    slices,
    told,
)
from app.workbench.place import Place, guardian, offer, rule_scorer
from kg.problem import YilunError

_PER_PAGE = 25
_MOST_CHANGED = 100
_PARTS = {"场景": by_scene, "模型": by_model, "发现的问题": by_fault}
_STYLE = """<style>.yl-good { border-bottom: 2px solid var(--yl-good); } .yl-bad { border-bottom: 3px double var(--yl-bad); background: rgba(220,38,38,.12); }
.yl-answer { line-height: 2.1; white-space: pre-wrap; } .yl-answer sup { font-size: .68rem; opacity: .85 }</style>"""


def evaluate(place: Place) -> None:
    """The whole page."""
    st.html(_STYLE)
    st.html(mark.note(CAUTION, kind="warning"))
    given = st.file_uploader(
        "回答文件（CSV 或 JSONL：scene、query、reference、response，可有 model、as_of）", type=["csv", "jsonl"],
        accept_multiple_files=True, key="answer-files",
    )  # fmt: skip
    if not given:
        st.html(
            mark.note(
                "上传一份或几份回答：给出各维评分、风险率与总分，几份并列比较，可逐条看依据。", kind="info"
            )
        )
        return
    runs = distinct([run for run in (_run(place, one) for one in given) if run is not None])
    if not runs:
        return
    st.dataframe(figures(runs), hide_index=True)
    st.caption("方括号为 95% 区间，按情形重抽样；未评的行不计，覆盖率即计入的份额。")
    names = [run.name for run in runs]
    chosen = runs[names.index(st.selectbox("看哪一份", names, key="run"))] if len(runs) > 1 else runs[0]
    facts = {
        "评分器": guardian(place).name,
        "构建": place.build.id,
        "基准日": str(place.day),
        "文件": chosen.name,
    }
    offer(st, "网页报告", lambda: report_of(place.build, chosen.rows, chosen.assessed, facts, 0), "yilun-evaluation.html", "text/html"
    )  # fmt: skip
    if len(runs) > 1:
        _compared(runs)
    for tab, (name, by) in zip(st.tabs(list(_PARTS)), _PARTS.items(), strict=True):
        with tab:
            _parts(slices(chosen, by), name)
    _answers(chosen)
    _disputes(place, chosen)


def _disputes(place: Place, run: Run) -> None:
    if not place.who.role.may_review:
        return
    st.caption(
        "规则与模型评分不一、或模型把握不足的回答最值得人看。送去后连同问题与回答存入状态目录，在“专家复核”评分。"
    )
    if not st.button("找出这些回答，送交复核"):
        return
    bar = st.progress(0.0, "正在用规则再评一遍…")

    def report(done: int, total: int) -> None:
        bar.progress(done / total, f"{done}/{total}")

    found = disputed_answers(run, rule_scorer(place), place.day, progress=report)
    bar.empty()
    try:
        added = DisputeLog.of(place.home).append(found)
    except YilunError as error:
        st.html(mark.note(str(error), kind="error"))
        return
    st.html(
        mark.note(f"{len(run.rows)} 条中 {len(found)} 条评分不一或未评，新送交 {added} 条。", kind="info")
    )
    st.html(mark.small_link("", "去评分", "review?queue=grades"))


def _compared(runs: Sequence[Run]) -> None:
    with st.expander("两份逐题相比", expanded=True):
        names = [run.name for run in runs]
        columns = st.columns(2)
        first = columns[0].selectbox("从", names, index=0, key="run-before")
        second = columns[1].selectbox("到", names, index=1, key="run-after")
        if first == second:
            st.caption("选两份不同的。")
            return
        before, after = runs[names.index(first)], runs[names.index(second)]
        found = compared(before, after)
        st.markdown(
            f"同题 {len(found.pairs)} 条：FinalScore（加权）平均差 **{told(found.gain)}**；"
            f"变好 {found.better}，变差 {found.worse}，{found.unscored} 条有一方未评；"
            f"只在前者的 {found.only_first} 条，只在后者的 {found.only_second} 条。"
        )
        st.caption("差为后者减前者，方括号为 95% 区间，按题重抽样；含 0 则不能说有差别。")
        pairs = weightiest(found.pairs)
        if not pairs:
            st.html(mark.note("同题的评分处处相同。", kind="info"))
            return
        st.dataframe(changed_rows(pairs[:_MOST_CHANGED]), hide_index=True)
        if len(pairs) > _MOST_CHANGED:
            st.caption(f"共 {len(pairs)} 条评分不同，列出相差最大的 {_MOST_CHANGED} 条。")
        chosen = st.selectbox(
            "并排看一题",
            range(min(len(pairs), _MOST_CHANGED)),
            format_func=lambda i: mark.visible(pairs[i].query)[:50],
            key="pair",
        )
        for column, run, number in zip(st.columns(2), (before, after), pairs[chosen].places, strict=True):
            with column:
                st.markdown(f"**{mark.label(run.name)}**")
                _answer(run, number)


def _run(place: Place, given: object) -> Run | None:
    name, content = given.name, given.getvalue()  # type: ignore[attr-defined]  # an uploaded file
    key = f"run-{hashlib.sha256(content).hexdigest()}-{place.build.id}-{place.day}"
    if key not in st.session_state:
        bar = st.progress(0.0, f"正在评分 {mark.label(name)}…")

        def report(done: int, total: int) -> None:
            bar.progress(done / total, f"{done}/{total}")

        try:
            st.session_state[key] = graded(
                name, content, guardian(place), place.day, progress=report
            )  # fmt: skip
        except YilunError as error:
            st.html(mark.note(str(error), kind="error"))
            return None
        finally:
            bar.empty()
    found: Run = st.session_state[key]
    return found


def _parts(parts: Sequence[Slice], name: str) -> None:
    if not parts:
        st.caption("没有。")
        return
    rows = [{name: one.name, "回答": one.answers, "风险率": one.risky} | one.good for one in parts]
    st.dataframe(
        rows,
        hide_index=True,
        column_config={
            k: st.column_config.ProgressColumn(k, min_value=0, max_value=1, format="%.2f")
            for k in rows[0]
            if k not in (name, "回答")
        },
    )
    st.bar_chart(
        [{name: one.name, "风险率": one.risky or 0.0} for one in parts[:14]],
        x=name,
        y="风险率",
        horizontal=True,
    )


def _answers(run: Run) -> None:
    st.subheader("逐条")
    only = st.toggle("只看有风险的", key="risky-only")
    places = [i for i, one in enumerate(run.assessed) if not only or -1 in (one.grades.r1, one.grades.r2)]
    if not places:
        st.caption("没有。")
        return
    pages = -(-len(places) // _PER_PAGE)
    number = (
        int(st.number_input(f"第几页（共 {pages} 页）", 1, pages, key="answers-page")) if pages > 1 else 1
    )
    shown = places[(number - 1) * _PER_PAGE : number * _PER_PAGE]
    chosen = st.selectbox(
        "第几条",
        shown,
        format_func=lambda i: f"{i + 1}　{mark.visible(str(run.rows[i]['query']))[:50]}",
        key="answer",
    )
    st.html(mark.small(str(run.rows[chosen]["query"])))
    _answer(run, chosen)


def _answer(run: Run, number: int) -> None:
    """An answer with the evidence marked in it, and its grades with their reasons."""
    row, one = run.rows[number], run.assessed[number]
    pieces = "".join(
        f'<span class="{"yl-bad" if p.bad else "yl-good"}">{mark.escape(p.text)}<sup>{mark.escape(p.note)}</sup></span>' if p.note else mark.escape(p.text)
        for p in evidence(str(row["response"]), one)
    )  # fmt: skip
    st.html(f'<div class="yl yl-answer" lang="zh-CN">{pieces}</div>')
    st.dataframe(
        [{"维度": f"{m.dimension} {m.dimension.zh}", "评分": "未评" if m.grade is None else str(m.grade), "好的概率": m.probability, "理由": m.reason} for m in one.marks.values()],
        hide_index=True,
    )  # fmt: skip
