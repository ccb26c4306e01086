"""The grammar of citations: what a text refers to, before anything is resolved."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from kg.vocabulary import Kind


class Anchor(StrEnum):
    """What a citation's numbers are counted from."""

    TITLE = "title"  # 《中华人民共和国医师法》第二十五条, or a known title without 《》
    SELF = "self"  # 本法, 本条例, 本办法 …: the citing work
    SAME = "same"  # 该法, 同法, 该条例, 条例第七条 after 《…条例》: the work cited last
    HERE = "here"  # 本条, 本款, 本项, 本章, 本节, 本编: a place around the citing one
    PREVIOUS = "previous"  # 前条, 前款, 前两款, 前三款, 前项, 前两项, 前章
    BARE = "bare"  # 第X条, 第二款 with nothing before it


@dataclass(frozen=True, slots=True)
class Place:
    """One numbered step as written: 第十七条之一 is `Place(Kind.ARTICLE, 17, 1)`."""

    kind: Kind
    number: int
    sub: int = 0


@dataclass(frozen=True, slots=True)
class Target:
    """A place or a range of places inside the anchor's work. `until` closes a range, both ends included.

    第三十四条第一款第（二）项 is path (条 34, 款 1, 项 2); 第三条至第五条 is path (条 3) until (条 5).
    An empty path means the work, or the HERE/PREVIOUS place, as a whole.
    """

    path: tuple[Place, ...]
    until: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class Mention:
    """One citation found in a text, with its span there and its parts.

    `title` is the surface title without 《》 for Anchor.TITLE, else the word used (本法, 该条例, 前两款).
    `year` is an edition year written in the text: 《…》（2019年修订）. `count` is how many places
    前两款/前三项 reach back (1 for 前款), `back_kind` what they count.
    """

    start: int
    end: int
    surface: str
    anchor: Anchor
    title: str
    targets: tuple[Target, ...]
    year: int | None = None
    count: int = 0
    back_kind: Kind | None = None
