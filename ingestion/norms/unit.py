"""The unit of extraction: one 款 with its 项 and 目 (or one point of a text without 条), and its norms.

What a lead-in says governs the items: where it names conduct (不得有下列行为) each item is a norm with the
modality and bearer of the lead-in; where it names situations (有下列情形之一的) the items are the condition
of one norm; where it enumerates (包括下列内容) they belong to its action.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ingestion.norms.phrase import Phrase
from ingestion.norms.segmenter import Marked
from ingestion.norms.sentence import Sentence, sentences
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
_LEADS = re.compile(r"下列|以下|如下")
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
        if not drafts and not sentence.begins and stated:
            stated[-1] = _longer(stated[-1], sentence.end)
            drafts = []
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
    governing = stated[lead[-1]]
    match = None
    for match in _LEADS.finditer(words):
        pass
    at = body[0] + match.start() if match else body[1]
    draft = governing.draft
    condition = next((c for c in draft.conditions if c.start <= at < c.end), None)
    if condition is not None:
        grown = tuple(Phrase(c.start, last_end) if c is condition else c for c in draft.conditions)
        stated[lead[-1]] = replace(governing, draft=replace(draft, conditions=grown))
        return stated
    if draft.modality is Modality.DEFINITION or _ENUMERATES.search(words):
        own = [s for item in items for s in _own(marked, item, None)]
        if draft.modality is Modality.DEFINITION and any(s.draft.modality is Modality.DEFINITION for s in own):
            return [s for i, s in enumerate(stated) if i not in lead] + own
        stated[lead[-1]] = _longer(governing, last_end)
        return stated
    rest = [s for i, s in enumerate(stated) if i != lead[-1]]
    return rest + [s for item in items for s in _own(marked, item, governing)]


def _own(marked: Marked, item: Item, lead: Stated | None) -> list[Stated]:
    """What an item states: by its own cues, else by the lead-in's."""
    found: list[Stated] = []
    before: Draft | None = None
    for number, sentence in enumerate(sentences(marked, item.start, item.end)):
        drafts = [d for d in statements(marked, sentence, before) if lead is None or d.cue is not None]
        if lead is not None and lead.draft.modality is Modality.PROHIBITION:
            drafts = []
        if not drafts and lead is not None and number == 0:
            drafts = [_led(marked.text, item, sentence, lead.draft)]
        elif not drafts and found:
            found[-1] = _longer(found[-1], sentence.end)
            continue
        found += [Stated(item.provision, _with_bearer(d, lead), number, lead is not None) for d in drafts]
        before = found[-1].draft if found else None
    return found


def _led(text: str, item: Item, sentence: Sentence, lead: Draft) -> Draft:
    action = Phrase(item.start, _words_end(text, item))
    return replace(lead, action=action)


def _with_bearer(draft: Draft, lead: Stated | None) -> Draft:
    if lead is None or draft.bearer is not None:
        return draft
    return replace(draft, bearer=lead.draft.bearer)


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
