"""Whether what is trained on shares long runs of characters with what is measured on."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kg.problem import InputError
from kg.text import canonical

GRAM = 13
"""Characters of a run: shorter ones are common turns of law."""


@dataclass(frozen=True, slots=True)
class Overlap:
    """An entry of an evaluation file: its place, the share of its runs that training has, and one of them."""

    place: str
    share: float
    example: str


class Seen:
    """The runs of characters of the training texts."""

    def __init__(self, texts: Iterable[str], *, gram: int = GRAM) -> None:
        self._gram = gram
        self._runs = {run for text in texts for run in _runs(text, gram)}

    def overlap(self, text: str, place: str) -> Overlap:
        """How much of a text is made of runs that were seen.

        >>> Seen(["手术前没有告诉病人有别的办法"], gram=5).overlap("他们没有告诉病人", "1").share
        0.5
        """
        runs = list(_runs(text, self._gram))
        common = [run for run in runs if run in self._runs]
        return Overlap(place, len(common) / len(runs) if runs else 0.0, common[0] if common else "")


def _runs(text: str, gram: int) -> Iterator[str]:
    folded = "".join(character for character in canonical(text) if character.isalnum())
    for start in range(len(folded) - gram + 1):
        yield folded[start : start + gram]


def entries(path: Path) -> Iterator[tuple[str, str]]:
    """Place and text of each entry of a JSON Lines or CSV file: all its words together."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"读不到 {path}：{error}；应为 UTF-8 的 JSONL 或 CSV") from error
    if path.suffix == ".csv":
        for number, row in enumerate(csv.reader(io.StringIO(text)), 1):
            yield f"{path.name}:{number}", "\n".join(row)
        return
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                yield f"{path.name}:{number}", "\n".join(_words(json.loads(line)))
            except json.JSONDecodeError as error:
                raise InputError(f"{path}:{number} 不是 JSON：{error}") from error


def _words(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _words(one)
    elif isinstance(value, list):
        for one in value:
            yield from _words(one)
