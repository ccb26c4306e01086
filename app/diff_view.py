"""What `yilun diff` shows: two texts of a work or of its successor, the changes between them, and what rests on them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from app.views import work_key
from kg.build import Build, ScenarioLink, Text
from kg.comparison import Difference, Extent, compare
from kg.diff import Change, ChangeKind, Diff, diff, own_words
from kg.model import Expression, Provision
from kg.norm import Modality, Norm
from kg.norm_diff import NormChange, norm_changes
from kg.problem import InputError
from kg.touch import Touched, TouchedRow, touched_rows
from kg.vocabulary import Kind, Status


@dataclass(frozen=True, slots=True)
class SideView:
    """One of the two texts."""

    expression: str
    title: str
    begins: date | None
    ends: date | None
    note: str


@dataclass(frozen=True, slots=True)
class TouchedCase:
    """A case of the pack that rests on a changed provision; written by a model, unreviewed."""

    id: str
    role: str
    provision: str


@dataclass(frozen=True, slots=True)
class ChangeView:
    """A change in words. Texts are official text without the label; marks are the [start, end) in them that
    the other side lacks, None where the two have too little in common for marks to say anything."""

    kind: ChangeKind
    level: Kind
    old_id: str
    new_id: str
    old_place: str
    new_place: str
    old_text: str
    new_text: str
    old_marks: tuple[tuple[int, int], ...] | None
    new_marks: tuple[tuple[int, int], ...] | None
    similarity: float
    renumbered: bool
    moved: bool
    follows: bool
    cases: tuple[TouchedCase, ...]
    parts: tuple[ChangeView, ...]


@dataclass(frozen=True, slots=True)
class NormChangeView:
    """A norm that came, went or changed; the parts of each side in words, None where it has no such side."""

    kind: ChangeKind
    modality: Modality
    old_id: str
    new_id: str
    old: dict[str, str] | None
    new: dict[str, str] | None
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DiffView:
    """Everything about two texts. `counts` are of articles, points and headings by kind of change; `norms` are
    empty where the build holds none; `rows` are those of the files that were asked about."""

    old: SideView
    new: SideView
    counts: dict[ChangeKind, int]
    unchanged: int
    formatting: int
    changes: tuple[ChangeView, ...]
    norms: tuple[NormChangeView, ...]
    rows: tuple[TouchedRow, ...]


def choose(build: Build, title: str, since: str | None, until: str | None, today: date) -> tuple[Text, Text]:
    """The two texts to compare: those that applied on two days, or those whose ids are given.

    `title` names a work; what it replaced and what replaced it are found by the recorded events. Without
    `until`, the text that applies today; without `since`, the text before that. InputError says what is held.
    """
    key = work_key(build, title)
    lineage = _lineage(build, key)
    after = _chosen(build, lineage, key, until, today)
    if since is not None:
        return build.text(_chosen(build, lineage, key, since, today).id), build.text(after.id)
    own = [e for e in lineage if e.id.key == after.id.key]
    earlier = own[: own.index(after)] or [e for e in lineage if e.id.key in _replaced(build, after.id.key)]
    if not earlier:
        raise InputError(f"{after.id} 之前没有更早的文本；所持：{_held(lineage)}；请用 --from 指定")
    if len({e.id.key for e in earlier}) > 1:
        raise InputError(f"{after.id} 取代了不止一部：{_held(earlier)}；请用 --from 给出其一的版本 id")
    return build.text(earlier[-1].id), build.text(after.id)


def _lineage(build: Build, key: str) -> list[Expression]:
    """The texts held of a work, of what it replaced and of what replaced it, oldest first."""
    works = [key]
    for related in (_replaced, _replacing):
        pending = related(build, key)
        while pending:
            current = pending.pop()
            if current not in works:
                works.append(current)
                pending += related(build, current)
    held = [expression for work in works for expression in build.versions.get(work, ())]
    if not held:
        raise InputError(f"《{build.sources[key].title}》在台账中，此构建没有其文本")
    return sorted(held, key=lambda e: (e.id.version or date.min, -e.id.nth, e.id.key))


def _replaced(build: Build, key: str) -> list[str]:
    titles = [f.title for f in build.sources[key].former_titles if f.relation == "replaced"]
    return sorted({hit.key for title in titles for hit in build.titles.lookup(title)} - {key})


def _replacing(build: Build, key: str) -> list[str]:
    successor = build.sources[key].successor
    return sorted({hit.key for hit in build.titles.lookup(successor.title)} - {key}) if successor else []


def _chosen(build: Build, lineage: list[Expression], key: str, wanted: str | None, today: date) -> Expression:
    if wanted is not None and "@" in wanted:
        return build.text(wanted).expression
    try:
        day = date.fromisoformat(wanted) if wanted else today
    except ValueError:
        raise InputError(
            f"{wanted!r} 不是日期，也不是版本 id；应如 2025-09-01 或 护士条例@2008-01-31"
        ) from None
    for status in (Status.IN_FORCE, Status.UNKNOWN):
        fitting = [e for e in reversed(lineage) if e.validity.status(day) is status]
        own = [e for e in fitting if e.id.key == key]
        if own or fitting:
            if not own and len({e.id.key for e in fitting}) > 1:
                raise InputError(f"{day} 有不止一部文件可比：{_held(fitting)}；请用版本 id 代替日期")
            return (own or fitting)[0]
    raise InputError(f"{day} 没有可用的版本；所持：{_held(lineage)}；可用版本 id 代替日期")


def _held(lineage: list[Expression]) -> str:
    return "；".join(str(expression.id) for expression in lineage)


def diff_view(build: Build, old: Text, new: Text, files: Sequence[Path] = ()) -> DiffView:
    """The changes between two texts with their words and norms, and what rests on what changed: the cases of
    the pack, and the rows of JSON Lines files."""
    found = diff(old, new)
    touched = Touched.of(found.changes)
    norms = [build.norms_of(text.expression.id) for text in (old, new)]
    return DiffView(
        _side(old.expression),
        _side(new.expression),
        found.counts(),
        found.unchanged,
        found.formatting,
        tuple(_change(build, found, change, touched) for change in found.changes),
        tuple(map(_norm_change, norm_changes(found, *norms))),
        tuple(row for path in files for row in touched_rows(path, touched)),
    )


def _norm_change(change: NormChange) -> NormChangeView:
    norm = change.new or change.old
    assert norm is not None
    return NormChangeView(
        change.kind,
        norm.modality,
        change.old.id if change.old else "",
        change.new.id if change.new else "",
        _parts(change.old),
        _parts(change.new),
        change.fields,
    )


def _parts(norm: Norm | None) -> dict[str, str] | None:
    return None if norm is None else {role.value: span.text for role, span in norm.spans().items()}


def _side(expression: Expression) -> SideView:
    validity = expression.validity
    return SideView(
        str(expression.id), expression.title, validity.begins, validity.ends, expression.validity_note
    )


def _change(build: Build, found: Diff, change: Change, touched: Touched) -> ChangeView:
    before = own_words(found.old, change.old) if change.old else ""
    after = own_words(found.new, change.new) if change.new else ""
    marks = _marks(compare(before, after)) if change.kind is ChangeKind.CHANGED else (None, None)
    provision = change.new or change.old
    assert provision is not None
    return ChangeView(
        kind=change.kind,
        level=provision.kind,
        old_id=str(change.old.id) if change.old else "",
        new_id=str(change.new.id) if change.new else "",
        old_place=place(found.old, change.old),
        new_place=place(found.new, change.new),
        old_text=before,
        new_text=after,
        old_marks=marks[0],
        new_marks=marks[1],
        similarity=change.similarity,
        renumbered=change.renumbered,
        moved=change.moved,
        follows=change.follows,
        cases=tuple(_cases(build, found, change, touched)),
        parts=tuple(_change(build, found, part, touched) for part in change.parts),
    )


def place(text: Text, provision: Provision | None) -> str:
    """A provision in the words of a citation, a sole 款 left out; empty for None."""
    if provision is None:
        return ""
    sole = any(p.sole for p in (*text.ancestors(provision), provision) if p.kind is Kind.PARAGRAPH)
    return provision.id.display(sole_paragraph=sole) or provision.kind.zh


Marks = tuple[tuple[int, int], ...] | None


def _marks(difference: Difference) -> tuple[Marks, Marks]:
    if difference.extent is Extent.TOO_MUCH:
        return None, None
    sides: list[tuple[tuple[int, int], ...]] = []
    for pieces in (difference.old, difference.new):
        at = 0
        spans: list[tuple[int, int]] = []
        for piece in pieces:
            if piece.changed:
                spans.append((at, at + len(piece.text)))
            at += len(piece.text)
        sides.append(tuple(spans))
    return sides[0], sides[1]


def _cases(build: Build, found: Diff, change: Change, touched: Touched) -> Iterator[TouchedCase]:
    """The cases that rest on what changed of a provision, on either side."""
    links: list[ScenarioLink] = []
    for text, provision in ((found.old, change.old), (found.new, change.new)):
        if provision is not None:
            links += build.scenarios_on(text, provision)
    hit = [link for link in links if touched.hits(link.provision)]
    seen = sorted({(link.scenario, link.role, link.provision) for link in hit})
    return (TouchedCase(*row) for row in seen)
