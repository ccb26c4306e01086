"""When a text is law: half-open intervals, with "unknown" as a value of its own.

An expression whose stated effective date is earlier than its own version date carries the date of the
original act, not of this version. Its beginning is then unknown, but not before the version date.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from kg.numerals import parse_numeral
from kg.vocabulary import Status


@dataclass(frozen=True, slots=True)
class Validity:
    """The life of one expression, [begins, ends).

    `begins` None means unknown, but not before `not_before` (None: no bound known either).
    `ends` None means no recorded end. `contested_from` is set where a newer version exists whose own
    beginning is unknown: from that day on nobody can say which of the two applies.

    >>> v = Validity(begins=date(2022, 3, 1))
    >>> v.status(date(2022, 2, 28)), v.status(date(2022, 3, 1))
    (<Status.NOT_YET: 'not_yet'>, <Status.IN_FORCE: 'in_force'>)
    >>> Validity(begins=None, not_before=date(2018, 4, 27)).status(date(2026, 1, 1))
    <Status.UNKNOWN: 'unknown'>
    """

    begins: date | None
    not_before: date | None = None
    ends: date | None = None
    contested_from: date | None = None

    def status(self, as_of: date) -> Status:
        """What the record supports saying about this expression on that day."""
        if self.ends is not None and as_of >= self.ends:
            return Status.ENDED
        if self.begins is None:
            early = self.not_before is not None and as_of < self.not_before
            return Status.NOT_YET if early else Status.UNKNOWN
        if as_of < self.begins:
            return Status.NOT_YET
        if self.contested_from is not None and as_of >= self.contested_from:
            return Status.UNKNOWN
        return Status.IN_FORCE

    @property
    def earliest(self) -> date:
        """The first day on which this expression can have been law."""
        return self.begins or self.not_before or date.min

    @property
    def last(self) -> date:
        """The day before which it can have been law; date.max where no end is recorded."""
        return self.ends or date.max

    def overlap(self, other: Validity) -> tuple[date, date] | None:
        """The days on which both can have been law, [from, until), or None."""
        start, end = max(self.earliest, other.earliest), min(self.last, other.last)
        return (start, end) if start < end else None


_DATE = re.compile(
    r"(?P<y>[\d０-９〇零一二三四五六七八九]{4})\s*年\s*(?P<m>[\d０-９一二三四五六七八九十]{1,3})\s*月\s*(?P<d>[\d０-９一二三四五六七八九十]{1,3})\s*日"
)


def find_dates(text: str) -> list[tuple[date, int, int]]:
    """Every calendar date written in the text, with its span; impossible dates are left out.

    >>> find_dates("本法自2022年3月1日起施行。")
    [(datetime.date(2022, 3, 1), 3, 12)]
    """
    found = []
    for match in _DATE.finditer(text):
        try:
            day = date(parse_numeral(match["y"]), parse_numeral(match["m"]), parse_numeral(match["d"]))
        except ValueError:
            continue
        found.append((day, match.start(), match.end()))
    return found
