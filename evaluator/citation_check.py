"""The citation checker: every citation of a text, held against the law of a day.

States what was compared and what was found, never who is to blame; where the evidence does not tell, it says
less rather than more (a claim that is merely worded otherwise stays verified for existence).
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from evaluator.citation_find import FoundCitation, find_citations
from evaluator.citation_outcome import CheckedCitation, Outcome, Suggestion, Verified
from evaluator.citation_resolve import Resolution, resolve_citation
from kg.build import Build
from kg.identity import Step
from kg.vocabulary import Kind, Status


class CitationChecker:
    """Checks texts against one build; what it reads of the build is read once."""

    def __init__(self, build: Build) -> None:
        self.build = build

    def check(self, text: str, *, as_of: date) -> list[CheckedCitation]:
        """The citations of a text in order, each with its outcome."""
        _, found = find_citations(text, self.build.titles)
        return [_judged(one, resolve_citation(self.build, one, as_of)) for one in found]


@lru_cache(maxsize=4)
def _checker(build: Build) -> CitationChecker:
    return CitationChecker(build)


def check_citations(text: str, *, build: Build, as_of: date) -> list[CheckedCitation]:
    """Every citation of Chinese law in a text, resolved and checked against the law in force on a day.

    An edition year written with a title, or the document's own date, stands in for `as_of` where there is one.
    """
    return _checker(build).check(text, as_of=as_of)


def _judged(found: FoundCitation, resolution: Resolution) -> CheckedCitation:
    outcome = resolution.outcome or Outcome.VERIFIED
    faults = () if outcome is Outcome.VERIFIED else (outcome.value, *resolution.details)
    suggested: tuple[Suggestion, ...] = ()
    places = {place.kind: place for place in found.target.path}
    article = places.get(Kind.ARTICLE)
    return CheckedCitation(
        span=(found.start, found.end),
        surface=found.surface,
        title=resolution.title,
        article=Step(article.kind, article.number, article.sub).display() if article else None,
        paragraph=places[Kind.PARAGRAPH].number if Kind.PARAGRAPH in places else None,
        item=places[Kind.ITEM].number if Kind.ITEM in places else None,
        resolved=_resolved(resolution),
        outcome=outcome,
        faults=faults,
        suggested=suggested,
        confidence=1.0,
        evidence=_evidence(resolution),
        verified=Verified.EXISTENCE if outcome is Outcome.VERIFIED else None,
        as_of=resolution.as_of,
    )


def _resolved(resolution: Resolution) -> str | None:
    if resolution.provisions:
        return str(resolution.provisions[0].id)
    if resolution.article:
        return str(resolution.article.id)
    return None


def _evidence(resolution: Resolution) -> str:
    parts = [resolution.reason]
    if resolution.status is Status.UNKNOWN and resolution.text:
        parts.append(
            f"《{resolution.title}》在 {resolution.as_of} 的效力待核：{resolution.text.expression.validity_note}"
        )
    return "；".join(filter(None, parts)) or f"条文存在（按 {resolution.as_of} 的文本）"
