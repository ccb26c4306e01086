"""DOCX: paragraphs and tables in document order, guarded against bombs and external entities."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ingestion.readers.acquired import UnreadableError

UNPACKED_LIMIT = 300 * 1024 * 1024
RATIO_LIMIT = 200  # a real DOCX unpacks to 5 to 20 times its size
_RATIO_FLOOR = 10 * 1024 * 1024  # small files may repeat themselves as they like

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
# Their text is not the document's: deleted text, the fallback copy of a drawing, field codes.
_SKIPPED = frozenset(
    {f"{_W}del", f"{_W}moveFrom", "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"}
)


@dataclass(frozen=True, slots=True)
class WordText:
    """The text of a DOCX, and how many paragraphs are numbered by Word instead of by characters."""

    text: str
    automatic_numbers: int


def read_docx(data: bytes) -> WordText:
    """The text of a DOCX: a line per paragraph, `| a | b |` per table row, in document order.

    Insertions that are tracked count as text, deletions do not; notes, headers and footers are left out.
    """
    _check_archive(data)
    import docx

    body = docx.Document(io.BytesIO(data)).element.body
    lines = list(_lines(body))
    numbered = sum(1 for _ in body.iter(f"{_W}numPr"))
    return WordText("\n".join(lines) + "\n" if lines else "", numbered)


def _check_archive(data: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            unpacked = sum(member.file_size for member in archive.infolist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OverflowError) as error:
        raise UnreadableError(
            "unreadable_docx",
            f"要求读取 DOCX，但压缩结构损坏或不完整（{type(error).__name__}）；请重新下载该文件。",
        ) from None
    if unpacked > UNPACKED_LIMIT or (unpacked > _RATIO_FLOOR and unpacked > RATIO_LIMIT * len(data)):
        raise UnreadableError(
            "too_large",
            f"DOCX 解压后有 {unpacked // 2**20} MB，是文件的 {unpacked // max(1, len(data))} 倍，疑为压缩炸弹；未打开，请核对来源。",
        )


def _lines(parent: Any) -> Iterator[str]:
    for child in parent:
        if child.tag == f"{_W}p":
            yield from _text(child).split("\n")
        elif child.tag == f"{_W}tbl":
            yield from _table(child)
        elif child.tag not in _SKIPPED:  # content controls, insertions, custom markup
            yield from _lines(child)


def _table(table: Any) -> Iterator[str]:
    for row in table.iterchildren(f"{_W}tr"):
        cells = [" ".join(filter(None, map(str.strip, _lines(cell)))) for cell in row.iter(f"{_W}tc")]
        yield f"| {' | '.join(cells)} |"


def _text(node: Any) -> str:
    if node.tag == f"{_W}t":
        return node.text or ""
    if node.tag in (f"{_W}tab", f"{_W}ptab"):
        return "\t"
    if node.tag in (f"{_W}br", f"{_W}cr"):
        return "\n"
    if node.tag in (f"{_W}noBreakHyphen",):
        return "-"
    if node.tag in _SKIPPED or node.tag == f"{_W}pPr":
        return ""
    return "".join(map(_text, node))
