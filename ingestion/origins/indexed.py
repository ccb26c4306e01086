"""A folder with INDEX.tsv: one row per file, tab-separated, without quoting."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from ingestion.origins.folder import documents, inside
from ingestion.readers.acquired import Acquired, Acquisition, Claim, UnreadableError, note, refusal, warning
from ingestion.readers.described import parse_date
from ingestion.readers.files import read_file
from ingestion.readers.plain import decode
from kg.model import Origin
from kg.problem import Problem

INDEX = "INDEX.tsv"
COLUMNS = (
    "file", "title", "level", "issuing_body", "doc_number", "issued_date", "effective_date", "status",
    "articles", "scenario_tags", "origin_repo", "origin_path",
)  # fmt: skip

_FIELDS = {"doc_number": "document_number", "issued_date": "version_date"}
# 第一编　总则, 序言, 中华人民共和国民法典 人格权编: the title of a part stands where a law's should.
_PART_TITLE = re.compile(
    r"第[一二三四五六七八九十百]+(?:编|分编|章)[\s\u3000].*|(?:\S+[\s\u3000])?(?:序言|总则|附则|修正案|\S{1,8}编)"
)


class _Row(NamedTuple):
    line: int
    cells: dict[str, str]

    @property
    def place(self) -> str:
        return f"{INDEX}:{self.line}"


def acquire_indexed(folder: Path) -> Acquisition:
    """Every text that the index names, and what else lies in the folder as notes."""
    problems: list[Problem] = []
    texts: list[Acquired] = []
    named: set[str] = set()
    for row in _rows(folder, problems):
        file = row.cells["file"]
        if file in named:
            text = f"文件“{file}”在索引中出现了不止一次；只取第一行，请删去重复的行。"
            problems.append(warning("index_row", row.place, text))
            continue
        named.add(file)
        text_of_row = _acquire(folder, row, problems)
        if text_of_row is not None:
            texts.append(text_of_row)
    for _, place in documents(folder, problems):
        if place not in named and place != INDEX:
            text = f"文件不在 {INDEX} 中，未收入；需要时请在索引中加一行，或移出文件夹。"
            problems.append(note("not_indexed", place, text))
    return Acquisition(tuple(texts), tuple(problems))


def _rows(folder: Path, problems: list[Problem]) -> Iterator[_Row]:
    try:
        decoded = decode((folder / INDEX).read_bytes())
    except (OSError, UnreadableError) as error:
        problems.append(
            refusal("index_unreadable", INDEX, f"要求读取索引，但无法读取（{error}）；请另存为 UTF-8。")
        )
        return
    if decoded.encoding != "utf-8":
        problems.append(
            note("not_utf8", INDEX, f"索引编码是 {decoded.encoding}，已按此读取；建议另存为 UTF-8。")
        )
    header, *lines = decoded.text.removeprefix("\ufeff").split("\n")
    columns = header.rstrip("\r").split("\t")
    missing = [column for column in COLUMNS if column not in columns]
    if missing or len(set(columns)) != len(columns):
        detail = f"缺少列 {'、'.join(missing)}" if missing else "有重名的列"
        text = f"要求首行列名为 {'、'.join(COLUMNS)}（以制表符分隔），但{detail}；请改正首行。"
        problems.append(refusal("index_header", f"{INDEX}:1", text))
        return
    for number, line in enumerate(lines, 2):
        cells = line.rstrip("\r").split("\t")
        if cells == [""]:
            continue
        if len(cells) != len(columns):
            text = f"应有 {len(columns)} 列，实有 {len(cells)} 列；该行未收入，请补齐或去掉多余的制表符。"
            problems.append(refusal("index_row", f"{INDEX}:{number}", text))
            continue
        row = dict(zip(columns, (cell.strip() for cell in cells), strict=True))
        row["file"] = str(PurePosixPath(row["file"])) if row["file"] else ""
        yield _Row(number, row)


def _acquire(folder: Path, row: _Row, problems: list[Problem]) -> Acquired | None:
    file = row.cells["file"]
    if not file or not inside(folder, file):
        text = f"文件一栏“{file}”为空或指向语料文件夹之外；该行未收入，请改为文件夹内的相对路径。"
        problems.append(refusal("outside_folder" if file else "index_row", row.place, text))
        return None
    reading = read_file(folder / file, file)
    problems += reading.problems
    if reading.text is None:
        return None
    claims = tuple(_claims(row, problems))
    origin = Origin(row.cells["origin_repo"] or folder.name, file, reading.sha256)
    return Acquired(origin, reading.text.raw, reading.text.form, (*claims, *reading.text.claims))


def _claims(row: _Row, problems: list[Problem]) -> Iterator[Claim]:
    evidence = f"INDEX:{row.cells['file']}"
    for column in COLUMNS[1:]:
        value = row.cells[column]
        if not value:
            continue
        if column.endswith("_date") and parse_date(value) is None:
            text = f"{column} 的值“{value}”不是 YYYY-MM-DD 的日期；文本已收入，日期未采用，请改正该栏。"
            problems.append(warning("index_row", row.place, text))
            continue
        yield Claim(_FIELDS.get(column, column), value, evidence)
    title = row.cells["title"]
    if not title:
        problems.append(
            warning("index_row", row.place, "标题一栏为空；文本已收入，标题取自文件，请补上标题。")
        )
    if _PART_TITLE.fullmatch(title):
        yield Claim("part_of", row.cells["file"].rpartition("/")[0], evidence)
        text = f"标题“{title}”是一部法律中的编、章，不是一部完整的法律；文本已收入并注明所在文件夹。"
        problems.append(note("part_of_work", row.place, text))
