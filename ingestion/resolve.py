"""From mentions to provisions: first the work, then the place in each version of it that the words can mean.

The words were written against the numbering of one version: the newest that existed when the citing text
was made. Where a later version applies beside the citing text, the place is carried over through the
difference of the two versions; if it does not carry over, or if the version meant is not held, the citation
is ambiguous rather than guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from kg.build import Citation, CitationTarget, Text
from kg.citation import Anchor, Mention, Target
from kg.citation_grammar import find_mentions
from kg.dates import Validity
from kg.identity import Step
from kg.model import Provision
from kg.places import enclosing, places_of
from kg.renumbering import moves
from kg.titles import INSTRUMENT_NOUNS, TitleIndex, TitleRelation
from kg.vocabulary import Kind

RESOLVED, AMBIGUOUS, UNRESOLVED, OUT_OF_CORPUS = "resolved", "ambiguous", "unresolved", "out_of_corpus"


@dataclass(frozen=True, slots=True)
class Located:
    """A mention with the innermost provision that holds it; spans are those of the official text."""

    provision: Provision
    mention: Mention


def locate_mentions(text: Text, titles: TitleIndex) -> list[Located]:
    """Every citation in a text, article by article, so that 该法 and lists see what was said before."""
    located: list[Located] = []
    for start, end in _blocks(text):
        for mention in find_mentions(text.official[start:end], titles):
            if _names_a_paper(mention, titles):
                continue
            shifted = _shift(mention, start)
            provision = text.at(shifted.start)
            if provision and not _is_own_label(provision, shifted):
                located.append(Located(provision, shifted))
    return located


_PAPER = re.compile(r"(?:证|证明|执照|书|表|单|批件|报告|范本)$")


def _names_a_paper(mention: Mention, titles: TitleIndex) -> bool:
    """《医疗机构执业许可证》 is a certificate, no work that could be cited; a 议定书 is."""
    if mention.anchor is not Anchor.TITLE or any(target.path for target in mention.targets):
        return False
    paper = _PAPER.search(mention.title) and not mention.title.endswith("议定书")
    return bool(paper) and not titles.lookup(mention.title)


def _blocks(text: Text) -> Iterator[tuple[int, int]]:
    """Articles as wholes; elsewhere each provision's own head. The notes under the title are left out."""
    covered = 0
    for provision in text.provisions:
        if provision.start < covered or provision.kind in (Kind.FRONT, Kind.TAIL):
            continue
        if provision.kind is Kind.ARTICLE:
            covered = provision.end
            yield provision.start, provision.end
        elif provision.head_end > provision.start and not provision.kind.is_container:
            yield provision.start, provision.head_end


def _shift(mention: Mention, by: int) -> Mention:
    return Mention(
        mention.start + by, mention.end + by, mention.surface, mention.anchor, mention.title,
        mention.targets, mention.year, mention.count, mention.back_kind,
    )  # fmt: skip


def _is_own_label(provision: Provision, mention: Mention) -> bool:
    return bool(provision.label) and mention.start < provision.start + len(provision.label)


