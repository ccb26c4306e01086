"""What a line of a law announces by how it begins; and that lines cover a text exactly."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.lines import Line, Style, read_lines
from kg.vocabulary import Kind


def line(text: str) -> Line:
    (found,) = read_lines(text)
    return found


@pytest.mark.parametrize(
    ("text", "kind", "label", "number", "sub", "rest"),
    [
        ("第一条　为了甲", Kind.ARTICLE, "第一条", 1, 0, "为了甲"),
        ("第一条为了甲", Kind.ARTICLE, "第一条", 1, 0, "为了甲"),
        ("第 25 条 甲", Kind.ARTICLE, "第 25 条", 25, 0, "甲"),
        ("第十七条之一　甲", Kind.ARTICLE, "第十七条之一", 17, 1, "甲"),
        ("第一千二百一十九条　甲", Kind.ARTICLE, "第一千二百一十九条", 1219, 0, "甲"),
        ("第一编　总则", Kind.PART, "第一编", 1, 0, "总则"),
        ("第一分编　通则", Kind.SUBPART, "第一分编", 1, 0, "通则"),
        ("　第二章 医疗", Kind.CHAPTER, "第二章", 2, 0, "医疗"),
        ("第三节", Kind.SECTION, "第三节", 3, 0, ""),
        ("附则", Kind.SUPPLEMENTARY, "附则", 0, 0, ""),
        ("序言", Kind.PREAMBLE, "序言", 0, 0, ""),
        ("（一）甲", Kind.ITEM, "（一）", 1, 0, "甲"),
        ("(十二)甲", Kind.ITEM, "(十二)", 12, 0, "甲"),
        ("附件1：申请表", Kind.ANNEX, "附件1", 1, 0, "申请表"),
        ("附件", Kind.ANNEX, "附件", 0, 0, ""),
        ("附表一", Kind.ANNEX, "附表一", 1, 0, ""),
        ("附：", Kind.ANNEX, "附", 0, 0, ""),
        ("附2", Kind.ANNEX, "附2", 2, 0, ""),
    ],
)
def test_structural_lines(text: str, kind: Kind, label: str, number: int, sub: int, rest: str) -> None:
    found = line(text)
    assert (found.kind, found.label, found.number, found.sub, found.rest) == (kind, label, number, sub, rest)


@pytest.mark.parametrize(
    ("text", "style", "number", "dots"),
    [
        ("一、甲", Style.CHINESE, 1, 0),
        ("条目二　甲", Style.CHINESE, 2, 0),
        ("第一部分 甲", Style.SECTION, 1, 0),
        ("1.甲", Style.ARABIC, 1, 0),
        ("１、甲", Style.ARABIC, 1, 0),
        ("3。甲", Style.ARABIC, 3, 0),
        ("2.3 甲", Style.DECIMAL, 3, 0),
        ("2.3.4 甲", Style.DECIMAL, 4, 1),
        ("（1）甲", Style.ARABIC_BRACKET, 1, 0),
        ("4）甲", Style.ARABIC_HALF, 4, 0),
        ("③甲", Style.CIRCLED, 3, 0),
    ],
)
def test_points(text: str, style: Style, number: int, dots: int) -> None:
    found = line(text)
    assert (found.kind, found.style, found.number, found.dots) == (Kind.POINT, style, number, dots)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "甲",
        "第百条　甲",  # no numeral
        "第一章规定的事项，由甲负责。",  # a sentence about a chapter
        "2.5%的患者",  # a measure
        "2.1mm以上",
        "2020.1",
        "附则另有规定的，从其规定。",
        "附图所示",
        "十百、甲",
        "序言所称甲",
    ],
)
def test_prose(text: str) -> None:
    assert line(text + "\n").kind is Kind.PARAGRAPH


def test_separated_and_table() -> None:
    assert line("第二条　甲").separated
    assert line("第二条：甲").separated
    assert not line("第二条规定的").separated
    assert line("| 甲 | 乙 |").table
    assert line("甲 | 乙").table
    assert not line("2.2| 知情同意").table
    assert line("　\n").blank


@settings(max_examples=300, deadline=None)
@given(st.text() | st.text(alphabet="第附（）()一二十百条章节款项编.、1２。\n\r\x0b\u2028 　①甲"))
def test_lines_cover_any_text(text: str) -> None:
    lines = list(read_lines(text))
    assert "".join(text[found.start : found.end] for found in lines) == text
    for found in lines:
        assert found.start <= found.rest_start <= found.end
        assert text[found.rest_start :].startswith(found.rest)
        assert found.label in text[found.start : found.end]
