"""A neighbourhood of the graph as values: articles, norms, parties and principles, and what joins them.

Read from the build: the page needs no database. What is cut is counted and said.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache
from xml.etree import ElementTree

from kg.build import Build
from kg.identity import article_of
from kg.norm import Modality, Norm
from kg.problem import InputError
from kg.schema import RelationType
from kg.vocabulary import Status

MOST = 200
"""More nodes than this are not readable on one screen."""


class NodeKind(StrEnum):
    """What a node is; each has a shape of its own."""

    ARTICLE = "条文"
    NORM = "规范"
    PARTY = "主体"
    PRINCIPLE = "原则"


TIES = {
    RelationType.STATES: "载有", RelationType.BINDS: "约束", RelationType.TOWARDS: "对", RelationType.EMBODIES: "体现",
    RelationType.CITES: "引用", RelationType.SANCTIONED_BY: "责任",
}  # fmt: skip
"""The relations that are drawn, with the words shown to readers."""
AGAINST = "方向相反？"
_ACT = 28
"""So many characters of what a norm asks are shown; the whole is a click away."""
_FIRST = (Modality.OBLIGATION, Modality.PROHIBITION)


@dataclass(frozen=True, slots=True)
class Node:
    """A node with its id in the graph, and the words shown."""

    id: str
    kind: NodeKind
    label: str


@dataclass(frozen=True, slots=True)
class Edge:
    """A tie from one node to another."""

    source: str
    target: str
    tie: RelationType


@dataclass(frozen=True, slots=True)
class GraphView:
    """What is drawn: nodes and edges in a stable order, and how many neighbours did not fit.

    `against` are norms that point in opposite directions: candidates that a reader judges, no relation of the graph.
    """

    centre: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    cut: int
    against: tuple[tuple[str, str], ...] = ()


class Neighbours:
    """Finds what a node is tied to on a day; norms by party and by principle are read once."""

    def __init__(self, build: Build, day: date) -> None:
        self._build, self._day = build, day
        self._norms: dict[str, Norm] = {}
        weighed: dict[str, list[tuple[float, str]]] = {}
        for identifier, expression in build.expressions.items():
            if expression.validity.status(day) is Status.IN_FORCE:
                for norm in build.norms_of(identifier):
                    self._norms[norm.id] = norm
                    weight = 0.0 if norm.modality in _FIRST else 1.0
                    for party in (*norm.bearers, *norm.counterparties):
                        weighed.setdefault(party, []).append((weight, norm.id))
                    for evidence in norm.principles:
                        weighed.setdefault(evidence.name, []).append((-evidence.score, norm.id))
        # Where not all fit, duties and prohibitions, and what embodies a principle most surely, come first.
        self._of = {name: [norm for _, norm in sorted(found)] for name, found in weighed.items()}
        self._sanctions: dict[str, list[tuple[str, str]]] = {}
        for tie in build.norm_ties:
            if tie.type is RelationType.SANCTIONED_BY:
                self._sanctions.setdefault(tie.source, []).append((tie.source, tie.target))
                self._sanctions.setdefault(tie.target, []).append((tie.source, tie.target))

    def node(self, identifier: str) -> Node:
        """The node of an id: a norm, a party, a principle or a provision; InputError for none of them."""
        if identifier in self._build.parties:
            return Node(identifier, NodeKind.PARTY, identifier)
        if identifier in self._build.principles:
            return Node(identifier, NodeKind.PRINCIPLE, self._build.principles[identifier].name)
        if "#" in identifier:
            norm = self._norms.get(identifier) or self._other(identifier)
            return Node(
                identifier,
                NodeKind.NORM,
                f"{_told(norm)}　{self._place(article_of(identifier.split('#')[0]))}",
            )
        return Node(identifier, NodeKind.ARTICLE, self._place(identifier))

    def _place(self, identifier: str) -> str:
        text, provision = self._build.provision(identifier)
        return f"《{short(text.expression.title)}》{provision.id.display()}"

    def ties(self, identifier: str) -> Iterator[Edge]:
        """The edges of a node, in a stable order."""
        if identifier in self._build.parties or identifier in self._build.principles:
            for name in self._of.get(identifier, ()):
                yield from (edge for edge in self._of_norm(name) if identifier in (edge.source, edge.target))
        elif "#" in identifier:
            yield from self._of_norm(identifier)
        else:
            yield from self._of_article(identifier)

    def _other(self, identifier: str) -> Norm:
        for norm in self._build.norms(identifier.split("#")[0]):
            if norm.id == identifier:
                return norm
        raise InputError(f"图中没有 {identifier}")

    def _of_norm(self, identifier: str) -> Iterator[Edge]:
        norm = self._norms.get(identifier) or self._other(identifier)
        yield Edge(article_of(str(norm.provision)), norm.id, RelationType.STATES)
        yield from (Edge(norm.id, party, RelationType.BINDS) for party in norm.bearers)
        yield from (Edge(norm.id, party, RelationType.TOWARDS) for party in norm.counterparties)
        yield from (Edge(norm.id, one.name, RelationType.EMBODIES) for one in norm.principles)
        yield from (Edge(a, b, RelationType.SANCTIONED_BY) for a, b in self._sanctions.get(identifier, ()))

    def _of_article(self, identifier: str) -> Iterator[Edge]:
        text, provision = self._build.provision(identifier)
        for norm in self._build.norms(identifier):
            yield Edge(identifier, norm.id, RelationType.STATES)
        for citation in self._build.citations_from(text, provision):
            yield from (
                Edge(identifier, article_of(t.id), RelationType.CITES)
                for t in citation.targets
                if "/art" in t.id
            )
        for citation, _ in self._build.citations_to(text, provision):
            yield Edge(article_of(citation.provision), identifier, RelationType.CITES)
        yield from (Edge(a, b, RelationType.SANCTIONED_BY) for a, b in self._sanctions.get(identifier, ()))


@lru_cache(maxsize=4)
def neighbours(build: Build, day: date) -> Neighbours:
    """The neighbours of a build on a day, read once."""
    return Neighbours(build, day)


def graph_view(
    found: Neighbours,
    centre: str,
    *,
    expanded: Collection[str] = (),
    ties: Collection[RelationType] = tuple(TIES),
    most: int = MOST,
    against: str = "",
    pinned: Collection[str] = (),
) -> GraphView:
    """The neighbourhood of a node, and of those among its neighbours that were expanded; never more than `most` nodes.

    `against` is a norm that points the other way, drawn with its neighbourhood too. `pinned` nodes are there whatever the
    centre, with their ties to what is shown. InputError where one of these is no node.
    """
    nodes = {name: found.node(name) for name in (centre, against) if name}
    starts = tuple(nodes)
    nodes |= {name: found.node(name) for name in pinned}
    edges: dict[Edge, None] = {}
    cut = 0
    for identifier in (*starts, *sorted(set(expanded) - set(starts))):
        if identifier not in nodes:
            continue
        for edge in found.ties(identifier):
            if edge.tie not in ties or edge.source == edge.target:
                continue
            other = edge.target if edge.source == identifier else edge.source
            if other not in nodes:
                if len(nodes) >= most:
                    cut += 1
                    continue
                try:
                    nodes[other] = found.node(other)
                except InputError:
                    continue  # the other end is not in this build
            edges[edge] = None
    for identifier in pinned:
        for edge in found.ties(identifier):
            if (
                edge.tie in ties
                and edge.source in nodes
                and edge.target in nodes
                and edge.source != edge.target
            ):
                edges[edge] = None
    pairs = ((centre, against),) if against else ()
    return GraphView(centre, tuple(nodes.values()), tuple(edges), cut, pairs)


_SHAPES = {
    NodeKind.ARTICLE: 'shape=box, style="filled,rounded", fillcolor="#e8eefc"',
    NodeKind.NORM: 'shape=note, style=filled, fillcolor="#f6f6f2"',
    NodeKind.PARTY: 'shape=ellipse, style=filled, fillcolor="#e7f5ec"',
    NodeKind.PRINCIPLE: 'shape=hexagon, style=filled, fillcolor="#fdf1dc"',
}

_ROUND = (NodeKind.PARTY, NodeKind.PRINCIPLE)


def dot(view: GraphView) -> str:
    """The view in Graphviz's language; every label is quoted, so that nothing in it is markup."""
    lines = [
        "digraph yilun { rankdir=LR; ranksep=1.2; nodesep=0.12;",
        'bgcolor="transparent"; node [fontname="Noto Sans CJK SC", fontsize=11, color="#7a7a7a", fontcolor="#1a1a1a"];',
        'edge [fontname="Noto Sans CJK SC", fontsize=9, color="#888888", fontcolor="#7d7d7d"];',
    ]
    for node in view.nodes:
        bold = ', penwidth=3, color="#3b7fc4"' if node.id == view.centre else ""
        words = wrapped(node.label)
        # The browser's layout engine has no Chinese font to measure with: a character is an em wide.
        width = 0.16 * max(map(len, words.split("\n"))) + (0.8 if node.kind in _ROUND else 0.3)
        shape = f"width={width:.2f}, {_SHAPES[node.kind]}{bold}"
        lines.append(f"{_quoted(node.id)} [label={_quoted(words)}, {shape}];")
    lines += [
        f"{_quoted(e.source)} -> {_quoted(e.target)} [label={_quoted(TIES[e.tie])}];" for e in view.edges
    ]
    lines += [
        f'{_quoted(a)} -> {_quoted(b)} [label="{AGAINST}", dir=both, style=dashed, color="#b91c1c", constraint=false];'
        for a, b in view.against
    ]
    return "\n".join([*lines, "}"])


