"""What the guardian is given and what it says: answers in, marks with reasons and evidence out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Protocol

from evaluator.metrics import Dimension, Grades


class Fault(StrEnum):
    """What is wrong with an answer; the first group is decided by the text of the law."""

    WRONG_ARTICLE = "wrong_article"
    UNKNOWN_ARTICLE = "unknown_article"
    STALE_LAW = "stale_law"
    ALTERED_QUOTE = "altered_quote"
    FLIPPED_MODALITY = "flipped_modality"
    DROPPED_EXCEPTION = "dropped_exception"
    CHANGED_NUMBER = "changed_number"
    UNKNOWN_LAW = "unknown_law"
    CONTRADICTS_CLAUSE = "contradicts_clause"
    RISKY_CLAIM = "risky_claim"
    UNSAFE_STEP = "unsafe_step"

    @property
    def zh(self) -> str:
        """The words shown to readers."""
        return _WORDS[self]


_WORDS = {
    Fault.WRONG_ARTICLE: "条号与内容不符",
    Fault.UNKNOWN_ARTICLE: "没有这一条款",
    Fault.STALE_LAW: "所引文本当日不具效力",
    Fault.ALTERED_QUOTE: "引文与原文不同",
    Fault.FLIPPED_MODALITY: "规范词与条文相反",
    Fault.DROPPED_EXCEPTION: "略去或添加了例外",
    Fault.CHANGED_NUMBER: "数字与条文不同",
    Fault.UNKNOWN_LAW: "台账与构建中都没有所引文件",
    Fault.CONTRADICTS_CLAUSE: "与适用条款相反",
    Fault.RISKY_CLAIM: "与依据疑似不合的断言",
    Fault.UNSAFE_STEP: "不安全或不合法的建议",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to a scenario. `reference` is the text of the governing clause where the asker gave one."""

    query: str
    response: str
    as_of: date
    reference: str = ""
    scene: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Words of the answer that a mark rests on: `response[start:end]`, the fault seen there, the clause compared.

    `clause` is a provision id; `note` says in words what was compared.
    """

    start: int
    end: int
    fault: Fault | None = None
    clause: str | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """The grade in one dimension; None is unscored and `reason` says why.

    `probability` is that of the good grade (no risk, quality present): the share, among the answers of the
    training folds judged alike, whose label was the good one. None where nothing was estimated.
    """

    dimension: Dimension
    grade: int | None
    probability: float | None
    reason: str
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Assessment:
    """The six marks of one answer, and who gave them."""

    scorer: str
    marks: Mapping[Dimension, Mark]

    @property
    def grades(self) -> Grades:
        """The six grades."""
        return Grades(*(self.marks[dimension].grade for dimension in Dimension))

    @property
    def faults(self) -> tuple[Fault, ...]:
        """The faults of the marks that are bad, in order, each once."""
        bad = (mark for mark in self.marks.values() if mark.grade == mark.dimension.bad)
        return tuple(dict.fromkeys(e.fault for mark in bad for e in mark.evidence if e.fault))


class Scorer(Protocol):
    """Grades answers; the same answer always gets the same marks."""

    @property
    def name(self) -> str:
        """Which tier and which data graded."""
        ...

    def score(self, answer: Answer) -> Assessment:
        """The six marks of an answer."""
        ...
