"""One sentence to its norms: which words are bearer, condition, action and exception of each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from ingestion.norms.circumstance import BLANK, adverbial, is_activity, is_adverb, region, strip
from ingestion.norms.head import Head, heads
from ingestion.norms.phrase import Phrase, actor, is_person, phrase_after, strip_lead, subject
from ingestion.norms.predicate import AUTHORITY, STATE, bare, definition, is_purpose
from ingestion.norms.segmenter import Marked
from ingestion.norms.sentence import Segment, Sentence, Shape
from kg.norm import Modality


@dataclass(frozen=True, slots=True)
class Draft:
    """A norm under construction: offsets in the unit's text. `thing` tells that its subject is no person."""

    modality: Modality
    cue: Phrase | None
    bearer: Phrase | None
    action: Phrase | None
    conditions: tuple[Phrase, ...] = ()
    exception: Phrase | None = None
    authority: Phrase | None = None  # who acts on the bearer: 由X责令改正
    thing: bool = False


@dataclass(slots=True)
class _State:
    pending: list[Segment] = field(default_factory=list)
    drafts: list[Draft] = field(default_factory=list)
    open_: bool = False
    but: int | None = None
    before: Draft | None = None  # the last norm of the half sentence before


_NULL_BEARER = re.compile(r"(?:认定|视|推定)为")


def statements(marked: Marked, sentence: Sentence, before: Draft | None) -> list[Draft]:
    """The norms of a sentence; `before` is the last norm of the half sentences before it.

    A half sentence with neither a cue nor a condition nor a bearer of its own states nothing new: the list is
    then empty, and the caller lengthens `before`.
    """
    segments = sentence.segments
    words = marked.text[sentence.start : sentence.end]
    if is_purpose(words):
        return [Draft(Modality.PURPOSE, None, None, Phrase(sentence.start, sentence.end), thing=True)]
    if defined := definition(marked, sentence):
        action = Phrase(*strip(marked.text, defined.action, sentence.end))
        return [Draft(Modality.DEFINITION, defined.cue, None, action, thing=True)]
    found = {id(s): heads(marked, s) for s in segments}
    _drop_reported(found, segments)
    if any(found.values()):
        _add_earlier(marked, found, segments)
    else:
        found |= _bare_heads(marked, sentence, before)
    state = _State(before=before)
    for index, segment in enumerate(segments):
        more = any(found[id(s)] or _handed_on(marked, s) for s in segments[index + 1 :])
        _take(marked, state, segment, found[id(segment)], more=more)
    return state.drafts


def _drop_reported(found: dict[int, list[Head]], segments: Sequence[Segment]) -> None:
    """人民法院适用…的规定，认定…，应当…: applying a law is no statement where a duty follows."""
    for index, segment in enumerate(segments):
        weak = found[id(segment)] and found[id(segment)][0].modality is Modality.DECLARATION
        if weak and any(
            h.cue and h.modality is not Modality.DECLARATION
            for s in segments[index + 1 :]
            for h in found[id(s)]
        ):
            head = found[id(segment)][0]
            if head.at == segment.start and not head.opener:
                found[id(segment)] = []


_DEALT_WITH = re.compile(r"(?:依法|按照规定|按规定|予以|进行)处理$|予以撤销")
_WRONG = re.compile(r"违反|违法|不合格|虚假|隐瞒|擅自|不正当|欺骗|伪造")
_DIED = re.compile(r"(?:已经?)?死亡(?:的|时|后)?$")
_ADDS = re.compile(r"并|且|同时|但")


def _add_earlier(marked: Marked, found: dict[int, list[Head]], segments: Sequence[Segment]) -> None:
    """保险公司垫付抢救费用，并有权追偿: what is said before 并 is a norm too, though it has no cue."""
    for segment, following in pairwise(segments):
        if found[id(segment)]:
            return
        if segment.shape is not Shape.PLAIN or not (own := bare(marked, segment)):
            continue
        words = marked.text[segment.start : segment.end]
        charged = marked.text.startswith("负责", following.start) and own.modality is not Modality.DECLARATION
        added = found[id(following)] and (charged or _ADDS.match(marked.text, following.start))
        if added or words.startswith("由"):
            found[id(segment)] = [Head(own.at, own.modality, None, own.action)]
            return


