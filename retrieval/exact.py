"""Going straight to what a query cites: no similarity, no model."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Protocol

from kg.citation import Anchor, Mention, Place, Target
from kg.clause import Clause, ClauseParagraph
from kg.identity import Step
from kg.numerals import NUMERAL, parse_numeral
from kg.titles import TitleHit, TitleRelation, normal_title
from kg.vocabulary import Kind


class Titles(Protocol):
    """What can say which works a written title means."""

    def lookup(self, surface: str) -> Sequence[TitleHit]:
        """The works that a title can mean: none is unknown, several are ambiguous."""
        ...


@dataclass(frozen=True, slots=True)
class CitedPlace:
    """One provision that a query asks for: `steps` lead to an article or point, as in an id.

    `keys` are the works that the title can mean; none where no work has that title today. `successors`
    are the works that had it once or replaced the one that had it: their numbers mean something else.
    """

    surface: str
    keys: tuple[str, ...]
    successors: tuple[str, ...]
    steps: str
    paragraph: int | None
    item: int | None
    year: int | None


_UNITS = (Kind.ARTICLE, Kind.POINT)
_LONGEST_RANGE = 50


def cited_places(mentions: Iterable[Mention], titles: Titles) -> list[CitedPlace]:
    """What the mentions of a query ask for, in order; citations of whole works and of 编章节 are left out.

    该法 and 同法 count from the work cited last.
    """
    places: list[CitedPlace] = []
    before: tuple[Sequence[TitleHit], int | None] | None = None
    for mention in mentions:
        if mention.anchor is Anchor.TITLE:
            hits = titles.lookup(mention.title)
            year = mention.year or next((hit.year for hit in hits if hit.year), None)
            before = hits, year
        elif mention.anchor is not Anchor.SAME:
            continue
        if before is None:
            continue
        hits, year = before
        for path in chain.from_iterable(map(_paths, mention.targets)):
            if (place := _place(mention.surface, hits, year, path)) and place not in places:
                places.append(place)
    return places


def _paths(target: Target) -> Iterator[tuple[Place, ...]]:
    yield target.path
    if not (target.path and target.until):
        return
    first, last = target.path[-1], target.until[-1]
    if first.kind is last.kind:
        for number in range(first.number + 1, min(last.number, first.number + _LONGEST_RANGE) + 1):
            yield (*target.path[:-1], replace(first, number=number, sub=0))


def _place(
    surface: str, hits: Sequence[TitleHit], year: int | None, path: tuple[Place, ...]
) -> CitedPlace | None:
    unit = [Step(place.kind, place.number, place.sub) for place in path if place.kind in _UNITS]
    if not unit:
        return None
    below = {place.kind: place.number for place in path}
    return CitedPlace(
        surface=surface,
        keys=tuple(hit.key for hit in hits if hit.relation is not TitleRelation.FORMER),
        successors=tuple(hit.key for hit in hits if hit.relation is TitleRelation.FORMER),
        steps="/".join(map(str, unit)),
        paragraph=below.get(Kind.PARAGRAPH),
        item=below.get(Kind.ITEM),
        year=year,
    )


_TYPED = re.compile(
    rf"""
    \s* 《? (?P<title> [^《》\s第\d] [^《》]*? ) 》? \s* 的? \s*
    第? \s* (?P<article> {NUMERAL} ) \s* 条 (?: \s* 之 \s* (?P<sub> {NUMERAL} ) )?
    (?: \s* 第? \s* (?P<paragraph> {NUMERAL} ) \s* 款 )?
    (?: \s* 第? \s* [(（]? (?P<item> {NUMERAL} ) [)）]? \s* 项 )?
    [\s？?。]*
    """,
    re.VERBOSE,
)


def typed_citation(query: str) -> Mention | None:
    """A query that is one citation as people type it, without 第 or 《》: 民法典1219条第1款.

    >>> typed_citation("民法典1219条").targets
    (Target(path=(Place(kind=<Kind.ARTICLE: 'article'>, number=1219, sub=0),), until=()),)
    >>> typed_citation("医生可以拒绝第2条建议吗") is None
    True
    """
    match = _TYPED.fullmatch(query)
    if match is None:
        return None
    try:
        numbers = {
            name: parse_numeral(match[name]) if match[name] else 0
            for name in _TYPED.groupindex
            if name != "title"
        }
    except ValueError:
        return None
    path = [Place(Kind.ARTICLE, numbers["article"], numbers["sub"])]
    path += [Place(Kind.PARAGRAPH, numbers["paragraph"])] if numbers["paragraph"] else []
    path += [Place(Kind.ITEM, numbers["item"])] if numbers["item"] else []
    title = match["title"]
    return Mention(
        0, len(query), query, Anchor.TITLE, title, (Target(tuple(path)),), year=normal_title(title).year
    )


_REST = re.compile(
    r"[^\w]|[的是和与及、]|规定|内容|全文|原文|怎么|如何|什么|哪些|写|说|讲|请问|查询?|一下|吗|呢"
)


def is_only_citation(query: str, mentions: Iterable[Mention]) -> bool:
    """Whether a query asks for nothing but what it cites.

    >>> is_only_citation("《医师法》第二十五条怎么规定的？", [Mention(0, 10, "", Anchor.TITLE, "医师法", ())])
    True
    """
    rest = query
    for mention in sorted(mentions, key=lambda m: -m.start):
        rest = rest[: mention.start] + rest[mention.end :]
    return not _REST.sub("", rest)


@dataclass(frozen=True, slots=True)
class Part:
    """What of a clause a hit shows: the id, and 款 and 项 where it is not the whole.

    `lead_in` are the words of the 款 that govern a 项; empty for anything else.
    """

    id: str
    paragraph: int | None
    item: int | None
    text: str
    lead_in: str = ""


def cited_part(clause: Clause, *, paragraph: int | None, item: int | None) -> Part | None:
    """The 款 and 项 of a clause that are asked for; None if the clause has no such place.

    An item named without its 款 is taken where only one 款 has it.
    """
    if paragraph is None and item is None:
        return Part(str(clause.id), None, None, clause.text)
    found = [
        p for n, p in enumerate(clause.paragraphs, 1) if paragraph is None or (p.number or n) == paragraph
    ]
    if item is None:
        return Part(str(found[0].id), found[0].number, None, found[0].text) if found else None
    parts = [part for p in found for part in item_parts(p) if part.item == item]
    return parts[0] if len(parts) == 1 else None


_ITEM = re.compile(r"^\s*[(（](?P<number>[一二三四五六七八九十百]+)[)）]", re.MULTILINE)


def item_parts(paragraph: ClauseParagraph) -> list[Part]:
    """The 项 of a 款 in order, each with the words before the first as its lead-in.

    A 款 that numbers two of them alike has none that could be told apart.
    """
    text = paragraph.text
    marks = list(_ITEM.finditer(text))
    numbers = [parse_numeral(mark["number"]) for mark in marks]
    if not marks or len(set(numbers)) < len(numbers):
        return []
    lead_in = text[: marks[0].start()].strip()
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    return [
        Part(f"{paragraph.id}/i{number}", paragraph.number, number, text[mark.start() : end].strip(), lead_in)
        for number, mark, end in zip(numbers, marks, ends, strict=True)
    ]
