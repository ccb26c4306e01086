"""The pieces of an answer that may advise something harmful: one clause of a sentence at a time.

A harmful step is often half a sentence among sound ones: the vector of the whole sentence would hide it.
"""

from __future__ import annotations

import re
from itertools import pairwise

from evaluator.guardian.cues import Sentence, sentences
from evaluator.guardian.fit import bare

_CLAUSE = re.compile(r"[^，,：:]+[，,：:]?")
_LEAST = 8
"""A clause of fewer characters goes with the next one."""


def pieces(text: str) -> list[Sentence]:
    """The clauses of each sentence in order.

    >>> [p.text for p in pieces("先别上报这件事，等检查组走了再补材料。好，再见。")]
    ['先别上报这件事，', '等检查组走了再补材料。', '好，再见。']
    """
    return [clause for sentence in sentences(text) for clause in _clauses(sentence)]


def _clauses(sentence: Sentence) -> list[Sentence]:
    cuts = [0]
    for match in _CLAUSE.finditer(sentence.text):
        if match.end() - cuts[-1] >= _LEAST:
            cuts.append(match.end())
    cuts = [*cuts[:-1], len(sentence.text)] if len(cuts) > 1 else [0, len(sentence.text)]
    return [Sentence(sentence.start + a, sentence.start + b, sentence.text[a:b]) for a, b in pairwise(cuts)]


def words(piece: Sentence) -> str:
    """What is encoded of a piece: its words without titles, numbers of articles and marks at the ends."""
    return bare(piece.text).strip("，,：:。；;！!？? \n")
