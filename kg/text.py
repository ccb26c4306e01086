"""Three layers of one text, joined by offset maps.

raw is what was acquired, character for character. official is raw after recorded repairs, each with its
reason: it is what a reader sees and what a quotation is cut from. canonical is for matching only.
"""

from __future__ import annotations

import hashlib
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Repair:
    """Replace raw[start:end] by `replacement`, because of `reason` (a code of `REASONS`)."""

    start: int
    end: int
    replacement: str
    reason: str


REASONS = {
    "front_matter": "文件头的元数据，不属于法律文本",
    "markup": "排版标记（Markdown、HTML 注释），不属于法律文本",
    "line_ending": "换行符统一为 LF",
    "byte_order_mark": "字节顺序标记",
    "invisible": "不可见字符（零宽、双向控制），逐处报告",
    "pdf_space": "PDF 抽取在词内插入的空格",
    "hard_break": "PDF 抽取在句内插入的换行",
    "heading_space": "标题为对齐而插入的空格",
    "glued_heading": "来源把下一编、章、附件的标题粘在上一条末尾",
    "row_label": "来源数据库自拟的行号，不是原文的编号",
    "site_notice": "转载网站加入的说明，不属于法律文本",
}
"""Why a repair may be made; the reason travels with each repair into the build."""


class LayeredText:
    """A raw text and its repairs, with the official text and the maps between the two.

    Repairs must be sorted and must not overlap (ValueError otherwise). Joining the raw slices of any
    partition of official gives back raw exactly, unless the repairs left nothing of it.

    >>> text = LayeredText("**第一条**　为了", (Repair(0, 2, "", "markup"), Repair(5, 7, "", "markup")))
    >>> text.official
    '第一条　为了'
    >>> text.raw[text.to_raw(0):text.to_raw(3)]
    '**第一条**'
    """

    def __init__(self, raw: str, repairs: tuple[Repair, ...] = ()) -> None:
        self.raw = raw
        self.repairs = repairs
        pieces: list[str] = []
        starts: list[int] = [0]  # official offset at which the k-th segment begins
        shifts: list[int] = [0]  # raw offset minus official offset inside that segment
        ends: list[int] = [0]  # official offset up to which a replacement reaches
        position = length = 0
        for repair in repairs:
            if repair.start < position or repair.end < repair.start or repair.end > len(raw):
                raise ValueError(f"repair out of order or out of range: {repair}")
            pieces += [raw[position : repair.start], repair.replacement]
            length += repair.start - position
            starts.append(length)
            length += len(repair.replacement)
            ends.append(length)
            shifts.append(repair.end - length)
            position = repair.end
        pieces.append(raw[position:])
        self.official = "".join(pieces)
        self._starts, self._shifts, self._ends = starts, shifts, ends

    def to_raw(self, offset: int) -> int:
        """The raw offset of an official boundary. Text that a repair removed at a boundary goes to the
        left of it, except at the very start; monotone, and 0 and len(official) map to the ends of raw."""
        if offset <= 0:
            return 0
        if offset >= len(self.official):
            return len(self.raw)
        segment = bisect_right(self._starts, offset) - 1
        if offset < self._ends[segment]:  # inside a replacement: its raw text is not divisible
            return self.repairs[segment - 1].start
        return offset + self._shifts[segment]

    def to_official(self, offset: int) -> int:
        """The official offset of a raw boundary; inside a repaired stretch, where the repair begins."""
        shift = 0
        for repair in self.repairs:
            if repair.end > offset:
                return min(offset, repair.start) + shift if offset > repair.start else offset + shift
            shift += len(repair.replacement) - (repair.end - repair.start)
        return offset + shift


def digest(text: str) -> str:
    """The sha256 of a text's UTF-8 bytes, in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


_FOLD = str.maketrans(
    {
        "“": '"', "”": '"', "‘": "'", "’": "'", "「": '"', "」": '"', "『": '"', "』": '"',
        "〈": "《", "〉": "》", "<": "《", ">": "》", "〔": "(", "〕": ")", "【": "(", "】": ")", "[": "(", "]": ")",
        "—": "-", "–": "-", "－": "-", "−": "-", "～": "~", "〜": "~", "、": ",", "，": ",", "；": ";", "：": ":",
        "。": ".", "！": "!", "？": "?", "（": "(", "）": ")", "〇": "零", "○": "零",
    }
)  # fmt: skip


class _Folding(dict[int, str]):
    """What each character folds to, worked out when it is first met: lets str.translate fold in C."""

    def __missing__(self, code: int) -> str:
        folded = unicodedata.normalize("NFKC", chr(code).translate(_FOLD)).translate(_FOLD)
        kept = "".join(
            c for c in folded if not c.isspace() and unicodedata.category(c) not in ("Cf", "Cc", "Mn")
        )
        self[code] = kept
        return kept


_FOLDING = _Folding()


def canonical(text: str) -> str:
    """A text folded for comparing: width, punctuation style and blanks do not count.

    Traditional characters are left as they are.

    >>> canonical("第（１）项， 自 愿")
    '第(1)项,自愿'
    """
    return text.translate(_FOLDING)


@dataclass(frozen=True)
class Canonical:
    """The canonical form of a text with the way back.

    `offsets[k]` is where the k-th canonical character begins in the source text; one more entry closes it.
    """

    text: str
    offsets: tuple[int, ...]

    @classmethod
    def of(cls, source: str) -> Canonical:
        """Fold a text and keep where each character came from."""
        offsets: list[int] = []
        chars: list[str] = []
        for position, char in enumerate(source):
            folded = _FOLDING[ord(char)]
            chars.append(folded)
            offsets.extend([position] * len(folded))
        return cls("".join(chars), (*offsets, len(source)))


@dataclass(frozen=True, slots=True)
class Quote:
    """A code-point span of an expression's official text, with the sha256 of what it cuts out."""

    start: int
    end: int
    sha256: str

    @classmethod
    def cut(cls, official: str, start: int, end: int) -> Quote:
        """The quotation of official[start:end]; ValueError if that is empty or outside."""
        if not 0 <= start < end <= len(official):
            raise ValueError(f"no text at [{start}, {end}) of {len(official)} characters")
        return cls(start, end, digest(official[start:end]))

    def holds(self, official: str) -> bool:
        """Whether the same characters still stand there."""
        return digest(official[self.start : self.end]) == self.sha256
