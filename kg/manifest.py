"""What a folder of ours was made from, and the digest of each file in it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from kg.problem import DamagedError, FormatError

NAME = "manifest.json"

FORMAT = 1
"""The format of the folders that this version writes, and the only one that it reads. Raise it with every change
that an older reader would misread, and keep a build of the old one in tests/upgrade."""


class _Head(BaseModel):
    """What every format has: which one it is. Read first, because what follows may mean something else."""

    format: int


class _Stored(BaseModel):
    model_config = ConfigDict(extra="forbid")
    id: str
    format: int
    input_digest: str
    inputs: dict[str, str]
    parameters: dict[str, str]
    counts: dict[str, int]
    files: dict[str, str]


@dataclass(frozen=True)
class Manifest:
    """Names, digests and counts of an artefact.

    `id` is the first 16 hexadecimal digits of the sha256 over the names and digests of `files`: two folders
    with one id hold the same bytes. `input_digest` stands for everything that the artefact was made from.
    """

    id: str
    input_digest: str
    inputs: Mapping[str, str]
    parameters: Mapping[str, str]
    counts: Mapping[str, int]
    files: Mapping[str, str]
    format: int = FORMAT

    @classmethod
    def of_folder(
        cls,
        folder: Path,
        *,
        input_digest: str,
        inputs: Mapping[str, str],
        parameters: Mapping[str, str],
        counts: Mapping[str, int],
    ) -> Manifest:
        """Describe every file below a folder, sorted by name."""
        files = {
            path.relative_to(folder).as_posix(): file_digest(path)
            for path in sorted(folder.rglob("*"))
            if path.is_file() and path != folder / NAME
        }
        return cls(_id_of(files), input_digest, dict(inputs), dict(parameters), dict(counts), files)

    def write(self, folder: Path) -> None:
        """Write manifest.json into the folder."""
        value = {
            "id": self.id, "format": self.format, "input_digest": self.input_digest, "inputs": self.inputs,
            "parameters": self.parameters, "counts": self.counts, "files": self.files,
        }  # fmt: skip
        (folder / NAME).write_text(
            json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8"
        )

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """Read manifest.json back; DamagedError if it is missing or not one, FormatError if of another format."""
        path = folder / NAME
        try:
            text = path.read_text(encoding="utf-8")
            _refuse_other_format(folder, _Head.model_validate_json(text).format)
            stored = _Stored.model_validate_json(text)
        except (OSError, UnicodeDecodeError, ValidationError) as error:
            raise DamagedError(
                f"{path} 缺失或损坏（{type(error).__name__}）；请删除 {folder} 后重新运行 yilun build"
            ) from error
        if stored.id != _id_of(stored.files):
            raise DamagedError(
                f"{path} 与其 id {stored.id} 不符，可能已损坏；请删除 {folder} 后重新运行 yilun build"
            )
        return cls(
            stored.id,
            stored.input_digest,
            stored.inputs,
            stored.parameters,
            stored.counts,
            stored.files,
            stored.format,
        )

    def read_bytes(self, folder: Path, name: str) -> bytes:
        """A file's bytes, checked against its digest; DamagedError names the file that differs."""
        path = folder / name
        try:
            content = path.read_bytes()
        except OSError as error:
            raise DamagedError(
                f"{path} 读不到（{error.strerror}）；请删除 {folder} 后重新运行 yilun build"
            ) from error
        if hashlib.sha256(content).hexdigest() != self.files.get(name):
            raise DamagedError(
                f"{path} 与清单记录的摘要不符，可能已损坏；请删除 {folder} 后重新运行 yilun build"
            )
        return content

    def damaged(self, folder: Path) -> list[str]:
        """The files that are missing or differ from their digest."""
        return [
            name
            for name, digest in self.files.items()
            if not (folder / name).is_file() or file_digest(folder / name) != digest
        ]


def _refuse_other_format(folder: Path, found: int) -> None:
    if found > FORMAT:
        raise FormatError(
            f"{folder} 的格式是 {found}，由更新的 yilun 写成，此版本只读格式 {FORMAT}；请升级 yilun，"
            "或用此版本重新运行 yilun build"
        )
    if found < FORMAT:
        raise FormatError(
            f"{folder} 的格式是 {found}，由更旧的 yilun 写成，此版本只读格式 {FORMAT}；请运行 yilun build 重新构建，"
            "审核与留存的判断不受影响"
        )


def _id_of(files: Mapping[str, str]) -> str:
    return hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()[:16]


def file_digest(path: Path) -> str:
    """The sha256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def json_line(value: Mapping[str, Any]) -> str:
    """One canonical JSON line: keys sorted, no spaces, Chinese as it is."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")) + "\n"


SEAL = "sha256.json"
"""The digests of a model's files, beside them."""


def write_seal(folder: Path) -> None:
    """Record the digest of every data file of a model's folder."""
    files = {
        p.name: file_digest(p)
        for p in sorted(folder.iterdir())
        if p.suffix in (".json", ".npz") and p.name != SEAL
    }
    (folder / SEAL).write_text(json.dumps(files, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def read_sealed(folder: Path, name: str) -> bytes:
    """A file of a model's folder; DamagedError if it is missing or not the one that was recorded."""
    try:
        sealed = json.loads((folder / SEAL).read_text(encoding="utf-8"))
        content = (folder / name).read_bytes()
        recorded = sealed[name]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DamagedError(f"读不到模型 {folder / name}：{error}；请重新安装 yilun") from error
    if hashlib.sha256(content).hexdigest() != recorded:
        raise DamagedError(f"模型 {folder / name} 与 {SEAL} 所记的摘要不符；请重新安装 yilun")
    return content
