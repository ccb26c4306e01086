"""Where the project's own data files are: in the checkout's data/ folder, or inside the installed wheel."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from kg.problem import DamagedError


def data_folder() -> Path:
    """The folder of the data pack; one loader serves checkout and installed wheel."""
    package = Path(str(files("kg")))
    for folder in (package / "_data", package.parent / "data"):
        if (folder / "ledger" / "sources.jsonl").is_file():
            return folder
    raise DamagedError(
        f"找不到数据包：{package / '_data'} 与 {package.parent / 'data'} 都没有 ledger/sources.jsonl；请重新安装 yilun"
    )


def read_jsonl(path: Path) -> Iterator[tuple[int, object]]:
    """The line number and value of each non-empty line; DamagedError names the line that is not JSON."""
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
        if line.strip():
            try:
                yield number, json.loads(line)
            except json.JSONDecodeError as error:
                raise DamagedError(f"{path}:{number}: 不是 JSON（{error}）；请恢复该文件") from error


def digest_folder(folder: Path, pattern: str = "**/*") -> str:
    """One sha256 over names and contents of the files below a folder, in sorted order."""
    total = hashlib.sha256()
    for path in sorted(folder.glob(pattern)):
        if path.is_file() and "__pycache__" not in path.parts:
            total.update(path.relative_to(folder).as_posix().encode())
            total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()
