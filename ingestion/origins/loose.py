"""Plain folders of official files, and single files: one text per file."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from ingestion.origins.folder import documents
from ingestion.readers.acquired import Acquired, Acquisition
from ingestion.readers.files import place_of, read_file
from kg.model import Origin
from kg.problem import Problem


def acquire_loose(folder: Path, *, without: Collection[str] = ()) -> Acquisition:
    """Every file below the folder, except in the direct subfolders named; the origin's name is the folder's."""
    problems: list[Problem] = []
    texts: list[Acquired] = []
    for path, place in documents(folder, problems):
        if place.partition("/")[0] in without:
            continue
        _add(path, place, folder.name, texts, problems)
    return Acquisition(tuple(texts), tuple(problems))


def acquire_file(path: Path) -> Acquisition:
    """A single file; the origin's name is that of the folder it lies in."""
    problems: list[Problem] = []
    texts: list[Acquired] = []
    _add(path, place_of(path, path.parent), path.parent.name, texts, problems)
    return Acquisition(tuple(texts), tuple(problems))


def _add(path: Path, place: str, name: str, texts: list[Acquired], problems: list[Problem]) -> None:
    reading = read_file(path, place)
    problems += reading.problems
    if reading.text is not None:
        origin = Origin(name, place, reading.sha256)
        texts.append(Acquired(origin, reading.text.raw, reading.text.form, reading.text.claims))