class Resolver:
    """Resolves the citations of a build: `titles` names works, `texts` holds every version by work."""

    def __init__(self, titles: TitleIndex, texts: Mapping[str, Sequence[Text]]) -> None:
        self.titles = titles
        self.texts = texts
        self._diffs: dict[tuple[str, str], dict[tuple[Step, ...], tuple[Step, ...] | None]] = {}

    def resolve(self, text: Text, located: Sequence[Located]) -> list[Citation]:
        """The citations of one text, in order."""
        citations: list[Citation] = []
        last_key: str | None = None
        block: Provision | None = None
        for item in located:
            article = enclosing(text, item.provision, Kind.ARTICLE)
            if article is not block:
                block, last_key = article, None
            citation, key = self._one(text, item, last_key)
            last_key = key or last_key
            citations.append(citation)
        return citations

    def _one(self, text: Text, item: Located, last_key: str | None) -> tuple[Citation, str | None]:
        mention = item.mention

        def made(outcome: str, reason: str = "", targets: Iterable[CitationTarget] = ()) -> Citation:
            found = tuple(sorted(set(targets), key=lambda t: (t.id, t.from_date or "", t.until_date or "")))
            return Citation(
                str(item.provision.id), mention.start, mention.end, mention.surface, outcome, reason, found
            )

        match mention.anchor:
            case Anchor.TITLE:
                hits = self.titles.lookup(mention.title)
                keys = sorted({hit.key for hit in hits})
                if not keys:
                    return made(OUT_OF_CORPUS, "台账与此构建中没有这个名称"), None
                if len(keys) > 1:
                    return made(AMBIGUOUS, f"名称可指：{'、'.join(keys)}"), None
                renamed = all(hit.relation is TitleRelation.FORMER for hit in hits)
                return made(*self._abroad(text, keys[0], mention.targets, renamed=renamed)), keys[0]
            case Anchor.SAME:
                if mention.title.endswith("条"):  # 该条: the article cited last, which is not followed
                    return made(UNRESOLVED, f"“{mention.title}”所指的条文未能确定"), None
                noun = mention.title in INSTRUMENT_NOUNS
                if last_key is None or (noun and not re.search(f"{mention.title}(?:（[^）]*）)?$", last_key)):
                    return made(UNRESOLVED, f"“{mention.title}”之前没有提到可指的文件"), None
                return made(*self._abroad(text, last_key, mention.targets, renamed=False)), None
            case Anchor.BARE if self._follows_title(text, item, last_key):
                assert last_key is not None
                return made(*self._abroad(text, last_key, mention.targets, renamed=False)), None
            case _:
                return made(*self._at_home(text, item)), None

    def _follows_title(self, text: Text, item: Located, last_key: str | None) -> bool:
        """第X条 with no title of its own belongs to a title named before it in the same sentence."""
        first = item.mention.targets[0].path if item.mention.targets else ()
        if last_key is None or not first or first[0].kind is not Kind.ARTICLE:
            return False
        before = text.official[item.provision.start : item.mention.start]
        sentence = re.split(r"[。|\n]", before)[-1]
        return "《" in sentence and not re.search(r"本[法条办规解细准规]", sentence[sentence.rfind("》") :])

    # -- inside the citing text --------------------------------------------------------------------

    def _at_home(self, text: Text, item: Located) -> tuple[str, str, list[CitationTarget]]:
        mention, here = item.mention, item.provision
        found: list[Provision] = []
        for target in mention.targets or (Target(()),):
            places, reason = self._home_places(text, here, mention, target)
            if not places:
                return UNRESOLVED, reason or "文内没有所指的条款", []
            found.extend(places)
        return RESOLVED, "", [CitationTarget(str(p.id), None, None, "self") for p in found]

    def _home_places(
        self, text: Text, here: Provision, mention: Mention, target: Target
    ) -> tuple[list[Provision], str]:
        match mention.anchor:
            case Anchor.SELF:
                return places_of(text, target)
            case Anchor.HERE:
                base = enclosing(text, here, mention.back_kind or Kind.ARTICLE)
                return ([], f"不在任何{mention.title}之内") if base is None else places_of(text, target, base)
            case Anchor.PREVIOUS:
                bases, reason = _previous(text, here, mention)
                if not target.path:
                    return bases, reason
                return places_of(text, target, bases[-1]) if bases else ([], reason)
            case _:
                kind = target.path[0].kind if target.path else Kind.ARTICLE
                if kind is Kind.ARTICLE or kind.is_container:
                    return places_of(text, target)
                article = enclosing(text, here, Kind.ARTICLE)
                around = None if kind is Kind.PARAGRAPH else enclosing(text, here, Kind.PARAGRAPH)
                if around and (inside := places_of(text, target, around))[0]:
                    return inside
                # 有第（四）项情形的 in a 款 below the list: the items of the article
                return ([], "不在任何条文之内") if article is None else places_of(text, target, article)

    # -- other works -------------------------------------------------------------------------------

    def _abroad(
        self, text: Text, key: str, targets: Sequence[Target], *, renamed: bool
    ) -> tuple[str, str, list[CitationTarget]]:
        if key == text.expression.id.key:
            return self._own_title(text, targets)
        held = self.texts.get(key, ())
        if not held:
            return (
                OUT_OF_CORPUS,
                f"《{key}》在台账中，此构建没有其文本",
                [CitationTarget(key, None, None, "work")],
            )
        citing = text.expression
        overlapping = [(t, days) for t in held if (days := citing.validity.overlap(t.expression.validity))]
        if all(not target.path for target in targets):
            works = [_dated(str(t.expression.id), days, "work") for t, days in overlapping]
            if works:
                return RESOLVED, "", works
            return AMBIGUOUS, f"所持《{key}》各版本与本文本的有效期都不重叠", []
        if renamed:
            return AMBIGUOUS, f"所引为旧名称，现行《{key}》的条号不一定相同", []
        written = citing.id.version or (citing.validity.begins or None)
        base = _version_at(held, written)
        if base is None:
            return AMBIGUOUS, f"未持有引用时施行的《{key}》文本，条号可能已变", []
        meant: list[Provision] = []
        for target in targets:
            places, reason = places_of(base, target)
            if not places:
                return (
                    UNRESOLVED,
                    f"《{key}》{base.expression.id.version or ''}文本{reason or '没有所指的条款'}",
                    [],
                )
            meant.extend(places)
        return self._through_versions(base, meant, overlapping)

    def _own_title(self, text: Text, targets: Sequence[Target]) -> tuple[str, str, list[CitationTarget]]:
        found: list[CitationTarget] = []
        for target in targets:
            if not target.path:
                found.append(CitationTarget(str(text.expression.id), None, None, "self"))
                continue
            places, reason = places_of(text, target)
            if not places:
                return UNRESOLVED, reason or "文内没有所指的条款", []
            found.extend(CitationTarget(str(p.id), None, None, "self") for p in places)
        return RESOLVED, "", found

    def _through_versions(
        self, base: Text, meant: Sequence[Provision], overlapping: Sequence[tuple[Text, tuple[date, date]]]
    ) -> tuple[str, str, list[CitationTarget]]:
        reached: list[CitationTarget] = []
        lost: list[str] = []
        for other, days in overlapping:
            for provision in meant:
                if other is base:
                    reached.append(_dated(str(provision.id), days, "direct"))
                    continue
                carried = self._carry(base, provision, other)
                if carried is None:
                    lost.append(
                        f"{provision.id.display()}在 {other.expression.id.version or '另一'} 版本中已变"
                    )
                else:
                    basis = "same" if carried.id.steps == provision.id.steps else "diff"
                    reached.append(_dated(str(carried.id), days, basis))
        if not overlapping:
            reached = [CitationTarget(str(p.id), None, None, "past") for p in meant]
            return RESOLVED, "所引版本与本文本的有效期不重叠", reached
        if lost:
            return (RESOLVED if reached else AMBIGUOUS), "；".join(sorted(set(lost))), reached
        return RESOLVED, "", reached

    def _carry(self, base: Text, provision: Provision, other: Text) -> Provision | None:
        """The same provision in another version of the work, None if the difference does not tell."""
        article = enclosing(base, provision, Kind.ARTICLE)
        if article is None:
            return other.find(provision.id.steps)
        moved = self._moves(base, other).get(article.id.steps)
        if moved is None:
            return None
        rest = provision.id.steps[len(article.id.steps) :]
        return other.find((*moved, *rest))

    def _moves(self, base: Text, other: Text) -> dict[tuple[Step, ...], tuple[Step, ...] | None]:
        """Where each article of one version stands in another."""
        key = (str(base.expression.id), str(other.expression.id))
        if key not in self._diffs:
            self._diffs[key] = moves(base, other)
        return self._diffs[key]


