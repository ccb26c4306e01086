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


_FORMULA = re.compile(r"'*\s*[=+@\t\r-]")
"""What a spreadsheet may take for a formula, or would after we have taken one mark away."""


def inert(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula; `read_table` gives it back as it was.

    >>> inert("=HYPERLINK(1)"), inert("应当告知"), inert("'=1")
    ("'=HYPERLINK(1)", '应当告知', "''=1")
    """
    return f"'{cell}" if _FORMULA.match(cell) else cell


def as_written(cell: str) -> str:
    """What a cell was before `inert`.

    >>> as_written("'=HYPERLINK(1)"), as_written("'甲'")
    ('=HYPERLINK(1)', "'甲'")
    """
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell[1:]) else cell


def read_table(path: Path, required: tuple[str, ...]) -> Iterator[tuple[str, dict[str, str]]]:
    """The rows of a CSV file as written (before `inert`), each with its place `file:line`; a header must name these columns.

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
            yield place, {name: as_written(cell) for name, cell in row.items()}
    except csv.Error as error:
        raise InputError(f"{path}:{reader.line_num} 不是完整的 CSV：{error}") from error
