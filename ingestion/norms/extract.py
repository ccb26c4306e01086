"""All norms of a text: its units in order, elided bearers resolved from what was said before, spans cut out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ingestion.norms.evidence import Evidences
from ingestion.norms.phrase import Phrase, parties_in, phrase_after, subject
from ingestion.norms.predicate import AUTHORITY
from ingestion.norms.segmenter import Marked, Segmenter
from ingestion.norms.unit import Item, Stated, unit_norms
from kg.build import Text
from kg.model import Provision
from kg.norm import BearerFrom, Evidence, Modality, Norm, Span
from kg.vocabulary import Kind

_UNIT_KINDS = (Kind.PARAGRAPH, Kind.POINT)
_ITEM_KINDS = (Kind.ITEM, Kind.SUBITEM)


@dataclass(slots=True)
class _Said:
    """The last bearer named in the article and in the chapter so far: span and parties."""

    article: str = ""
    container: str = ""
    paragraph: str = ""
    bearer: tuple[Span, tuple[str, ...]] | None = None
    within: BearerFrom = BearerFrom.NONE
    seen: dict[str, tuple[Span, tuple[str, ...]]] = field(default_factory=dict)


def units(text: Text) -> Iterator[tuple[Provision, tuple[Provision, ...]]]:
    """Each 款, or point with words of its own, and the 项 and 目 inside it, in document order."""
    for provision in text.provisions:
        if provision.kind not in _UNIT_KINDS:
            continue
        if provision.kind is Kind.POINT and provision.heading:
            continue
        items = tuple(p for p in text.below(provision) if p.kind in _ITEM_KINDS)
        yield provision, items


class Extractor:
    """Reads norms out of texts with one lexicon."""

    def __init__(self, segmenter: Segmenter) -> None:
        self._segmenter = segmenter
        self._lexicon = segmenter.lexicon
        self._evidences = Evidences(segmenter.lexicon)

    def norms(self, text: Text) -> list[Norm]:
        """Every norm of a text, in document order."""
        found: list[Norm] = []
        said: dict[str, tuple[Span, tuple[str, ...], str]] = {}
        for provision, items in units(text):
            found += self._unit(text, provision, items, said)
        return found

    def principles(self, words: str) -> tuple[Evidence, ...]:
        """The principles that the words of a provision serve."""
        return self._evidences.principles(words)

    def _unit(
        self,
        text: Text,
        provision: Provision,
        items: Sequence[Provision],
        said: dict[str, tuple[Span, tuple[str, ...], str]],
    ) -> list[Norm]:
        base = provision.start
        end = max([provision.head_end, *(i.end for i in items)])
        marked = self._segmenter.mark(text.official[base:end])
        body = (len(provision.label), provision.head_end - base)
        inner = [Item(i, i.start - base + len(i.label), i.head_end - base) for i in items]
        stated = unit_norms(marked, provision, body, inner)
        article = next((str(a.id) for a in text.ancestors(provision) if a.kind is Kind.ARTICLE), "")
        norms: list[Norm] = []
        counts: dict[str, int] = {}
        carried: tuple[Span, tuple[str, ...], int] | None = None
        offender: tuple[Span, tuple[str, ...], int] | None = None
        topics = principles = ()
        whole = text.official[base:end]
        principles = self.principles(whole)
        topics = self._evidences.topics(whole, _surroundings(text, provision))
        for one in stated:
            draft = one.draft
            bearer, source, parties = None, BearerFrom.NONE, ()
            if draft.bearer is not None:
                bearer = _span(text.official, base, draft.bearer)
                parties = parties_in(marked, draft.bearer)
                source = BearerFrom.LEAD_IN if one.led else BearerFrom.WRITTEN
                carried = (bearer, parties, one.sentence)
                if draft.modality is Modality.LIABILITY:
                    offender = carried
            elif _may_inherit(draft.modality, thing=draft.thing):
                named = carried
                if draft.modality is Modality.LIABILITY and offender and offender[2] == one.sentence:
                    named = offender
                if named is not None:
                    bearer, parties = named[0], named[1]
                    source = BearerFrom.SENTENCE if named[2] == one.sentence else BearerFrom.PARAGRAPH
                elif article in said:
                    bearer, parties, _ = said[article]
                    source = BearerFrom.ARTICLE
            identity = str(one.provision.id)
            counts[identity] = counts.get(identity, 0) + 1
            counterparty = _counterparty(marked, one)
            modality = draft.modality
            if (
                modality is Modality.RIGHT
                and draft.cue is not None
                and marked.text[draft.cue.start : draft.cue.end] == "有权"
                and bearer is not None
                and AUTHORITY.search(bearer.text)
            ):
                modality = Modality.POWER
            action = _span(text.official, base, draft.action) if draft.action else None
            norms.append(
                Norm(
                    id=f"{identity}#n{counts[identity]}",
                    provision=one.provision.id,
                    modality=modality,
                    cue=_span(text.official, base, draft.cue) if draft.cue else None,
                    bearer=bearer,
                    counterparty=_span(text.official, base, counterparty) if counterparty else None,
                    action=action,
                    condition=_condition(text.official, base, draft.conditions),
                    exception=_span(text.official, base, draft.exception) if draft.exception else None,
                    sanction=action if modality is Modality.LIABILITY else None,
                    bearer_from=source,
                    bearers=parties,
                    counterparties=parties_in(marked, counterparty) if counterparty else (),
                    topics=topics,
                    principles=principles,
                    confidence=self._confidence(modality, cued=draft.cue is not None),
                )
            )
        if carried is not None:
            said[article] = (carried[0], carried[1], str(provision.id))
        return norms

    def _confidence(self, modality: Modality, *, cued: bool) -> float:
        key = f"{modality.value}/{'cue' if cued else 'bare'}"
        return self._lexicon.confidences.get(key, 0.5)


def _may_inherit(modality: Modality, *, thing: bool) -> bool:
    if modality in (Modality.DEFINITION, Modality.PURPOSE, Modality.DELEGATION, Modality.DECLARATION):
        return False
    return not thing


def _condition(official: str, base: int, conditions: Sequence[Phrase]) -> Span | None:
    """One contiguous condition: neighbours joined, else the longest."""
    if not conditions:
        return None
    joined: list[Phrase] = []
    for one in sorted(conditions):
        if joined and one.start <= joined[-1].end + 1:
            joined[-1] = Phrase(joined[-1].start, max(joined[-1].end, one.end))
        else:
            joined.append(one)
    return _span(official, base, max(joined, key=lambda p: (p.end - p.start, -p.start)))


_TOWARDS = re.compile(
    r"(?:(?<!一)向|对(?!于)|与(?!其)|为(?!了|期|主|由)|给(?!予)|告知|通知|征得|经(?!营|济)|取得|报(?!告|名|酬)|提请|送交?|报请|尊重|保护)"
)


def _counterparty(marked: Marked, one: Stated) -> Phrase | None:
    draft = one.draft
    if draft.authority is not None:
        return draft.authority
    if draft.action is None or draft.modality in (Modality.DEFINITION, Modality.PURPOSE, Modality.DECLARATION):
        return None
    start, end = draft.action.start, draft.action.end
    for match in _TOWARDS.finditer(marked.text, start, min(end, start + 60)):
        found = phrase_after(marked, match.end(), end)
        if found is not None and found.end - match.end() <= 24 and "，" not in marked.text[match.end() : found.end]:
            return found
    return None


def _span(official: str, base: int, phrase: Phrase) -> Span:
    return Span.cut(official, base + phrase.start, base + phrase.end)


def _surroundings(text: Text, provision: Provision) -> str:
    headings = "".join(a.heading for a in text.ancestors(provision))
    return text.expression.title + headings
