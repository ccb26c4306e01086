"""What stands today in the place of an article that no longer applies, or that does not exist."""

from __future__ import annotations

from functools import lru_cache

from evaluator.citation_elsewhere import Elsewheres
from evaluator.citation_outcome import Outcome, Suggestion
from evaluator.citation_resolve import Resolution
from kg.build import Build, Text
from kg.correspondence import Unit, Weights, correspond
from kg.text import canonical
from kg.vocabulary import Kind

_LEAST, _AHEAD = 0.3, 0.05


class Successions:
    """Names the article that a reader should look at instead."""

    def __init__(self, build: Build, elsewheres: Elsewheres) -> None:
        self.build = build
        self.elsewheres = elsewheres
        self._pairs = lru_cache(maxsize=64)(_pairs)

    def suggestions(self, resolution: Resolution, claim: str) -> list[Suggestion]:
        """The article of the successor, or of the same law where its number does not exist; none if not clear."""
        if resolution.not_in_force:
            return self._successor(resolution, claim)
        if resolution.outcome is Outcome.NOT_FOUND and resolution.text:
            return self._said_in(resolution.text, claim)
        return []

    def _successor(self, resolution: Resolution, claim: str) -> list[Suggestion]:
        if resolution.successor is None:
            return []
        applied = self.build.in_force(resolution.successor, resolution.as_of)
        if applied is None:
            return []
        text = self.build.text(applied[0].id)
        if resolution.text and resolution.article:
            pairs = self._pairs(
                resolution.text.expression.id.__str__(), text.expression.id.__str__(), self.build
            )
            label = pairs.get(str(resolution.article.id))
            return [Suggestion(text.expression.title, label)] if label else []
        return self._said_in(text, claim)

    def _said_in(self, text: Text, claim: str) -> list[Suggestion]:
        found = self.elsewheres.likely(claim, text, least=_LEAST, ahead=_AHEAD)
        return [Suggestion(text.expression.title, found.id.display())] if found else []


def _pairs(old_id: str, new_id: str, build: Build) -> dict[str, str]:
    """For each article of a replaced work the label of the one that corresponds to it."""
    old, new = build.text(old_id), build.text(new_id)
    before = [p for p in old.provisions if p.kind is Kind.ARTICLE]
    after = [p for p in new.provisions if p.kind is Kind.ARTICLE]
    units = [Unit(str(p.id.steps), canonical(old.words(p))) for p in before]
    others = [Unit(str(p.id.steps), canonical(new.words(p))) for p in after]
    matches = correspond(units, others, Weights.of(u.words for u in (*units, *others)))
    return {str(before[m.old].id): after[m.new].id.display() for m in matches}
