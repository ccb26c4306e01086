"""The clause that a reference text is: found by its words, as published files name no source."""

from __future__ import annotations

import re
from datetime import date

from kg.build import Build
from kg.text import canonical
from kg.vocabulary import Kind, Status

_LABEL = re.compile(r"^第[〇零一二三四五六七八九十百千\d]+条(?:之[一二三四五六七八九十]+)?")
_SHORTEST = 8


class Governing:
    """Finds articles, paragraphs and items of a build by their words; the words of the build are read once."""

    def __init__(self, build: Build) -> None:
        self._build = build
        self._known: dict[str, list[str]] | None = None

    def find(self, reference: str, as_of: date) -> str | None:
        """The id of the provision with exactly these words (width, marks and blanks aside), None if there is none.

        Of several the one in force on the day counts, else the first by id.
        """
        words = canonical(_LABEL.sub("", reference.strip()))
        if len(words) < _SHORTEST:
            return None
        found = self._table().get(words, [])
        return min(
            found, key=lambda identifier: (not self._in_force(identifier, as_of), identifier), default=None
        )

    def _in_force(self, identifier: str, as_of: date) -> bool:
        text, _ = self._build.provision(identifier)
        return text.expression.validity.status(as_of) is Status.IN_FORCE

    def _table(self) -> dict[str, list[str]]:
        if self._known is None:
            known: dict[str, list[str]] = {}
            for expression in self._build.expressions:
                text = self._build.text(expression)
                for provision in text.provisions:
                    if (
                        provision.kind in (Kind.ARTICLE, Kind.PARAGRAPH, Kind.ITEM, Kind.POINT)
                        and not provision.sole
                    ):
                        words = canonical(text.words(provision))
                        known.setdefault(words, []).append(str(provision.id))
            self._known = known
        return self._known
