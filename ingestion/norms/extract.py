"""All norms of a text: its units in order, elided bearers resolved from what was said before, spans cut out."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ingestion.norms.evidence import Evidences
from ingestion.norms.level import levels_in
from ingestion.norms.phrase import Phrase, parties_in, phrase_after
from ingestion.norms.predicate import AUTHORITY, STATE
from ingestion.norms.segmenter import Marked, Segmenter
from ingestion.norms.statement import Draft
from ingestion.norms.unit import Item, Stated, unit_norms
from kg.build import Text
from kg.model import Provision
from kg.norm import BearerFrom, Evidence, Modality, Norm, Span
from kg.vocabulary import Kind

_UNIT_KINDS = (Kind.PARAGRAPH, Kind.POINT)
_ITEM_KINDS = (Kind.ITEM, Kind.SUBITEM)


@dataclass(frozen=True, slots=True)
class _Named:
    """A bearer that was named: its words, the parties they name, the sentence of the unit it stood in."""

    span: Span
    parties: tuple[str, ...]
    sentence: int


@dataclass(slots=True)
class _Context:
    """Who was named so far: in the unit, as the author of a breach, in the 款 before it, in the chapter's heading."""

    last: _Named | None = None
    offender: _Named | None = None
    earlier: _Named | None = None
    chapter: _Named | None = None
    court: _Named | None = None
    punished: bool = False  # a consequence was stated before

    def note(self, named: _Named, modality: Modality) -> None:
        """A bearer was written."""
        if modality is Modality.LIABILITY and self.punished and _STAFF.search(named.span.text):
            return  # the next tier is about the offender again, not about those who answer for it
        self.last = named
        if modality is Modality.LIABILITY:
            self.offender = named
        if STATE.match(named.span.text):
            self.last = None  # the state declares; what follows binds others

    def resolve(self, modality: Modality, sentence: int) -> tuple[_Named | None, BearerFrom]:
        """Whom an unnamed bearer means, and where that one stands."""
        named = self.last
        if modality is Modality.LIABILITY and self.offender and self.offender.sentence == sentence:
            named = self.offender
        if named is not None:
            return named, BearerFrom.SENTENCE if named.sentence == sentence else BearerFrom.PARAGRAPH
        if self.earlier is not None and modality in _TAKING_OVER:
            return self.earlier, BearerFrom.ARTICLE
        if self.chapter is not None:
            return self.chapter, BearerFrom.CHAPTER
        return None, BearerFrom.NONE


