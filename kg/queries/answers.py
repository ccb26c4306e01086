"""Typed answers: one function per question, plain values out.

Properties read here, beyond `id`: Source `title` `level`; Expression `title` `begins` `not_before` `ends`
`contested_from` (ISO dates, as in `kg.dates.Validity`); Provision `kind` `label` `heading` `start` `end`;
CITES edges `from_date` `until_date`. All others are handed through in `properties`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Protocol, cast

from kg.dates import Validity
from kg.queries.named import NEIGHBOURS, QUERIES, Parameter, Query, Record
from kg.schema import Label, Properties, RelationType
from kg.vocabulary import Level, Status


class Reader(Protocol):
    """Whatever can run a named query: `kg.store.GraphStore`, or a stand-in in a test."""

    def run(self, query: Query, /, **parameters: Parameter) -> list[Record]:
        """The rows of a named query."""
        ...


@dataclass(frozen=True, slots=True)
class Node:
    """A node with all its properties (`id` among them)."""

    label: Label
    id: str
    properties: Properties


@dataclass(frozen=True, slots=True)
class Link:
    """A relation between two nodes, given by their ids, with all its properties."""

    type: RelationType
    source: str
    target: str
    id: str
    properties: Properties


@dataclass(frozen=True, slots=True)
class ArticleContext:
    """A provision where it stands: containers above it, what is below it in order, its version and work."""

    provision: Node
    path: tuple[Node, ...]
    below: tuple[Node, ...]
    expression: Node
    source: Node
    status: Status | None  # None where no date was asked for


@dataclass(frozen=True, slots=True)
class Citation:
    """One citation and the node at its other end; `link.properties` carries its interval and span."""

    link: Link
    node: Node


@dataclass(frozen=True, slots=True)
class Version:
    """A dated version and whether it is law on the day asked about (None: no day was given)."""

    expression: Node
    status: Status | None


@dataclass(frozen=True, slots=True)
class TreeEntry:
    """A line of a table of contents: a container, an article or a point, under its parent's id."""

    parent: str
    id: str
    kind: str
    label: str
    heading: str


@dataclass(frozen=True, slots=True)
class VersionTree:
    """The table of contents of one version."""

    version: Version
    entries: tuple[TreeEntry, ...]


