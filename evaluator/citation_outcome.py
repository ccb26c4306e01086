"""What a check says of a citation: closed words, and the values that carry them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Outcome(StrEnum):
    """The first of these, in this order, that applies to a citation is its outcome."""

    OUT_OF_CORPUS = "out_of_corpus"
    NOT_FOUND = "not_found"
    AMBIGUOUS = "ambiguous"
    NOT_IN_FORCE = "not_in_force"
    WRONG_NUMBER = "wrong_number"
    WRONG_LEVEL = "wrong_level"
    QUOTE_MISMATCH = "quote_mismatch"
    UNSUPPORTED = "unsupported"
    VERIFIED = "verified"

    @property
    def zh(self) -> str:
        """The words shown to readers."""
        return _WORDS[self]

    @property
    def symbol(self) -> str:
        """One character that tells it apart without colour."""
        return _SYMBOLS[self]


_WORDS = {
    Outcome.OUT_OF_CORPUS: "库中无此文件文本",
    Outcome.NOT_FOUND: "没有这一条",
    Outcome.AMBIGUOUS: "所指不唯一",
    Outcome.NOT_IN_FORCE: "当日不具效力",
    Outcome.WRONG_NUMBER: "条号与内容不符",
    Outcome.WRONG_LEVEL: "款项与原文不符",
    Outcome.QUOTE_MISMATCH: "引文与原文不同",
    Outcome.UNSUPPORTED: "条文未这样规定",
    Outcome.VERIFIED: "已核对",
}
_SYMBOLS = {
    Outcome.OUT_OF_CORPUS: "?", Outcome.NOT_FOUND: "✗", Outcome.AMBIGUOUS: "≈", Outcome.NOT_IN_FORCE: "†",
    Outcome.WRONG_NUMBER: "≠", Outcome.WRONG_LEVEL: "≁", Outcome.QUOTE_MISMATCH: "”", Outcome.UNSUPPORTED: "!",
    Outcome.VERIFIED: "✓",
}  # fmt: skip


class Detail(StrEnum):
    """Faults finer than an outcome; they stand in `faults` after the outcome that they belong to."""

    ENDED = "ended"
    NOT_YET = "not_yet"
    MODALITY_FLIP = "modality_flip"
    DROPPED_EXCEPTION = "dropped_exception"
    EXCEPTION_ADDED = "exception_added"
    NUMBER_CHANGED = "number_changed"


class Verified(StrEnum):
    """What was compared where nothing was found wrong."""

    EXISTENCE = "existence"
    QUOTATION = "quotation"
    CLAIM = "claim"

    @property
    def zh(self) -> str:
        """The words shown to readers."""
        return {"existence": "条文存在", "quotation": "引文一致", "claim": "所述内容见于条文"}[self.value]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """The article that a citation probably means, or that stands in its place today."""

    title: str
    article: str


@dataclass(frozen=True, slots=True)
class Correction:
    """Replace text[start:end] of the text as given."""

    start: int
    end: int
    replacement: str


@dataclass(frozen=True, slots=True)
class CheckedCitation:
    """A citation found in a text, and what the check says of it.

    `span` counts code points of the text as given. `paragraph` and `item` are those that the text names.
    `resolved` is the id of the provision compared with, None where there is none; `as_of` is the day whose
    law it was held against. `confidence` is the share of citations of dev judged alike that were judged
    rightly; `evidence` says in words what was compared. `verified` is None unless the outcome is verified.
    `quotation_fixes` put the official words in the place of an altered quotation.
    """

    span: tuple[int, int]
    surface: str
    title: str | None
    article: str | None
    paragraph: int | None
    item: int | None
    resolved: str | None
    outcome: Outcome
    faults: tuple[str, ...]
    suggested: tuple[Suggestion, ...]
    confidence: float
    evidence: str
    verified: Verified | None
    as_of: date
    quotation_fixes: tuple[Correction, ...] = ()
