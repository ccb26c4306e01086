"""The tree of sources: every work of the ledger and every work held, grouped by level, filtered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from app.browse_selection import Selection
from app.facets import facets
from kg.build import Build
from kg.model import Expression, Source
from kg.text import canonical
from kg.vocabulary import Level, Status

NOT_HELD = "台账有，未收录"
"""What is said about a work of the ledger whose text this build does not hold."""

_STATE = "中华人民共和国"


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One work in the tree; `status` None where no text is held."""

    key: str
    title: str
    name: str
    status: Status | None
    in_ledger: bool
    chosen: bool

    @property
    def held(self) -> bool:
        """Whether the build has a text of it."""
        return self.status is not None


@dataclass(frozen=True, slots=True)
class LevelGroup:
    """The works of one level that pass the filters; the counts are of those in the ledger."""

    level: Level
    held: int
    listed: int
    outside: int
    rows: tuple[SourceRow, ...]
    opened: bool

    @property
    def count(self) -> str:
        """The counts as shown: 63/78, and how many are held that the ledger does not list."""
        return f"{self.held}/{self.listed}" + (f" +{self.outside}" if self.outside else "")


def source_tree(build: Build, selection: Selection) -> tuple[LevelGroup, ...]:
    """The levels in order of rank with the works that pass the filters; levels without any are left out."""
    found: dict[Level, list[SourceRow]] = {}
    about = None
    if selection.by_norms:
        about = facets(build, selection.as_of).works(selection.parties, selection.principles)
    for source in build.sources.values():
        if (about is None or source.key in about) and _passes(build, source, selection):
            found.setdefault(source.level, []).append(_row(build, source, selection))
    return tuple(
        _group(level, found[level], searching=bool(selection.words or selection.by_norms))
        for level in Level
        if level in found
    )


def applicable(build: Build, key: str, as_of: date) -> Expression | None:
    """The version to show for a day: the one in force or possibly so, else the newest held."""
    found = build.in_force(key, as_of)
    if found:
        return found[0]
    held = build.versions.get(key, ())
    return held[0] if held else None


def _group(level: Level, rows: list[SourceRow], *, searching: bool) -> LevelGroup:
    listed = [row for row in rows if row.in_ledger]
    return LevelGroup(
        level=level,
        held=sum(row.held for row in listed),
        listed=len(listed),
        outside=len(rows) - len(listed),
        rows=tuple(sorted(rows, key=lambda row: (not row.held, _spelling(row.name), row.key))),
        opened=searching or any(row.chosen for row in rows),
    )


def _row(build: Build, source: Source, selection: Selection) -> SourceRow:
    shown = applicable(build, source.key, selection.as_of)
    return SourceRow(
        key=source.key,
        title=source.title,
        name=source.title.removeprefix(_STATE) or source.title,
        status=shown.validity.status(selection.as_of) if shown else None,
        in_ledger=source.in_ledger,
        chosen=source.key == selection.key,
    )


def _passes(build: Build, source: Source, selection: Selection) -> bool:
    held = source.key in build.versions
    if not held and (selection.held_only or not source.in_ledger):
        return False
    if selection.levels and source.level not in selection.levels:
        return False
    if selection.topics and not set(selection.topics) & set(source.topics):
        return False
    if selection.statuses:
        shown = applicable(build, source.key, selection.as_of)
        if shown is None or shown.validity.status(selection.as_of) not in selection.statuses:
            return False
    names = _names(build, source.key)
    return all(canonical(word) in names for word in selection.words.split())


@lru_cache(maxsize=8192)
def _names(build: Build, key: str) -> str:
    source = build.sources[key]
    former = [related.title for related in source.former_titles]
    return "\n".join(
        canonical(name)
        for name in (source.title, *source.short_titles, *source.aliases, *former, source.document_number)
    )


def _spelling(title: str) -> bytes:
    """Most characters of GB 2312 stand in the order of their pronunciation: what a Chinese reader expects."""
    return title.encode("gb18030", "replace")
