"""Where a data pack is, and how its files are read.

Whatever belongs to a field of law rather than to code is one folder: see docs/pack.md.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from kg.problem import DamagedError, InputError, Problem, Report, Severity, refuse


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
