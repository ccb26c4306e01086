"""The citation checker: every citation of a text, held against the law of a day.

States what was compared and what was found, never who is to blame; where the evidence does not tell, it says
less rather than more (a claim that is merely worded otherwise stays verified for existence).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from functools import lru_cache

from evaluator.citation_clean import CleanText, hidden
from evaluator.citation_confidence import confidence
from evaluator.citation_date import document_date
from evaluator.citation_elsewhere import Elsewheres
from evaluator.citation_find import FoundCitation, find_citations
from evaluator.citation_judge import Cited, Judge, Judgement
from evaluator.citation_outcome import CheckedCitation, Correction, Outcome, Suggestion, Verified
from evaluator.citation_passage import Passages
from evaluator.citation_resolve import Resolution, resolve_citation
from evaluator.citation_succession import Successions
from evaluator.citation_support import Supports
from kg.build import Build
from kg.identity import Step
from kg.vocabulary import Kind, Status
from retrieval.index import ClauseIndex
from retrieval.retriever import INDEX_FOLDER


class CitationChecker:
    """Checks texts against one build; what it reads of the build is read once."""

    def __init__(self, build: Build) -> None:
        self.build = build
        index = ClauseIndex.open(build.path / INDEX_FOLDER)
        supports = Supports(index.stack.lexical)
        elsewheres = Elsewheres(build, index, supports)
        self._judge = Judge(supports, elsewheres)
        self._successions = Successions(build, elsewheres)

    def resolve(self, text: str, *, as_of: date) -> list[tuple[FoundCitation, Resolution]]:
        """The citations of a text and what each leads to, without comparing what is said of them."""
        _, found = find_citations(text, self.build.titles)
        return [(one, resolve_citation(self.build, one, as_of)) for one in found]

    def check(self, text: str, *, as_of: date) -> list[CheckedCitation]:
        """The citations of a text in order, each with its outcome."""
        cleaned, found = find_citations(text, self.build.titles)
        if not found:
            return []
        day = document_date(cleaned.text) or as_of
        resolved = [(one, resolve_citation(self.build, one, day)) for one in found]
        resolved = [(one, resolution) for one, resolution in resolved if not _is_loose(one, resolution)]
        found = [one for one, _ in resolved]
        spans = _mention_spans(found)
        numbers = list(spans)
        passages = Passages(cleaned.text, list(spans.values()))
        around = {number: passages.of(place) for place, number in enumerate(numbers)}
        articles = {number: set[str]() for number in numbers}
        for one, resolution in resolved:
            if resolution.article:
                articles[one.mention].add(str(resolution.article.id))
        before = dict(zip(numbers[1:], numbers, strict=False))
        groups: dict[tuple[int, int], frozenset[str]] = {}
        checked = []
        for one, resolution in resolved:
            passage = around[one.mention]
            if passage.group not in groups:
                first, last = passage.group
                groups[passage.group] = frozenset().union(*(articles[n] for n in numbers[first : last + 1]))
            own = frozenset({str(resolution.article.id)} if resolution.article else ())
            named = frozenset(articles.get(before.get(one.mention, -1), ()))
            cited = Cited(one, resolution, passage, groups[passage.group] - own, named)
            checked.append(self._checked(cited, cleaned, text))
        return checked

    def _checked(self, cited: Cited, cleaned: CleanText, given: str) -> CheckedCitation:
        judgement = self._judge.judge(cited)
        if Outcome.WRONG_NUMBER in judgement.faults and len(cited.found.works) > 1:
            cited, judgement = self._from_another_work(cited) or (cited, judgement)
        resolution = cited.resolution
        suggested = [*judgement.suggested, *self._successions.suggestions(resolution, cited.passage.claim)]
        fixes = tuple(
            Correction(*cleaned.span(quoted.start, quoted.end), words)
            for quoted, words in judgement.quotation_fixes
        )
        result = _result(cited, judgement, tuple(dict.fromkeys(suggested)))
        ends = [cleaned.span(q.start, q.end)[1] for q in cited.passage.quotations if q.end > q.start]
        unseen = hidden(given[result.span[0] : max(result.span[1], *ends) if ends else result.span[1]])
        evidence = "；".join(filter(None, (result.evidence, unseen)))
        return replace(result, evidence=evidence, quotation_fixes=fixes)

    def _from_another_work(self, cited: Cited) -> tuple[Cited, Judgement] | None:
        """A bare 第三十五条 counted from a law named further back, if that one's article says what is claimed."""
        for work in cited.found.works[1:3]:
            found = replace(cited.found, works=(work,))
            other = cited._replace(
                found=found, resolution=resolve_citation(self.build, found, cited.resolution.as_of)
            )
            if other.resolution.article and not other.resolution.outcome:
                judgement = self._judge.judge(other)
                if not judgement.faults and judgement.share >= _ANOTHER_WORK:
                    return other, judgement
        return None