_STAFF = re.compile(r"(?:主管人员|责任人员|责任人|负责人)$")
_REFERS_BACK = re.compile(r"(?:有|符合|依照|按照|属于)?(?:前款|前两款|上述|上款|前项|本条第)")
_COURTS = re.compile(r"(?:法院|检察院|仲裁委员会)$")
_COURT = "人民法院"
_COURT_ACTS = re.compile(
    r"(?:一般|可以|依法|先行|一并|同时|不)*(?:予以?)?(?:认定为|准许|裁定|判决|作出判决|受理|支持|驳回|追加|列为|宣告|作出认定)"
)
"""What only a court does: in its interpretations it is meant though nobody is named."""
_TAKING_OVER = (Modality.OBLIGATION, Modality.PROHIBITION, Modality.PERMISSION)
_ABOUT = re.compile(r"(?P<who>[^，、]{2,16}?)的?(?:职责|责任|义务|权利和义务|权利与义务|权利、义务|权利)")


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
        self.lexicon = segmenter.lexicon
        self._evidences = Evidences(segmenter.lexicon)

    def norms(self, text: Text) -> list[Norm]:
        """Every norm of a text, in document order."""
        found: list[Norm] = []
        article, earlier = "", None
        court = self._court(text)
        for provision, items in units(text):
            identity = _article(text, provision)
            if identity != article:
                article, earlier = identity, None
            refers = _REFERS_BACK.match(text.official[provision.start : provision.head_end].strip())
            chapter = self._chapter(text, provision)
            context = _Context(earlier=earlier if refers else None, chapter=chapter, court=court)
            found += self._unit(text, provision, items, context)
            earlier = context.last or earlier
            if earlier and _COURTS.search(earlier.span.text):
                earlier = None  # a court is named by what it decides, not as the addressee of the next 款
        return found

    def principles(self, text: Text, provision: Provision, norms: Sequence[Norm]) -> tuple[Evidence, ...]:
        """The principles that a 款 with these norms serves."""
        words = text.official[provision.start : provision.end]
        modalities = [norm.modality for norm in norms]
        return self._evidences.principles(words, surroundings(text, provision), modalities)

    def _unit(
        self, text: Text, provision: Provision, items: Sequence[Provision], context: _Context
    ) -> list[Norm]:
        base = provision.start
        end = max([provision.head_end, *(i.end for i in items)])
        words = text.official[base:end]
        marked = self._segmenter.mark(words)
        body = (len(provision.label), provision.head_end - base)
        inner = [Item(i, i.start - base + len(i.label), i.head_end - base) for i in items]
        topics = self._evidences.topics(words, surroundings(text, provision))
        counts: Counter[str] = Counter()
        norms: list[Norm] = []
        for one in unit_norms(marked, provision, body, inner):
            identity = str(one.provision.id)
            counts[identity] += 1
            name = f"{identity}#n{counts[identity]}"
            norms.append(self._norm(text.official, base, marked, one, context, name))
        principles = self.principles(text, provision, norms)
        return [replace(norm, topics=topics, principles=principles) for norm in norms]

    def _norm(
        self, official: str, base: int, marked: Marked, one: Stated, context: _Context, identity: str
    ) -> Norm:
        draft = one.draft

        def cut(phrase: Phrase | None) -> Span | None:
            return Span.cut(official, base + phrase.start, base + phrase.end) if phrase else None

        named: _Named | None = None
        source = BearerFrom.NONE
        if (written := cut(draft.bearer)) and draft.bearer:
            named = _Named(written, self._parties(marked, draft.bearer), one.sentence)
            source = BearerFrom.LEAD_IN if one.led else BearerFrom.WRITTEN
            context.note(named, draft.modality)
        elif draft.modality in _INHERITING and (not draft.thing or (context.last and draft.cue)):
            named, source = context.resolve(draft.modality, one.sentence)
            if source is not BearerFrom.SENTENCE and _forbids_all(marked, draft):
                named, source = None, BearerFrom.NONE
        if context.court is not None and _only_a_court(marked, draft, named):
            named, source = context.court, BearerFrom.CHAPTER
        modality = _modality(marked, draft, named)
        context.punished |= modality is Modality.LIABILITY
        counterparty = _counterparty(marked, draft)
        action = cut(draft.action)
        return Norm(
            id=identity,
            provision=one.provision.id,
            modality=modality,
            cue=cut(draft.cue),
            bearer=named.span if named else None,
            counterparty=cut(counterparty),
            action=action,
            condition=cut(_condition(draft.conditions)),
            exception=cut(draft.exception),
            sanction=action if modality is Modality.LIABILITY else None,
            bearer_from=source,
            bearers=named.parties if named else (),
            counterparties=self._parties(marked, counterparty) if counterparty else (),
            confidence=self._confidence(modality, cued=draft.cue is not None),
        )

    def _parties(self, marked: Marked, phrase: Phrase) -> tuple[str, ...]:
        """The parties that a phrase names, and the levels of authority that it says they stand on."""
        levels = levels_in(marked.text[phrase.start : phrase.end], self.lexicon.levels)
        return (*parties_in(marked, phrase), *levels)

    def _court(self, text: Text) -> _Named | None:
        """The court that an interpretation of the Supreme People's Court addresses."""
        at = text.official.find(_COURT)
        if at < 0 or not text.expression.title.startswith(f"最高{_COURT}"):
            return None
        parties = tuple(p for p in (self.lexicon.party_of_word.get(_COURT),) if p)
        return _Named(Span.cut(text.official, at, at + len(_COURT)), parties, 0)

    def _chapter(self, text: Text, provision: Provision) -> _Named | None:
        """Whom the heading names whose duties or rights the chapter is about: 护士的权利和义务."""
        for container in reversed(text.ancestors(provision)):
            match = _ABOUT.fullmatch(container.heading) if container.kind.is_container else None
            if match is None or match["who"] not in self.lexicon.party_of_word:
                continue
            at = text.official.find(match["who"], container.start, container.head_end)
            if at >= 0:
                span = Span.cut(text.official, at, at + len(match["who"]))
                return _Named(span, (self.lexicon.party_of_word[match["who"]],), 0)
        return None

    def _confidence(self, modality: Modality, *, cued: bool) -> float:
        key = f"{modality.value}/{'cue' if cued else 'bare'}"
        return self.lexicon.confidences.get(key, 0.5)


