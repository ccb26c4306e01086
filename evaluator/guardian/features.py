"""What the learned heads see of a sentence: hashed runs of characters, and what the rules found in it.

Titles, article numbers and long quotations are masked, so that no head can learn the wording of a law by heart
instead of asking the citation checker. Nothing tells a head where in the answer a sentence stands.
"""

from __future__ import annotations

import re
from functools import lru_cache
from zlib import crc32

from evaluator.citation_outcome import Outcome, Verified
from evaluator.guardian.assessment import Fault
from evaluator.guardian.cues import Cue
from evaluator.guardian.reading import ReadSentence

BUCKETS = 1 << 15
_LONGEST_RUN = 4
_MASKS = (
    (re.compile(r"《[^》]{1,80}》"), "T"),
    (re.compile(r"第[〇零一二两三四五六七八九十百千\d]{1,8}(?:条|款|项)(?:之[一二三四五六])?"), "A"),
    (re.compile(r"“[^“”]{10,}”"), "Q"),
    (re.compile(r"\d+"), "N"),
)
_FOUND: tuple[str, ...] = (
    *(f"fault:{fault.value}" for fault in Fault),
    *(f"cue:{cue.value}" for cue in Cue if cue is not Cue.HINT),
    *(f"verified:{verified.value}" for verified in Verified),
    "advice:two", "outcome:ambiguous", "outcome:unlisted", "outcome:unsupported", "cites", "quotes",
    "query", "query:none", "reference", "reference:half", "contradicts", "negated", "condemns", "if", "short", "long",
)  # fmt: skip
WIDTH = BUCKETS + len(_FOUND)
"""How many features there are: the buckets, then one for each name in `_FOUND`."""
_PLACE = {name: BUCKETS + place for place, name in enumerate(_FOUND)}
_NEGATED = re.compile(r"不要|别|切勿|不得|不能|不应|不可|禁止|停止|不必|无需")
_CONDEMNS = re.compile(r"违反|违法|违规|不符合|不合|不对|不妥|不行|侵害|侵犯|处罚|无效")


def features(read: ReadSentence) -> dict[int, float]:
    """The features of a sentence that are not zero, by place; the runs of characters together have length one."""
    runs = _runs(_masked(read.sentence.text))
    weight = len(runs) ** -0.5 if runs else 0.0
    found = dict.fromkeys(runs, round(weight, 6))
    for name, value in _named(read).items():
        if value:
            found[_PLACE[name]] = value
    return found


def _masked(text: str) -> str:
    for pattern, mask in _MASKS:
        text = pattern.sub(mask, text)
    return text


def _runs(text: str) -> tuple[int, ...]:
    places = {
        _bucket(text[start : start + length])
        for length in range(1, _LONGEST_RUN + 1)
        for start in range(len(text) - length + 1)
    }
    return tuple(sorted(places))


@lru_cache(maxsize=1 << 18)
def _bucket(run: str) -> int:
    return crc32(run.encode()) % BUCKETS


def _named(read: ReadSentence) -> dict[str, float]:
    text = read.sentence.text
    faults = {fault for citing in read.citings for fault in citing.faults}
    outcomes = {citing.checked.outcome for citing in read.citings}
    advice = {hit.note for hit in read.hits if hit.cue is Cue.ADVICE}
    named: dict[str, float] = {f"fault:{fault.value}": 1.0 for fault in faults}
    cues = {Cue.UNSAFE if hit.cue is Cue.HINT else hit.cue for hit in read.hits}
    named |= {f"cue:{cue.value}": 1.0 for cue in cues}
    named |= {f"verified:{c.checked.verified.value}": 1.0 for c in read.citings if c.checked.verified}
    named |= {
        "advice:two": float(len(advice) > 1),
        "outcome:ambiguous": float(Outcome.AMBIGUOUS in outcomes),
        "outcome:unlisted": float(Outcome.OUT_OF_CORPUS in outcomes),
        "outcome:unsupported": float(Outcome.UNSUPPORTED in outcomes and not faults),
        "cites": float(bool(read.citings)),
        "quotes": float("“" in text),
        "query": read.of_query,
        "query:none": float(read.of_query < 0.05),
        "reference": read.of_reference,
        "reference:half": float(read.of_reference > 0.4),
        "contradicts": float(bool(read.contradicts)),
        "negated": float(bool(_NEGATED.search(text))),
        "condemns": float(bool(_CONDEMNS.search(text))),
        "if": float(text.startswith(("如果", "若", "如", "一旦"))),
        "short": float(len(text) < 15),
        "long": float(len(text) > 60),
    }
    return named
