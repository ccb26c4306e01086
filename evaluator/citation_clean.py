"""A text made ready for finding citations, with the way back to every original character."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from dataclasses import dataclass

from kg.titles import TitleFinder, fold_width
from kg.traditional import simplified

_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufe00-\ufe0f\ufeff]+"
)
_BLANKS = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\r\v\f\t]")
_DASHES = re.compile("[\u2010-\u2012\u2015\u2212\u2500\u2501]")
_COMPATIBLE = re.compile("[\u2e80-\u2fdf\uf900-\ufaff]")
_MIXED = re.compile(
    r"(?:(?<=第)|(?<=第 ))(?=[0-9一二三四五六七八九十百千零〇]*[0-9])(?=[0-9]*[一二三四五六七八九十百千零〇])[0-9一二三四五六七八九十百千零〇]{2,9}(?=\s?[条款项])"
)
_UNIT_VALUES = {"十": 10, "百": 100, "千": 1000}
_INNER_BLANK = re.compile(r"(?<=[\u4e00-\u9fff])\s+(?=[\u4e00-\u9fff])")


def show_hidden(text: str) -> str:
    """A text in which every character that cannot be seen stands as its code point, so that it hides and turns nothing.

    >>> show_hidden("保护\u202e病人")
    '保护⟨U+202E⟩病人'
    """
    return _INVISIBLE.sub(lambda m: "".join(f"⟨U+{ord(c):04X}⟩" for c in m[0]), text)


def hidden(text: str) -> str:
    """What a reader is told of the characters in a text that cannot be seen; empty if there are none.

    >>> hidden("保护\u200b病人\u200b"), hidden("保护病人")
    ('其中有 2 个看不见的字符（U+200B），比对时未计入', '')
    """
    found = [c for m in _INVISIBLE.finditer(text) for c in m[0]]
    points = "、".join(f"U+{ord(c):04X}" for c in dict.fromkeys(found))
    return f"其中有 {len(found)} 个看不见的字符（{points}），比对时未计入" if found else ""


@dataclass(frozen=True, slots=True)
class CleanText:
    """`text` without invisible characters, of one width and script; `offsets[k]` is where text[k] came from.

    `offsets` is None where nothing was dropped: then every offset is that of the original.
    """

    text: str
    offsets: tuple[int, ...] | None

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The original span of text[start:end], which must not be empty."""
        if self.offsets is None:
            return start, end
        return self.offsets[start], self.offsets[end - 1] + 1

    def locate(self, offset: int) -> int:
        """The place in `text` of an original offset, or of the next character kept."""
        return offset if self.offsets is None else bisect_left(self.offsets, offset)


def clean(text: str, finder: TitleFinder) -> CleanText:
    """Fold a text: width, traditional characters, dashes, blanks of all kinds; drop what cannot be seen.

    Blanks and line breaks inside a known title are dropped too, and nowhere else: elsewhere they part words.
    """
    folded = _DASHES.sub("-", _BLANKS.sub(" ", simplified(fold_width(text))))
    if _COMPATIBLE.search(folded):
        folded = _COMPATIBLE.sub(lambda m: _one(m[0]), folded)
    dropped = [match.span() for match in _INVISIBLE.finditer(folded)]
    if dropped:
        held = CleanText(*_without(folded, dropped))
        gaps = _blanks_in_titles(held.text, finder)
        dropped = sorted([*dropped, *(held.span(*gap) for gap in gaps)])
    else:
        dropped = _blanks_in_titles(folded, finder)
    cleaned = CleanText(*_without(folded, dropped)) if dropped else CleanText(folded, None)
    return _with_plain_numbers(cleaned) if _MIXED.search(cleaned.text) else cleaned


def _with_plain_numbers(cleaned: CleanText) -> CleanText:
    """第1千2百18条 read as 第1218条: numbers in two scripts are written in one, never longer than before."""
    kept: list[str] = []
    offsets: list[int] = []
    back = cleaned.offsets or range(len(cleaned.text))
    at = 0
    for match in _MIXED.finditer(cleaned.text):
        value = _mixed_value(match[0])
        if value is None or len(str(value)) > len(match[0]):
            continue
        kept += [cleaned.text[at : match.start()], str(value)]
        places = back[match.start() : match.end()]
        offsets += [*back[at : match.start()], *places[: len(str(value)) - 1], places[-1]]
        at = match.end()
    kept.append(cleaned.text[at:])
    offsets += back[at:]
    return CleanText("".join(kept), tuple(offsets))


def _mixed_value(written: str) -> int | None:
    """The value of a number in two scripts, None where its units are out of order."""
    total, ceiling = 0, 10_000
    for digits, unit in re.findall(r"([0-9一二三四五六七八九零〇]*)([十百千]?)", written):
        plain = digits.translate(str.maketrans("一二三四五六七八九零〇", "12345678900")).lstrip("0")
        worth = _UNIT_VALUES.get(unit, 1)
        if not digits and not unit:
            continue
        if worth >= ceiling or len(plain) > (4 if total == 0 and worth == 1 else 2):
            return None
        total += int(plain or (1 if unit == "十" and not digits else 0)) * worth
        ceiling = worth
    return total or None


def _one(char: str) -> str:
    plain = unicodedata.normalize("NFKC", char)
    return plain if len(plain) == 1 else char


def _without(text: str, dropped: list[tuple[int, int]]) -> tuple[str, tuple[int, ...]]:
    kept: list[str] = []
    offsets: list[int] = []
    at = 0
    for start, end in [*dropped, (len(text), len(text))]:
        if start > at:
            kept.append(text[at:start])
            offsets.extend(range(at, start))
        at = max(at, end)
    return "".join(kept), tuple(offsets)


def _blanks_in_titles(text: str, finder: TitleFinder) -> list[tuple[int, int]]:
    gaps = [match.span() for match in _INNER_BLANK.finditer(text)]
    if not gaps:
        return []
    squeezed, offsets = _without(text, gaps)
    starts = [start for start, _ in gaps]
    inside: list[tuple[int, int]] = []
    for span in finder.find_folded(squeezed):
        first, last = offsets[span.start], offsets[span.end - 1]
        if last - first > span.end - span.start - 1:
            at = bisect_left(starts, first)
            while at < len(gaps) and gaps[at][0] < last:
                inside.append(gaps[at])
                at += 1
    return inside
