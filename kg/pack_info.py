"""What a data pack says of itself, in its pack.json."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kg.problem import DamagedError


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
