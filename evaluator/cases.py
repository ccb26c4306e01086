"""The pack's written cases with all their fields and their fold, for training and measuring only."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from evaluator.folds import Fold, case_fold
from evaluator.metrics import Dimension
from kg.pack import read_jsonl
from kg.problem import DamagedError

Stance = Literal["violation", "compliant", "permitted_with_conditions", "uncertain"]


class _Row(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class GoldClause(_Row):
    """A clause that the author of a case says governs it, competes in it or belongs to it."""

    title: str
    article: str
    paragraph: int | None = None
    item: int | None = None
    role: str = "distractor"


class Fact(_Row):
    """Words of the scenario and what they tell: conduct, omission, circumstance, outcome …"""

    span: str
    role: str


class WrittenAnswer(_Row):
    """An answer with the grades and fault names of its author."""

    text: str
    labels: dict[Dimension, int]
    faults: tuple[str, ...] = ()
    twin_of: int | None = None

    @property
    def is_good(self) -> bool:
        """Whether every dimension has its good grade and no fault is named."""
        return not self.faults and all(self.labels.get(d) == d.good for d in Dimension)

    @property
    def is_kind(self) -> bool:
        """Whether it does no harm, advises and takes in the asker's plight, whatever norms it names."""
        good = (Dimension.R1, Dimension.R2, Dimension.Q3, Dimension.Q4)
        return all(self.labels.get(d) == d.good for d in good)


class Case(_Row):
    """One written case; by a model, unreviewed."""

    id: str
    scene: str
    scenario: str
    stance: Stance
    gold: tuple[GoldClause, ...]
    facts: tuple[Fact, ...] = ()
    distractors: tuple[GoldClause, ...] = ()
    verdict: str = ""
    missing_facts: tuple[str, ...] = ()
    answers: tuple[WrittenAnswer, ...] = ()

    @property
    def fold(self) -> Fold:
        """The fold of its primary clauses, the strictest of them."""
        return case_fold((g.title, g.article) for g in self.gold if g.role == "primary")


def read_cases(folder: Path) -> Iterator[Case]:
    """Every case of a folder, in the order of files and lines; DamagedError names the line that is none."""
    for path in sorted(folder.glob("*.jsonl")):
        for number, value in read_jsonl(path):
            try:
                yield Case.model_validate(value)
            except ValidationError as error:
                first = error.errors()[0]
                where = ".".join(map(str, first["loc"]))
                raise DamagedError(f"{path.name}:{number}: {where}：{first['msg']}；请改正该行") from error