def _bare_heads(marked: Marked, sentence: Sentence, before: Draft | None) -> dict[int, list[Head]]:
    """The one head of a sentence without a cue, if it states anything."""
    segments = sentence.segments
    last = max((i for i, s in enumerate(segments[:-1]) if s.shape is Shape.CONDITION), default=-1)
    liability = before is not None and before.modality is Modality.LIABILITY
    named = False  # whether a segment was nothing but somebody's name
    for segment in segments[last + 1 :]:
        if segment.shape is Shape.PLAIN and (found := bare(marked, segment)):
            if before is not None and found.at == segment.start:
                return {}  # nobody new: the half sentence goes on with what was said before
            modality = found.modality
            if named and modality is Modality.DECLARATION and found.at == segment.start:
                return {id(segment): [Head(found.at, Modality.OBLIGATION, None, found.action)]}
            words = marked.text[sentence.start : sentence.end]
            dealt = _DEALT_WITH.search(words) and _WRONG.search(words)
            if (liability or dealt) and modality is Modality.OBLIGATION:
                modality = Modality.LIABILITY
            return {id(segment): [Head(found.at, modality, None, found.action)]}
        own = actor(marked, segment.start, segment.end)
        named |= own is not None and own.end == segment.end
        if segment.shape is Shape.PLAIN and last >= 0:
            break
    if 0 <= last < len(segments) - 1:
        following = segments[last + 1]
        modality = Modality.LIABILITY if liability else Modality.OBLIGATION
        start = following.start
        return {id(following): [Head(start, modality, None, start)]}
    return {}


def _take(marked: Marked, state: _State, segment: Segment, found: Sequence[Head], *, more: bool) -> None:
    text = marked.text
    words = text[segment.start : segment.end]
    if words in ("但", "但是"):
        state.but = segment.start
        return
    if segment.shape is Shape.EXCEPTION:
        _except(state, segment)
        return
    if not found and state.open_ and (by := _handed_on(marked, segment) or _another(marked, state, segment)):
        found = [by]
    if not found:
        if state.open_ and not (more and _begins_anew(marked, segment)):
            _extend(state, segment.end)
        else:
            state.open_ = False
            state.pending.append(segment)
        return
    position = segment.start
    for index, head in enumerate(found):
        end = found[index + 1].at if index + 1 < len(found) else segment.end
        if state.open_ and not state.pending and _goes_on(marked, state, position, head):
            words = text[head.cue.start : head.cue.end] if head.cue else ""
            consequence = head.opener and head.modality is Modality.LIABILITY and words != "承担"
            if consequence and state.drafts[-1].modality is Modality.OBLIGATION:
                state.drafts[-1] = replace(state.drafts[-1], modality=Modality.LIABILITY)
            _extend(state, end)
        else:
            state.drafts.append(_draft(marked, state, segment, position, head, end))
            state.pending, state.open_, state.but = [], True, None
        position = end


_HANDS_ON = re.compile(r"(?:并|同时|再)?由(?!该|其|此|于)")


def _handed_on(marked: Marked, segment: Segment) -> Head | None:
    """准予备案，由药品监督管理局发出通关单: what another authority does then is a norm of its own."""
    match = _HANDS_ON.match(marked.text[segment.start : segment.end])
    if segment.shape is not Shape.PLAIN or match is None:
        return None
    by = phrase_after(marked, segment.start + match.end(), segment.end)
    if by and marked.text.startswith("对", by.end) and is_person(marked, by.end, segment.end):
        return None  # 由卫生主管部门对…责任人员，没收…
    if by is None or by.end >= segment.end or not AUTHORITY.search(marked.text[by.start : by.end]):
        return None
    power = re.match(r"代行|管辖|负责", marked.text[by.end : segment.end])
    return Head(by.end, Modality.POWER if power else Modality.OBLIGATION, None, by.end)


