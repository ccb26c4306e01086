"""Rejected answers: the chosen one with exactly one named fault, and where it was planted."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from alignment.grounded import SECTIONS, Voice, told_empathy, told_steps
from evaluator.citation_outcome import CheckedCitation
from evaluator.twins import Planted, TwinMaker
from kg.numerals import chinese_numeral


class Fault(StrEnum):
    """What a rejected answer has that its chosen one has not."""

    FABRICATED_ARTICLE = "fabricated_article"
    FABRICATED_LAW = "fabricated_law"
    WRONG_NUMBER = "wrong_number"
    WRONG_TITLE = "wrong_title"
    STALE_VERSION = "stale_version"
    ALTERED_QUOTE = "altered_quote"
    FLIPPED_MODALITY = "flipped_modality"
    DROPPED_EXCEPTION = "dropped_exception"
    UNSAFE_ADVICE = "unsafe_advice"
    ILLEGAL_ADVICE = "illegal_advice"
    NO_NORM = "no_norm"
    NO_ACTION = "no_action"
    NO_EMPATHY = "no_empathy"


_OF_TWIN = {
    Planted.NUMBER: Fault.WRONG_NUMBER, Planted.TITLE: Fault.WRONG_TITLE, Planted.INVENTED: Fault.FABRICATED_LAW,
    Planted.REPEALED: Fault.STALE_VERSION, Planted.MODALITY: Fault.FLIPPED_MODALITY,
    Planted.QUOTATION: Fault.ALTERED_QUOTE, Planted.EXCEPTION: Fault.DROPPED_EXCEPTION,
    Planted.UNSAFE: Fault.UNSAFE_ADVICE, Planted.ILLEGAL: Fault.ILLEGAL_ADVICE,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Faulted:
    """`rejected` is `chosen` with `chosen[start:end]` replaced by `inserted`."""

    fault: Fault
    chosen: str
    rejected: str
    start: int
    end: int
    inserted: str

    def differs_only_there(self) -> bool:
        """Whether nothing but the planted words differs, and they do differ."""
        return (
            self.chosen[: self.start] + self.inserted + self.chosen[self.end :] == self.rejected
            and self.chosen[self.start : self.end] != self.inserted
        )


def faulted(
    answer: str,
    citations: Sequence[CheckedCitation],
    voice: Voice,
    *,
    twins: TwinMaker,
    fold: str,
    as_of: date,
) -> Iterator[Faulted]:
    """One rejected answer for each fault that can be planted; `fold` names the harmful steps to plant."""
    for twin in twins.twins(answer, citations, fold=fold, as_of=as_of):
        # A harmful step planted where the law is told would read as law: only advice may advise.
        if twin.planted in (Planted.UNSAFE, Planted.ILLEGAL) and twin.start < answer.index(
            f"【{SECTIONS[-1]}】"
        ):
            continue
        yield Faulted(_OF_TWIN[twin.planted], answer, twin.faulty, twin.start, twin.end, twin.inserted)
    for fault, change in (
        (Fault.FABRICATED_ARTICLE, _beyond_the_last(answer, citations)),
        (Fault.NO_NORM, _without_grounds(answer)),
        (Fault.NO_ACTION, _without(answer, told_steps(voice))),
        (Fault.NO_EMPATHY, _without(answer, told_empathy(voice))),
    ):
        if change is not None:
            start, end, inserted = change
            yield Faulted(fault, answer, answer[:start] + inserted + answer[end:], start, end, inserted)


_Change = tuple[int, int, str]
_NUMERAL = re.compile(r"第(?P<number>[〇零一二三四五六七八九十百千]+)条")


def _beyond_the_last(answer: str, citations: Sequence[CheckedCitation]) -> _Change | None:
    """A number that no statute of China reaches."""
    for citation in citations:
        match = _NUMERAL.search(citation.surface)
        if match:
            start = citation.span[0] + match.start("number")
            return start, start + len(match["number"]), chinese_numeral(1300 + len(answer) % 600)
    return None


def _without_grounds(answer: str) -> _Change | None:
    """The grounds told as hearsay: no clause is named or quoted."""
    start = answer.index(f"【{SECTIONS[1]}】") + len(SECTIONS[1]) + 2
    end = answer.index(f"\n【{SECTIONS[2]}】")
    return start, end, "有关规定对此有要求，业内也都这样做。"


def _without(answer: str, words: str) -> _Change | None:
    at = answer.rfind(words)
    return (at, at + len(words), "") if words and at >= 0 else None
