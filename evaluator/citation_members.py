"""The single places of a mention, each with the characters that name it."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from kg.citation import Mention, Place, Target
from kg.citation_places import numeral

_DIGIT = "0-9〇○零一二两三四五六七八九十百千"
_NUMBER = re.compile(rf"(?:[{_DIGIT}]\s{{0,2}}){{0,11}}[{_DIGIT}]|[㈠-㈩⑴-⒇①-⑳]")
_LEAD = re.compile(r"(?:第\s{0,2})?\(?\s?\Z")
_CLOSE = re.compile(r"\s?\)?\s{0,2}(?:分编|[编章节条点段款项目])?")


class Member(NamedTuple):
    """One target of a mention; the first begins with the mention, the last ends with it."""

    start: int
    end: int
    target: Target


def members(text: str, mention: Mention, targets: tuple[Target, ...]) -> list[Member]:
    """Cut a mention of several places into them: 《医师法》第二十三条 | 第二十五条."""
    if len(targets) == 1:
        return [Member(mention.start, mention.end, targets[0])]
    numbers = [
        (m.start(), m.end(), value)
        for m in _NUMBER.finditer(text, _places_from(text, mention), mention.end)
        if (value := numeral(unicodedata.normalize("NFKC", m[0]))) is not None
    ]
    found: list[Member] = []
    at = 0
    for target in targets:
        first, last = _span(numbers, at, target)
        if last is None:
            return [Member(mention.start, mention.end, t) for t in targets]
        start = numbers[first][0]
        lead = _LEAD.search(text, max(mention.start, start - 4), start)
        end = numbers[last][1]
        close = _CLOSE.match(text, end, mention.end)
        found.append(Member(lead.start() if lead else start, close.end() if close else end, target))
        at = last + 1
    found[0] = found[0]._replace(start=mention.start)
    found[-1] = found[-1]._replace(end=mention.end)
    return found


def _places_from(text: str, mention: Mention) -> int:
    """Where the numbers of places begin: behind the title, which may hold numbers itself."""
    at = text.find(mention.title, mention.start, mention.end) if mention.title else -1
    return at + len(mention.title) if at >= 0 else mention.start


def _span(numbers: list[tuple[int, int, int]], at: int, target: Target) -> tuple[int, int | None]:
    """The first and last number that write a target, from number `at` on."""
    last: int | None = None
    for path in (target.path, target.until):
        if path:
            last = _last(numbers, at if last is None else last + 1, path[-1])
            if last is None:
                return at, None
    return at, last


def _last(numbers: list[tuple[int, int, int]], at: int, place: Place) -> int | None:
    for index in range(at, len(numbers)):
        if place.sub:
            if numbers[index][2] == place.sub:
                return index
        elif numbers[index][2] == place.number:
            return index
    return None
