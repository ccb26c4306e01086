"""Which principles a provision serves and in which scenario classes it applies, with the words that say so.

Principles are scored by a linear model over the words of a lexicon: each that occurs adds its weight (log odds,
negative where it speaks against), the entry with an empty word is where every provision begins, and `norms`
entries look at the modalities of the provision's norms. A principle counts only with words that speak for it.
Topics are voted for: each word that occurs leaves less room for doubt.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from ingestion.norms.lexicon import EvidenceWord, Lexicon, Where
from kg.norm import Evidence, Modality

FIRST_FLOOR, FURTHER_FLOOR = 0.25, 0.3
"""The score from which a principle counts: the best one, and each after it."""
MOST_PRINCIPLES = 3
SPEAKS_FOR = 0.3
"""The weight from which a word is evidence for a principle."""
TOPIC_FLOOR = 0.5


class Evidences:
    """Scores by the words of a lexicon."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._principles = [(re.compile(w.word), w) for w in lexicon.principle_words]
        self._topics: list[tuple[re.Pattern[str], EvidenceWord]] = [
            (re.compile(w.word), w) for w in lexicon.topic_words
        ]

    def principles(
        self, words: str, surroundings: str, modalities: Sequence[Modality]
    ) -> tuple[Evidence, ...]:
        """The principles of a provision with these norms, best first, at most three."""
        read = {
            Where.TEXT: words,
            Where.TITLE: surroundings,
            Where.NORMS: "".join(f"{m.value} " for m in sorted(set(modalities))),
        }
        odds: dict[str, float] = {}
        said: dict[str, list[str]] = {}
        for pattern, word in self._principles:
            if (match := pattern.search(read[word.where])) is None:
                continue
            for name, weight in word.weights:
                odds[name] = odds.get(name, 0.0) + weight
                if weight >= SPEAKS_FOR and match[0] and word.where is not Where.NORMS:
                    said.setdefault(name, []).append(match[0])
        found = sorted(
            (
                Evidence(n, round(1 / (1 + math.exp(-odds[n])), 6), tuple(dict.fromkeys(said[n])))
                for n in said
            ),
            key=lambda e: (-e.score, e.name),
        )[:MOST_PRINCIPLES]
        return tuple(e for i, e in enumerate(found) if e.score >= (FURTHER_FLOOR if i else FIRST_FLOOR))

    def topics(self, words: str, surroundings: str) -> tuple[Evidence, ...]:
        """The scenario classes of a provision, best first; title and headings count beside its words."""
        doubt: dict[str, float] = {}
        said: dict[str, list[str]] = {}
        for pattern, word in self._topics:
            if match := pattern.search(words if word.where is Where.TEXT else surroundings):
                doubt[word.name] = doubt.get(word.name, 1.0) * (1.0 - word.weight)
                said.setdefault(word.name, []).append(match[0])
        found = [
            Evidence(name, round(1.0 - left, 6), tuple(dict.fromkeys(said[name])))
            for name, left in doubt.items()
        ]
        return tuple(e for e in sorted(found, key=lambda e: (-e.score, e.name)) if e.score >= TOPIC_FLOOR)