def _dated(identifier: str, days: tuple[date, date], basis: str) -> CitationTarget:
    start, end = days
    return CitationTarget(
        identifier,
        None if start == date.min else start.isoformat(),
        None if end == date.max else end.isoformat(),
        basis,
    )


def _version_at(held: Sequence[Text], written: date | None) -> Text | None:
    """The version whose numbering the words mean: the newest that existed on the day they were written."""
    if written is None:
        return held[0] if len(held) == 1 and held[0].expression.id.version is None else None
    existing = [t for t in held if _made(t.expression.validity, t.expression.id.version) <= written]
    return max(existing, key=lambda t: _made(t.expression.validity, t.expression.id.version), default=None)


def _made(validity: Validity, version: date | None) -> date:
    return version or validity.begins or date.max


def _previous(text: Text, here: Provision, mention: Mention) -> tuple[list[Provision], str]:
    """前款, 前两款, 前条, 前项: the provisions just before the one that speaks."""
    kind = mention.back_kind or Kind.PARAGRAPH
    own = enclosing(text, here, kind)
    count = mention.count or 1
    if own is None:
        return [], f"“{mention.title}”不在任何{kind.zh}之内"
    if kind is Kind.ARTICLE:
        articles = [
            p for p in text.provisions if p.kind is Kind.ARTICLE and len(p.id.steps) == len(own.id.steps)
        ]
        position = articles.index(own)
        before = articles[max(0, position - count) : position]
    else:
        parent = text.ancestors(own)[-1] if text.ancestors(own) else None
        siblings = [p for p in text.children(parent) if p.kind is kind] if parent else []
        position = siblings.index(own) if own in siblings else 0
        before = siblings[max(0, position - count) : position]
    if len(before) < count:
        return [], f"“{mention.title}”之前没有 {count} {kind.zh}"
    return list(before), ""
