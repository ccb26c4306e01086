"""Repairs: one table for each reason, and that the words of the law are never touched."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ingestion.readers.acquired import Form
from ingestion.repair import Repaired, repair
from kg.text import REASONS


def repaired(raw: str, form: Form = Form.MARKDOWN) -> Repaired:
    return repair(raw, form, place="例")


def official(raw: str, form: Form = Form.MARKDOWN) -> str:
    return repaired(raw, form).text.official


def reasons(raw: str, form: Form = Form.MARKDOWN) -> set[str]:
    return {made.reason for made in repaired(raw, form).text.repairs}


@pytest.mark.parametrize(
    ("raw", "expected", "reason"),
    [
        ("---\ntitle: 甲\n---\n第一条 乙", "第一条 乙", "front_matter"),
        ("\ufeff---\ntitle: 甲\n---\n乙", "乙", "front_matter"),
        ("## 第一章 总则\n", "第一章 总则\n", "markup"),
        ("**第一条**　甲", "第一条　甲", "markup"),
        ("<!-- INFO END -->\n甲", "\n甲", "markup"),
        ("<!-- 一\n二 -->甲", "甲", "markup"),
        ("> 甲\n", "甲\n", "markup"),
        ("甲\n---\n乙", "甲\n\n乙", "markup"),
        ("见[附件](https://example.org/a.pdf)。", "见附件。", "markup"),
        ("1\\. 甲\\(乙\\)", "1. 甲(乙)", "markup"),
        (":::\n甲", "\n甲", "markup"),
        ("::: tip 官方来源\n来自某网\n:::\n甲", "\n甲", "site_notice"),
        ("## 官方文件全文\n甲", "\n甲", "site_notice"),
        ("**Source:** https://example.org\n甲", "\n甲", "site_notice"),
        ("来源：<https://example.org>\n甲", "\n甲", "site_notice"),
        ("[**原文链接**](<https://example.org/1.html>)\n甲", "\n甲", "site_notice"),
        ("甲。\n[[Category:某类|JIA]]", "甲。\n", "site_notice"),
        ("## 第一章 总　则\n", "第一章 总则\n", "heading_space"),
        ("# 目  录\n", "目录\n", "heading_space"),
        ("附　　则\n", "附则\n", "heading_space"),
        ("第一章  诊 疗 活 动\n", "第一章  诊疗活动\n", "heading_space"),
        ("第九条 甲。附件2-1\n\n乙", "第九条 甲。\n附件2-1\n\n乙", "glued_heading"),
        ("甲\r\n乙\r\n", "甲\n乙\n", "line_ending"),
        ("\ufeff甲", "甲", "byte_order_mark"),
        ("甲\u200b乙\u00ad丙\u202e丁", "甲乙丙丁", "invisible"),
    ],
)
def test_markdown(raw: str, expected: str, reason: str) -> None:
    assert official(raw) == expected
    assert reason in reasons(raw)


@pytest.mark.parametrize(
    "raw",
    [
        "第一条 为了甲，制定本法。\n",
        "甲 | 乙\n",
        "5 * 3 = 15",
        "第一章 总则规定的甲 乙，从其规定\n",  # not a heading set apart
        "见《甲》[乙]丙",
        "——甲",
        "甲。详见附件1。",
        "关于[甲]的来源：乙",
    ],
)
def test_left_alone(raw: str) -> None:
    assert repaired(raw).text.repairs == ()


@pytest.mark.parametrize("form", [Form.PLAIN, Form.ROWS, Form.PDF_TEXT])
def test_plain_text_has_no_mark_up(form: Form) -> None:
    raw = "# 甲\n**乙**\n<!-- 丙 -->\n> 丁\n"
    assert official(raw, form) == raw


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("条目一　将刑法\n条目十二　删去\n", "一、将刑法\n十二、删去\n"),
        ("全文　甲。\n", "甲。\n"),
        ("第一条　全文　甲\n", "第一条　全文　甲\n"),
    ],
)
def test_rows(raw: str, expected: str) -> None:
    assert official(raw, Form.ROWS) == expected
    assert reasons(raw, Form.ROWS) <= {"row_label"}


BROKEN = (
    "某规定\n（某发〔2013〕31号）\n某部\n"
    "第一条 为加强医疗机构病历管理，保障医疗质量与安全，维护医 患双方的合\n法权益，制定本规定。\n"
    "第二条 病历是指医务人员在医疗活动过程中形成的文字、符号、图 表、影像\n等 资料的总和，包括门 诊病历。\n"
    "第三条 本规定适用于各级各类医 疗机构对病历的管 理，应当使用 CT 和 MRI scan 检查：\n（一）甲；\n（二）乙。\n"
    "关于印发某某管理规范（试行）及其附件有关事项的通知\n（某发〔2017〕8号）\n"
)


def test_extracted_from_a_pdf() -> None:
    text = official(BROKEN, Form.PDF_TEXT)
    assert "维护医患双方的合法权益，制定本规定。\n" in text
    assert "图表、影像等资料的总和，包括门诊病历。\n" in text
    assert text.startswith("某规定\n（某发〔2013〕31号）\n某部\n第一条 为加强")  # the label keeps its space
    assert "使用CT和MRI scan检查：\n（一）甲；\n（二）乙。\n" in text
    assert text.endswith("的通知\n（某发〔2017〕8号）\n")  # a title is not continued
    assert {"pdf_space", "hard_break"} <= reasons(BROKEN, Form.PDF_TEXT)


def test_few_spaces_are_no_sign_of_extraction() -> None:
    raw = "某规定\n第一条 张三 李四 应当告知患者。\n"
    assert repaired(raw, Form.PLAIN).text.repairs == ()


def test_a_block_wins_over_what_is_in_it() -> None:
    found = repaired("---\n# 甲\n**乙**: \\*\n---\n**丙**")
    assert [made.reason for made in found.text.repairs] == ["front_matter", "markup", "markup"]


def test_what_a_reader_should_know_is_a_problem() -> None:
    found = repaired("甲\u200b乙\u200b丙\n")
    (problem,) = found.problems
    assert (problem.code, problem.place) == ("repaired_invisible", "例")
    assert "2 处" in problem.text


# -- words are never touched ---------------------------------------------------------------------------

FORMS = st.sampled_from(Form)
PIECES = st.sampled_from(
    [
        "第一章", "总　则", "第一条", "　", " ", "\n", "\r\n", "**", "#", "## ", "> ", "---\n", "<!--", "-->", "[", "](", ")", "\\",
        ":::", " tip 官方来源\n", "条目一　", "全文　", "附　则", "医疗机构", "应当", "患 者", "知 情 同 意", "。", "；", "（一）", "CT",
        "\u200b", "\ufeff", "来源：<https://a>", "原文链接", "附件1", "12", "％", "关于甲的通知", "title: 甲\n",
    ]
)  # fmt: skip
raws = st.lists(PIECES, max_size=60).map("".join) | st.text(max_size=80)

BLANK = ("byte_order_mark", "hard_break", "heading_space", "invisible", "line_ending", "pdf_space")


@settings(max_examples=400, deadline=None)
@given(raws, FORMS)
@example("甲 乙 丙 丁 戊 己 庚 辛 壬 癸 子 丑", Form.PLAIN)
# a line break to be closed, with an invisible character behind it that is removed anyway
@example("第一章患 者知 情 同 意 tip 官方来源\n\u200b知 情 同 意", Form.PLAIN)
@example("甲 乙 丙 丁 戊 己 庚 \u200b 辛 壬", Form.PDF_TEXT)
def test_words_are_never_touched(raw: str, form: Form) -> None:
    text = repaired(raw, form).text
    for made in text.repairs:
        removed = raw[made.start : made.end]
        assert made.reason in REASONS
        if made.reason in BLANK:
            assert not re.search(r"[^\s\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]", removed)
            assert made.replacement == ""
        elif made.reason == "glued_heading":
            assert (removed, made.replacement) == ("", "\n")
        elif made.reason == "row_label":
            assert removed.rstrip("　").removeprefix("条目") in ("全文", made.replacement.rstrip("、"))
        else:
            assert made.replacement == ""
            if made.reason == "markup" and not removed.startswith(("<!--", "](")):
                assert not re.search(r"[\u4e00-\u9fff0-9]", removed), "mark-up holds no words"
    outside = [raw[a.end : b.start] for a, b in zip(text.repairs, text.repairs[1:], strict=False)]
    assert all(piece in text.official for piece in outside)


@settings(max_examples=200, deadline=None)
@given(raws, FORMS)
def test_repairs_are_the_same_every_time(raw: str, form: Form) -> None:
    assert repaired(raw, form).text.repairs == repaired(raw, form).text.repairs
