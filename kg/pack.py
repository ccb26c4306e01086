"""Where a data pack is, what it says of itself, and how its files are read.

Whatever belongs to a field of law rather than to code is one folder: see docs/pack.md.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kg.problem import DamagedError, InputError, Problem, Report, Severity, refuse


@dataclass(frozen=True, slots=True)
class PackInfo:
    """What a pack says of itself. Gold clauses of its cases bind to the law of `as_of`.

    `target_works` is how many works the pack set out to answer for, None where it set itself no number.
    """

    name: str
    title: str
    as_of: date
    authorship: str
    note: str
    target_works: int | None


class _InfoRow(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str = Field(pattern=r"^[a-z0-9-]+$")
    title: str = Field(min_length=1)
    as_of: date
    authorship: str = Field(min_length=1)
    note: str = ""
    target_works: int | None = None


def data_folder() -> Path:
    """The folder of the project's own pack; one loader serves checkout and installed wheel."""
    package = Path(str(files("kg")))
    for folder in (package / "_data", package.parent / "data"):
        if (folder / "ledger" / "sources.jsonl").is_file():
            return folder
    raise DamagedError(
        f"找不到数据包：{package / '_data'} 与 {package.parent / 'data'} 都没有 ledger/sources.jsonl；请重新安装 yilun"
    )


def pack_folder(option: Path | None) -> Path:
    """The folder that --pack names, else the project's own; InputError if there is no pack in it."""
    if option is None:
        return data_folder()
    if not (option / "pack.json").is_file():
        raise InputError(f"--pack {option}：没有 pack.json，不是数据包；布局见 docs/pack.md")
    return option


def read_pack_info(folder: Path) -> PackInfo:
    """What pack.json says; DamagedError names the field that is not as it should be."""
    path = folder / "pack.json"
    try:
        row = _InfoRow.model_validate_json(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DamagedError(f"{path}: 读不到（{error.strerror}）") from error
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"])) or "（整体）"
        raise DamagedError(f"{path}: 字段 {field}: {first['msg']}；请改正") from error
    return PackInfo(row.name, row.title, row.as_of, row.authorship, row.note, row.target_works)


def read_jsonl(path: Path, report: Report = refuse) -> Iterator[tuple[int, object]]:
    """The line number and value of each non-empty line; lines that are no JSON are reported and left out."""
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
        if line.strip():
            try:
                value = json.loads(line)
            except json.JSONDecodeError as error:
                text = f"不是 JSON（{error}）；请恢复该文件"
                report(Problem(Severity.ERROR, "not_json", f"{path}:{number}", text))
                continue
            yield number, value


def digest_folder(folder: Path, pattern: str = "**/*") -> str:
    """One sha256 over names and contents of the files below a folder, in sorted order."""
    total = hashlib.sha256()
    for path in sorted(folder.glob(pattern)):
        if path.is_file() and "__pycache__" not in path.parts:
            total.update(path.relative_to(folder).as_posix().encode())
            total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()
