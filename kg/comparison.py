"""Two texts side by side, with the characters that differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from typing import NamedTuple

_UNRELATED = 0.35
"""Below this share of common characters, chance matches are most of what two articles share."""
_EVERY_CHARACTER = 6_000_000
"""Up to this product of lengths characters are compared (about a second on one core); above it, lines."""


class Piece(NamedTuple):
    """A stretch of one text; `changed` where the other text does not have it."""

    text: str
    changed: bool


class Extent(StrEnum):
    """How much two texts differ."""

    NOTHING = "nothing"
    MARKED = "marked"
    TOO_MUCH = "too_much"  # two other texts: what they share by chance is not worth marking


@dataclass(frozen=True, slots=True)
class Difference:
    """Both texts in pieces; joined, the pieces of a side are that text."""

    old: tuple[Piece, ...]
    new: tuple[Piece, ...]
    extent: Extent


def compare(old: str, new: str) -> Difference:
    """The differences of two texts by character.

    >>> compare("尊重病人", "尊重、关心病人").new
    (Piece(text='尊重', changed=False), Piece(text='、关心', changed=True), Piece(text='病人', changed=False))
    """
    if len(old) * len(new) > _EVERY_CHARACTER:
        return _compare(old.splitlines(keepends=True), new.splitlines(keepends=True))
    return _compare(old, new)


def _compare(old: Sequence[str], new: Sequence[str]) -> Difference:
    left: list[Piece] = []
    right: list[Piece] = []
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    if old and new and matcher.ratio() < _UNRELATED:
        whole = (Piece("".join(old), False),), (Piece("".join(new), False),)
        return Difference(*whole, Extent.TOO_MUCH)
    for tag, start, end, other_start, other_end in matcher.get_opcodes():
        changed = tag != "equal"
        if words := "".join(old[start:end]):
            left.append(Piece(words, changed))
        if words := "".join(new[other_start:other_end]):
            right.append(Piece(words, changed))
    differs = any(piece.changed for piece in (*left, *right))
    return Difference(tuple(left), tuple(right), Extent.MARKED if differs else Extent.NOTHING)
