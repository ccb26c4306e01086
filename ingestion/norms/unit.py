"""The unit of extraction: one 款 with its 项 and 目 (or one point of a text without 条), and its norms.

What a lead-in says governs the items: where it names conduct (不得有下列行为) each item is a norm with the
modality and bearer of the lead-in; where it names situations (有下列情形之一的) the items are the condition
of one norm; where it enumerates (包括下列内容) they belong to its action.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ingestion.norms.lexicon import CueKind
from ingestion.norms.phrase import Phrase
from ingestion.norms.segmenter import Marked
from ingestion.norms.sentence import Sentence, Shape, sentences
from ingestion.norms.statement import Draft, statements
from kg.model import Provision
from kg.norm import Modality


@dataclass(frozen=True, slots=True)
class Stated:
    """A draft with the provision that states it; `led` tells that its bearer stands in the lead-in."""

    provision: Provision
    draft: Draft
    sentence: int
    led: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """A 项 or 目 of a unit: offsets of its words, behind its label, in the unit's text."""

    provision: Provision
    start: int
    end: int


_SITUATIONS = re.compile(r"下列(?:情形|情况|行为|条件|事项|原因|人员|[^，：。]{1,12})(?:之一)?的?[，：]?")
_THINGS = re.compile(
    r"^(?:下列|以下|如下)[^，：。]{0,8}(?:资料|材料|文件|内容|信息|数据|项目|证件|证明|事项|机构|顺序|方式|情况|因素|标准|资金|费用|凭证)"
)
_ALSO = re.compile(r"(?P<own>.{6,})，并(?:应当)?(?:遵守|符合|履行|具备|采取|做好)[^，]*(?:下列|以下)[^，]*$")
"""按照规范提供服务，并遵守下列规定: a duty of its own before the list."""
_LEADS = re.compile(r"下列|(?<![\d年月日元倍岁级])以下(?=[^，。；罚]{0,14}[：:])|如下")
"""以下 in 一万元以下罚款 or 责令暂停六个月以上一年以下执业活动 leads no list."""
_ENUMERATES = re.compile(r"包括|载明|列明|含义|是指|分为|内容|指下列|由下列|写明|记载")


def unit_norms(marked: Marked, head: Provision, body: tuple[int, int], items: Sequence[Item]) -> list[Stated]:
    """The norms of a unit: `body` are the offsets of its own words, `items` its 项 and 目 in order."""
    stated: list[Stated] = []
    lead: list[int] = []  # the drafts of the lead-in, if the items hang on one
    before: Draft | None = None
    number = 0
    for sentence in sentences(marked, *body):
        drafts = statements(marked, sentence, before if not sentence.begins else None)
        number += sentence.begins
        if not drafts and stated and (exception := exception_of(sentence)):
            stated[-1] = _excepted(stated[-1], exception)
        elif not drafts and not sentence.begins and stated:
            stated[-1] = _longer(stated[-1], sentence.end)
        first = len(stated)
        stated += [Stated(head, draft, number) for draft in drafts]
        before = stated[-1].draft if stated else None
        if sentence.leads:
            lead = list(range(first, len(stated)))
    if not items:
        return stated
    return _with_items(marked, stated, lead, body, items)


def _with_items(
    marked: Marked, stated: list[Stated], lead: list[int], body: tuple[int, int], items: Sequence[Item]
) -> list[Stated]:
    text = marked.text
    words = text[body[0] : body[1]]
    last_end = _words_end(text, items[-1])
    if not lead:  # 有下列情形之一的：with the consequence in the items, or no statement at all
        return stated + [s for item in items for s in _own(marked, item, None)]
    at = body[0] + max((m.start() for m in _LEADS.finditer(words)), default=len(words))
    for index, one in enumerate(stated):
        if (grown := _grown(one.draft, at, last_end, _body_end(text, body))) is not None:
            stated[index] = replace(one, draft=grown)
            return stated
    governing = stated[lead[-1]]
    draft = governing.draft
    if draft.cue is not None and at < draft.cue.start and draft.modality is not Modality.DEFINITION:
        return stated  # 下列场所可以…: the items are whom it concerns
    if _THINGS.search(words[max(0, at - body[0]) :]):
        stated[lead[-1]] = _longer(governing, last_end)
        return stated
    if draft.modality is Modality.DEFINITION or _ENUMERATES.search(words):
        own = [s for item in items for s in _own(marked, item, None)]
        if draft.modality is Modality.DEFINITION and any(
            s.draft.modality is Modality.DEFINITION for s in own
        ):
            return [s for i, s in enumerate(stated) if i not in lead] + own
        stated[lead[-1]] = _longer(governing, last_end)
        return stated
    rest = [s for i, s in enumerate(stated) if i != lead[-1]]
    if draft.action and (match := _ALSO.match(text[draft.action.start : draft.action.end])):
        whole = Phrase(draft.action.start, draft.action.start + match.end("own"))
        rest.append(replace(governing, draft=replace(draft, action=whole)))
    return rest + [s for item in items for s in _own(marked, item, governing)]


