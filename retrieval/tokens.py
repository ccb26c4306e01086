"""Search terms: character bigrams of Hanzi runs, Latin and number words whole.

Bigrams and not dictionary words: on the written cases words find about half as much
(docs/design/first-clause-index.md), and bigrams need no dictionary to stay the same between releases.
"""

from __future__ import annotations

import hashlib
import re

from kg.text import Canonical

_HANZI = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"


class _Folding(dict[int, str]):
    """`str.translate` table that folds as `Canonical.of` does, which looks at one character at a time.

    A tenth of the time of `Canonical.of`, whose offsets are not needed here.
    """

    def __missing__(self, code: int) -> str:
        folded = self[code] = Canonical.of(chr(code)).text.lower()
        return folded


_FOLDING = _Folding()
_RUN = re.compile(rf"(?P<hanzi>[{_HANZI}]+)|[^\W_{_HANZI}]+(?:[.-][^\W_{_HANZI}]+)*")


def tokens(text: str) -> list[str]:
    """The terms of a text in order, with repeats; equal for texts that differ in width, blanks or case.

    A lone Hanzi between other characters is a term of its own. Nothing joins across punctuation.

    >>> tokens("医师应当向患者说明。")
    ['医师', '师应', '应当', '当向', '向患', '患者', '者说', '说明']
    >>> tokens("ＧＣＰ 与COVID-19，第１条")
    ['gcp', '与', 'covid-19', '第', '1', '条']
    """
    found: list[str] = []
    for run in _RUN.finditer(text.translate(_FOLDING)):
        word = run[0]
        if run["hanzi"] is None or len(word) == 1:
            found.append(word)
        else:
            found += (word[i : i + 2] for i in range(len(word) - 1))
    return found


_HASHED = 1 << 63


def term_code(term: str) -> int:
    """A 64-bit number for a term: one or two characters are packed, longer terms hashed.

    The two ranges do not meet, and packing is exact, so only two long Latin words could ever collide.
    """
    if len(term) <= 2:
        code = 0
        for char in term:
            code = code << 21 | ord(char)
        return code
    return int.from_bytes(hashlib.blake2b(term.encode(), digest_size=8).digest(), "big") | _HASHED
