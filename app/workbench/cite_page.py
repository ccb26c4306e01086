"""Drawing 引用核验: a text with its citations by outcome, the articles beside them, what could be corrected."""

from __future__ import annotations

import json
from collections import Counter

import streamlit as st

from app import browse_html as mark
from app.cite_report import MARKS, entry, html_report, key, marked
from app.commands_cite import contract_row
from app.workbench.place import Place, checker, offer
from app.workbench.upload import Document, read_document
from evaluator.citation_check import CitationChecker
from evaluator.citation_fix import corrections, diff
from evaluator.citation_outcome import CheckedCitation, Outcome
from kg.problem import YilunError

_LONGEST = 200_000
EXAMPLE = "依照《中华人民共和国民法典》第一千二百一十九条，医务人员应当说明医疗风险；《执业医师法》第二十六条也有规定。"


def cite(place: Place) -> None:
    """The whole page: one text typed or uploaded, or a batch of files."""
    st.html(
        f"<style>{MARKS} .yl-cited {{ white-space: pre-wrap; line-height: 2 }} .yl-cited a {{ color: inherit }}</style>"
    )
    one, many = st.tabs(["一篇", "多篇"])
    with one:
        _one(place)
    with many:
        _many(place)


def _one(place: Place) -> None:
    given = st.file_uploader(
        "上传文书（txt、md、docx、pdf）", type=["txt", "md", "docx", "pdf"], key="cite-file"
    )
    document = _uploaded(given) if given is not None else None
    with st.form("cite-text", border=False):
        typed = st.text_area(
            "或粘贴文字", key="cite-words", height=160, max_chars=_LONGEST, placeholder=EXAMPLE
        )
        sent = st.form_submit_button("核验", type="primary")
    if sent:
        st.session_state["cite-asked"] = typed or ""
    if document is None:
        words = str(st.session_state.get("cite-asked", ""))
        if not words.strip():
            st.html(
                mark.note("粘贴一段文字或上传文书：逐处核对条号、引文与效力。文字只在本机处理。", kind="info")
            )
            return
        document = Document("文本", words)
    with st.spinner("正在逐处核对…"):
        found = checker(place).check(document.text, as_of=place.day)
    _shown(place, document, found)


def _uploaded(given: object) -> Document | None:
    try:
        return read_document(given.name, given.getvalue())  # type: ignore[attr-defined]  # an uploaded file
    except YilunError as error:
        st.html(mark.note(str(error), kind="error"))
        return None


def _shown(place: Place, document: Document, found: list[CheckedCitation]) -> None:
    if not found:
        st.html(mark.note("没有找到对法律的引用。", kind="info"))
        return
    faulty = [one for one in found if one.outcome is not Outcome.VERIFIED]
    st.markdown(f"{len(found)} 处引用，{len(faulty)} 处有发现（按 {place.day} 的法律）")
    report = html_report(document.text, found, place.build, name=document.name, as_of=str(place.day))
    row = st.container(horizontal=True)
    offer(row, "网页报告", report, "yilun-cite.html", "text/html")
    rows = "".join(json.dumps(contract_row(one), ensure_ascii=False) + "\n" for one in found)
    offer(row, "JSONL", rows, "yilun-cite.jsonl", "application/jsonl")
    st.html(f'<div class="yl">{key(found)}</div>')
    left, right = st.columns(2, gap="large")
    with left:
        st.html(f'<div class="yl yl-cited">{marked(document.text, found)}</div>')
        fixes = corrections(found)
        if fixes:
            st.markdown("**可以这样改**（只提议有唯一答案者）")
            st.code(mark.visible(diff(document.name, document.text, fixes)), language="diff", wrap_lines=True)
    with right:
        only = st.toggle("只看有发现的", value=bool(faulty), key="faulty-only")
        shown = [
            (n, one) for n, one in enumerate(found, 1) if not only or one.outcome is not Outcome.VERIFIED
        ]
        st.html(f'<div class="yl"><dl>{"".join(entry(n, one, place.build) for n, one in shown)}</dl></div>')


def _many(place: Place) -> None:
    given = st.file_uploader(
        "上传多篇", type=["txt", "md", "docx", "pdf"], accept_multiple_files=True, key="cite-files"
    )
    if not given:
        st.caption("每篇各核一遍，列出各有几处发现，并可下载全部结果。")
        return
    bar = st.progress(0.0, "正在核对…")
    opened: CitationChecker = checker(place)
    table, lines = [], []
    for number, one in enumerate(given, 1):
        document = _uploaded(one)
        if document is not None:
            found = opened.check(document.text, as_of=place.day)
            counts = Counter(citation.outcome for citation in found)
            table.append(
                {"文件": document.name, "引用": len(found), "有发现": len(found) - counts[Outcome.VERIFIED]}
                | {o.zh: counts[o] for o in Outcome if counts[o]}
            )
            rows = [contract_row(citation) for citation in found]
            lines.append(json.dumps({"id": document.name, "citations": rows}, ensure_ascii=False) + "\n")
        bar.progress(number / len(given), f"{number}/{len(given)}")
    bar.empty()
    st.dataframe(table, hide_index=True)
    offer(st, "下载全部结果（JSONL）", "".join(lines), "yilun-cite-batch.jsonl", "application/jsonl")
