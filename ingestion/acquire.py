"""Acquire texts: from the packaged laws and from corpus folders as they are, with what they state."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from ingestion.origins.indexed import INDEX, acquire_indexed
from ingestion.origins.just_laws import acquire_just_laws, is_just_laws
from ingestion.origins.lawrefbook import acquire_lawrefbook, is_lawrefbook
from ingestion.origins.loose import acquire_file, acquire_loose
from ingestion.origins.packaged import acquire_packaged, find
from ingestion.readers.acquired import Acquired, Acquisition, Claim, Form, note
from ingestion.readers.files import place_of
from kg.problem import InputError, Problem

__all__ = ["Acquired", "Acquisition", "Claim", "Form", "acquire"]


def acquire(corpus: Sequence[Path], *, packaged: bool) -> Acquisition:
    """Take in every text of the corpus folders (or single files) and, if asked, the packaged laws.

    The result does not depend on the order of `corpus`. A bad file is a Problem, never an exception;
    a path that does not exist is an InputError. Of files with identical bytes the first by origin and
    place is taken, with the claims of all; the others are notes.
    """
    parts: list[Acquisition] = []
    for path in sorted({path.resolve() for path in corpus}):
        if not path.exists():
            raise InputError(
                f"要求从“{path}”获取法律文本，但该路径不存在；请检查 --corpus，或去掉它以使用随包法律库。"
            )
        parts += _acquire_path(path)
    if packaged:
        database, name = find()
        parts.append(acquire_packaged(database, name=name))
    texts = sorted(
        (text for part in parts for text in part.texts),
        key=lambda text: (text.origin.name, text.origin.place, text.origin.sha256),
    )
    kept, duplicates = _without_duplicates(texts)
    problems = [problem for part in parts for problem in part.problems] + duplicates
    return Acquisition(kept, tuple(sorted(problems, key=_problem_order)))


def _acquire_path(path: Path) -> list[Acquisition]:
    """A file, one of the known layouts, or a plain folder whose direct subfolders may be known layouts."""
    if not path.is_dir():
        return [acquire_file(path)]
    known = _acquire_known(path)
    if known is not None:
        return [known]
    inner: dict[str, Acquisition] = {}
    for child in sorted(path.iterdir()):
        if child.name.startswith(".") or child.is_symlink() or not child.is_dir():
            continue
        known = _acquire_known(child)
        if known is not None:
            inner[place_of(child, path)] = known
    return [*inner.values(), acquire_loose(path, without=inner)]


def _acquire_known(folder: Path) -> Acquisition | None:
    if (folder / INDEX).is_file():
        return acquire_indexed(folder)
    if is_lawrefbook(folder):
        return acquire_lawrefbook(folder)
    if is_just_laws(folder):
        return acquire_just_laws(folder)
    return None


def _without_duplicates(texts: Iterable[Acquired]) -> tuple[tuple[Acquired, ...], list[Problem]]:
    kept: dict[str, Acquired] = {}
    problems: list[Problem] = []
    for text in texts:
        first = kept.setdefault(text.origin.sha256, text)
        if first is text:
            continue
        kept[text.origin.sha256] = Acquired(
            first.origin, first.raw, first.form, (*first.claims, *text.claims)
        )
        message = f"与“{first.origin.name}”的“{first.origin.place}”逐字节相同；只收入那一份，两处的说明都保留，无须处理。"
        problems.append(note("duplicate_copy", text.origin.place, message))
    return tuple(kept.values()), problems


def _problem_order(problem: Problem) -> tuple[str, str, str, str]:
    return problem.place, problem.code, problem.severity, problem.text
