"""Which principles a provision serves and in which scenario classes it applies, with the words that say so."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ingestion.norms.lexicon import EvidenceWord, Lexicon
from kg.norm import Evidence

PRINCIPLE_FLOOR, TOPIC_FLOOR = 0.5, 0.5
"""Scores below say nothing. Set on the tuning set; see docs/design/norms.md."""
MOST_PRINCIPLES = 3


class Evidences:
    """Scores by the words of a lexicon: each word that occurs leaves less room for doubt."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._principles = _compiled(lexicon.principle_words)
        self._topics = _compiled(lexicon.topic_words)

    def principles(self, words: str) -> tuple[Evidence, ...]:
        """The principles of a provision, best first, at most three."""
        found = _scored(self._principles, words)
        return tuple(e for e in found if e.score >= PRINCIPLE_FLOOR)[:MOST_PRINCIPLES]

    def topics(self, words: str, surroundings: str) -> tuple[Evidence, ...]:
        """The scenario classes of a provision, best first; title and headings count as its words do."""
        return tuple(e for e in _scored(self._topics, words + "\n" + surroundings) if e.score >= TOPIC_FLOOR)


def _compiled(words: Iterable[EvidenceWord]) -> list[tuple[re.Pattern[str], EvidenceWord]]:
    return [(re.compile(word.word), word) for word in words]


def _scored(patterns: list[tuple[re.Pattern[str], EvidenceWord]], text: str) -> list[Evidence]:
    doubt: dict[str, float] = {}
    said: dict[str, list[str]] = {}
    for pattern, word in patterns:
        if match := pattern.search(text):
            doubt[word.name] = doubt.get(word.name, 1.0) * (1.0 - word.weight)
            said.setdefault(word.name, []).append(match[0])
    found = [Evidence(n, round(1.0 - d, 6), tuple(dict.fromkeys(said[n]))) for n, d in doubt.items()]
    return sorted(found, key=lambda e: (-e.score, e.name))
