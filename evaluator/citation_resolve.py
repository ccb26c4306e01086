"""From a citation to the provision that it names in the version that applies on a day, or why there is none."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from evaluator.citation_find import FoundCitation, WorkName
from evaluator.citation_outcome import Detail, Outcome
from kg.build import Build, Text
from kg.citation import Place, Target
from kg.identity import Step
from kg.model import UNVERIFIED, Expression, Provision, RelatedTitle, Source
from kg.places import enclosing, places_of
from kg.titles import TitleHit, TitleRelation, normal_title
from kg.vocabulary import Kind, Status

_QUALIFIER = re.compile(r"(?:\([^()]{1,12}\))+$")
_ISSUER = re.compile(r"^(?:最高人民法院|最高人民检察院|两高|、|和|的|关于)+")
_NOUNS = (
    "实施条例", "实施细则", "实施办法", "实施规定", "修正案", "司法解释", "条例", "办法", "规定", "细则", "规范", "解释",
    "准则", "规则", "规程",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Resolution:
    """What a citation leads to. `outcome` is None where its place exists in a text that applies.

    `provisions` are the places named, `article` the article that holds the first of them; `text` may be
    given without them (the whole work is cited, or the place is missing). `successor` is the key of the work
    that replaced a work no longer in force. `details` are finer faults, `reason` says in words what was found.
    """

    title: str | None
    as_of: date
    outcome: Outcome | None = None
    reason: str = ""
    details: tuple[Detail, ...] = ()
    text: Text | None = None
    provisions: tuple[Provision, ...] = ()
    article: Provision | None = None
    status: Status | None = None
    successor: str | None = None
    not_in_force: bool = False


def resolve_citation(build: Build, found: FoundCitation, as_of: date) -> Resolution:
    """Resolve a citation on a day; of several works that it can count from, the first that has the place."""
    if not found.works:
        return Resolution(None, as_of, Outcome.AMBIGUOUS, "文中没有写明是哪部法律的条文")
    if found.either:
        named = "、".join(f"《{work.title}》" for work in found.works)
        return Resolution(None, as_of, Outcome.AMBIGUOUS, f"文中同时提到{named}，未写明所指")
    tried = [
        _resolve_in(build, work, found.target, as_of) for work in found.works[: 1 if found.explicit else 3]
    ]
    return next((one for one in tried if one.provisions), tried[0])


def _resolve_in(build: Build, work: WorkName, target: Target, as_of: date) -> Resolution:
    hits = build.titles.lookup(work.title)
    if not hits:
        if len(alike := _alike_titles(build, work.title)) > 1:
            named = "、".join(f"《{title}》" for title in alike[:4])
            reason = (
                f"名称不全，可指{named}" if len(alike) <= 4 else f"名称不全，台账中可指的有 {len(alike)} 部"
            )
            return Resolution(None, as_of, Outcome.AMBIGUOUS, reason)
        return Resolution(None, as_of, Outcome.OUT_OF_CORPUS, f"台账与构建中都没有《{work.title}》")
    keys = sorted({hit.key for hit in hits})
    if len(keys) > 1:
        named = "、".join(f"《{key}》" for key in keys)
        return Resolution(None, as_of, Outcome.AMBIGUOUS, f"这个名称可指{named}")
    source = build.sources[keys[0]]
    if hits[0].relation is TitleRelation.FORMER:
        return _former(build, source, _former_title(source, work.title), as_of)
    year = _edition(source, work, hits[0])
    if year is not None:
        return _in_edition(build, source, year, target, as_of)
    applied = build.in_force(source.key, as_of)
    if applied:
        expression, status = applied
        return _in_text(build, expression, target, as_of, status=status)
    return _not_applied(build, source, target, as_of)


def _alike_titles(build: Build, written: str) -> list[str]:
    """The titles that a shortened title may stand for: same noun, and all its other characters in a row.

    Only to say that a title is not clear: nothing is ever resolved by a part of a title.
    """
    name = _QUALIFIER.sub("", normal_title(written).text)
    noun = next((noun for noun in _NOUNS if name.endswith(noun)), None)
    if noun is None:
        return []
    core = _ISSUER.sub("", name.removesuffix(noun))
    noun = "解释" if noun == "司法解释" else noun
    return [
        title
        for title, source in _plain_titles(build)
        if title.endswith(noun) and core in title.removesuffix(noun) and source
    ]


@lru_cache(maxsize=4)
def _plain_titles(build: Build) -> list[tuple[str, str]]:
    return sorted((_QUALIFIER.sub("", normal_title(s.title).text), s.key) for s in build.sources.values())


def _edition(source: Source, work: WorkName, hit: TitleHit) -> int | None:
    """The edition year that the text names, unless it is part of the title itself."""
    year = work.year or hit.year
    return None if year == normal_title(source.title).year else year


def _former_title(source: Source, surface: str) -> RelatedTitle:
    written = normal_title(surface).text
    state = "中华人民共和国"

    def plain(title: str) -> str:
        return normal_title(title).text.removeprefix(state)

    matching = [f for f in source.former_titles if plain(f.title) == written.removeprefix(state)]
    return (matching or list(source.former_titles))[0]


def _former(build: Build, source: Source, former: RelatedTitle, as_of: date) -> Resolution:
    since = _first_day(build, source)
    if since and as_of < since:
        reason = f"《{former.title}》在 {as_of} 尚未被《{source.title}》取代，此构建没有其文本"
        return Resolution(former.title, as_of, Outcome.OUT_OF_CORPUS, reason)
    day = f"自 {since} 起" if since else ""
    word = "改称" if former.relation == "renamed" else "由"
    taken = "" if word == "改称" else "取代"
    reason = f"《{former.title}》{day}{word}《{source.title}》{taken}{_unchecked(former.evidence)}，条号不能照搬；此构建没有其文本"
    return _ended_unheld(former.title, as_of, reason, former.evidence, source.key)


def _unchecked(evidence: str) -> str:
    return "（台账所记，未经核实）" if evidence in UNVERIFIED else ""


def _ended_unheld(title: str, as_of: date, reason: str, evidence: str, successor: str | None) -> Resolution:
    """A replaced work without a text: that it ended is the finding, if a text says so and not only memory."""
    outcome = Outcome.OUT_OF_CORPUS if evidence in UNVERIFIED else Outcome.NOT_IN_FORCE
    return Resolution(title, as_of, outcome, reason, (Detail.ENDED,), successor=successor, not_in_force=True)


def _first_day(build: Build, source: Source) -> date | None:
    days = [e.validity.begins for e in build.versions.get(source.key, ()) if e.validity.begins]
    days += [v.effective_from for v in source.versions if v.effective_from]
    return min(days, default=None)


def _in_edition(build: Build, source: Source, year: int, target: Target, as_of: date) -> Resolution:
    held = build.versions.get(source.key, ())
    for expression in held:
        dated = [d for d in (expression.id.version, expression.validity.begins) if d]
        if any(day.year == year for day in dated):
            day = expression.validity.begins or expression.id.version or as_of
            status = expression.validity.status(max(day, expression.validity.earliest))
            return _in_text(build, expression, target, day, status=status)
    others = "、".join(str(e.id.version or "未标日期") for e in held) or "无"
    reason = f"此构建没有《{source.title}》{year} 年版本的文本（所持版本：{others}）"
    return Resolution(source.title, as_of, Outcome.OUT_OF_CORPUS, reason)


def _not_applied(build: Build, source: Source, target: Target, as_of: date) -> Resolution:
    held = build.versions.get(source.key, ())
    ended = [e for e in held if e.validity.status(as_of) is Status.ENDED]
    if ended:
        expression = ended[0]
        day = f"自 {expression.validity.ends} 起" if expression.validity.ends else ""
        return _in_text(
            build, expression, target, as_of, status=Status.ENDED,
            gone=f"《{source.title}》{day}失效{_by(source)}", successor=_successor(build, source),
        )  # fmt: skip
    if held:
        expression = held[-1]
        gone = f"《{source.title}》此版本自 {expression.validity.earliest} 起才可能施行，{as_of} 尚未施行"
        return _in_text(build, expression, target, as_of, status=Status.NOT_YET, gone=gone)
    if source.successor and (source.successor.since is None or source.successor.since <= as_of):
        day = f"自 {source.successor.since} 起" if source.successor.since else ""
        evidence = _ending(build, source)
        reason = f"《{source.title}》{day}不再施行{_by(source)}{_unchecked(evidence)}；此构建没有其文本"
        return _ended_unheld(source.title, as_of, reason, evidence, _successor(build, source))
    reason = f"《{source.title}》收在台账中，此构建没有其文本"
    return Resolution(source.title, as_of, Outcome.OUT_OF_CORPUS, reason)


def _by(source: Source) -> str:
    return f"，由《{source.successor.title}》取代" if source.successor else ""


def _ending(build: Build, source: Source) -> str:
    """What shows that a work was replaced: its own row, or the row of the work that says it replaced it."""
    assert source.successor is not None
    told = [source.successor.evidence]
    if key := _successor(build, source):
        told += [f.evidence for f in build.sources[key].former_titles if f.title == source.title]
    return min(told, key=lambda evidence: evidence in UNVERIFIED)


def _successor(build: Build, source: Source) -> str | None:
    if source.successor is None:
        return None
    keys = {hit.key for hit in build.titles.lookup(source.successor.title)}
    return keys.pop() if len(keys) == 1 else None


def _in_text(
    build: Build, expression: Expression, target: Target, as_of: date,
    *, status: Status, gone: str = "", successor: str | None = None,
) -> Resolution:  # fmt: skip
    """The place in one version; `gone` says why that version does not apply on the day, if it does not."""
    text = build.text(expression.id)
    details = (Detail.NOT_YET if status is Status.NOT_YET else Detail.ENDED,) if gone else ()
    outcome = Outcome.NOT_IN_FORCE if gone else None
    whole = not target.path
    places, reason = ([], "") if whole else places_of(text, target)
    if not whole and not places and (bare := _without_unmarked(text, target)):
        places, reason = places_of(text, bare)
    article = enclosing(text, places[0], Kind.ARTICLE) if places else None
    if not whole and not places:
        article, outcome_here, reason = _why_missing(text, target, reason)
        outcome = outcome_here if outcome_here is Outcome.NOT_FOUND or not gone else outcome
    return Resolution(
        expression.title, as_of, outcome, "；".join(filter(None, (gone, reason))), details, text, tuple(places),
        article, status, successor, not_in_force=bool(gone),
    )  # fmt: skip


def _without_unmarked(text: Text, target: Target) -> Target | None:
    """The target without 编章 that the text does not mark: some copies lack the heading of the first 编."""
    article = next((place for place in target.path if place.kind is Kind.ARTICLE), None)
    containers = {place.kind for place in target.path if place.kind.is_container}
    if article is None or not containers:
        return None
    alone, _ = places_of(text, Target((article,)))
    if not alone or any(a.kind in containers for a in text.ancestors(alone[0])):
        return None

    def bare(path: tuple[Place, ...]) -> tuple[Place, ...]:
        return tuple(place for place in path if not place.kind.is_container)

    return Target(bare(target.path), bare(target.until))


def _why_missing(text: Text, target: Target, reason: str) -> tuple[Provision | None, Outcome, str]:
    """Whether the article itself is missing, or only what is said to stand in it or around it."""
    name = f"《{text.expression.title}》"
    article = next((place for place in target.path if place.kind is Kind.ARTICLE), None)
    if article is None:
        return None, Outcome.NOT_FOUND, f"{name}{reason}"
    alone, _ = places_of(text, Target((article,)))
    if not alone:
        return None, Outcome.NOT_FOUND, f"{name}{_missing_article(text, article)}"
    if any(place.kind.is_container for place in target.path):
        around = next((a for a in reversed(text.ancestors(alone[0])) if a.kind.is_container), None)
        where = f"{around.label}{around.heading}" if around else "正文"
        return alone[0], Outcome.WRONG_LEVEL, f"{name}{alone[0].id.display()}在{where}，不在所写的编章"
    return alone[0], Outcome.WRONG_LEVEL, f"{name}{reason}；{_shape(text, alone[0])}"


def _missing_article(text: Text, place: Place) -> str:
    articles = [p for p in text.provisions if p.kind is Kind.ARTICLE and len(p.id.steps) == 1]
    named = Step(place.kind, place.number, place.sub).display()
    if not articles:
        return f"不分条，没有{named}"
    return f"没有{named}；全文至{articles[-1].id.display()}"


def _shape(text: Text, article: Provision) -> str:
    """How an article is divided: 该条共二款, 该条不分款，有三项."""
    inside = text.below(article)
    paragraphs = sum(p.kind is Kind.PARAGRAPH for p in inside)
    items = sum(p.kind is Kind.ITEM for p in inside)
    said = f"该条共 {paragraphs} 款" if paragraphs > 1 else "该条不分款"
    return f"{said}，有 {items} 项" if items else said
