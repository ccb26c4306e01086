"""What changed between two texts: articles, paragraphs, items and headings, whatever their numbers are now.

Words are compared in canonical form: width, blanks, line breaks and punctuation style are no change of the
law, and are only counted. Notes under the title and signatures are not compared.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from kg.build import Text
from kg.correspondence import Match, Unit, Weights, correspond, in_order
from kg.identity import ProvisionId
from kg.model import Provision
from kg.text import canonical
from kg.vocabulary import Kind

_SAME_PARAGRAPH = 0.6
"""How similar a paragraph must be to one that another article lost, to be taken for it."""
_SHORTEST_MOVED = 12
"""Shorter ones (前款规定适用于…) are too common to be recognised elsewhere."""


class ChangeKind(StrEnum):
    """What happened to a provision."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"  # its words differ; it may have another number or place too
    MOVED = "moved"  # same words, but in another article, or before what it stood behind
    RENUMBERED = "renumbered"  # same words, same order, another number

    @property
    def zh(self) -> str:
        """The word shown to readers."""
        return {"added": "新增", "removed": "删去", "changed": "修改", "moved": "移动", "renumbered": "改号"}[
            self.value
        ]


@dataclass(frozen=True, slots=True)
class Change:
    """A provision that is not what and where it was; `old` is None if added, `new` if removed.

    `similarity` is 1.0 for the same words. `follows` where nothing differs but the numbers of articles of the
    same text, each now that of the article which corresponds. `parts` are the changes inside; a part that
    moved between two articles is a part of both, with the same ends.
    """

    kind: ChangeKind
    old: Provision | None
    new: Provision | None
    similarity: float = 1.0
    renumbered: bool = False
    moved: bool = False
    follows: bool = False
    parts: tuple[Change, ...] = ()

    @property
    def says_the_same(self) -> bool:
        """Whether the provision is on both sides and says what it said, whatever its place or number."""
        return self.kind in (ChangeKind.MOVED, ChangeKind.RENUMBERED) or self.follows


@dataclass(frozen=True)
class Diff:
    """The changes from one text to another in the order of the new one, removed provisions where they were.

    `unchanged` counts articles (or points) with the same words and number; `formatting` how many of the
    provisions that correspond differ in nothing but form.
    """

    old: Text
    new: Text
    changes: tuple[Change, ...]
    unchanged: int
    formatting: int

    def counts(self) -> dict[ChangeKind, int]:
        """How many articles, points or headings underwent what; parts are not counted."""
        found = Counter(change.kind for change in self.changes)
        return {kind: found[kind] for kind in ChangeKind}


def diff(old: Text, new: Text) -> Diff:
    """The changes that lead from one text to another: two versions of a work, or a work and its successor."""
    units = [_units(text) for text in (old, new)]
    weights = Weights.of(_words(t, p) for t, found in zip((old, new), units, strict=True) for p in found)
    differ = _Differ(old, new, weights)
    changes: list[Change] = []
    unchanged = 0
    for wanted in (_is_container, _is_article, _is_other):
        before, after = ([p for p in found if wanted(p)] for found in units)
        found, same = differ.among(before, after)
        changes += found
        unchanged += 0 if wanted is _is_container else same
    changes = [differ.with_references(c) for c in differ.with_moved_paragraphs(changes)]
    return Diff(old, new, tuple(differ.in_order_of_new(changes)), unchanged, differ.formatting)


def _is_container(provision: Provision) -> bool:
    return provision.kind.is_container


def _is_article(provision: Provision) -> bool:
    return provision.kind is Kind.ARTICLE


def _is_other(provision: Provision) -> bool:
    return not (_is_container(provision) or _is_article(provision))


def _units(text: Text) -> list[Provision]:
    """Articles as wholes; headings; elsewhere, each provision that has words of its own."""
    found: list[Provision] = []
    covered = 0
    for provision in text.provisions:
        if provision.start < covered or provision.kind in (Kind.FRONT, Kind.TAIL):
            continue
        if provision.kind is Kind.ARTICLE:
            covered = provision.end
        if _words(text, provision):
            found.append(provision)
    return found


def own_words(text: Text, provision: Provision) -> str:
    """The official words that belong to a unit of comparison, without its label.

    An article, 款, 项 or 目 with all below it; a heading; elsewhere the words before the first provision below.
    """
    if provision.kind.is_container:
        return provision.heading
    whole = provision.kind in (Kind.ARTICLE, Kind.PARAGRAPH, Kind.ITEM, Kind.SUBITEM)
    words = text.official[provision.start : provision.end if whole else provision.head_end].strip()
    return words.removeprefix(provision.label).strip()


def _words(text: Text, provision: Provision) -> str:
    return canonical(own_words(text, provision))


