"""Where norms begin in a segment: at a modal, at the verb of a consequence, at a predicate."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ingestion.norms.lexicon import Cue, CueKind
from ingestion.norms.phrase import Phrase, phrase_after, subject
from ingestion.norms.predicate import AUTHORITY, predicate
from ingestion.norms.segmenter import Mark, Marked
from ingestion.norms.sentence import Segment, Shape
from kg.norm import Modality


@dataclass(frozen=True, slots=True)
class Head:
    """The beginning of a norm: what stands before `at` is bearer and condition, `action` is where the action begins.

    `opener` marks consequences, which go on with the one before them unless something new stands between.
    """

    at: int
    modality: Modality
    cue: Phrase | None
    action: int
    opener: bool = False


_JOINS = re.compile(r"(?:并|并且|但|但是|且|也|均|还|、|或者|又|而|同时|和|，|”|\"|仍)$")
_REPORTED = re.compile(
    r"(?:认为|规定的?|(?<!的)要求|(?<!的)约定|(?<![场诊验究务出法生])所|[及其]其|作出|出具|发出|确认|明知|知道|视为|请求|主张|属于|证明|是否|承诺|标准|判断|评估|确定)$"
)
_NOUN = re.compile(
    r"^(?:决定|种类|权|标准|程序|裁量|机关|时效|幅度|等措施|措施|金|范围|项目|体系|协议|事宜|请求|数额|标识|标志|语|后|的|义务人|权利人|请求权|要求的|请求的|等?能力|等制度)"
)
"""What makes a consequence the beginning of a noun: 处罚决定, 赔偿金; 赔偿后 tells a time."""
_SOFT = re.compile(r"^(?:依法|由|对|与|按照|依照|根据|向|视|共同|相应|一并|予以|酌情|从重|分别|单|，|并)")
_FORBIDDEN_THING = re.compile(r"[^，的]{1,12}的[^，]{2,}(?:造成|致|发生|属于|进入)")
"""禁止饲养的烈性犬造成损害，…: what is forbidden does something."""
_RELATIVE = re.compile(r"对于?[^，]*$")
_OF_WHICH = re.compile(r"的[^，的]{1,6}$")
"""药师对于不能判定其合法性的处方: a relative clause."""
_CAPABLE = re.compile(
    r"接受|分为|细分|划分|移动|视|见|知|控|靠|读|持续|追溯|再生|回收|溯|逆|疑|及时|达|解释|想而知"
)
"""可接受, 可分为: what can be so, not what somebody may do."""
_MEANS = re.compile(r"知道|预见|知晓|知悉")
"""知道或者应当知道 tells what somebody is taken to know."""
_RIGHTS_OF = ("专有权", "所有权", "共有权", "持有权", "占有权", "享有权")
_BANS = re.compile(r"(?:年|个月)内$|终身$")
"""五年内禁止其从事医疗服务 is a consequence."""
_FORBIDS = re.compile(r"(?:严格|并|，|年内|月内|日内|终身|^国家|依法|同时|一律|且|也|均)$")
_NOMINAL = re.compile(
    r"的(?:人|主体|人员|单位|机构|组织|部门|机关|自然人|当事人|患者|药品|产品|动物|情形|事项|费用)$"
)


def heads(marked: Marked, segment: Segment) -> list[Head]:
    """Every norm that begins in a segment, in order."""
    if segment.shape in (Shape.CONDITION, Shape.EXCEPTION):
        return []
    found: list[Head] = []
    for mark in segment.cues:
        if mark.cue and mark.cue.kind in (CueKind.MODAL, CueKind.WORD):
            head = _modal(marked, segment, mark, mark.cue, found)
            found += [head] if head else []
    for mark in segment.cues:
        if not found and mark.cue and mark.cue.kind is CueKind.OPENER:
            head = _opener(marked, segment, mark)
            found += [head] if head else []
    if not found and (weak := predicate(marked, segment)):
        continues = weak.at == segment.start and weak.modality in (Modality.DECLARATION, Modality.RIGHT)
        found.append(Head(weak.at, weak.modality, weak.cue, weak.action, opener=continues))
    return found


def _modal(marked: Marked, segment: Segment, mark: Mark, cue: Cue, found: Sequence[Head]) -> Head | None:
    text = marked.text
    before = text[segment.start : mark.start]
    if _REPORTED.search(before):
        return None
    if found and not _JOINS.search(before):
        return None
    if not _needed(text, mark, cue, segment.end):
        return None
    if _MEANS.search(text, mark.end, mark.end + 2) or text[mark.start - 1 : mark.start + 2] in _RIGHTS_OF:
        return None
    if text.startswith("的", mark.end) and cue.word in ("有权", "有责任", "有义务", "无权"):
        return None
    if cue.word == "不予" and text.startswith("配合", mark.end):
        return None
    if (
        cue.word in ("不能", "可以")
        and not segment.last
        and _RELATIVE.search(before)
        and _OF_WHICH.search(text[mark.end : segment.end])
    ):
        return None
    if cue.kind is CueKind.WORD and text[mark.end : mark.end + 1] in "的性度":
        return None
    if cue.word == "不能" and "|" in text[segment.start : segment.end]:
        return None  # a cell of a table: what may go wrong
    if cue.word == "可" and _CAPABLE.match(text, mark.end):
        return None
    if cue.word == "可" and not segment.last and "的" in text[mark.end : segment.end]:
        return None  # 可用于再生的个体、器官
    after = text[mark.end : segment.end]
    if cue.word in ("禁止", "严禁") and before.strip(' \n"“') and not _FORBIDS.search(before):
        return None  # 国家禁止进出口的动物
    if cue.word in ("禁止", "严禁") and not segment.last and _FORBIDDEN_THING.match(after):
        return None
    if (
        not segment.last
        and before.strip()
        and _NOMINAL.search(after)
        and subject(marked, segment.start, mark.start) is None
    ):
        return None  # 依照规定可以分得遗产的人，在…
    modality = cue.modality
    if modality is Modality.PROHIBITION and _BANS.search(before):
        modality = Modality.LIABILITY
    if re.match(r"不(?:再)?承担[^，]{0,20}责任", after):
        modality = Modality.LIABILITY
    if modality in (Modality.PERMISSION, Modality.OBLIGATION):
        opener = next(
            (m for m in segment.cues if m.start >= mark.end and m.cue and m.cue.kind is CueKind.OPENER), None
        )
        if opener and _NOUN.match(text[opener.end :]):
            opener = None
        if opener and opener.cue and _needed(text, opener, opener.cue, segment.end):
            between = text[mark.end : opener.start]
            orders = text.startswith("责令", opener.start) and not between
            public = AUTHORITY.search(before) and (modality is Modality.OBLIGATION or orders)
            if (
                not public
                and (len(between) <= 2 or _SOFT.match(between))
                and not re.search(r"请求|要求", between)
            ):
                modality = Modality.LIABILITY
    return Head(mark.start, modality, Phrase(mark.start, mark.end), mark.end)


def _needed(text: str, mark: Mark, cue: Cue, end: int) -> bool:
    return not cue.needs or any(word in text[mark.start : end] for word in cue.needs)


def _opener(marked: Marked, segment: Segment, mark: Mark) -> Head | None:
    """A consequence: the action begins behind who imposes it and whom it hits, before 依法, 并, 予以."""
    text = marked.text
    assert mark.cue is not None
    if not _needed(text, mark, mark.cue, segment.end) or _NOUN.match(text[mark.end :]):
        return None
    start = segment.start
    if text.startswith("除", start) and text.startswith("外", segment.end - 1):
        return None
    before = text[start : mark.start]
    cue = Phrase(mark.start, mark.end)
    if re.search(r"(?:请求|要求|主张|申请|索取)$", before):
        return None
    if match := re.match(r"(?:并|同时|或者|还)?(?:由|对)", before):
        named = phrase_after(marked, start + match.end(), mark.start)
        if named and text.startswith("的", named.end):
            return None  # 对申请人的责任赔偿能力进行审查
        at = named.end if named else start + match.end()
        return Head(at, Modality.LIABILITY, cue, at, opener=True)
    if before.endswith("不"):
        cue = Phrase(mark.start - 1, mark.end)
    named = subject(marked, start, cue.start)
    if named and named.end <= cue.start:
        return Head(named.end, Modality.LIABILITY, cue, named.end, opener=True)
    if re.search(r"(?:的|之)$|请求|要求|申请|体系|制度|保险|纠纷|案件|完善", before):
        return None  # a noun: 专门性保险赔偿体系
    return Head(start, Modality.LIABILITY, cue, start, opener=True)
