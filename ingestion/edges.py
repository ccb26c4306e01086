"""Where the text of a law begins and ends inside a file: what stands above it, below it, and behind it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ingestion.lines import Line, Style
from kg.vocabulary import Kind

HEADINGS = frozenset({Kind.PART, Kind.SUPPLEMENTARY, Kind.SUBPART, Kind.CHAPTER, Kind.SECTION})
"""The kinds of line that open a container."""

TERMINAL = re.compile(r"[。；;！？.]$")
"""How a line of prose ends."""

_PROMULGATION = re.compile(r"(会议|公布|发布|修正|修订|施行|实施|通过|颁布|批准|令第|号）|公告)")
_PROSE = re.compile(
    r"^(?:为了?|根据(?!\d{4}年)|依据|依照|按照|鉴于|现[将就对])|(?:如下|决定|规定|通知|修改为|解释)[：:]|会议决定"
)
_CONTENTS = re.compile(r"目\s*[录次]$")
_SIGNATURE = re.compile(
    r"(?:[（(]?\s*[\d〇零一二三四五六七八九十]{2,4}\s*年\s*[\d一二三四五六七八九十]{1,3}\s*月\s*[\d一二三四五六七八九十]{1,3}\s*日[)）]?"
    r"|[^。；：，]{2,30}(?:委员会|人民法院|人民检察院|国务院|总局|管理局|部|厅|办公室))$"
)
_CLOSING = re.compile(r"(?:(?:自|从|于).{1,30}起(?:正式)?(?:施行|实施|生效|执行)|(?:同时|即行)废止)。$")
_NOTICE = re.compile(r"关于.{2,80}的(?:通知|公告|通告|决定|命令|函|意见|批复)(?:[（(][^）)]{4,30}号[)）])?$")


@dataclass(frozen=True, slots=True)
class Edges:
    """Indices of lines: the text is lines[body:tail].

    `notice` is the title of another document that begins at `tail`, empty if only a signature stands there.
    `breaks` are the lines inside the text at which something else begins below a closing article: an annex
    without a mark, or another text that is numbered anew.
    """

    body: int
    tail: int
    notice: str
    breaks: frozenset[int]


def find_edges(lines: Sequence[Line]) -> Edges:
    """Find the edges of a text among the lines of a file."""
    body = _find_body(lines)
    tail = _find_signature(lines, body)
    breaks: set[int] = set()
    if has_articles(lines[body:]):
        for index in _behind_closings(lines, body, tail):
            if _NOTICE.search(lines[index].rest) and not _numbered_anew(lines[index:]):
                return Edges(body, index, lines[index].rest, frozenset(breaks))
            breaks.add(index)
    return Edges(body, tail, "", frozenset(breaks))


def has_articles(lines: Sequence[Line]) -> bool:
    """Whether a text is numbered by 条: its first structural line is one, or it has a 第一条."""
    for line in lines:
        if line.kind is Kind.ARTICLE:
            return True
        if line.kind is Kind.POINT and line.style in (Style.CHINESE, Style.SECTION):
            return any(
                later.kind is Kind.ARTICLE and later.number == 1 and later.separated for later in lines
            )
    return False


def _find_body(lines: Sequence[Line]) -> int:
    """The index of the first line after title, promulgation notes and table of contents."""
    first = next(
        (
            i
            for i, line in enumerate(lines)
            if line.kind in (Kind.ARTICLE, Kind.POINT, Kind.ITEM) and line.label
        ),
        len(lines),
    )
    headings = [i for i, line in enumerate(lines[:first]) if line.kind in HEADINGS]
    labels = [(lines[i].kind, lines[i].number) for i in headings]
    contents = any(_CONTENTS.match(line.rest) for line in lines[:first])
    if headings:
        repeats = [i for i, label in zip(headings, labels, strict=True) if label == labels[0]]
        if len(repeats) > 1:  # a table of contents names every heading once before the text does
            return repeats[-1]
        if contents and len(headings) > 3:  # contents only: the text repeats no heading of its own
            return first
    titled = False
    for i, line in enumerate(lines):
        if line.kind in HEADINGS or (line.label and line.kind in (Kind.ARTICLE, Kind.POINT, Kind.PREAMBLE)):
            return i
        if not line.blank:
            if line.table or not _is_front(line, first=not titled):
                return i
            titled = True
    return len(lines)


def _is_front(line: Line, *, first: bool) -> bool:
    """Whether a line before the first structure is title, note or heading rather than prose."""
    words = line.rest
    if first or (len(words) <= 12 and not TERMINAL.search(words)) or _CONTENTS.match(words):
        return True
    if words.startswith(("（", "(", "【")) or words.endswith(("）", ")")):
        return True
    if re.search(r"[。：:；]$", words) and _PROSE.search(words):
        return False
    return bool(_PROMULGATION.search(words) and "制定本" not in words) or not TERMINAL.search(words)


def _find_signature(lines: Sequence[Line], body: int) -> int:
    """The index of the first of the last lines that hold nothing but bodies and dates."""
    tail = len(lines)
    index = len(lines)
    while index > body + 1 and (lines[index - 1].blank or _SIGNATURE.fullmatch(lines[index - 1].rest)):
        index -= 1
        if not lines[index].blank and not lines[index].label:
            tail = index
    return tail


def _behind_closings(lines: Sequence[Line], body: int, tail: int) -> list[int]:
    """Below an article that closes a text (自…起施行。), the first line that is not a sentence."""
    found: list[int] = []
    in_article, closed = False, False
    for index in range(body, tail):
        line = lines[index]
        if line.blank:
            continue
        if line.kind is Kind.ARTICLE:
            in_article, closed = True, False
        elif closed and line.kind is Kind.ANNEX and lists_annexes(line):
            found.append(index)
            in_article, closed = False, False
        elif line.label:
            in_article = in_article and line.kind in (Kind.ITEM, Kind.POINT)
            closed = closed and in_article
        elif closed and not line.table and not re.search(r"[。；;！？.：:，,、]$", line.rest):
            if not _goes_on(lines[index:tail]):
                found.append(index)
            in_article, closed = False, False
        if in_article and _CLOSING.search(line.rest):
            closed = True
    return found


def lists_annexes(line: Line) -> bool:
    """Whether 附件：1.… names the annexes of a text instead of opening one."""
    return bool(re.match(r"\d", line.rest))


def _goes_on(lines: Sequence[Line]) -> bool:
    """Whether articles follow that are not a first one: then the line is none of a text's edges."""
    following = next((line for line in lines if line.kind is Kind.ARTICLE), None)
    return following is not None and following.number != 1


def _numbered_anew(lines: Sequence[Line]) -> bool:
    return any(line.kind is Kind.ARTICLE for line in lines)
