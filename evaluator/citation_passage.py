"""What a text says of a citation: the words before and behind it that belong to it, and the quotations there."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

_BOUNDARY = re.compile(r"[。!?;\n]")
_QUOTE = re.compile(r"“([^“”]{1,1500})”|「([^「」]{1,1500})」|『([^『』]{1,1500})』|\"([^\"\n]{1,1500})\"")
_CONNECTIVE = re.compile(
    r"[\s、,和与及或以并也还即则:*()·-]|以及|或者|还有|同时|结合|参照|依据|根据|按照|对照|分别|都|均|的|规定|等|有关|相关|条文|《[^》]*》"
)
_LEADS_ON = re.compile(
    r"[^,:。;]{0,40}(?:看|见|查|按|依|依照|根据|按照|依据|适用|违反|参照|是|由|属于|与|和|及|或|在|按照|规定在|对应|结合|又有|还有|有)\s?[(《]?$"
)
_POINTS_ON = re.compile(r"(?:对应|现行|现为|改为|应为|更正为|另见|比照)(?:的?(?:是|为))?:?\s*$")
_HANZI = re.compile(r"[\u4e00-\u9fff]")
_HOLLOW = re.compile(
    r"^[\s、,:*)\]》”\"—-]*(?:等)?(?:的)?(?:相关|有关|明确|具体|强制性?|上述|禁止性?)?(?:规定|要求|条款|条文|内容|义务|责任|精神|处理|执行|追究|处罚|予以处罚|办理|来处理|承担)*(?:了|的|吗|呢|者|,|、|:|\s)*$"
)
_MOST, _MOST_QUOTED = 600, 6
"""Characters of one side that are read, and quotations; a longer sentence is cut there."""


@dataclass(frozen=True, slots=True)
class Quoted:
    """A quotation in a clean text: text[start:end] are the words between the marks."""

    start: int
    end: int
    words: str


@dataclass(frozen=True, slots=True)
class Passage:
    """The sentence around a mention, cut at its neighbours.

    `before` and `behind` are the words on its two sides; `claim` is the side that speaks of it, `front` whether
    that is the one behind (the claim then begins beside the mention). `quotations` are those in reach, those
    behind it first. `group` are the first and last mention that share what is said; `follows` says
    whether another mention stands before it in the sentence.
    """

    before: str
    behind: str
    claim: str
    front: bool
    quotations: tuple[Quoted, ...]
    behind_span: tuple[int, int]
    group: tuple[int, int]
    follows: bool


class Passages:
    """Cuts a clean text into the passages of its mentions; the spans must be in order and not overlap."""

    def __init__(self, text: str, spans: Sequence[tuple[int, int]]) -> None:
        self.text = text
        self.spans = spans
        self.quotations = [
            Quoted(m.start(m.lastindex or 0), m.end(m.lastindex or 0), m[m.lastindex or 0])
            for m in _QUOTE.finditer(text)
        ]
        self._starts = [q.start for q in self.quotations]
        inside = [(q.start, q.end) for q in self.quotations]
        self.boundaries = _outside(inside, [m.start() for m in _BOUNDARY.finditer(text)])
        self._groups = self._joined_groups()

    def _joined_groups(self) -> list[tuple[int, int]]:
        """For each mention the first and last of those that share what is said with it."""
        groups: list[tuple[int, int]] = []
        first = 0
        for number in range(len(self.spans)):
            last = number + 1 == len(self.spans)
            if last or not _joined(self.text, self.spans[number][1], self.spans[number + 1][0]):
                groups += [(first, number)] * (number + 1 - first)
                first = number + 1
        return groups

    def of(self, number: int) -> Passage:
        """The passage of the mention with this number."""
        first, last = self._groups[number]
        head = self.spans[first][0]
        left = max(self._sentence_start(head), self.spans[first - 1][1] if first else 0, head - _MOST)
        before = self.text[left:head]
        tail = self.spans[last][1]
        limit = self.spans[last + 1][0] if last + 1 < len(self.spans) else len(self.text)
        right = min(self._sentence_end(tail), limit, tail + _MOST)
        behind = self.text[tail:right]
        if last + 1 < len(self.spans) and right == limit:
            behind = _LEADS_ON.sub("", behind)
        bracketed = bool(re.search(r"[(\[]\s?(?:见|参见|详见|依据|根据|依|按)?[:\s]?$", before)) and bool(
            re.match(r"\s?[^()\[\]]{0,20}[)\]]", behind)
        )
        hollow = bool(_HOLLOW.match(behind)) or len(_HANZI.findall(behind)) < 4
        front = not (bracketed or hollow)
        claim = behind if front else "" if _POINTS_ON.search(before) else before
        quotations = self._near(left, right, head, tail)
        return Passage(
            before,
            behind,
            claim,
            front,
            quotations,
            (tail, right),
            (first, last),
            bool(first and self.spans[first - 1][1] > self._sentence_start(self.spans[first][0])),
        )

    def _sentence_start(self, at: int) -> int:
        index = bisect_left(self.boundaries, at) - 1
        return self.boundaries[index] + 1 if index >= 0 else 0

    def _sentence_end(self, at: int) -> int:
        index = bisect_left(self.boundaries, at)
        return self.boundaries[index] if index < len(self.boundaries) else len(self.text)

    def _near(self, left: int, right: int, head: int, tail: int) -> tuple[Quoted, ...]:
        behind = self.quotations[bisect_left(self._starts, tail) : bisect_left(self._starts, right + 2)]
        before = self.quotations[bisect_left(self._starts, left - 1) : bisect_left(self._starts, head)]
        return (*behind[:_MOST_QUOTED], *[q for q in reversed(before) if q.end <= head][:_MOST_QUOTED])


def _outside(inside: list[tuple[int, int]], places: list[int]) -> list[int]:
    kept: list[int] = []
    at = 0
    for place in places:
        while at < len(inside) and inside[at][1] <= place:
            at += 1
        if at == len(inside) or place < inside[at][0]:
            kept.append(place)
    return kept


def _joined(text: str, start: int, end: int) -> bool:
    """Whether two mentions share what is said: 第三条和第五条, 《甲法》第三条、《乙法》第五条."""
    if end - start > 40:
        return False
    between = text[start:end]
    return "\n" not in between and not _CONNECTIVE.sub("", between)
