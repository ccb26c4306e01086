"""Sentences without a modal: who is said to do, have or be what, and what kind of norm that is."""

from __future__ import annotations

import re
from typing import NamedTuple

from ingestion.norms.lexicon import CueKind
from ingestion.norms.phrase import Phrase, subject
from ingestion.norms.segmenter import Marked
from ingestion.norms.sentence import Segment
from kg.norm import Modality

AUTHORITY = re.compile(
    r"(?:部门|政府|机关|人民法院|检察院|国务院|委员会|局|厅|海关|机关和单位|大会|办事处|军委|各级|法院|机构)$"
)
"""Phrases that name public authorities; 机构 alone only with 防控, 监察 or 检疫 before it."""

STATE = re.compile(r"^(?:国家|本市|本省|本自治区|本经济特区|全社会|社会|我国|中华人民共和国|各级人民政府)")

_DEFINES = re.compile(r"(?:是|系)指|[，：]\s*指(?!定|导)|所称.{1,30}(?:包括|为|是)|^下列用语|的含义(?:是|为)?$")
_DELEGATES = re.compile(
    r"(?:由[^，。；]{2,60}(?:制定|规定|确定|另行规定|另行制定|公布|会同[^，。；]{2,60}制定))|(?:办法|标准|目录|细则|规定|范围|条件|程序)[^，。；]{0,10}(?:另行制定|另行规定)"
)
_LIFE = re.compile(
    r"起(?:正式)?(?:施行|实施|生效|执行)|同时废止|适用(?:本|于|前|第|其|有关|《)|参照(?:本|前|第|适用)|(?:依照|按照|参照|适用).{1,60}(?:执行|办理|规定|处理)$|从其规定|不适用"
)
_ENTITLES = re.compile(r"享有|享受|受法律保护|不受[^，。]{0,20}侵犯|有[^，。]{1,30}(?:的权利|的自由)")
_GOVERNS = re.compile(r"负责|主管|行使[^，。]{0,20}(?:职权|职责|权)|(?:管理|监督)工作$|履行[^，。]{0,20}职责")
_PURPOSE = re.compile(r"^为(?:了|加强|规范|保护|保障|维护|促进|防止|预防|[^，]{2,30})?.*制[定订](?:本|如下|了?本)")


class Predicate(NamedTuple):
    """What a segment states without a modal; offsets of cue and action."""

    modality: Modality
    cue: Phrase | None
    at: int
    action: int


def predicate(marked: Marked, segment: Segment) -> Predicate | None:
    """The statement that a segment makes by a verb of the lexicon; None if it makes none by itself."""
    text = marked.text
    words = text[segment.start : segment.end]
    if match := _DEFINES.search(words):
        at = segment.start + match.start()
        return Predicate(Modality.DEFINITION, Phrase(at, segment.start + match.end()), at, segment.start + match.end())
    if (match := _DELEGATES.search(words)) and not STATE.match(words):
        return Predicate(Modality.DELEGATION, None, segment.start + match.start(), segment.start + match.start())
    if match := _LIFE.search(words):
        return Predicate(Modality.DECLARATION, None, segment.start, segment.start)
    own = subject(marked, segment.start, segment.end)
    if own is None:
        return None
    rest = text[own.end : segment.end]
    if match := _ENTITLES.search(rest):
        at = own.end + match.start()
        return Predicate(Modality.RIGHT, Phrase(at, own.end + match.end()), at, at)
    if match := _GOVERNS.search(rest):
        public = AUTHORITY.search(text[own.start : own.end])
        at = own.end + match.start()
        cue = Phrase(at, own.end + match.end())
        return Predicate(Modality.POWER if public else Modality.OBLIGATION, cue, at, at)
    if STATE.match(text[own.start : own.end]):
        for mark in segment.cues:
            if mark.cue and mark.cue.kind is CueKind.PREDICATE and own.end <= mark.start < own.end + 8:
                return Predicate(Modality.DECLARATION, Phrase(mark.start, mark.end), mark.start, mark.start)
    return None


def is_purpose(words: str) -> bool:
    """Whether a sentence says what the text was made for: 为了…，制定本法."""
    return bool(_PURPOSE.search(words))


def bare(marked: Marked, segment: Segment) -> Predicate | None:
    """What a segment of a sentence without any cue states: somebody does something, or something is so."""
    text = marked.text
    own = subject(marked, segment.start, segment.end)
    words = text[segment.start : segment.end]
    if own is not None and own.end < segment.end:
        state = STATE.match(text[own.start : own.end])
        return Predicate(Modality.DECLARATION if state else Modality.OBLIGATION, None, own.end, own.end)
    if match := re.search(r"由(?!于|此)", words):
        at = segment.start + match.end()
        if by := subject(marked, at, segment.end):
            return Predicate(Modality.OBLIGATION, None, by.end, by.end)
    return None
