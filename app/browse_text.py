"""A text as a reader sees it: a table of contents that opens along a path, and lines as law is printed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from kg.build import Citation, CitationTarget, Text
from kg.identity import Step
from kg.model import Provision
from kg.vocabulary import Kind

# -- table of contents ---------------------------------------------------------------------------------

_LISTED = frozenset({Kind.ARTICLE, Kind.POINT, Kind.PREAMBLE, Kind.TAIL})
_RUN = 40
"""More entries than this under one heading are folded into blocks, so that no list gets long."""
_BLOCK = 20
_GIST = 16


@dataclass(frozen=True, slots=True)
class ContentsRow:
    """One line of a table of contents. `article` is the path inside the version that the line opens."""

    article: str
    label: str
    detail: str
    depth: int
    folds: bool
    opened: bool
    chosen: bool


@dataclass
class _Node:
    provision: Provision
    children: list[_Node] = field(default_factory=list)


def contents_rows(text: Text, chosen: Provision | None) -> tuple[ContentsRow, ...]:
    """The headings and articles around the chosen one: only what lies on the path to it is unfolded."""
    on_path = {p.id.steps for p in (*text.ancestors(chosen), chosen)} if chosen else set()
    return tuple(_rows(text, _nodes(text), on_path, depth=0))


def _nodes(text: Text) -> list[_Node]:
    roots: list[_Node] = []
    around: list[_Node] = []
    for provision in text.provisions:
        if not (provision.kind.is_container or provision.kind in _LISTED):
            continue
        while around and around[-1].provision.end <= provision.start:
            around.pop()
        if around and around[-1].provision.kind is Kind.ARTICLE:
            continue
        node = _Node(provision)
        (around[-1].children if around else roots).append(node)
        around.append(node)
    return roots


def _rows(
    text: Text, nodes: Sequence[_Node], on_path: set[tuple[Step, ...]], *, depth: int
) -> Iterator[ContentsRow]:
    if len(nodes) <= _RUN:
        for node in nodes:
            yield from _branch(text, node, on_path, depth)
        return
    for start in range(0, len(nodes), _BLOCK):
        block = nodes[start : start + _BLOCK]
        first, last = block[0].provision, block[-1].provision
        opened = any(node.provision.id.steps in on_path for node in block)
        yield ContentsRow(
            _path(first),
            f"{_label(first)}—{_label(last)}",
            "",
            depth,
            folds=True,
            opened=opened,
            chosen=False,
        )
        if opened:
            for node in block:
                yield from _branch(text, node, on_path, depth + 1)


def _branch(text: Text, node: _Node, on_path: set[tuple[Step, ...]], depth: int) -> Iterator[ContentsRow]:
    provision = node.provision
    opened = provision.id.steps in on_path
    # The chosen line is the innermost listed one around the chosen provision.
    inside = any(child.provision.id.steps in on_path for child in node.children)
    yield ContentsRow(
        article=_path(provision),
        label=_label(provision),
        detail=_range(node) if node.children else ("" if provision.heading else _gist(text, provision)),
        depth=depth,
        folds=bool(node.children),
        opened=opened and bool(node.children),
        chosen=opened and not inside,
    )
    if opened:
        yield from _rows(text, node.children, on_path, depth=depth + 1)


def _path(provision: Provision) -> str:
    return "/".join(map(str, provision.id.steps))


def _label(provision: Provision) -> str:
    return f"{provision.label} {provision.heading}".strip() or provision.id.steps[-1].display()


def _range(node: _Node) -> str:
    """The articles under a heading in digits, which fit where 第一千一百六十四条 does not."""
    articles = [n.provision for n in _leaves(node) if n.provision.kind is Kind.ARTICLE]
    if not articles:
        return ""
    first, last = (str(p.id.steps[-1].number) for p in (articles[0], articles[-1]))
    return f"{first} 条" if len(articles) == 1 else f"{first}—{last} 条"


def _leaves(node: _Node) -> Iterator[_Node]:
    if not node.children:
        yield node
    for child in node.children:
        yield from _leaves(child)


def _gist(text: Text, provision: Provision) -> str:
    words = " ".join(text.words(provision).split())
    return words[:_GIST] + ("…" if len(words) > _GIST else "")


# -- what is read as one -------------------------------------------------------------------------------

_READ_AT_ONCE = 20_000
"""A heading with up to this many characters below it is shown in full; a longer one lists its headings."""


def unit_of(text: Text, provision: Provision) -> Provision:
    """What is shown when a provision is chosen: the article around a 款 or 项, else itself."""
    around = (*text.ancestors(provision), provision)
    return next((p for p in around if p.kind is Kind.ARTICLE), provision)


def is_overview(text: Text, unit: Provision) -> bool:
    """Whether a unit is too long to be read at once and is shown by its headings instead."""
    return unit.end - unit.start > _READ_AT_ONCE and any(
        p.kind.is_container or p.kind in _LISTED for p in text.children(unit)
    )


def neighbours(text: Text, unit: Provision) -> tuple[Provision | None, Provision | None]:
    """The articles before and after an article; of a point, the points beside it under the same heading."""
    depth = len(unit.id.steps) - 1
    alike = [
        p
        for p in text.provisions
        if p.kind is unit.kind
        and len(p.id.steps) == depth + 1
        and (unit.kind is not Kind.POINT or p.id.steps[:depth] == unit.id.steps[:depth])
    ]
    here = next(i for i, p in enumerate(alike) if p.id == unit.id)
    before = alike[here - 1] if here else None
    return before, alike[here + 1] if here + 1 < len(alike) else None


# -- lines ---------------------------------------------------------------------------------------------


class LineKind(StrEnum):
    """How a line is set."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    ITEM = "item"
    SUBITEM = "subitem"
    POINT = "point"
    TABLE = "table"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a line. `target` is the id that it opens; `fault` says why a citation opens nothing."""

    text: str
    label: bool = False
    target: str = ""
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One printed line of official text, without the blanks around it."""

    kind: LineKind
    start: int
    segments: tuple[Segment, ...]
    chosen: bool = False

    @property
    def text(self) -> str:
        """The words of the line."""
        return "".join(segment.text for segment in self.segments)


