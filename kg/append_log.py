"""Files whose lines are only added: writers wait for one another, and what was added is on the disk."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from kg.home import exclusive, sync_folder
from kg.manifest import json_line
from kg.problem import DamagedError, InputError


def append_rows(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Add rows as JSON Lines; they are on the disk when this returns. InputError where nothing can be written.

    Behind a torn line a new line is begun, so that no crash spoils what comes after it.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"写不了 {path.parent}: {error}；请改正权限，或用 --home 另选目录") from error
    with exclusive(path.parent / ".lock", f"另一个进程正在写 {path}；请稍后再试", timeout=10):
        new = not path.exists()
        with path.open("ab") as stream:
            size = stream.tell()
            if size and not _ends_with_line_break(path, size):
                stream.write(b"\n")
            stream.write("".join(json_line(row) for row in rows).encode("utf-8"))
            stream.flush()
            os.fsync(stream.fileno())
        if new:
            sync_folder(path.parent)


def replay(path: Path, take: Callable[[dict[str, Any]], None], *, what: str) -> None:
    """Give every row of the file to `take`, in order; a file that is not there has none.

    DamagedError names the line that is no UTF-8 or no JSON, or that `take` says is not `what` by a ValueError, KeyError,
    TypeError or AttributeError.
    """
    lines = path.read_bytes().split(b"\n") if path.is_file() else []
    for number, line in enumerate(lines, 1):
        if line:
            try:
                take(json.loads(line.decode("utf-8")))
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
                raise DamagedError(f"{path}:{number}: 不是{what}（{error}）；请删去该行") from error


def _ends_with_line_break(path: Path, size: int) -> bool:
    with path.open("rb") as stream:
        stream.seek(size - 1)
        return stream.read(1) == b"\n"