class _Differ:
    def __init__(self, old: Text, new: Text, weights: Weights) -> None:
        self.old, self.new, self.weights = old, new, weights
        self.formatting = 0
        self._arrivals: list[tuple[int, int]] = []  # where units began in the old text and begin in the new
        self._numbers: dict[str, str] = {}  # 第X条 of the old text and of the new

    def among(self, old: Sequence[Provision], new: Sequence[Provision]) -> tuple[list[Change], int]:
        """The changes between two lists of units, and how many are as they were."""
        befores = [Unit("/".join(map(str, p.id.steps)), _words(self.old, p)) for p in old]
        afters = [Unit("/".join(map(str, p.id.steps)), _words(self.new, p)) for p in new]
        matches = correspond(befores, afters, self.weights)
        kept = in_order(matches)
        changes: list[Change] = []
        same = 0
        for match in matches:
            self._arrivals.append((old[match.old].start, new[match.new].start))
            if old[match.old].kind is Kind.ARTICLE:
                self._numbers[old[match.old].id.steps[-1].display()] = new[match.new].id.steps[-1].display()
            change = self._pair(old[match.old], new[match.new], match, moved=match.old not in kept)
            if change is None:
                same += 1
            else:
                changes.append(change)
        gone = {m.old for m in matches}
        come = {m.new for m in matches}
        changes += [Change(ChangeKind.REMOVED, p, None, 0.0) for i, p in enumerate(old) if i not in gone]
        changes += [Change(ChangeKind.ADDED, None, p, 0.0) for j, p in enumerate(new) if j not in come]
        return self.in_order_of_new(changes), same

    def _pair(self, old: Provision, new: Provision, match: Match, *, moved: bool) -> Change | None:
        steps = (old.id.steps, new.id.steps)
        renumbered = steps[0][-1] != steps[1][-1]
        if match.similarity == 1.0 and _words(self.old, old) == _words(self.new, new):
            if own_words(self.old, old) != own_words(self.new, new):
                self.formatting += 1
            if not (renumbered or moved):
                return None
            kind = ChangeKind.MOVED if moved else ChangeKind.RENUMBERED
            return Change(kind, old, new, 1.0, renumbered, moved)
        return Change(
            ChangeKind.CHANGED,
            old,
            new,
            match.similarity,
            renumbered,
            moved,
            parts=self._parts(old, new),
        )

    def _parts(self, old: Provision, new: Provision) -> tuple[Change, ...]:
        """The changes of the 款, 项 and 目 inside a changed provision; none where neither has any."""
        if old.kind.is_container or old.kind is Kind.POINT:
            return ()
        befores, afters = self.old.children(old), self.new.children(new)
        if len(befores) == len(afters) == 1:  # a sole 款 is the article itself: go on to its items
            return self._parts(befores[0], afters[0])
        return tuple(self.among(befores, afters)[0])

    def in_order_of_new(self, changes: Iterable[Change]) -> list[Change]:
        """In the order of the new text; what was removed stands behind what it stood behind."""
        arrivals = sorted(self._arrivals)

        def place(change: Change) -> tuple[int, int, int]:
            if change.new is not None:
                return change.new.start, 0, 0
            assert change.old is not None
            before = bisect_left(arrivals, (change.old.start, 0)) - 1
            return (arrivals[before][1] if before >= 0 else -1), 1, change.old.start

        return sorted(changes, key=place)

    def with_moved_paragraphs(self, changes: Sequence[Change]) -> list[Change]:
        """The same changes, where a 款 that one article lost and another gained is known as the same."""
        lost = list(_paragraphs(self.old, changes, ChangeKind.REMOVED))
        gained = list(_paragraphs(self.new, changes, ChangeKind.ADDED))
        matches = correspond(
            [Unit("", _words(self.old, p)) for p in lost],
            [Unit("", _words(self.new, p)) for p in gained],
            self.weights,
            similar=_SAME_PARAGRAPH,
            akin=_SAME_PARAGRAPH,
        )
        known: dict[ProvisionId, Change] = {}
        for match in matches:
            old, new = lost[match.old], gained[match.new]
            if min(len(own_words(self.old, old)), len(own_words(self.new, new))) < _SHORTEST_MOVED:
                continue
            change = self._pair(old, new, match, moved=True)
            if change:
                known[old.id] = known[new.id] = change

        def told(change: Change, text: Text) -> Change:
            end = change.old or change.new
            if end is None or change.kind not in (ChangeKind.ADDED, ChangeKind.REMOVED):
                return replace(change, parts=tuple(told(part, text) for part in change.parts))
            parts = tuple(known[p.id] for p in _own_paragraphs(text, end) if p.id in known)
            return known.get(end.id) or replace(change, parts=parts)

        return [told(c, self.old if c.kind is ChangeKind.REMOVED else self.new) for c in changes]

    def with_references(self, change: Change) -> Change:
        """The same change, known as one that follows from renumbering where it is nothing else."""
        parts = tuple(self.with_references(part) for part in change.parts)
        follows = False
        if change.kind is ChangeKind.CHANGED and change.old and change.new:
            before, after = own_words(self.old, change.old), own_words(self.new, change.new)
            renumbered = _REFERENCE.sub(lambda m: self._numbers.get(m[0], m[0]), before)
            follows = canonical(renumbered) == canonical(after)
        return replace(change, parts=parts, follows=follows)


_REFERENCE = re.compile(
    r"""
    (?<! 》 ) (?<! [^本办] 法 ) (?<! [^本] 办法 ) (?<! [^本] 条例 ) (?<! [^本] 规定 ) (?<! [^本] 细则 )  # 《乙法》, 专利法
    第 [一二三四五六七八九十百千零]+ 条 (?: 之 [一二三四五六七八九十]+ )?
    """,
    re.VERBOSE,
)
"""An article of the same text; one behind a title is another law's."""


def _paragraphs(text: Text, changes: Iterable[Change], kind: ChangeKind) -> Iterator[Provision]:
    """The 款 that articles gained or lost, with their article or without it."""
    for change in changes:
        for one in (change, *change.parts):
            end = one.old or one.new
            if one.kind is kind and end is not None:
                yield from [end] if end.kind is Kind.PARAGRAPH else _own_paragraphs(text, end)


def _own_paragraphs(text: Text, provision: Provision) -> list[Provision]:
    if provision.kind is not Kind.ARTICLE:
        return []
    return [p for p in text.children(provision) if p.kind is Kind.PARAGRAPH]