def _another(marked: Marked, state: _State, segment: Segment) -> Head | None:
    """人民政府应当健全…体系，村民委员会协助做好…: somebody else is said to do something."""
    if segment.shape is not Shape.PLAIN or state.drafts[-1].modality is Modality.DEFINITION:
        return None
    own = actor(marked, segment.start, segment.end)
    if own is None or own.end >= segment.end or not marked.tag_at(own.end).startswith(("v", "d")):
        return None
    if not any(m.start == own.start and m.end - m.start > 2 for m in marked.parties):
        return None
    if marked.text[own.end] in "的为是" or "的" in marked.text[own.start : own.end]:
        return None
    said = bare(marked, segment)
    return Head(said.at, said.modality, None, said.action) if said else None


_ALSO_DONE = re.compile(r"(?:符合|属于|达到|超过|具有)[^，]*(?<![的时后前])$")
"""应当具备条件，符合规定，不得…: part of what should be done."""


def _begins_anew(marked: Marked, segment: Segment) -> bool:
    if segment.shape is Shape.CONDITION and _ALSO_DONE.match(marked.text[segment.start : segment.end]):
        return False
    if segment.shape in (Shape.CONDITION, Shape.PURPOSE):
        return True
    if segment.shape is Shape.BASIS:
        return True
    if re.match(r"由[^，]+对[^，]+", marked.text[segment.start : segment.end]):
        return is_person(marked, segment.start, segment.end)
    return is_person(marked, segment.start, segment.end) and bool(actor(marked, segment.start, segment.end))


_DATES = re.compile(r"^[^，。；]*(?:施行|废止|生效)")
_BY_LAW = re.compile(r"^(?:依照|按照|根据|比照|以|参照)[^，]*$")


def _goes_on(marked: Marked, state: _State, position: int, head: Head) -> bool:
    """Whether a further consequence belongs to the norm before it: 责令改正，可以并处罚款."""
    last = state.drafts[-1]
    words = marked.text[position : head.at]
    action = marked.text[last.action.start : last.action.end] if last.action else ""
    if re.search(r"对[^，]{2,}|由[^，]{2,}", words):
        return False
    if head.opener and head.modality in (Modality.DECLARATION, Modality.RIGHT):
        return not _DATES.search(marked.text[head.at :])
    cue = marked.text[head.cue.start : head.cue.end] if head.cue else ""
    if cue == "负责" and not words.strip(BLANK):
        return last.modality is not Modality.POWER
    if cue == "承担" and last.modality is Modality.OBLIGATION and last.cue and not words.strip(BLANK):
        return True
    if head.opener and last.modality is Modality.OBLIGATION:
        return bool(_BY_LAW.match(action) or _NULL_BEARER.match(action))
    if last.modality is not Modality.LIABILITY:
        return False
    if head.opener:
        return subject(marked, position, head.at) is None
    short = len(words.strip(BLANK)) <= 3 or re.search(r"(?:年|个月)内$|终身$", words)
    return head.modality in (Modality.LIABILITY, Modality.PERMISSION) and bool(short)


def _extend(state: _State, end: int) -> None:
    last = state.drafts[-1]
    if last.action is not None and end > last.action.end:
        state.drafts[-1] = replace(last, action=Phrase(last.action.start, end))


def _except(state: _State, segment: Segment) -> None:
    start = state.but if state.but is not None else segment.start
    state.but = None
    if state.drafts and state.drafts[-1].exception is None:
        state.drafts[-1] = replace(state.drafts[-1], exception=Phrase(start, segment.end))
    else:
        state.pending.append(segment)


# -- one norm ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Who:
    bearer: Phrase | None = None
    authority: Phrase | None = None
    conditions: tuple[Phrase, ...] = ()
    thing: bool = False
    action: int | None = None


