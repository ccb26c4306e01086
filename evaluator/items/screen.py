"""What keeps a made question or case out: that it is there already, or stands in a file that must stay unseen."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

_GRAM = 5
_ALIKE = 0.7
_LEAK = 13
"""A run of so many characters in common is no accident (the length that reports on contamination use for words
is 13; of Chinese characters it is a clause)."""
_PLAIN = re.compile(r"\W+")


def plain(text: str) -> str:
    """The characters that count when texts are compared.

    >>> plain("患者，应当 知情。")
    '患者应当知情'
    """
    return _PLAIN.sub("", text)


def grams(text: str, size: int) -> set[str]:
    """All runs of so many characters; the whole text where it is shorter."""
    words = plain(text)
    return {words[at : at + size] for at in range(max(1, len(words) - size + 1))}


@dataclass(slots=True)
class Known:
    """Texts that there are; a text that is nearly one of them is a repeat."""

    _grams: list[set[str]] = field(default_factory=list)
    _holding: dict[str, list[int]] = field(default_factory=dict)

    def is_repeat(self, text: str) -> bool:
        """Whether the text shares seven tenths of its five-character runs with one that there is."""
        own = grams(text, _GRAM)
        shared = Counter(at for gram in own for at in self._holding.get(gram, ()))
        return any(n / len(own | self._grams[at]) >= _ALIKE for at, n in shared.items())

    def add(self, text: str) -> None:
        """One more text."""
        own = grams(text, _GRAM)
        for gram in own:
            self._holding.setdefault(gram, []).append(len(self._grams))
        self._grams.append(own)


class Unseen:
    """Files that nothing made may share words with, such as a benchmark that the result will be judged on."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._grams = {gram for text in texts if len(plain(text)) >= _LEAK for gram in grams(text, _LEAK)}

    def leaks(self, text: str) -> bool:
        """Whether a run of thirteen characters of the text stands there."""
        return len(plain(text)) >= _LEAK and not self._grams.isdisjoint(grams(text, _LEAK))


def alike(one: str, two: str) -> float:
    """The share of character pairs that two texts have in common, 0 to 1.

    >>> alike("告知病情", "告知病情"), alike("告知", "隐瞒")
    (1.0, 0.0)
    """
    a, b = grams(one, 2), grams(two, 2)
    return len(a & b) / len(a | b)
