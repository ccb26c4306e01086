"""A verdict as a PDF: the same parts as on the screen, in a Chinese font that readers of PDF have of their own.

Nothing is embedded: STSong is one of the standard Chinese fonts of the format. The same verdict gives the same bytes.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from app.browse_html import visible
from app.workbench.judge_html import named_lists
from app.workbench.judge_view import ClauseView, FindingView, JudgeView, Told

if TYPE_CHECKING:
    from reportlab.platypus import Flowable

_FONT = "STSong-Light"


def pdf(view: JudgeView) -> bytes:
    """The verdict with its scenario, findings, clauses and what goes with it, page by page with numbers."""
    from reportlab.lib.pagesizes import A4
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont
    from reportlab.platypus import SimpleDocTemplate

    pdfmetrics.registerFont(UnicodeCIDFont(_FONT))
    stream = io.BytesIO()
    made = SimpleDocTemplate(
        stream, pagesize=A4, leftMargin=56, rightMargin=56, topMargin=56, bottomMargin=56,
        title=f"研判 {view.id[:16]}", author="yilun", lang="zh-CN", invariant=1,
    )  # fmt: skip

    def footer(canvas: Any, document: Any) -> None:
        canvas.setFont(_FONT, 8)
        canvas.drawString(56, 32, f"结论 {view.id}")
        canvas.drawRightString(A4[0] - 56, 32, f"第 {document.page} 页")

    made.build(list(_story(view)), onFirstPage=footer, onLaterPages=footer)
    return stream.getvalue()


def _story(view: JudgeView) -> Iterable[Flowable]:
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.platypus import Paragraph

    shared: dict[str, Any] = {"fontName": _FONT, "wordWrap": "CJK"}
    body = ParagraphStyle("body", fontSize=10.5, leading=17, spaceAfter=4, **shared)
    head = ParagraphStyle("head", fontSize=16, leading=24, spaceAfter=6, **shared)
    part = ParagraphStyle(
        "part", fontSize=12, leading=20, spaceBefore=10, spaceAfter=4, keepWithNext=1, **shared
    )
    quote = ParagraphStyle("quote", fontSize=10, leading=16, leftIndent=18, spaceAfter=4, **shared)
    small = ParagraphStyle("small", fontSize=8.5, leading=13, spaceAfter=3, textColor="#555555", **shared)

    yield Paragraph(_words(view.headline), head)
    yield Paragraph(_words(view.reason), body)
    yield Paragraph("情形", part)
    yield Paragraph("".join(map(_told, view.told)), body)
    yield Paragraph("认定", part)
    for one in view.findings:
        yield from _finding(one, body, quote, small, Paragraph)
    if view.hidden:
        yield Paragraph(f"另有 {view.hidden} 项只是一并考虑，见 JSON。", small)
    yield Paragraph("可能适用的条款", part)
    for clause in view.governing:
        yield from _clause(clause, body, quote, Paragraph)
    for title, lines in named_lists(view):
        if lines:
            yield Paragraph(_words(title), part)
            for line in lines:
                yield Paragraph(f"· {_words(line)}", body)
    for caution in view.cautions:
        yield Paragraph(_words(caution), small)


def _finding(one: FindingView, body: Any, quote: Any, small: Any, paragraph: Any) -> Iterable[Flowable]:
    yield paragraph(f"{_words(one.role)}：{_words(one.outcome)}　{_words(one.place)}", body)
    for step in one.steps:
        said = f"　{_words(step.words)}" if step.words else ""
        yield paragraph(f"{_words(step.name)}：{_words(step.state)}{said}", quote)
    yield paragraph(f"“{_words(one.quote)}”", quote)
    yield paragraph(f"{_words(one.status)}　{_words(one.norm)}　sha256 {one.sha256}", small)


def _clause(one: ClauseView, body: Any, quote: Any, paragraph: Any) -> Iterable[Flowable]:
    yield paragraph(f"{_words(one.name)}　{_words(one.status)}，{_words(one.since)}", body)
    yield paragraph(f"“{_words(one.quote)}”", quote)


def _told(one: Told) -> str:
    """A piece of the scenario; a fact is underlined and told behind in brackets."""
    if not one.kind:
        return _words(one.text)
    note = f"{one.kind}·{one.note}" if one.note else one.kind
    return f"<u>{_words(one.text)}</u>［{_words(note)}］"


def _words(text: str) -> str:
    """Text of which nothing is markup, with its line breaks."""
    return escape(visible(text)).replace("\n", "<br/>")