def _draft(marked: Marked, state: _State, segment: Segment, position: int, head: Head, end: int) -> Draft:
    text = marked.text
    begin = strip_lead(text, position, head.at)
    who = _who(marked, head, begin, end)
    if head.modality in (Modality.DELEGATION, Modality.DECLARATION) and begin == head.at:
        return _declared(marked, state, head, end)
    bearer, thing = who.bearer, who.thing
    pending = state.pending
    towards = next((s for s in pending if text.startswith("对", s.start)), None)
    if head.modality is Modality.LIABILITY and bearer is None and towards is not None:
        bearer = phrase_after(marked, towards.start + 1, towards.end)
    from_pending: Phrase | None = None
    if bearer is None:
        from_pending, thing = _waiting_bearer(marked, pending, thing=thing)
        bearer = from_pending
    if _NULL_BEARER.match(text[head.action : end]) and not _is_court(text, bearer):
        bearer, from_pending, thing = None, None, True
    applies = region(marked, pending, from_pending, head.modality, thing=thing)
    conditions = (*((applies,) if applies else ()), *who.conditions)
    exception = next((Phrase(s.start, s.end) for s in pending if s.shape is Shape.EXCEPTION), None)
    begins = who.action if who.action is not None else head.action
    if head.opener and begins == segment.start and pending and pending[-1].shape is Shape.BASIS:
        begins = _basis_start(pending)
    action = Phrase(*strip(text, begins, end))
    waits = any(s.shape is Shape.CONDITION for s in pending)
    liability = head.modality is Modality.LIABILITY
    handed = head.cue is None and state.open_
    if (
        not conditions
        and not waits
        and state.drafts
        and not thing
        and (bearer is None or liability or handed)
    ):
        conditions = state.drafts[-1].conditions
    if not conditions and not waits and state.drafts and bearer is not None and _leads(state.drafts[-1]):
        conditions = state.drafts[-1].conditions
    if not conditions and not waits and liability and towards is not None and not state.drafts:
        conditions = _of_the_breach(state.before)
    modality = _by_bearer(marked, head, bearer)
    authority = who.authority
    earlier = state.drafts[-1] if state.drafts else state.before
    if liability and authority is None and earlier is not None:
        authority = earlier.authority
    return Draft(modality, head.cue, bearer, action, conditions, exception, authority, thing)


def _by_bearer(marked: Marked, head: Head, bearer: Phrase | None) -> Modality:
    """What depends on who is meant: an authority that 应当责令 has a duty, nobody else's 负责 is a power."""
    if bearer is None:
        return head.modality
    if head.cue is None:
        state = head.modality is Modality.OBLIGATION and STATE.fullmatch(
            marked.text, bearer.start, bearer.end
        )
        return Modality.DECLARATION if state else head.modality
    public = AUTHORITY.search(marked.text[bearer.start : bearer.end])
    cue = marked.text[head.cue.start : head.cue.end]
    if head.modality is Modality.LIABILITY and cue == "应当" and public:
        return Modality.OBLIGATION
    if head.modality is Modality.POWER and cue == "负责" and not public:
        return Modality.OBLIGATION
    return head.modality


def _of_the_breach(before: Draft | None) -> tuple[Phrase, ...]:
    """违反…的，责令改正；对直接负责的主管人员，由…处分: the breach is the same."""
    return before.conditions if before is not None and before.modality is Modality.LIABILITY else ()


def _leads(draft: Draft) -> bool:
    """发生食品安全事故，A应当…，B应当…: a condition before the first bearer is one of the whole sentence."""
    return bool(draft.conditions) and (draft.bearer is None or draft.conditions[0].end <= draft.bearer.start)


def _is_court(text: str, bearer: Phrase | None) -> bool:
    return bearer is not None and text[bearer.start : bearer.end].endswith(("法院", "部门", "机关"))


def _basis_start(pending: Sequence[Segment]) -> int:
    """依照刑法第…条的规定，以…罪定罪处罚: the basis belongs to the consequence."""
    start = pending[-1].start
    for waiting in reversed(pending):
        if waiting.shape is not Shape.BASIS:
            break
        start = waiting.start
    return start


