"""One sentence to its norms: where each begins, what modality it has, which words are condition and action."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from ingestion.norms.lexicon import Cue, CueKind
from ingestion.norms.phrase import Phrase, is_person, strip_lead, subject
from ingestion.norms.predicate import AUTHORITY, Predicate, bare, is_purpose, predicate
from ingestion.norms.segmenter import Mark, Marked
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


@dataclass(frozen=True, slots=True)
class _Head:
    """Where a norm begins in a segment: its modality, the cue if it is written, where the action begins."""

    at: int
    modality: Modality
    cue: Phrase | None
    action: int
    opener: bool = False


@dataclass(slots=True)
class _State:
    pending: list[Segment] = field(default_factory=list)
    drafts: list[Draft] = field(default_factory=list)
    open_: bool = False
    but: int | None = None


_JOINS = re.compile(r"(?:并|并且|但|但是|且|也|均|还|、|或者|又|而|同时|和)$")
_REPORTED = re.compile(r"(?:认为|规定|要求|约定|所|依法|确认|明知|知道|应当知道|视为|请求|属于|证明|是否|承诺|标准)$")
_ADVERBS = r"(?:依法|并|可以|应当|同时|均|一并|分别|由其|先行|予以|依照[^，]{0,20}|按照[^，]{0,20}|并可以|还|也|处以?|一律|立即|对其|从重|与[^，]{1,14}|直接)"
_SOFT = re.compile(rf"^(?:{_ADVERBS}|由[^，]{{2,60}}|对[^，]{{1,60}}|向[^，]{{1,24}})*$")


def statements(marked: Marked, sentence: Sentence, before: Draft | None) -> list[Draft]:
    """The norms of a sentence; `before` is the last norm of the half sentences before it.

    A half sentence with neither a cue nor a condition nor a bearer of its own states nothing new: the list is
    then empty, and the caller lengthens `before`.
    """
    segments = sentence.segments
    words = marked.text[sentence.start : sentence.end]
    if is_purpose(words):
        whole = Phrase(sentence.start, sentence.end)
        return [Draft(Modality.PURPOSE, None, None, whole, thing=True)]
    heads = {id(s): _heads(marked, s) for s in segments}
    if not any(heads.values()):
        heads |= _bare_heads(marked, sentence, before)
    state = _State()
    for index, segment in enumerate(segments):
        more = any(heads[id(s)] for s in segments[index + 1 :])
        _take(marked, state, segment, heads[id(segment)], more=more)
    return state.drafts


def _bare_heads(marked: Marked, sentence: Sentence, before: Draft | None) -> dict[int, list[_Head]]:
    """The one head of a sentence without a cue, if it states anything."""
    conditional = any(s.shape is Shape.CONDITION for s in sentence.segments)
    for segment in sentence.segments:
        if segment.shape is Shape.PLAIN and (found := bare(marked, segment)):
            modality = found.modality
            if before is not None and not sentence.begins and before.modality is not Modality.DECLARATION:
                modality = before.modality
            return {id(segment): [_Head(found.at, modality, None, found.action)]}
    last = sentence.segments[-1]
    if sentence.begins or not conditional or before is None:
        return {}
    return {id(last): [_Head(last.start, before.modality, None, last.start)]}


def _take(marked: Marked, state: _State, segment: Segment, heads: Sequence[_Head], *, more: bool) -> None:
    text = marked.text
    words = text[segment.start : segment.end]
    if words in ("但", "但是"):
        state.but = segment.start
        return
    if segment.shape is Shape.EXCEPTION or (heads == [] and state.but is not None and words.endswith("除外")):
        _except(state, segment)
        return
    if not heads:
        if state.open_ and not (more and _begins_anew(marked, segment)):
            _extend(state, segment.end)
        else:
            state.open_ = False
            state.pending.append(segment)
        return
    position = segment.start
    for head in heads:
        ends = [h.at for h in heads if h.at > head.at]
        end = min([*ends, segment.end])
        if head.opener and state.open_ and not state.pending and _goes_on(marked, state, position, head):
            _extend(state, end)
        else:
            if state.drafts and state.open_:
                _extend(state, min(_trim(text, position, strip_lead(text, position, head.at)), segment.end))
            state.drafts.append(_draft(marked, state, segment, position, head, end))
            state.pending, state.open_, state.but = [], True, None
        position = end


def _begins_anew(marked: Marked, segment: Segment) -> bool:
    if segment.shape in (Shape.CONDITION, Shape.BASIS, Shape.PURPOSE):
        return True
    return is_person(marked, segment.start, segment.end) and bool(subject(marked, segment.start, segment.end))


def _goes_on(marked: Marked, state: _State, position: int, head: _Head) -> bool:
    """Whether a further consequence belongs to the norm before it: 责令改正，并处罚款."""
    last = state.drafts[-1]
    words = marked.text[position : head.at]
    return last.modality is Modality.LIABILITY and not re.search(r"对[^，]{2,}|由[^，]{2,}", words)


def _extend(state: _State, end: int) -> None:
    last = state.drafts[-1]
    if last.action is not None and end > last.action.start:
        state.drafts[-1] = replace(last, action=Phrase(last.action.start, max(end, last.action.end)))


def _except(state: _State, segment: Segment) -> None:
    start = state.but if state.but is not None else segment.start
    span = Phrase(start, segment.end)
    if state.open_ and state.drafts[-1].exception is None:
        state.drafts[-1] = replace(state.drafts[-1], exception=span)
    else:
        state.pending.append(segment)
    state.but = None


# -- where norms begin ---------------------------------------------------------------------------------


def _heads(marked: Marked, segment: Segment) -> list[_Head]:
    if segment.shape in (Shape.CONDITION, Shape.EXCEPTION):
        return []
    found: list[_Head] = []
    for mark in segment.cues:
        cue = mark.cue
        assert cue is not None
        if cue.kind in (CueKind.MODAL, CueKind.WORD):
            head = _modal(marked, segment, mark, cue, found)
        elif cue.kind is CueKind.OPENER:
            head = _opener(marked, segment, mark, cue, found)
        else:
            head = None
        if head:
            found.append(head)
    if not found and (weak := predicate(marked, segment)):
        found.append(_from_predicate(weak))
    return found


def _from_predicate(weak: Predicate) -> _Head:
    return _Head(weak.at, weak.modality, weak.cue, weak.action)


def _modal(marked: Marked, segment: Segment, mark: Mark, cue: Cue, found: Sequence[_Head]) -> _Head | None:
    text = marked.text
    before = text[segment.start : mark.start]
    if _REPORTED.search(before) and not re.search(r"(?:^|[^确])依法$", before):
        return None
    if found and not _JOINS.search(before):
        return None
    if cue.needs and not any(w in text[mark.end : segment.end] for w in cue.needs):
        return None
    after = text[mark.end : segment.end]
    modality = cue.modality
    consequence = _consequence(segment, mark.end)
    if consequence is not None and modality in (Modality.PERMISSION, Modality.OBLIGATION):
        between = text[mark.end : consequence.start]
        if len(between) <= 2 or _SOFT.match(between) or re.search(r"(?:的|造成|依法)", between):
            return _Head(mark.start, Modality.LIABILITY, Phrase(mark.start, mark.end), mark.end)
    if re.match(r"不(?:再)?承担[^，]{0,20}责任", after):
        modality = Modality.LIABILITY
    return _Head(mark.start, modality, Phrase(mark.start, mark.end), mark.end)


def _consequence(segment: Segment, start: int) -> Mark | None:
    return next(
        (
            m
            for m in segment.cues
            if m.start >= start and m.cue and m.cue.kind is CueKind.OPENER
        ),
        None,
    )


def _opener(marked: Marked, segment: Segment, mark: Mark, cue: Cue, found: Sequence[_Head]) -> _Head | None:
    text = marked.text
    if found:
        return None
    if cue.needs and not any(w in text[mark.start : segment.end] for w in cue.needs):
        return None
    before = text[segment.start : mark.start]
    begin = mark.start
    for lead in ("依法", "并", "应", "可"):
        if before.endswith(lead):
            begin -= len(lead)
            break
    return _Head(begin, Modality.LIABILITY, Phrase(mark.start, mark.end), begin, opener=True)


# -- one norm ------------------------------------------------------------------------------------------


def _draft(
    marked: Marked, state: _State, segment: Segment, position: int, head: _Head, end: int
) -> Draft:
    text = marked.text
    conditions = [
        Phrase(strip_lead(text, s.start, s.end), s.end) for s in state.pending if s.shape is Shape.CONDITION
    ]
    exception = next((Phrase(s.start, s.end) for s in state.pending if s.shape is Shape.EXCEPTION), None)
    bearer, thing = None, False
    authority: Phrase | None = None
    begin = strip_lead(text, position, head.at)
    own = subject(marked, begin, head.at)
    pre = text[begin : head.at]
    if head.modality is Modality.LIABILITY and (match := re.match(r"(?:应当)?由", pre)):
        authority = subject(marked, begin + match.end(), head.at)
    elif head.modality is Modality.LIABILITY and (match := re.match(r"(?:并|同时)?对", pre)):
        bearer = _after(marked, begin + match.end(), head.at)
    elif own is not None:
        bearer = own
        conditions += _adverbial(marked, own.end, head.at)
    elif match := re.search(r"由", pre):
        bearer = subject(marked, begin + match.end(), head.at)
        conditions += _adverbial(marked, begin, begin + match.start())
        thing = bearer is None
    else:
        conditions += _adverbial(marked, begin, head.at)
        thing = bool(pre.strip()) and not _adverbial(marked, begin, head.at) and not _is_adverb(pre)
    if bearer is None:
        for waiting in reversed(state.pending):
            if waiting.shape is Shape.PLAIN and (named := subject(marked, waiting.start, waiting.end)):
                bearer = named
                break
    if bearer is None and not thing:
        for waiting in state.pending:
            if waiting.shape is Shape.CONDITION and (named := _actor(marked, waiting)):
                bearer = named
                break
    if not conditions:
        conditions = [
            Phrase(s.start, s.end)
            for s in state.pending
            if s.shape is Shape.PLAIN and re.match(r"开展|从事|进行|举办|设立|申请|生产|经营|运输|使用|处理|实施|采集|销售", text[s.start : s.end])
        ]
    action = Phrase(*_strip(text, head.action, end))
    return Draft(head.modality, head.cue, bearer, action, tuple(conditions), exception, authority, thing)


def _after(marked: Marked, start: int, end: int) -> Phrase | None:
    from ingestion.norms.phrase import phrase_after

    return phrase_after(marked, start, end)


def _actor(marked: Marked, segment: Segment) -> Phrase | None:
    """Whose conduct a condition describes: 医师 in 医师发现…时; the whole of 提出申请的单位."""
    return subject(marked, segment.start, segment.end)


_CONDITIONAL = re.compile(
    r"(?:在[^，]{1,40}(?:中|时|后|前|期间|情况下|内|上)|[^，]{1,40}(?:时|后|前|的|期间|情况下)$|因[^，]{2,}|未经[^，]+|经[^，]{2,}|发现[^，]+|发生[^，]+|如[^，]+|需要?[^，]+|对[^，]{1,40}的)"
)


def _adverbial(marked: Marked, start: int, end: int) -> list[Phrase]:
    """The words between bearer and modal, if they tell when the norm applies."""
    start, end = _strip(marked.text, start, end)
    match = _CONDITIONAL.match(marked.text[start:end])
    return [Phrase(start, start + match.end())] if match else []


def _is_adverb(words: str) -> bool:
    return bool(re.fullmatch(r"(?:并|依法|同时|均|也|还|一般|原则上|必要时|及时|但|但是|至少|首先|不|特别|方|则|\s)*", words))


def _strip(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start] in " \u3000\n，,":
        start += 1
    while end > start and text[end - 1] in " \u3000\n，,；;。":
        end -= 1
    return start, end


def _trim(text: str, start: int, end: int) -> int:
    del end
    while start > 0 and text[start - 1] in " \u3000\n，,；;。":
        start -= 1
    return start
