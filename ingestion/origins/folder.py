"""Walking a corpus folder: what lies in it, in a fixed order, and never outside it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from ingestion.readers.acquired import refusal
from ingestion.readers.files import place_of
from kg.problem import Problem


def inside(folder: Path, place: str) -> bool:
    """Whether a relative place stays inside the folder once `..` and symbolic links are followed."""
    if "\0" in place or PurePosixPath(place).is_absolute() or ".." in PurePosixPath(place).parts:
        return False
    try:
        return (folder / place).resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError):  # a loop of links
        return False


def documents(folder: Path, problems: list[Problem]) -> Iterator[tuple[Path, str]]:
    """Every file below the folder with its place, sorted by place; hidden files and folders are left out.

    A link that leads outside is a Problem; linked folders are not entered.
    """
    found: list[tuple[str, Path]] = []
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in names:
            path = Path(parent, name)
            if not name.startswith("."):
                found.append((place_of(path, folder), path))
    for place, path in sorted(found):
        if path.is_symlink() and not inside(folder, path.relative_to(folder).as_posix()):
            text = "符号链接指向语料文件夹之外，未读取；请把文件复制进来。"
            problems.append(refusal("outside_folder", place, text))
            continue
        yield path, place
