"""How much of a sentence's telling words stand in an article: evidence that counts, not a judgement.

Words are character bigrams as retrieval cuts them, weighted by how rare they are in the build; the share of the
weight that an article holds is its support. Titles and numbers of citations inside the sentence do not count.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kg.build import Text
from kg.model import Provision
from kg.vocabulary import Kind
from retrieval.tokens import tokens

if TYPE_CHECKING:
    from retrieval.lexical import LexicalIndex

_LEAD = re.compile(r"《[^》]{1,80}》|第[〇零一二两三四五六七八九十百千\d]{1,8}(?:条|款|项)")
_MOST_KEPT = 200_000


@dataclass(frozen=True, slots=True)
class Support:
    """The share of a claim's weight that an article holds, and the article."""

    article: Provision
    share: float


class _Articles:
    """The articles of one text with their terms, and for each term the articles that have it."""

    def __init__(self, text: Text) -> None:
        self.listed = [
            (p, frozenset(tokens(text.words(p)))) for p in text.provisions if p.kind is Kind.ARTICLE
        ]
        self.having: dict[str, list[int]] = {}
        for place, (_, terms) in enumerate(self.listed):
            for term in terms:
                self.having.setdefault(term, []).append(place)


class Supports:
    """Support of claims by the articles of a build; what is read once is kept."""

    def __init__(self, lexical: LexicalIndex) -> None:
        self._lexical = lexical
        self._rarity: dict[str, float] = {}
        self._articles: dict[str, _Articles] = {}
        self._terms: dict[str, frozenset[str]] = {}

    def weights(self, claim: str) -> dict[str, float]:
        """The terms of a claim with their weights."""
        terms = dict.fromkeys(tokens(_LEAD.sub("。", claim)))
        unknown = [term for term in terms if term not in self._rarity]
        if unknown:
            if len(self._rarity) > _MOST_KEPT:  # memory stays flat however much is read
                self._rarity.clear()
                unknown = list(terms)
            self._rarity.update(self._lexical.rarity(unknown))
        return {term: self._rarity[term] for term in terms}

    def share(self, weights: dict[str, float], held: Collection[str]) -> float:
        """The share of the weight that these terms hold; 0 for a claim without terms."""
        total = sum(weights.values())
        return sum(w for term, w in weights.items() if term in held) / total if total else 0.0

    def articles(self, text: Text) -> Sequence[tuple[Provision, frozenset[str]]]:
        """The articles of a text with the terms of each, in document order."""
        return self._of(text).listed

    def _of(self, text: Text) -> _Articles:
        key = str(text.expression.id)
        if key not in self._articles:
            self._articles[key] = _Articles(text)
        return self._articles[key]

    def terms(self, text: Text, provision: Provision) -> frozenset[str]:
        """The terms of one provision with all below it."""
        key = str(provision.id)
        if key not in self._terms:
            if len(self._terms) > _MOST_KEPT:
                self._terms.clear()
            self._terms[key] = frozenset(tokens(text.words(provision)))
        return self._terms[key]

    def ranked(self, weights: dict[str, float], text: Text) -> list[Support]:
        """The articles of a text that hold something of a claim, the best first, ties in document order."""
        articles = self._of(text)
        sums: dict[int, float] = {}
        for term, weight in weights.items():
            for place in articles.having.get(term, ()):
                sums[place] = sums.get(place, 0.0) + weight
        total = sum(weights.values()) or 1.0
        order = sorted(sums, key=lambda place: (-round(sums[place], 9), place))
        return [Support(articles.listed[place][0], sums[place] / total) for place in order]

    def best_two(
        self, weights: dict[str, float], text: Text, *, besides: Collection[str]
    ) -> tuple[Support | None, float]:
        """The article that holds most of a claim, apart from some, and the share of the one after it."""
        others = [
            s for s in self.ranked(weights, text)[: len(besides) + 2] if str(s.article.id) not in besides
        ]
        return (others[0] if others else None), (others[1].share if len(others) > 1 else 0.0)