def _declared(marked: Marked, state: _State, head: Head, end: int) -> Draft:
    text = marked.text
    bearer = None
    if head.modality is Modality.DELEGATION and head.cue:
        at = text.rfind("由", head.at, head.cue.start)
        bearer = Phrase(*strip(text, at + 1, head.cue.start)) if at >= 0 else None
        bearer = phrase_after(marked, bearer.start, bearer.end) or bearer if bearer else None
    elif any("违反" in text[s.start : s.end] for s in state.pending):
        bearer, _ = _waiting_bearer(marked, state.pending[:1], thing=False)  # the offender, for what follows
    applies = region(marked, state.pending, None, Modality.LIABILITY, thing=False)
    before = state.pending[-1] if state.pending else None
    if (
        head.modality is Modality.DELEGATION
        and text.startswith("由", head.at)
        and before
        and before.shape is Shape.PLAIN
    ):
        begins = before.start  # 具体办法，由…制定
    else:
        begins = head.action
    action = Phrase(*strip(text, begins, end))
    return Draft(head.modality, head.cue, bearer, action, (applies,) if applies else (), None, None, True)


def _who(marked: Marked, head: Head, begin: int, end: int) -> _Who:
    """Who stands before the head, and when."""
    text = marked.text
    pre = text[begin : head.at]
    after = text[head.action : end]
    if head.modality is Modality.LIABILITY:
        if match := re.match(r"(?:应当)?由", pre):
            by = phrase_after(marked, begin + match.end(), head.at)
            bears = re.match(
                r"(?:依法)?(?:全额|共同|先行|连带)?(?:承担|赔偿|垫付|补偿|负)", text[head.action : end]
            )
            public = by and AUTHORITY.search(text[by.start : by.end])
            return _Who(bearer=by) if bears and not public else _Who(authority=by)
        if match := re.match(r"对", pre):
            return _Who(bearer=phrase_after(marked, begin + match.end(), head.at))
        own = subject(marked, begin, head.at)
        if own and AUTHORITY.search(text[own.start : own.end]):
            return _Who(authority=own)
        if match := re.match(r"由", after):
            by = phrase_after(marked, head.action + 1, end)
            if by and AUTHORITY.search(text[by.start : by.end]):
                return _Who(authority=by, action=by.end)
            if by:
                return _Who(bearer=by, action=by.end)
    if re.match(r"由", after) and (by := phrase_after(marked, head.action + 1, end)):
        return _Who(bearer=by, action=by.end, conditions=tuple(adverbial(marked, begin, head.at)))
    if head.cue and text[head.cue.start : head.cue.end] in ("禁止", "严禁"):
        by = actor(marked, head.action, end)
        if by and by.end < end and not text.startswith("的", by.end):
            return _Who(bearer=by, action=by.end)
        return _Who(thing=True)
    own = subject(marked, begin, head.at)
    if own is not None:
        return _Who(bearer=own, conditions=tuple(adverbial(marked, own.end, head.at)))
    if match := re.search(r"由", pre):
        by = phrase_after(marked, begin + match.end(), head.at)
        return _Who(
            bearer=by, conditions=tuple(adverbial(marked, begin, begin + match.start())), thing=by is None
        )
    inline = adverbial(marked, begin, head.at)
    if not inline and is_activity(pre):
        inline = [Phrase(*strip(text, begin, head.at))]  # 进入疫源地捕猎旱獭应按照…
    return _Who(conditions=tuple(inline), thing=bool(pre.strip()) and not inline and not is_adverb(pre))


def _waiting_bearer(marked: Marked, pending: Sequence[Segment], *, thing: bool) -> tuple[Phrase | None, bool]:
    """Who the segments before the norm speak of, and whether they speak of a thing instead."""
    if thing:
        return None, True
    for waiting in reversed(pending):
        relative = re.search(r"的[^，的]{1,8}$", marked.text[waiting.start : waiting.end])
        if waiting.shape is Shape.BASIS and relative and is_person(marked, waiting.start, waiting.end):
            return Phrase(waiting.start, waiting.end), False  # 依照本法取得资格的人员
        if waiting.shape in (Shape.EXCEPTION, Shape.BASIS):
            continue
        if named := actor(marked, waiting.start, waiting.end):
            if _DIED.match(marked.text[named.end : waiting.end]):
                continue  # 患者死亡的，应当提供…: somebody else should
            return named, False
    noun = next((s for s in pending if s.shape is Shape.PLAIN and s is pending[-1]), None)
    if noun is not None and not marked.tag_at(noun.start).startswith(("v", "p", "d")):
        return None, True
    return None, False
