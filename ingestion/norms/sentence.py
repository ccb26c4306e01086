"""Sentences and their segments: what stands between the commas of a provision, and what kind of thing it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

from ingestion.norms.lexicon import CueKind
from ingestion.norms.segmenter import Mark, Marked

_OPEN = dict(zip("（(《“「【〔", "）)》”」】〕", strict=True))
_SENTENCE_END = "。！？\n"
_HALF_END = "；;"
_COMMA = "，,"


class Shape(Enum):
    """What a segment is, seen alone."""

    CONDITION = auto()  # 需要实施手术的; 发生医疗事故时; 未经患者同意
    EXCEPTION = auto()  # 法律、行政法规另有规定的除外
    PURPOSE = auto()  # 为了保护公民健康
    BASIS = auto()  # 根据宪法
    PLAIN = auto()


@dataclass(frozen=True, slots=True)
class Segment:
    """The words between two commas; offsets in the text, without the punctuation and blanks around them."""

    start: int
    end: int
    shape: Shape
    last: bool  # whether it ends its half sentence
    cues: tuple[Mark, ...]
    parties: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Sentence:
    """Segments up to 。 or ；. `half` tells that the sentence goes on behind a ；; `leads` that a list follows (：)."""

    segments: tuple[Segment, ...]
    begins: bool  # the first half of its sentence
    leads: bool

    @property
    def start(self) -> int:
        """Where the first segment begins."""
        return self.segments[0].start

    @property
    def end(self) -> int:
        """Where the last segment ends."""
        return self.segments[-1].end


_CONDITION_END = re.compile(
    r"""(?:
        (?<![是目地]) 的(?=$)
      | (?<!同|及|按|小|有|限) 时 | 的时候
      | (?<! 然 | 以 ) 后 | 以后 | 之后
      | 之?前 | 以前 | 期间 | 情况下 | 情形下? | 前提下 | 条件下 | 过程中 | 活动中 | (?<!人员)(?<!大会)中
      | 之日起.{0,8} | 期满 | 时期 | 需要
    )$""",
    re.VERBOSE,
)
_CONDITION_START = re.compile(
    r"""^(?: 但是? )? (?:
        如果 | 如(?![实期下约数何同]) | 若 | 对于 | 倘若 | 假如 | 一旦 | 只要 | 只有 | 凡是? | 遇有? | 发生 | 发现 | 因(?!此|而) | 由于 | 当(?!事|地)
      | 未经 | 未 | 没有 | 经(?!营|济|费|办|常|验|销) | 需要 | 必要时 | 紧急情况 | 有下列 | 有(?:前|本|上述|第).{0,14}(?:情形|行为)
      | 在(?!校|职|岗|编|逃|押|册).{1,40}(?:中|时|后|前|期间|情况下|下|内|上)$
      | 构成 | 情节 | 逾期 | 造成 | 违反 | 超过 | 达到 | 符合 | 属于 | 具有下列
    )""",
    re.VERBOSE,
)
_EXCEPTION = re.compile(
    r"""(?: ^.{0,160}除外$ | ^除(?!.*(?:可以|应当|依照|处罚)).{1,80}(?:以|之)?外$ | 另有(?:规定|约定|要求)的?(?:，|$) | ^除非 | 不在此限$ | 不受.{0,20}限制$ )""",
    re.VERBOSE,
)
_MODAL_FIRST = re.compile(r"(?:应当|必须|不得|可以|应|须)(?:在|于|自|至少|根据|按照|依照).*(?<!的)$")
"""进口单位应当在抽样前，提供…: the time stands behind the modal, so it belongs to the action."""

_BUT_FOR_WHICH = re.compile(r"除[^，]*(?:可以|应当)[^，的]{1,6}的[^，]{1,8}外$")
"""除本人明确表示可以公开的事项外: its modal belongs to a relative clause."""
_PURPOSE = re.compile(r"^为(?!期|限|准|由|主|其|他人)了?")
_BASIS = re.compile(
    r"^(?:一般情况下|除.*外$|结合|基于|根据|依据|依照|按照|遵照|参照|本着|结合|通过|以.{1,20}为)"
)


def sentences(marked: Marked, start: int, end: int) -> Iterator[Sentence]:
    """The sentences of a stretch of text, half sentences apart."""
    closing: list[str] = []
    segments: list[tuple[int, int]] = []
    begins, position = True, start
    text = marked.text
    for index in range(start, end + 1):
        char = text[index] if index < end else "。"
        if index < end and char in _OPEN:
            closing.append(_OPEN[char])
            continue
        if closing and char == closing[-1]:
            closing.pop()
            continue
        # an unclosed bracket must not swallow the rest: every end of a sentence closes what is open,
        # unless the bracket is closed before the line ends
        if (
            closing
            and index < end
            and (char != "\n" and closing[-1] in text[index : _line_end(text, index, end)])
        ):
            continue
        if char in _COMMA + _SENTENCE_END + _HALF_END + "：:":
            if char in "：:" and not _is_lead(text, index, end):
                continue
            _append(segments, text, position, index)
            position = index + 1
            if char in _COMMA:
                continue
            closing.clear()
            if segments:
                yield _sentence(marked, segments, begins=begins, leads=char in "：:")
                segments = []
            begins = char not in _HALF_END
        elif index == end:
            break


def _line_end(text: str, index: int, end: int) -> int:
    found = text.find("\n", index, end)
    return end if found < 0 else found


def _is_lead(text: str, index: int, end: int) -> bool:
    return not text[index + 1 : end].strip() or text[index + 1] == "\n"


def _append(segments: list[tuple[int, int]], text: str, start: int, end: int) -> None:
    words = text[start:end]
    left = start + len(words) - len(words.lstrip())
    right = end - (len(words) - len(words.rstrip()))
    if left < right:
        segments.append((left, right))


def _sentence(marked: Marked, spans: list[tuple[int, int]], *, begins: bool, leads: bool) -> Sentence:
    found = []
    spans = _with_provisos(marked.text, spans)
    for number, (start, end) in enumerate(spans):
        last = number == len(spans) - 1
        words = marked.text[start:end]
        found.append(
            Segment(
                start,
                end,
                _shape(words, last=last, modal=_has_modal(marked, start, end)),
                last,
                tuple(m for m in marked.cues if start <= m.start and m.end <= end),
                tuple(m for m in marked.parties if start <= m.start and m.end <= end),
            )
        )
    return Sentence(tuple(found), begins, leads)


def _has_modal(marked: Marked, start: int, end: int) -> bool:
    kinds = (CueKind.MODAL, CueKind.WORD, CueKind.OPENER)
    return any(m.cue and m.cue.kind in kinds for m in marked.cues if start <= m.start and m.end <= end)


def _with_provisos(text: str, spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """但是，A，B的除外 is one segment; so is 除A，以及B外."""
    for first, (start, end) in enumerate(spans):
        if text.startswith("除", start) and not text.startswith("外", end - 1):
            for last in range(first + 1, len(spans)):
                if text[spans[last][0] : spans[last][1]].endswith("外"):
                    return [*spans[:first], (start, spans[last][1]), *spans[last + 1 :]]
        if not text.startswith("但", start):
            continue
        for last in range(first, len(spans)):
            if text[spans[last][0] : spans[last][1]].endswith("除外"):
                return [*spans[:first], (start, spans[last][1]), *spans[last + 1 :]]
    return spans


def _shape(words: str, *, last: bool, modal: bool) -> Shape:
    if _EXCEPTION.search(words) or _BUT_FOR_WHICH.match(words):
        return Shape.EXCEPTION
    if words.startswith("除") and words.endswith("外"):
        return Shape.BASIS
    if last or _MODAL_FIRST.search(words):
        return Shape.PLAIN
    if modal and not words.endswith(("的", "时", "时候", "后", "前", "情况下", "情形下", "期间", "期满")):
        return Shape.PLAIN  # 只能用于维护网络安全的需要
    if words == "一般情况下":
        return Shape.BASIS
    if words.startswith("根据") and words.endswith("需要"):
        return Shape.BASIS
    if _CONDITION_END.search(words):
        return Shape.CONDITION
    if modal:  # 未经患者同意不得…: the segment is split at its modal
        return Shape.PLAIN
    if _PURPOSE.search(words):
        return Shape.PURPOSE
    if _BASIS.search(words):
        return Shape.BASIS
    if _CONDITION_START.search(words):
        return Shape.CONDITION
    return Shape.PLAIN
