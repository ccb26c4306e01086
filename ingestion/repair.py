"""From raw to official text: every change is a recorded repair with its reason.

Nothing is rewritten in silence. A rule either removes what the publisher of a copy added around the law
(front matter, mark-up, site notices) or undoes a known artefact of extraction (spaces and line breaks
inside words). The words of the law are never touched.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from ingestion.readers.acquired import Form
from kg.problem import Problem, Severity
from kg.text import LayeredText, Repair

_HAN = r"[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0002fa1f]"
_WORDLIKE = r"[\u3400-\u4dbf\u4e00-\u9fff\u3001-\u301b\uff01-\uff5e“”‘’—…〇0-9a-zA-Z%]"


@dataclass(frozen=True, slots=True)
class Repaired:
    """The layers of one text, and what was found on the way."""

    text: LayeredText
    problems: tuple[Problem, ...]


def repair(raw: str, form: Form, *, place: str) -> Repaired:
    """Apply the rules that the form of a raw text calls for.

    >>> repair("## 第一章 总　则\\n**第一条**　为了", Form.MARKDOWN, place="例").text.official
    '第一章 总则\\n第一条　为了'
    >>> repair("条目一　将刑法", Form.ROWS, place="例").text.official
    '一、将刑法'
    """
    found: list[Repair] = []
    for rule in _FORM_RULES.get(form, ()):
        found.extend(rule(raw))
    for rule in _RULES:
        found.extend(rule(raw))
    chosen = _without_overlaps(found)
    text = LayeredText(raw, tuple(chosen))
    if form is not Form.MARKDOWN and _is_extracted(text.official):
        further = (*_inner_spaces(text.official), *_hard_breaks(text.official))
        chosen += [piece for found_later in further for piece in _raised(text, found_later)]
        text = LayeredText(raw, tuple(sorted(chosen)))
    counts = Counter(repair.reason for repair in text.repairs)
    problems = [
        Problem(Severity.NOTE, f"repaired_{reason}", place, f"{count} 处：{_SAID[reason]}")
        for reason, count in sorted(counts.items())
        if reason in _SAID
    ]
    return Repaired(text, tuple(problems))


_SAID = {
    "invisible": "不可见字符已从正文移除（原文保留）",
    "pdf_space": "PDF 抽取在词内插入的空格已移除",
    "hard_break": "PDF 抽取在句内插入的换行已接续",
    "site_notice": "转载网站加入的说明不计入正文",
}


def _without_overlaps(found: Iterable[Repair]) -> list[Repair]:
    """The repairs sorted; of two that overlap the one found first: what front matter removes, no other
    rule looks at."""
    chosen: list[Repair] = []
    starts: list[int] = []
    for candidate in found:
        at = bisect_right(starts, candidate.start)
        free = at == 0 or chosen[at - 1].end <= candidate.start
        if free and (at == len(chosen) or candidate.end <= starts[at]):
            chosen.insert(at, candidate)
            starts.insert(at, candidate.start)
    return chosen


def _removals(
    pattern: str, reason: str, *, flags: re.RegexFlag = re.MULTILINE
) -> Callable[[str], Iterator[Repair]]:
    """A rule that removes group `x` of each match (the whole match if there is no such group)."""
    compiled = re.compile(pattern, flags)
    group = "x" if "x" in compiled.groupindex else 0

    def rule(raw: str) -> Iterator[Repair]:
        for match in compiled.finditer(raw):
            if match.start(group) < match.end(group):
                yield Repair(match.start(group), match.end(group), "", reason)

    return rule


def _heading_spaces(raw: str) -> Iterator[Repair]:
    """总　则 → 总则: single characters set apart to fill a heading's width."""
    pattern = re.compile(
        rf"^[#*\s]*(?:第\S{{1,6}}(?:编|分编|章|节)[\s　]+(?P<name>{_HAN}(?:[ \t　]+{_HAN}){{1,4}})"
        r"|(?P<bare>[总附]\s+则|目\s+[录次]|[序前引]\s+言))[*\s　]*$",
        re.MULTILINE,
    )
    for match in pattern.finditer(raw):
        group = "name" if match["name"] else "bare"
        for gap in re.finditer(r"[ \t　]+", match[group]):
            start = match.start(group) + gap.start()
            yield Repair(start, start + len(gap[0]), "", "heading_space")


def _glued_annexes(raw: str) -> Iterator[Repair]:
    """…施行。附件2-1 at the end of a line: the annex begins a line of its own."""
    for match in re.finditer(
        r"(?<=。)(?=附[件录表]\s?[\d一二三四五六七八九十]{0,2}(?:-\d{1,2})?[ \t]*$)", raw, re.MULTILINE
    ):
        yield Repair(match.start(), match.start(), "\n", "glued_heading")


