"""Which other article says what a citation is said to say: in the same law first, then in the others."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date

from evaluator.citation_quote import plain, plain_text
from evaluator.citation_support import Supports
from kg.build import Build, Text
from kg.model import Provision
from kg.vocabulary import Kind
from retrieval.index import ClauseIndex

_LEAST_QUOTED = 8
_LEAST_WEIGHT, _SHORT_WEIGHT = 60.0, 30.0
_SHORT_SHARE, _SHORT_OWN = 0.5, 0.15
_ALONE_WEIGHT, _ALONE_OWN, _ALONE_SHARE, _ALONE_TIMES, _ALONE_EVIDENCE = 70.0, 0.1, 0.1, 1.5, 15.0
_LEAST_SHARE, _MARGIN, _MARGIN_OF_WHOLE = 0.3, 0.2, 0.12
_ELSEWHERE_SHARE, _ELSEWHERE_MARGIN, _ELSEWHERE_OWN, _ELSEWHERE_WEIGHT = 0.65, 0.4, 0.15, 70.0
_LIKELY_WEIGHT = 30.0
"""Tuned on the citations of the train and dev folds of the written cases (docs/design/citation-checks.md)."""
_MOST_CLAUSES = 6


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """An article that says it, how much of the claim's weight it holds, and how much the cited one holds."""

    text: Text
    article: Provision
    share: float
    own: float
    words: str


class Elsewheres:
    """Looks through a build for the article that says something."""

    def __init__(self, build: Build, index: ClauseIndex, supports: Supports) -> None:
        self.build = build
        self.index = index
        self.supports = supports

    def of_quotation(
        self, words: str, text: Text | None, as_of: date, *, besides: Collection[str]
    ) -> Elsewhere | None:
        """The article that has these very words (marks and script aside); None where none has, or too few words.

        Where several have them in one law the first is named.
        """
        wanted = plain(words)
        if len(wanted) < _LEAST_QUOTED:
            return None
        for provision in _articles(text):
            if str(provision.id) not in besides and text and wanted in plain_text(text.words(provision)):
                return Elsewhere(text, provision, 1.0, 0.0, words)
        allowed = self.index.allowed(as_of)
        for hit in self.index.stack.lexical.search(words, 20, allowed=allowed):
            identifier = self.index.ids[hit.row]
            if identifier in besides:
                continue
            other, provision = self.build.provision(identifier)
            if provision.kind is Kind.ARTICLE and wanted in plain_text(other.words(provision)):
                return Elsewhere(other, provision, 1.0, 0.0, words)
        return None

    def of_claim(
        self,
        claim: str,
        text: Text,
        held: frozenset[str],
        *,
        front: bool,
        around: float,
        besides: Collection[str],
    ) -> Elsewhere | None:
        """The article of the same law that says a claim which the cited one does not; None unless it is clear.

        `held` are the terms of the cited article. `front` says whether the claim begins beside the citation (else it ends there), `around` how much of
        the words on either side the cited article holds: what supports it there counts against a change.
        """
        best: tuple[float, Elsewhere] | None = None
        spans = list(windows(claim, front=front))
        weighed = [(words, self.supports.weights(words)) for words in spans]
        own_most = max([around, *(self.supports.share(w, held) for _, w in weighed if sum(w.values()) >= 25)])
        for words, weights in weighed:
            total = sum(weights.values())
            if total < _SHORT_WEIGHT:
                continue
            mine = self.supports.share(weights, held)
            first, second = self.supports.best_two(weights, text, besides=besides)
            if first is None or not _is_clear(first.share, second, mine, own_most, total):
                continue
            evidence = (first.share - mine) * total
            if best is None or evidence > best[0]:
                best = evidence, Elsewhere(text, first.article, first.share, mine, words)
        return best[1] if best else None

    def in_other_laws(
        self, claim: str, own_share: float, as_of: date, *, front: bool, besides: Collection[str]
    ) -> Elsewhere | None:
        """The article of another law that says a claim of which the cited one says next to nothing."""
        if own_share > _ELSEWHERE_OWN:
            return None
        allowed = self.index.allowed(as_of)
        for words in windows(claim, front=front):
            weights = self.supports.weights(words)
            if sum(weights.values()) < _ELSEWHERE_WEIGHT:
                continue
            for hit in self.index.stack.lexical.search(words, 5, allowed=allowed):
                identifier = self.index.ids[hit.row]
                if identifier in besides:
                    continue
                text, provision = self.build.provision(identifier)
                share = self.supports.share(weights, self.supports.terms(text, provision))
                if provision.kind is Kind.ARTICLE and share >= max(
                    _ELSEWHERE_SHARE, own_share + _ELSEWHERE_MARGIN
                ):
                    return Elsewhere(text, provision, share, own_share, words)
        return None

    def likely(self, claim: str, text: Text, *, least: float, ahead: float) -> Provision | None:
        """The article of a law that a claim most likely speaks of, None where it is not clear."""
        weights = self.supports.weights(claim)
        if sum(weights.values()) < _LIKELY_WEIGHT:
            return None
        ranked = self.supports.ranked(weights, text)[:2]
        if not ranked or ranked[0].share < least:
            return None
        if len(ranked) > 1 and ranked[0].share - ranked[1].share < ahead:
            return None
        return ranked[0].article


def _is_clear(share: float, second: float, mine: float, own_most: float, total: float) -> bool:
    """Whether the best other article says so much more of a claim than the cited one that its number is meant.

    Either it holds much of the words outright, or, of a claim in other words, far more than any other article
    where the cited one holds next to nothing. A few words tell only if nearly all of them stand there.
    """
    if total < _LEAST_WEIGHT:
        return share >= _SHORT_SHARE and own_most <= _SHORT_OWN
    if share >= _LEAST_SHARE and share - mine >= _MARGIN and share - own_most >= _MARGIN_OF_WHOLE:
        return True
    alone = total >= _ALONE_WEIGHT and own_most <= _ALONE_OWN and share >= _ALONE_SHARE
    return alone and share >= _ALONE_TIMES * second and (share - mine) * total >= _ALONE_EVIDENCE


def windows(claim: str, *, front: bool) -> Iterator[str]:
    """The clauses of a claim from the citation on, one more each time; the law is told first, its application then."""
    parts = [part for part in re.split(r"(?<=[,:])", claim) if part.strip()]
    if not front:
        parts = parts[::-1]
    for count in range(1, min(len(parts), _MOST_CLAUSES) + 1):
        chosen = parts[:count]
        yield "".join(chosen if front else chosen[::-1])
    if len(parts) > _MOST_CLAUSES:
        yield claim


def _articles(text: Text | None) -> list[Provision]:
    return [p for p in text.provisions if p.kind is Kind.ARTICLE] if text else []