_INHERITING = frozenset(m for m in Modality if m.is_deontic)


def _modality(marked: Marked, draft: Draft, named: _Named | None) -> Modality:
    """有权 of an authority is a power."""
    cue = marked.text[draft.cue.start : draft.cue.end] if draft.cue else ""
    if draft.modality is Modality.RIGHT and cue == "有权" and named and AUTHORITY.search(named.span.text):
        return Modality.POWER
    return draft.modality


def _only_a_court(marked: Marked, draft: Draft, named: _Named | None) -> bool:
    """Whether an action is a court's own, and whoever is named stands in the condition only."""
    if draft.action is None or draft.modality not in _TAKING_OVER:
        return False
    if named is not None and AUTHORITY.search(named.span.text):
        return False
    if draft.bearer and draft.cue and draft.bearer.end == draft.cue.start:
        return False
    return bool(_COURT_ACTS.match(marked.text, draft.action.start, draft.action.end))


def _forbids_all(marked: Marked, draft: Draft) -> bool:
    """禁止… at the beginning of a sentence is meant for everybody."""
    return draft.cue is not None and marked.text[draft.cue.start : draft.cue.end] in ("禁止", "严禁")


def _condition(conditions: Sequence[Phrase]) -> Phrase | None:
    """One contiguous condition: neighbours joined, else the longest."""
    joined: list[Phrase] = []
    for one in sorted(conditions):
        if joined and one.start <= joined[-1].end + 1:
            joined[-1] = Phrase(joined[-1].start, max(joined[-1].end, one.end))
        else:
            joined.append(one)
    return max(joined, key=lambda p: (p.end - p.start, -p.start), default=None)


def _article(text: Text, provision: Provision) -> str:
    return next((str(a.id) for a in text.ancestors(provision) if a.kind is Kind.ARTICLE), str(provision.id))


_TOWARDS = re.compile(
    r"(?:引导|(?:指导|督促|监督)(?:、(?:指导|督促|监督|检查))*|鼓励|支持|责令|侮辱|委托|协助|(?<!一)向|对(?!于|外)|与(?!其)|为(?!了|期|主|由|目的)|给(?!予)|告知|通知|征得|经(?!营|济)|取得|报(?!告|名|酬)|提请|送交?|报请|尊重|保护)"
)


def _counterparty(marked: Marked, draft: Draft) -> Phrase | None:
    if draft.authority is not None:
        return draft.authority
    if draft.action is None or draft.modality in (
        Modality.DEFINITION,
        Modality.PURPOSE,
        Modality.DECLARATION,
    ):
        return None
    start, end = draft.action.start, draft.action.end
    for match in _TOWARDS.finditer(marked.text, start, min(end, start + 60)):
        at = _past_verbs(marked, match.end(), end)
        found = phrase_after(marked, at, end)
        if (
            not marked.tag_at(at).startswith(("v", "p", "d"))
            and found is not None
            and found.end - at <= 24
            and "，" not in marked.text[at : found.end]
        ):
            return found
    return None


def _past_verbs(marked: Marked, at: int, end: int) -> int:
    """Behind the verbs that share an object with the one before: 尊重、关心、爱护|病人. No object begins with 、."""
    while at + 1 < end and marked.text[at] == "、":
        at = marked.token_end(at + 1)
    return at


def surroundings(text: Text, provision: Provision) -> str:
    """The title of the work and the headings above a provision."""
    headings = "".join(a.heading for a in text.ancestors(provision))
    return text.expression.title + headings