_ANOTHER_WORK = 0.3
"""The share of a claim that an article must hold for a bare number to be counted from an earlier law."""


@lru_cache(maxsize=4)
def _checker(build: Build) -> CitationChecker:
    return CitationChecker(build)


def check_citations(text: str, *, build: Build, as_of: date) -> list[CheckedCitation]:
    """Every citation of Chinese law in a text, resolved and checked against the law in force on a day.

    An edition year written with a title, or the document's own date, stands in for `as_of` where there is one.
    """
    return _checker(build).check(text, as_of=as_of)


def _is_loose(found: FoundCitation, resolution: Resolution) -> bool:
    """A bare 第四项 that the article cited last does not have: an entry of some form, not a citation."""
    bare = not found.explicit and found.surface.startswith("第") and "条" not in found.surface
    return bare and resolution.outcome is Outcome.WRONG_LEVEL


def _mention_spans(found: Sequence[FoundCitation]) -> dict[int, tuple[int, int]]:
    """The span of each mention in the clean text, in order."""
    spans: dict[int, tuple[int, int]] = {}
    for one in found:
        start = spans.get(one.mention, one.inner)[0]
        spans[one.mention] = start, one.inner[1]
    return spans


def _result(cited: Cited, judgement: Judgement, suggested: tuple[Suggestion, ...]) -> CheckedCitation:
    found, resolution = cited.found, cited.resolution
    faults = {*judgement.faults}
    if resolution.outcome:
        faults.add(resolution.outcome)
    if resolution.not_in_force:
        faults.add(Outcome.NOT_IN_FORCE)
    ordered = [outcome for outcome in Outcome if outcome in faults]
    outcome = ordered[0] if ordered else Outcome.VERIFIED
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
        faults=(*(fault.value for fault in ordered), *resolution.details, *judgement.details),
        suggested=suggested,
        confidence=confidence(outcome, judgement, resolution),
        evidence=_evidence(resolution, judgement),
        verified=judgement.basis if outcome is Outcome.VERIFIED else None,
        as_of=resolution.as_of,
    )


def _resolved(resolution: Resolution) -> str | None:
    if resolution.provisions:
        return str(resolution.provisions[0].id)
    return str(resolution.article.id) if resolution.article else None


def _evidence(resolution: Resolution, judgement: Judgement) -> str:
    parts = [resolution.reason, *judgement.evidence]
    if resolution.status is Status.UNKNOWN and resolution.text:
        note = resolution.text.expression.validity_note
        parts.append(f"《{resolution.title}》在 {resolution.as_of} 的效力待核：{note}")
    if not any(parts):
        said = {
            Verified.EXISTENCE: "条文存在，所述内容未比对",
            Verified.CLAIM: f"条文存在，所述用词 {judgement.share:.0%} 见于该条",
            Verified.QUOTATION: "条文存在，引文相符",
        }[judgement.basis]
        parts.append(f"{said}（按 {resolution.as_of} 的文本）")
    return "；".join(filter(None, parts))
