"""Reading a published table: CSV in UTF-8 with or without a mark, line breaks inside cells, debris in texts."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

from kg.problem import InputError

_DEBRIS = re.compile(r"_x000[dD]_|\r|\*\*|【标题】")
_LARGEST_CELL = 10_000_000


def without_debris(text: str) -> str:
    """A text without what exports left in it: `_x000D_`, carriage returns, `**`, `【标题】`; the rest unchanged.

    >>> without_debris("【标题】**答**：应当告知_x000D_")
    '答：应当告知'
    """
    return _DEBRIS.sub("", text)


def read_table(path: Path, required: tuple[str, ...]) -> Iterator[tuple[str, dict[str, str]]]:
    """The rows of a CSV file as written, each with its place `file:line`; a header must name these columns.

    InputError says which file, which line and which columns are missing.
    """
    try:
        content = path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"读不到 {path}：{error}；应为 UTF-8 的 CSV") from error
    csv.field_size_limit(_LARGEST_CELL)
    reader = csv.DictReader(StringIO(content, newline=""), strict=True)
    try:
        names = list(reader.fieldnames or ())
        missing = [name for name in required if name not in names]
        if missing:
            raise InputError(
                f"{path}:1 表头缺少 {'、'.join(missing)}；有 {'、'.join(names) or '（空）'}；请核对文件种类"
            )
        if len(set(names)) < len(names):
            raise InputError(f"{path}:1 表头有重名的列：{'、'.join(names)}")
        for row in reader:
            place = f"{path}:{reader.line_num}"
            if None in row or None in row.values():
                raise InputError(f"{place} 的列数与表头的 {len(names)} 列不符；请检查引号与逗号")
            yield place, row
    except csv.Error as error:
        raise InputError(f"{path}:{reader.line_num} 不是完整的 CSV：{error}") from error
