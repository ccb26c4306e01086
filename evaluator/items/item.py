"""An objective question made from a norm, with where each option comes from."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from evaluator.folds import Fold


class Kind(StrEnum):
    """What a question asks for."""

    LIST = "list"  # which of these the law lists; one or more letters
    MODALITY = "modality"  # whether the law demands, forbids or allows an act
    BEARER = "bearer"  # who must or must not do it
    SOURCE = "source"  # which article says it


class Difficulty(StrEnum):
    """How near the wrong options are to the right ones: an estimate from words and places, not from answers."""

    EASY = "easy"
    MEDIUM = "medium"
    HARD = "hard"


@dataclass(frozen=True, slots=True)
class Option:
    """One option: its words, whether it is right, and the provision that it comes from."""

    text: str
    right: bool
    provision: str


@dataclass(frozen=True, slots=True)
class Item:
    """A question with two to eight options; the letters are A, B … in their order. Made by program, unreviewed."""

    kind: Kind
    scene: str
    stem: str
    options: tuple[Option, ...]
    provision: str
    fold: Fold
    difficulty: Difficulty
    as_of: date
    build: str

    @property
    def id(self) -> str:
        """A digest of the question and its options: the same question has the same id."""
        body = "\n".join((self.stem, *(f"{option.text}|{option.right}" for option in self.options)))
        return f"item:{hashlib.sha256(body.encode()).hexdigest()[:16]}"

    @property
    def letters(self) -> str:
        """The right letters, in order."""
        return "".join(chr(ord("A") + at) for at, option in enumerate(self.options) if option.right)


def item_row(item: Item) -> dict[str, Any]:
    """An item as one JSON row."""
    return {
        "id": item.id, "kind": item.kind.value, "scene": item.scene, "stem": item.stem,
        "options": [asdict(option) for option in item.options], "answer": item.letters,
        "provision": item.provision, "fold": item.fold.value, "difficulty": item.difficulty.value,
        "as_of": item.as_of.isoformat(), "build": item.build, "authorship": "由程序从条文生成，未经审核",
    }  # fmt: skip


_INSTRUCTION = (
    "请回答下面的选择题。可能有一个或多个选项正确；先写思考过程，再在【最终答案】后只写正确选项的大写字母。\n"
    "示例：\n题目：下列哪些是颜色？\nA.红\nB.圆\nC.蓝\nD.快\n【思考过程】：红与蓝是颜色。\n【最终答案】：AC\n\n"
)


def prompt(item: Item) -> str:
    """The question as a prompt in the layout that published files of objective questions have."""
    options = "\n".join(f"{chr(ord('A') + at)}.{option.text}" for at, option in enumerate(item.options))
    return f"{_INSTRUCTION}题目：{item.stem}\n{options}\n【思考过程】：\n"


def csv_table(items: Iterable[Item]) -> str:
    """The items as a file of objective questions (`scene,query,reference,type`), with its byte order mark."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(("scene", "query", "reference", "type"))
    table.writerows((item.scene, prompt(item), item.letters, "客观题") for item in items)
    return "\ufeff" + out.getvalue()
