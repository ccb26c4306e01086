"""The rows that training reads: conversational, as TRL takes them. Files are JSON Lines."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from alignment.prompt import Message
from kg.problem import InputError

SFT, PREFERENCES, LABELS, PROMPTS = "sft.jsonl", "preferences.jsonl", "labels.jsonl", "prompts.jsonl"
OF_STAGE = {"sft": SFT, "dpo": PREFERENCES, "kto": LABELS, "grpo": PROMPTS}
"""The file that each stage of training reads."""


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    id: str
    case: str
    fold: str


class SftRow(_Row):
    """A conversation whose last turn is trained on. `clauses` are the provisions shown, in order of their labels."""

    messages: list[Message]
    clauses: list[str]
    kind: Literal["grounded", "refusal"]
    as_of: str


class PreferenceRow(_Row):
    """A chosen and a rejected answer to one prompt that differ in one named fault."""

    prompt: list[Message]
    chosen: list[Message]
    rejected: list[Message]
    fault: str


class LabelRow(_Row):
    """An answer and whether it is wanted (KTO)."""

    prompt: list[Message]
    completion: list[Message]
    label: bool
    fault: str


class PromptRow(_Row):
    """A question for sampling and assessment; the gold clauses and the stance are for scoring, never shown."""

    prompt: list[Message]
    clauses: list[str]
    gold_clauses: list[str]
    stance: str
    scene: str
    scenario: str
    as_of: str


RowType = TypeVar("RowType", bound=_Row)


def write_rows(path: Path, rows: Iterable[_Row]) -> int:
    """Write rows; how many. The same rows give the same bytes."""
    count = 0
    with path.open("w", encoding="utf-8", newline="\n") as stream:
        for row in rows:
            stream.write(json.dumps(row.model_dump(), ensure_ascii=False) + "\n")
            count += 1
    return count


def read_rows(path: Path, kind: type[RowType]) -> Iterator[RowType]:
    """Read rows of one kind; InputError names the line that is none."""
    if not path.is_file():
        raise InputError(f"没有 {path}；请先运行 yilun align data --out {path.parent}")
    with path.open(encoding="utf-8") as stream:
        for number, line in enumerate(stream, 1):
            if not line.strip():
                continue
            try:
                yield kind.model_validate_json(line)
            except ValidationError as error:
                first = error.errors()[0]
                where = ".".join(map(str, first["loc"])) or "整行"
                raise InputError(f"{path}:{number}: {where}：{first['msg']}") from error
