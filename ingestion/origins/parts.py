"""Laws that an origin splits over several files: which parts belong together, and in which order."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from ingestion.readers.acquired import Acquired, Claim, Reading, Text
from ingestion.readers.described import first_headings
from kg.model import Origin
from kg.numerals import NUMERAL, parse_numeral
from kg.text import digest

_ARTICLE = re.compile(rf"^[ \t\u3000]*(?:\*\*)?第(?P<number>{NUMERAL})条", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Part:
    """One file of a folder."""

    place: str
    sha256: str
    text: Text

    @classmethod
    def of(cls, place: str, reading: Reading) -> Part | None:
        """The part that a reading is; None where nothing could be read."""
        return cls(place, reading.sha256, reading.text) if reading.text else None

    @property
    def headings(self) -> tuple[str, ...]:
        """Its level-one headings."""
        return first_headings(self.text.raw)

    @property
    def first_article(self) -> int | None:
        """The number of its first article; None where it has none."""
        for match in _ARTICLE.finditer(self.text.raw):
            try:
                return parse_numeral(match["number"])
            except ValueError:
                continue
        return None

    def acquired(self, name: str, claims: Sequence[Claim] = ()) -> Acquired:
        """The part as a text of its own, with further claims before its own."""
        origin = Origin(name, self.place, self.sha256)
        return Acquired(origin, self.text.raw, self.text.form, (*claims, *self.text.claims))


def join(parts: Sequence[Part], *, name: str, folder: str, claims: Sequence[Claim]) -> Acquired:
    """The parts as one text, in the order given; each begins on a line of its own and is otherwise unchanged.

    The place is the folder. The parts' own claims stay, except for titles: those are the titles of parts.
    """
    raw = "".join(part.text.raw if part.text.raw.endswith("\n") else part.text.raw + "\n" for part in parts)
    kept = tuple(claim for part in parts for claim in part.text.claims if claim.field != "title")
    return Acquired(Origin(name, folder, digest(raw)), raw, parts[0].text.form, (*claims, *kept))


def by_first_article(part: Part) -> tuple[int, str]:
    """Sort key: the 序言, then parts by the number of their first article, then those without articles."""
    if part.first_article is not None:
        return part.first_article, part.place
    is_preamble = any("序言" in heading for heading in part.headings)
    return (0 if is_preamble else sys.maxsize), part.place
