"""The day that a document itself gives: its law is the law of that day."""

from __future__ import annotations

import calendar
import re
from datetime import date

from kg.numerals import parse_numeral

_NUMBER = "[0-9〇○零一二三四五六七八九十]"
_DATE = rf"(?P<year>(?:[12][0-9]{{3}}|[一二][〇○零一二三四五六七八九]{{3}}))\s*(?:年|[-./])\s*(?:(?P<month>{_NUMBER}{{1,3}})\s*(?:月|[-./](?=\s*{_NUMBER}))\s*(?:(?P<day>{_NUMBER}{{1,3}})\s*[日号]?)?)?"
_STATED = re.compile(
    rf"""(?: (?: 撰写 | 写作 | 成文 | 出具 | 制定 | 签署 | 签订 | 落款 | 发文 | 发布 | 印发 | 编写 | 修订 | 填表 | 填写 | 鉴定 | 起草 | 打印 | 咨询
              | 考试 | 更新 | 归档 | 整理 ) (?: 日期 | 时间 | 于 ) | 日期 | 本文写于 | 写于 | 作于 | 截至 | 截止 | 以 (?=[12]) ) [^\n。]{{0,4}}? [:为是]? \s* {_DATE}""",
    re.VERBOSE,
)
_SIGNED = re.compile(rf"(?:^|\n)[^\n]{{0,30}}?(?<![0-9]){_DATE}\s*[)]?\s*$")
_HEADED = re.compile(
    rf"^\s*(?:[^\n。,]{{0,40}}?[\s(【\[]|)\s*{_DATE}(?:\s*(?:版|稿|讲义|制|印|修订|摘录|整理|存档|归档))?\s*[)】\]]?\s*(?:\n|$)"
)


def document_date(text: str) -> date | None:
    """The day on which a clean text says that it was written, None if it does not.

    A month or year alone stands for its last day: what took effect within it counts as known. Read are a date in
    the first line, a date on the last line, and words such as 写于, 出具日期, 截至.

    >>> document_date("关于知情同意的说明（2020年5月）\\n依据《侵权责任法》第五十五条……")
    datetime.date(2020, 5, 31)
    >>> document_date("患者2020年5月入院，依据《民法典》第1219条……") is None
    True
    """
    head, tail = text[:200], text[-60:]
    for match in (_STATED.search(text[:4000]), _HEADED.match(head), _SIGNED.search(tail)):
        if match and (day := _day(match)):
            return day
    return None


def _day(match: re.Match[str]) -> date | None:
    try:
        year = parse_numeral(match["year"])
        month = parse_numeral(match["month"]) if match["month"] else 12
        last = calendar.monthrange(year, month)[1]
        return date(year, month, parse_numeral(match["day"]) if match["day"] else last)
    except (ValueError, calendar.IllegalMonthError):
        return None