def _grown(draft: Draft, at: int, end: int, lead_end: int) -> Draft | None:
    """The draft with its condition or exception reaching over the items, if the lead-in stands in it.

    An exception with the norm itself between it and the items stays as it is: 除收取下列费用外，不得收取…：
    """
    for phrase in draft.conditions:
        if phrase.start <= at < phrase.end:
            conditions = tuple(Phrase(c.start, end) if c is phrase else c for c in draft.conditions)
            return replace(draft, conditions=conditions)
    if draft.exception is not None and draft.exception.start <= at < draft.exception.end:
        ends = draft.exception.end >= lead_end
        return replace(draft, exception=Phrase(draft.exception.start, end)) if ends else draft
    return None


def exception_of(sentence: Sentence) -> Phrase | None:
    """The exception that a sentence is made of: 法律另有规定的除外。"""
    shapes = {s.shape for s in sentence.segments}
    if Shape.EXCEPTION in shapes and all(
        s.shape is Shape.EXCEPTION or s.end - s.start <= 2 for s in sentence.segments
    ):
        return Phrase(sentence.start, sentence.end)
    return None


def _excepted(stated: Stated, exception: Phrase) -> Stated:
    if stated.draft.exception is not None:
        return stated
    return replace(stated, draft=replace(stated.draft, exception=exception))


def _own(marked: Marked, item: Item, lead: Stated | None) -> list[Stated]:
    """What an item states: by its own cues, else by the lead-in's."""
    found: list[Stated] = []
    before: Draft | None = None
    for number, sentence in enumerate(sentences(marked, item.start, item.end)):
        drafts = statements(marked, sentence, before)
        if lead is not None and not any(_is_modal(marked, d) for d in drafts):
            drafts = [_led(marked.text, item, sentence, lead.draft)] if number == 0 else []
        elif not drafts and found:
            found[-1] = _longer(found[-1], sentence.end)
            continue
        found += [Stated(item.provision, _with_bearer(d, lead), number, lead is not None) for d in drafts]
        before = found[-1].draft if found else None
    return found


def _is_modal(marked: Marked, draft: Draft) -> bool:
    kinds = (CueKind.MODAL, CueKind.WORD)
    return draft.cue is not None and any(
        m.start == draft.cue.start and m.cue is not None and m.cue.kind in kinds for m in marked.cues
    )


def _led(text: str, item: Item, sentence: Sentence, lead: Draft) -> Draft:
    """The item as an action of the lead-in, under its own condition if it begins with one."""
    end = _words_end(text, item)
    segments = sentence.segments
    last = 0
    while last < len(segments) - 1 and segments[last].shape is Shape.CONDITION:
        last += 1
    if last and text[segments[last - 1].end - 1] in "的时后下":
        condition = Phrase(segments[0].start, segments[last - 1].end)
        return replace(lead, conditions=(condition,), action=Phrase(segments[last].start, end))
    return replace(lead, action=Phrase(sentence.start, end))


def _with_bearer(draft: Draft, lead: Stated | None) -> Draft:
    if lead is None or draft.bearer is not None:
        return draft
    return replace(draft, bearer=lead.draft.bearer)


def _body_end(text: str, body: tuple[int, int]) -> int:
    return body[0] + len(text[body[0] : body[1]].rstrip(" \u3000\n；;。，：:"))


def _words_end(text: str, item: Item) -> int:
    end = item.end
    while end > item.start and text[end - 1] in " \u3000\n；;。，":
        end -= 1
    return end


def _longer(stated: Stated, end: int) -> Stated:
    action = stated.draft.action
    if action is None or end <= action.end:
        return stated
    return replace(stated, draft=replace(stated.draft, action=Phrase(action.start, end)))