_SET_AS = {
    Kind.ARTICLE: LineKind.PARAGRAPH,
    Kind.PARAGRAPH: LineKind.PARAGRAPH,
    Kind.PREAMBLE: LineKind.PARAGRAPH,
    Kind.ITEM: LineKind.ITEM,
    Kind.SUBITEM: LineKind.SUBITEM,
    Kind.POINT: LineKind.POINT,
    Kind.FRONT: LineKind.NOTE,
    Kind.TAIL: LineKind.NOTE,
}


def printed_lines(
    text: Text,
    unit: Provision,
    citations: Sequence[Citation] = (),
    *,
    chosen: Provision | None = None,
    link_labels: bool = False,
    as_of: date = date.max,
) -> tuple[Line, ...]:
    """The official text of a unit by printed line, its labels and citations marked.

    A citation opens what it reaches on `as_of`; `chosen` is the narrower provision to point out.

    Only white space at the ends of lines is left out: joined, the lines are the official text without it.
    """
    marks = _marks(text, unit, citations, as_of, link_labels=link_labels)
    narrower = chosen if chosen is not None and chosen.id != unit.id else None
    lines: list[Line] = []
    position = unit.start
    for written in text.official[unit.start : unit.end].split("\n"):
        start = position + len(written) - len(written.lstrip())
        end = position + len(written.rstrip())
        position += len(written) + 1
        if start >= end:
            continue
        inside = narrower is not None and narrower.start <= start + _label_length(text, start) < narrower.end
        lines.append(
            Line(_line_kind(text, start), start, tuple(_segments(text, start, end, marks)), chosen=inside)
        )
    return tuple(lines)


def _line_kind(text: Text, start: int) -> LineKind:
    provision = text.at(start)
    if text.official[start] == "|":
        return LineKind.TABLE
    if provision is None:
        return LineKind.NOTE
    if provision.kind.is_container:
        return LineKind.HEADING
    return _SET_AS[provision.kind]


def _label_length(text: Text, start: int) -> int:
    """How far an article's label reaches: the first paragraph begins behind it, on the same line."""
    provision = text.at(start)
    if provision is None or provision.kind is not Kind.ARTICLE:
        return 0
    return provision.head_end - start


def holds(target: CitationTarget, as_of: date) -> bool:
    """Whether a citation reaches that target on a day."""
    day = as_of.isoformat()
    return (target.from_date or "") <= day and (target.until_date is None or day < target.until_date)


@dataclass(frozen=True, slots=True)
class _Mark:
    start: int
    end: int
    label: bool = False
    target: str = ""
    fault: str = ""


def _marks(
    text: Text, unit: Provision, citations: Sequence[Citation], as_of: date, *, link_labels: bool
) -> list[_Mark]:
    marks = []
    for provision in (unit, *text.below(unit)):
        if provision.label and provision.kind in (Kind.ARTICLE, Kind.POINT):
            start = text.official.find(provision.label, provision.start, provision.end)
            target = str(provision.id) if link_labels else ""
            if start >= 0:
                end = start + len(provision.label)
                if provision.heading:  # 一、前言: the name of a point belongs to its label
                    named = text.official.find(provision.heading, end, provision.head_end)
                    end = named + len(provision.heading) if named >= 0 else end
                marks.append(_Mark(start, end, label=True, target=target))
    for citation in citations:
        target = next((t.id for t in citation.targets if holds(t, as_of)), "")
        fault = "" if citation.outcome == "resolved" else citation.reason or citation.outcome
        marks.append(_Mark(citation.start, citation.end, target=target, fault=fault))
    return sorted(marks, key=lambda mark: (mark.start, -mark.end))


def _segments(text: Text, start: int, end: int, marks: Sequence[_Mark]) -> Iterator[Segment]:
    position = start
    for mark in marks:
        if mark.start < position or mark.end > end:
            continue
        if mark.start > position:
            yield Segment(text.official[position : mark.start])
        yield Segment(text.official[mark.start : mark.end], mark.label, mark.target, mark.fault)
        position = mark.end
    if position < end:
        yield Segment(text.official[position:end])
