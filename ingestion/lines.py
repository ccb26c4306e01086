"""What one line of a law can be: the terminal symbols of the parsing grammar.

A line is classified by how it begins. Whether the classification stands (第三条 can open an article or a
sentence about one) is decided by the parser, which knows what came before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from kg.numerals import NUMERAL, parse_numeral
from kg.vocabulary import Kind

_CN = r"[〇零一二三四五六七八九十百千]+"


class Style(StrEnum):
    """How a point is numbered; the order of members is from outer to inner."""

    SECTION = "第一部分"
    CHINESE = "一、"
    CHINESE_BRACKET = "（一）"
    ARABIC = "1."
    DECIMAL = "1.1"
    ARABIC_BRACKET = "（1）"
    ARABIC_HALF = "1）"
    CIRCLED = "①"

    @property
    def rank(self) -> int:
        """Depth among the styles, 0 outermost; decimals add their dots to it."""
        return list(Style).index(self) * 10


@dataclass(frozen=True, slots=True)
class Line:
    """One line of official text: text[start:end] with its line break; `body` begins at `text_start`.

    `kind` is what the line's beginning announces (PARAGRAPH: nothing). `label` is that beginning as
    written, `separated` whether white space or a colon follows it, `rest` what comes after.
    """

    start: int
    end: int
    kind: Kind
    label: str
    number: int
    sub: int
    separated: bool
    rest_start: int
    rest: str
    style: Style | None = None
    dots: int = 0

    @property
    def blank(self) -> bool:
        """Whether the line holds nothing but white space."""
        return not self.label and not self.rest

    @property
    def table(self) -> bool:
        """Whether the line is a row of a table kept as text."""
        return "|" in self.rest and not self.label


_HEADING = re.compile(
    rf"""
    (?P<label>第\s?(?P<number>{NUMERAL})\s?(?P<word>分编|编|章|节))
    (?P<separator>[\s　]*)
    (?P<rest>[^。；，：]{{0,45}})$
    """,
    re.VERBOSE,
)
_ARTICLE = re.compile(
    rf"""
    (?P<label>第\s?(?P<number>{NUMERAL})\s?条(?:之(?P<sub>{_CN}))?)
    (?P<separator>[\s　:：]*)
    (?P<rest>.*)$
    """,
    re.VERBOSE,
)
_ITEM = re.compile(rf"(?P<label>[（(]\s?(?P<number>{_CN})\s?[)）])(?P<separator>[\s　]*)(?P<rest>.*)$")
_ANNEX = re.compile(
    rf"""
    (?P<label> 附(?: \s?[件录表]\s* | (?=\s*[:：]) | (?=\s?\d{{1,2}}$) ) (?P<number>{NUMERAL})? )
    (?P<separator>[\s　:：]*)
    (?P<rest>[^。；，|]{{0,60}})$
    """,
    re.VERBOSE,
)
_BARE_HEADING = re.compile(r"(?P<label>(?:附\s*则|总\s*则))[\s　]*(?P<rest>)$")
_PREAMBLE = re.compile(r"(?P<label>(?:序\s*言|前\s*言|引\s*言))[\s　]*(?P<rest>)$")
_POINTS: tuple[tuple[Style, re.Pattern[str]], ...] = (
    (
        Style.SECTION,
        re.compile(
            rf"(?P<label>第\s?(?P<number>{NUMERAL})\s?部分)(?P<separator>[\s　:：]*)(?P<rest>[^。]*)$"
        ),
    ),
    (
        Style.CHINESE,
        re.compile(
            rf"(?P<label>(?:条目(?P<entry>{_CN})|(?P<number>{_CN})\s?[、.．]))(?P<separator>[\s　]*)(?P<rest>.*)$"
        ),
    ),
    (
        Style.DECIMAL,
        re.compile(
            r"(?P<label>(?P<path>\d{1,2}(?:[.．]\d{1,2})+)[.．]?)(?P<separator>[\s　]*)(?P<rest>(?![\d%]|[a-zA-Zμ]{1,3}(?![a-zA-Z])).*)$"
        ),
    ),
    (
        Style.ARABIC,
        re.compile(
            r"(?P<label>(?P<number>[\d０-９]{1,3})\s?[.．、。])(?P<separator>[\s　]*)(?P<rest>(?!\d).*)$"
        ),
    ),
    (
        Style.ARABIC_BRACKET,
        re.compile(
            r"(?P<label>[（(]\s?(?P<number>[\d０-９]{1,3})\s?[)）])(?P<separator>[\s　]*)(?P<rest>.*)$"
        ),
    ),
    (
        Style.ARABIC_HALF,
        re.compile(r"(?P<label>(?P<number>[\d０-９]{1,3})\s?[)）])(?P<separator>[\s　]*)(?P<rest>.*)$"),
    ),
    (Style.CIRCLED, re.compile(r"(?P<label>(?P<circled>[①-⑳]))(?P<separator>[\s　]*)(?P<rest>.*)$")),
)
_CONTAINERS = {"编": Kind.PART, "分编": Kind.SUBPART, "章": Kind.CHAPTER, "节": Kind.SECTION}
_FIRST = frozenset(
    "第附总序前引（(①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳条〇零一二三四五六七八九十百千0123456789０１２３４５６７８９"
)


def read_lines(text: str) -> Iterator[Line]:
    """The lines of a text in order; together they cover it exactly."""
    position = 0
    for raw in text.splitlines(keepends=True):
        end = position + len(raw)
        body = raw.rstrip()
        indent = len(body) - len(body.lstrip())
        yield _classify(position, end, body[indent:], position + indent)
        position = end


def _classify(start: int, end: int, body: str, body_start: int) -> Line:
    def line(
        kind: Kind,
        match: re.Match[str],
        *,
        number: int = 0,
        sub: int = 0,
        style: Style | None = None,
        dots: int = 0,
    ) -> Line:
        groups = match.groupdict()
        return Line(
            start, end, kind, match["label"], number, sub,
            bool(groups.get("separator")), body_start + match.start("rest"), match["rest"], style, dots,
        )  # fmt: skip

    plain = Line(start, end, Kind.PARAGRAPH, "", 0, 0, False, body_start, body)
    if not body or body[0] not in _FIRST:
        return plain
    try:
        if match := _HEADING.match(body):
            return line(_CONTAINERS[match["word"]], match, number=parse_numeral(match["number"]))
        if match := _ARTICLE.match(body):
            sub = parse_numeral(match["sub"]) if match["sub"] else 0
            return line(Kind.ARTICLE, match, number=parse_numeral(match["number"]), sub=sub)
        if match := _ITEM.match(body):
            return line(Kind.ITEM, match, number=parse_numeral(match["number"]), style=Style.CHINESE_BRACKET)
        if match := _ANNEX.match(body):
            return line(Kind.ANNEX, match, number=parse_numeral(match["number"]) if match["number"] else 0)
        if match := _BARE_HEADING.match(body):
            return line(Kind.SUPPLEMENTARY, match)
        if match := _PREAMBLE.match(body):
            return line(Kind.PREAMBLE, match)
        for style, pattern in _POINTS:
            if match := pattern.match(body):
                groups = match.groupdict()
                if groups.get("path"):
                    steps = re.split(r"[.．]", groups["path"])
                    return line(Kind.POINT, match, number=int(steps[-1]), style=style, dots=len(steps) - 2)
                if groups.get("circled"):
                    return line(Kind.POINT, match, number=ord(groups["circled"]) - ord("①") + 1, style=style)
                number = parse_numeral(groups.get("number") or groups["entry"])
                return line(Kind.POINT, match, number=number, style=style)
    except ValueError:  # a numeral such as 十百 that is none
        return plain
    return plain