def graphml(view: GraphView) -> bytes:
    """The view as GraphML, for other programs."""
    root = ElementTree.Element("graphml", xmlns="http://graphml.graphdrawing.org/xmlns")
    for key, of in (("kind", "node"), ("label", "node"), ("tie", "edge")):
        ElementTree.SubElement(root, "key", {"id": key, "for": of, "attr.name": key, "attr.type": "string"})
    graph = ElementTree.SubElement(root, "graph", edgedefault="directed")
    for node in view.nodes:
        element = ElementTree.SubElement(graph, "node", id=node.id)
        for key, value in (("kind", node.kind.value), ("label", node.label)):
            ElementTree.SubElement(element, "data", key=key).text = value
    for edge in view.edges:
        element = ElementTree.SubElement(graph, "edge", source=edge.source, target=edge.target)
        ElementTree.SubElement(element, "data", key="tie").text = edge.tie.value
    for a, b in view.against:
        element = ElementTree.SubElement(graph, "edge", source=a, target=b)
        ElementTree.SubElement(element, "data", key="tie").text = "OPPOSITE_CANDIDATE"
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))


def _quoted(text: str) -> str:
    shown = "".join(c for c in text if c.isprintable() or c == "\n")
    return '"' + shown.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def wrapped(text: str) -> str:
    """A label in lines of fourteen characters, five at most; what stands behind a wide blank begins a line."""
    lines = [part[i : i + 14] for part in text.split("　") for i in range(0, len(part), 14)]
    return "\n".join(lines[:5]) + ("…" if len(lines) > 5 else "")


def short(title: str) -> str:
    """A title without the name of the state."""
    return title.removeprefix("中华人民共和国")


def _told(norm: Norm) -> str:
    action = norm.action.text if norm.action else (norm.sanction.text if norm.sanction else "")
    said = " ".join(action.split()) or norm.id
    return f"{norm.modality.zh}：{said if len(said) <= _ACT else said[:_ACT] + '…'}"