_MARKDOWN_RULES: tuple[Callable[[str], Iterator[Repair]], ...] = (
    _removals(r"\A\ufeff?---[ \t]*\r?\n.*?\r?\n---[ \t]*(?:\r?\n|\Z)", "front_matter", flags=re.DOTALL),
    _removals(r"<!--.*?-->", "markup", flags=re.DOTALL),
    _removals(r"^:{3,}\s*tip 官方来源\s*?\n.*?^:{3,}[ \t]*$", "site_notice", flags=re.MULTILINE | re.DOTALL),
    _removals(r"^#* ?官方文件全文[ \t]*$", "site_notice"),
    _removals(r"^\*\*Source:\*\*.*$", "site_notice"),
    _removals(r"^(?:来源|存档)：\s*<https?://[^>\n]*>[ \t]*$", "site_notice"),
    _removals(r"^>\s*【[^】]*】.*公布：.*$", "site_notice"),
    _removals(r"^\[?\*{0,2}原文链接\*{0,2}\]?(?:\(<?https?:[^)\n]*\))?[ \t]*$", "site_notice"),
    _removals(r"^\[\[Category:[^\]\n]*\]\][ \t]*$", "site_notice"),
    _glued_annexes,
    _removals(r"^:{3,}[ \t]*(?:tip|info|warning|details)?[ \t]*", "markup"),
    _removals(r"^[ \t]*>[ \t]?", "markup"),
    _removals(r"^[ \t]*#{1,6}(?:[ \t]+|$)", "markup"),
    _removals(r"^[ \t]*(?:-{3,}|\*{3,}|_{3,})[ \t]*$", "markup"),
    _removals(r"\*\*+", "markup"),
    _removals(r"(?P<x>\[)[^\]\n]*\]\([^)\n]*\)", "markup"),
    _removals(r"\[[^\]\n]*(?P<x>\]\([^)\n]*\))", "markup"),
    _removals(r"(?P<x>\\)[\\.()\[\]*_#>+\-~|!]", "markup"),
)


def _row_labels(raw: str) -> Iterator[Repair]:
    """laws.db names the rows of texts without 条 itself: 条目一 stands for 一、, 全文 for nothing."""
    for match in re.finditer(r"^(?:条目(?P<number>[一二三四五六七八九十]+)|全文)　", raw, re.MULTILINE):
        yield Repair(
            match.start(), match.end(), f"{match['number']}、" if match["number"] else "", "row_label"
        )


_FORM_RULES = {Form.MARKDOWN: _MARKDOWN_RULES, Form.ROWS: (_row_labels,)}
_RULES: tuple[Callable[[str], Iterator[Repair]], ...] = (
    _removals(r"\A\ufeff", "byte_order_mark"),
    _removals(r"\r(?=\n)", "line_ending"),
    _removals(r"[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u00ad]", "invisible"),
    _heading_spaces,
)

# A line that a new provision, heading or list begins, so that the line before it ends a unit.
_UNIT_START = re.compile(
    r"[\s　]*(?:第\s?[〇零一二三四五六七八九十百千\d]+\s?[编章节条]|[（(][〇零一二三四五六七八九十百千\d]{1,3}[)）]"
    r"|[〇零一二三四五六七八九十百千]+[、.．]|\d{1,3}[.．、。)）]|附\s?[件录表则])"
)


def _is_extracted(text: str) -> bool:
    """Whether a text shows the marks of PDF extraction: many blanks between two Chinese characters."""
    return len(re.findall(rf"{_HAN} {_HAN}", text)) >= 5 + len(text) // 2000


def _inner_spaces(text: str) -> Iterator[Repair]:
    pattern = re.compile(rf"(?<={_WORDLIKE})[ \t]+(?={_WORDLIKE})")
    label = re.compile(r"[\s　]*(?:第\s?\S{1,12}?\s?[编章节条]|[（(]\S{1,4}[)）])[ \t　]+")
    position = 0
    for line in text.splitlines(keepends=True):
        head = label.match(line)
        for gap in pattern.finditer(line, head.end() if head else 0):
            if re.match(r"[0-9a-zA-Z]", line[gap.end()]) and re.match(r"[a-zA-Z]", line[gap.start() - 1]):
                continue  # two Latin words
            yield Repair(position + gap.start(), position + gap.end(), "", "pdf_space")
        position += len(line)


def _hard_breaks(text: str) -> Iterator[Repair]:
    head = re.match(r"(?:\s*[^\n]*\n){3}", text)  # title and notes: their line breaks are meant
    for match in re.finditer(rf"(?<={_WORDLIKE})(?P<x>[ \t]*\n[ \t]*)(?={_WORDLIKE})", text):
        if head and match.start() < head.end():
            continue
        line_start = text.rfind("\n", 0, match.start()) + 1
        line = text[line_start : match.start()]
        if (
            re.search(r"(?:[。；：！？;:]|关于.{2,80}的(?:通知|公告|通告|决定|函|意见))$", line)
            or _UNIT_START.match(text, match.end())
            or len(line) < 20
        ):
            continue
        yield Repair(match.start(), match.end(), "", "hard_break")


def _raised(text: LayeredText, repair: Repair) -> Iterator[Repair]:
    """A removal found in the official text, as removals of the raw text: around what is removed already."""
    places = [text.to_raw(offset) for offset in range(repair.start, repair.end)]
    start = places[0]
    for place, following in pairwise([*places, len(text.raw) + 1]):
        if following != place + 1:
            yield Repair(start, place + 1, "", repair.reason)
            start = following
