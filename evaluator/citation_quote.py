"""A quotation held against an article: the same, the same but for marks, or altered, with what differs.

What does not count as a difference is said in the kind: blanks and width never count, punctuation, script and the
way of writing numbers are named. Every other character counts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from kg.numerals import parse_numeral
from kg.text import canonical
from kg.traditional import simplified


class Likeness(StrEnum):
    """How a quotation compares with a text."""

    EXACT = "exact"  # character for character, blanks aside
    ELLIPSIS = "ellipsis"  # its pieces stand there in order
    PUNCTUATION = "punctuation"  # but for punctuation and width
    SCRIPT = "script"  # but for traditional characters
    NUMERALS = "numerals"  # but for 十五 written 15
    ALTERED = "altered"
    UNLIKE = "unlike"  # not this text's words at all

    @property
    def zh(self) -> str:
        """The words shown to readers."""
        return _WORDS[self]


_WORDS = {
    Likeness.EXACT: "引文逐字相同",
    Likeness.ELLIPSIS: "引文有省略，所留逐字相同",
    Likeness.PUNCTUATION: "引文仅标点或全半角不同",
    Likeness.SCRIPT: "引文仅繁简不同",
    Likeness.NUMERALS: "引文仅数字写法不同",
    Likeness.ALTERED: "引文有改动",
    Likeness.UNLIKE: "引文不见于该条",
}


class Difference(NamedTuple):
    """Characters of the law that the quotation has otherwise; either may be empty."""

    official: str
    quoted: str

    def zh(self) -> str:
        """The difference in words."""
        if not self.official:
            return f"多出“{self.quoted}”"
        if not self.quoted:
            return f"少了“{self.official}”"
        return f"“{self.official}”写成了“{self.quoted}”"


@dataclass(frozen=True, slots=True)
class Comparison:
    """How a quotation compares with one text; `cover` is the share of its characters found there in order.

    `official` is the stretch of the text (without blanks and marks) that an altered quotation comes nearest to.
    """

    likeness: Likeness
    cover: float
    differences: tuple[Difference, ...] = ()
    official: str = ""

    @property
    def same(self) -> bool:
        """Whether nothing but marks, script or numerals differ."""
        return self.likeness not in (Likeness.ALTERED, Likeness.UNLIKE)


_ELLIPSIS = re.compile(r"…+|\.{3,}|。{3,}|·{3,}|\(略\)|〔略〕|\[略\]")
_BLANK = re.compile(r"\s+")
_MARKS = re.compile(r"[^\w%‰℃]|_")
_EDGE = re.compile(r"^\W+|\W+$")
_ALTERED_COVER = 0.55
_LONGEST = 1500


def compare_quotation(quoted: str, official: str) -> Comparison:
    """Compare a quotation, as the text has it, with the official words of an article.

    >>> compare_quotation("向患者说明病情", "医师应当向患者说明病情。").likeness
    <Likeness.EXACT: 'exact'>
    >>> compare_quotation("医师可以向患者说明病情", "医师应当向患者说明病情。").differences
    (Difference(official='应当', quoted='可以'),)
    """
    pieces = [p for p in _ELLIPSIS.split(quoted[:_LONGEST]) if plain(p)]
    if not pieces:
        return Comparison(Likeness.UNLIKE, 0.0)
    if _in_order([tight(p) for p in pieces], tight_text(official)):
        return Comparison(Likeness.ELLIPSIS if len(pieces) > 1 else Likeness.EXACT, 1.0)
    for likeness, form in _FORMS:
        if _in_order([form(p) for p in pieces], form(official)):
            return Comparison(likeness, 1.0)
    return _altered([plain(p) for p in pieces], plain_text(official))


def tight(text: str) -> str:
    """A text without blanks and without marks at its two ends."""
    return _EDGE.sub("", _BLANK.sub("", text))


@lru_cache(maxsize=4096)
def tight_text(official: str) -> str:
    """An official text without blanks."""
    return _BLANK.sub("", official)


def _unmarked(text: str) -> str:
    return _MARKS.sub("", canonical(text))


def plain(text: str) -> str:
    """A text folded for width and script, without blanks and punctuation."""
    return _MARKS.sub("", canonical(simplified(text)))


@lru_cache(maxsize=4096)
def plain_text(official: str) -> str:
    """`plain` of an official text, remembered."""
    return plain(official)


def official_stretch(official: str, wanted: str) -> str:
    """The characters of an official text, marks and all, whose `plain` form is this; empty if there are none."""
    at = plain_text(official).find(wanted)
    if not wanted or at < 0:
        return ""
    places = [i for i, char in enumerate(official) for _ in plain(char)]
    return "".join(official[places[at] : places[at + len(wanted) - 1] + 1].split())


_CHINESE_NUMBER = re.compile(r"[零一二三四五六七八九十百千]+")


def arabic(text: str) -> str:
    """`plain` with Chinese numbers written in digits where they can be read as one."""

    def digits(match: re.Match[str]) -> str:
        try:
            return str(parse_numeral(match[0]))
        except ValueError:
            return match[0]

    return _CHINESE_NUMBER.sub(digits, plain(text))


_FORMS = (
    (Likeness.PUNCTUATION, _unmarked),
    (Likeness.SCRIPT, plain),
    (Likeness.NUMERALS, arabic),
)


def _in_order(pieces: list[str], text: str) -> bool:
    at = 0
    for piece in pieces:
        found = text.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    return True


def _altered(pieces: list[str], text: str) -> Comparison:
    differences: list[Difference] = []
    covered = 0
    stretches: list[str] = []
    total = sum(map(len, pieces))
    at = 0
    for piece in pieces:
        found = text.find(piece, at)
        if found >= 0:
            covered += len(piece)
            stretches.append(piece)
            at = found + len(piece)
            continue
        start, end = nearest(piece, text)
        window = text[start:end]
        matcher = SequenceMatcher(None, window, piece, autojunk=False)
        covered += sum(block.size for block in matcher.get_matching_blocks())
        steps = matcher.get_opcodes()
        while steps and steps[0][0] == "delete":  # what the law says before and behind is not left out
            steps = steps[1:]
        while steps and steps[-1][0] == "delete":
            steps = steps[:-1]
        stretches.append(window[steps[0][1] : steps[-1][2]] if steps else "")
        differences += [Difference(window[a:b], piece[c:d]) for tag, a, b, c, d in steps if tag != "equal"]
    cover = covered / total
    if cover < _ALTERED_COVER:
        return Comparison(Likeness.UNLIKE, cover)
    if not differences:
        differences.append(Difference("", "（各段次序与原文不同）"))
    return Comparison(Likeness.ALTERED, cover, tuple(differences), "……".join(stretches))


def nearest(piece: str, text: str) -> tuple[int, int]:
    """The stretch of a text that a piece comes nearest to, by the pairs of characters that they share.

    The pairs vote for where the piece would begin; one pass, whatever the texts.
    """
    places: dict[str, list[int]] = {}
    for i in range(len(text) - 1):
        places.setdefault(text[i : i + 2], []).append(i)
    votes: dict[int, int] = {}
    for j in range(len(piece) - 1):
        for i in places.get(piece[j : j + 2], ())[:20]:
            votes[i - j] = votes.get(i - j, 0) + 1
    if not votes:
        return 0, 0
    # Insertions and omissions shift the vote: neighbours within a few characters count for one beginning.
    near = 6
    begin = max(votes, key=lambda b: (sum(votes.get(b + d, 0) for d in range(-near, near + 1)), votes[b], -b))
    pairs = [
        (i, j)
        for j in range(len(piece) - 1)
        for i in places.get(piece[j : j + 2], ())[:20]
        if abs(i - j - begin) <= max(near, len(piece) // 3)
    ]
    first = min(pairs)
    last = max(pairs)
    # What lies outside the outermost shared pairs is taken with the length that the piece has there.
    start = max(0, first[0] - first[1])
    end = min(len(text), last[0] + (len(piece) - last[1]))
    return start, end