@dataclass(frozen=True, slots=True)
class RestsOn:
    """Something that rests on a provision: through the provision or norm `rests_on`, in the role of `link`."""

    rests_on: str
    link: Properties
    node: Node


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A work in the graph and how many versions of it are held."""

    level: Level
    id: str
    title: str
    versions: int


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """Nodes and links around a node; `cut` tells that a limit left some out."""

    nodes: tuple[Node, ...]
    links: tuple[Link, ...]
    cut: bool


def article_with_context(
    reader: Reader, provision_id: str, as_of: date | None = None
) -> ArticleContext | None:
    """A provision with everything around it that a reader needs, None if the graph has no such provision."""
    rows = reader.run(QUERIES["provision"], id=provision_id)
    if not rows:
        return None
    work = reader.run(QUERIES["provision_work"], id=provision_id)[0]
    expression = Node(Label.EXPRESSION, _text(work, "expression_id"), _map(work, "expression"))
    return ArticleContext(
        provision=_node(rows[0], Label.PROVISION),
        path=tuple(_node(r, Label.PROVISION) for r in reader.run(QUERIES["provision_path"], id=provision_id)),
        below=tuple(
            _node(r, Label.PROVISION) for r in reader.run(QUERIES["provision_below"], id=provision_id)
        ),
        expression=expression,
        source=Node(Label.SOURCE, _text(work, "source_id"), _map(work, "source")),
        status=_status(expression, as_of),
    )


def citations_out(reader: Reader, provision_id: str, as_of: date | None = None) -> list[Citation]:
    """What a provision, with everything below it, cites; with a day, only citations that hold on it."""
    rows = reader.run(QUERIES["citations_out"], id=provision_id, as_of=_iso(as_of))
    return [Citation(_link(row, RelationType.CITES), _node(row)) for row in rows]


def citations_in(reader: Reader, provision_id: str, as_of: date | None = None) -> list[Citation]:
    """What cites a provision or anything below it; with a day, only citations that hold on it."""
    rows = reader.run(QUERIES["citations_in"], id=provision_id, as_of=_iso(as_of))
    return [Citation(_link(row, RelationType.CITES), _node(row)) for row in rows]


def versions_of(reader: Reader, source_id: str, as_of: date | None = None) -> list[Version]:
    """The versions of a work, by date, those without one last."""
    rows = reader.run(QUERIES["versions_of"], id=source_id)
    found = [_node(row, Label.EXPRESSION) for row in rows]
    return [Version(node, _status(node, as_of)) for node in found]


def tree_of_source(reader: Reader, source_id: str, as_of: date | None = None) -> list[VersionTree]:
    """Tables of contents: of every version, or of those that are or may be law on a day."""
    wanted = (None, Status.IN_FORCE, Status.UNKNOWN)
    return [
        VersionTree(
            version,
            tuple(
                TreeEntry(*(_text(row, name) for name in ("parent", "id", "kind", "label", "heading")))
                for row in reader.run(QUERIES["tree_of_expression"], id=version.expression.id)
            ),
        )
        for version in versions_of(reader, source_id, as_of)
        if version.status in wanted
    ]


def scenarios_on(reader: Reader, provision_id: str) -> list[RestsOn]:
    """The scenarios that a provision, anything below it or a norm stated there governs."""
    return _resting(reader, "scenarios_on", provision_id)


def verdicts_on(reader: Reader, provision_id: str) -> list[RestsOn]:
    """The verdicts that rest on a provision, anything below it or a norm stated there."""
    return _resting(reader, "verdicts_on", provision_id)


def assessments_on(reader: Reader, provision_id: str) -> list[RestsOn]:
    """The assessments of answers that rest on a provision, anything below it or a norm stated there."""
    return _resting(reader, "assessments_on", provision_id)


def norms_on(reader: Reader, provision_id: str) -> list[RestsOn]:
    """The norms that a provision and everything below it state."""
    return _resting(reader, "norms_on", provision_id)


def principles_on(reader: Reader, provision_id: str) -> list[RestsOn]:
    """The principles that a provision, anything below it or a norm stated there embodies."""
    return _resting(reader, "principles_on", provision_id)


def sources_by_level(reader: Reader) -> list[SourceRow]:
    """Every work of the graph, highest level first, then by id."""
    rank = {level: number for number, level in enumerate(Level)}
    levels = {level.value: level for level in Level}
    found = [
        SourceRow(
            levels.get(_text(row, "level"), Level.UNKNOWN),
            _text(row, "id"),
            _text(row, "title"),
            _number(row, "versions"),
        )
        for row in reader.run(QUERIES["sources_by_level"])
    ]
    return sorted(found, key=lambda row: (rank[row.level], row.id))


def counts_by_label(reader: Reader) -> dict[Label, int]:
    """How many nodes each label has."""
    rows = reader.run(QUERIES["counts_by_label"])
    # The embedded engine gives no row for a label that never had a node.
    return dict.fromkeys(Label, 0) | {Label(_text(r, "name")): _number(r, "number") for r in rows}


def counts_by_type(reader: Reader) -> dict[RelationType, int]:
    """How many relations each type has."""
    rows = reader.run(QUERIES["counts_by_type"])
    found = {RelationType(_text(row, "name")): _number(row, "number") for row in rows}
    return dict.fromkeys(RelationType, 0) | found


def neighbourhood(
    reader: Reader, label: Label, node_id: str, *, hops: int = 1, limit: int = 200
) -> Neighbourhood:
    """What is at most `hops` (1 to 3) relations away, and the relations walked; at most `limit` of them.

    The node asked about is not among `nodes` unless a relation leads back to it.
    """
    if not 1 <= hops <= 3:
        raise ValueError(f"hops is 1 to 3, not {hops}")
    nodes: dict[tuple[Label, str], Node] = {}
    links: dict[tuple[RelationType, str, str, str], Link] = {}
    seen = {(label, node_id)}
    frontier = {label: [node_id]}
    cut = False
    for _ in range(hops):
        reached: dict[Label, list[str]] = {}
        for near, ids in sorted(frontier.items()):
            room = limit - len(links)
            rows = reader.run(NEIGHBOURS[near], ids=sorted(ids), limit=limit + 1)
            for row in rows:
                link = _link(row, RelationType(_text(row, "type")))
                key = (link.type, link.source, link.target, link.id)
                if key in links:
                    continue
                if room == 0:
                    cut = True
                    break
                room -= 1
                links[key] = link
                node = _node(row)
                if (place := (node.label, node.id)) not in seen:
                    seen.add(place)
                    nodes[place] = node
                    reached.setdefault(node.label, []).append(node.id)
            cut = cut or len(rows) > limit
        frontier = reached
    return Neighbourhood(
        tuple(nodes[key] for key in sorted(nodes)), tuple(links[key] for key in sorted(links)), cut
    )


def _resting(reader: Reader, name: str, provision_id: str) -> list[RestsOn]:
    found = [
        RestsOn(_text(row, "rests_on"), _map(row, "link"), _node(row))
        for row in reader.run(QUERIES[name], id=provision_id)
    ]
    return sorted(found, key=lambda each: (each.node.id, each.rests_on))


def _node(row: Record, label: Label | None = None) -> Node:
    return Node(label or Label(_text(row, "label")), _text(row, "id"), _map(row, "properties"))


def _link(row: Record, type_: RelationType) -> Link:
    return Link(type_, _text(row, "source"), _text(row, "target"), _text(row, "link_id"), _map(row, "link"))


def _status(expression: Node, as_of: date | None) -> Status | None:
    return None if as_of is None else expression_status(expression.properties, as_of)


def expression_status(properties: Mapping[str, object], as_of: date) -> Status:
    """Whether a version with these properties is law on a day."""
    dates = {
        name: date.fromisoformat(value) if isinstance(value, str) and value else None
        for name in ("begins", "not_before", "ends", "contested_from")
        for value in (properties.get(name),)
    }
    return Validity(**dates).status(as_of)


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _text(row: Record, name: str) -> str:
    value = row.get(name)
    return value if isinstance(value, str) else ""


def _number(row: Record, name: str) -> int:
    value = row.get(name)
    return value if isinstance(value, int) else 0


def _map(row: Record, name: str) -> Properties:
    # The engine returns what `kg.schema` let in: scalars and lists of strings.
    return cast(Mapping[str, "str | int | float | bool | list[str]"], row.get(name) or {})
