"""Which principles a provision serves and in which scenario classes it applies, with the words that say so.

Words of a lexicon vote: each that occurs leaves less room for doubt. A word's weight is the share of
provisions with it that serve the principle, drawn towards one half where few were seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from ingestion.norms.lexicon import EvidenceWord, Lexicon, Where
from kg.norm import Evidence, Modality

FIRST_FLOOR, FURTHER_FLOOR = 0.4, 0.5
"""The score from which a principle counts: the best one, and each after it."""
FORMAL_SHARE = 0.5
"""What is left of a score in provisions that only define, delegate, declare or state a purpose."""
MOST_PRINCIPLES = 3
TOPIC_FLOOR = 0.5

_FORMAL = frozenset({Modality.DEFINITION, Modality.DELEGATION, Modality.PURPOSE, Modality.DECLARATION})


class Evidences:
    """Scores by the words of a lexicon."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._principles = _compiled(lexicon.principle_words)
        self._topics = _compiled(lexicon.topic_words)

    def principles(
        self, words: str, surroundings: str, modalities: frozenset[Modality]
    ) -> tuple[Evidence, ...]:
        """The principles of a provision with these norms, best first, at most three."""
        share = FORMAL_SHARE if modalities and modalities <= _FORMAL else 1.0
        found = _scored(self._principles, words, surroundings, share)[:MOST_PRINCIPLES]
        return tuple(e for i, e in enumerate(found) if e.score >= (FURTHER_FLOOR if i else FIRST_FLOOR))

    def topics(self, words: str, surroundings: str) -> tuple[Evidence, ...]:
        """The scenario classes of a provision, best first; title and headings count beside its words."""
        return tuple(e for e in _scored(self._topics, words, surroundings, 1.0) if e.score >= TOPIC_FLOOR)


def _compiled(words: Iterable[EvidenceWord]) -> list[tuple[re.Pattern[str], EvidenceWord]]:
    return [(re.compile(word.word), word) for word in words]


def _scored(
    patterns: list[tuple[re.Pattern[str], EvidenceWord]], words: str, surroundings: str, share: float
) -> list[Evidence]:
    doubt: dict[str, float] = {}
    said: dict[str, list[str]] = {}
    for pattern, word in patterns:
        if match := pattern.search(words if word.where is Where.TEXT else surroundings):
            doubt[word.name] = doubt.get(word.name, 1.0) * (1.0 - word.weight)
            said.setdefault(word.name, []).append(match[0])
    found = [
        Evidence(name, round(share * (1.0 - left), 6), tuple(dict.fromkeys(said[name])))
        for name, left in doubt.items()
    ]
    return sorted(found, key=lambda e: (-e.score, e.name))
