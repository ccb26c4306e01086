"""What the graph may hold: labels, relation types with their ends, and the check of every row.

The build writes one file per label and one per (label, type, label); the store loads them as they are.
Both read this module, so a row that passes here can be stored, and nothing else is.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple, Self

from kg.problem import InputError, Problem, Severity

Value = str | int | float | bool | list[str]
Properties = Mapping[str, Value]


class Label(StrEnum):
    """Node labels; the value is the label itself."""

    SOURCE = "Source"
    EXPRESSION = "Expression"
    PROVISION = "Provision"
    NORM = "Norm"
    PRINCIPLE = "Principle"
    TOPIC = "Topic"
    PARTY = "Party"
    TERM = "Term"
    SCENARIO = "Scenario"
    FINDING = "Finding"
    VERDICT = "Verdict"
    ASSESSMENT = "Assessment"
    REVIEW = "Review"

    @property
    def cypher(self) -> str:
        """The label as Cypher source: the only way a label gets into a query's text."""
        return self.value


class RelationType(StrEnum):
    """Relation types; none shares its name with a label, which the embedded engine would refuse."""

    HAS_VERSION = "HAS_VERSION"
    CONTAINS = "CONTAINS"
    NEXT = "NEXT"
    CITES = "CITES"
    SUPERSEDES = "SUPERSEDES"
    IMPLEMENTS = "IMPLEMENTS"
    STATES = "STATES"
    BINDS = "BINDS"
    TOWARDS = "TOWARDS"
    SUBCLASS_OF = "SUBCLASS_OF"
    EMBODIES = "EMBODIES"
    APPLIES_IN = "APPLIES_IN"
    SANCTIONED_BY = "SANCTIONED_BY"
    EXCEPTS = "EXCEPTS"
    DEFINES = "DEFINES"
    GOVERNED_BY = "GOVERNED_BY"
    GROUNDS = "GROUNDS"
    CONCLUDES = "CONCLUDES"
    ABOUT = "ABOUT"
    REVIEWS = "REVIEWS"

    @property
    def cypher(self) -> str:
        """The type as Cypher source: the only way a type gets into a query's text."""
        return self.value


class EdgeKind(NamedTuple):
    """A relation type between two labels: what one edge file holds."""

    source: Label
    type: RelationType
    target: Label

    def __str__(self) -> str:
        return f"{self.source.value}.{self.type.value}.{self.target.value}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `Provision.CITES.Provision` back; InputError if it is not an allowed combination."""
        parts = text.split(".")
        try:
            kind = cls(Label(parts[0]), RelationType(parts[1]), Label(parts[2]))
        except (ValueError, IndexError):
            raise InputError(f"不是关系文件名: {text!r}；应如 Provision.CITES.Provision") from None
        if len(parts) != 3 or (kind.source, kind.target) not in ENDPOINTS[kind.type]:
            raise InputError(f"关系 {text} 的两端不合图模式；允许的组合见 kg/schema.py 的 ENDPOINTS")
        return kind


def _ends(*pairs: str) -> frozenset[tuple[Label, Label]]:
    """`"Norm Provision > Party"` is every label on the left with every label on the right."""
    return frozenset(
        (Label(source), Label(target))
        for left, right in (pair.split(" > ") for pair in pairs)
        for source in left.split()
        for target in right.split()
    )


ENDPOINTS: Mapping[RelationType, frozenset[tuple[Label, Label]]] = {
    RelationType.HAS_VERSION: _ends("Source > Expression"),
    RelationType.CONTAINS: _ends("Expression Provision > Provision"),
    RelationType.NEXT: _ends("Provision > Provision", "Expression > Expression"),
    # to a work as a whole where the citation names no article, or where its text is not held
    RelationType.CITES: _ends("Provision > Provision Expression Source"),
    RelationType.SUPERSEDES: _ends(
        "Source > Source", "Expression > Expression", "Provision > Provision", "Norm > Norm"
    ),
    RelationType.IMPLEMENTS: _ends("Source Expression Provision > Source Expression Provision"),
    RelationType.STATES: _ends("Provision > Norm"),
    RelationType.BINDS: _ends("Norm > Party"),
    RelationType.TOWARDS: _ends("Norm > Party"),
    RelationType.SUBCLASS_OF: _ends(
        "Party > Party"
    ),  # 医师 → 医务人员: what binds the wider binds the narrower
    RelationType.EMBODIES: _ends("Source Provision Norm Scenario Verdict > Principle"),
    RelationType.APPLIES_IN: _ends("Source Provision Norm Scenario > Topic"),
    # from a text: the consequence of breaking anything in it
    RelationType.SANCTIONED_BY: _ends("Norm Provision > Norm Provision", "Expression > Norm"),
    RelationType.EXCEPTS: _ends("Norm Provision > Norm Provision"),
    RelationType.DEFINES: _ends("Provision Norm > Term"),
    RelationType.GOVERNED_BY: _ends("Scenario > Provision Norm"),
    # law → what rests on it
    RelationType.GROUNDS: _ends("Provision Norm > Finding Verdict Assessment", "Finding > Assessment"),
    RelationType.CONCLUDES: _ends("Finding > Verdict"),
    RelationType.ABOUT: _ends("Finding Verdict Assessment > Scenario", "Assessment > Verdict"),
    RelationType.REVIEWS: _ends(
        "Review > Source Expression Provision Norm Scenario Finding Verdict Assessment"
    ),
}
"""Which labels each relation type may join, as (from, to)."""

EDGE_KINDS: tuple[EdgeKind, ...] = tuple(
    sorted(EdgeKind(source, type_, target) for type_, ends in ENDPOINTS.items() for source, target in ends)
)
"""Every allowed combination, sorted."""

META_LABEL = "Build"
"""Label of the one node that says which build the store holds; not part of a build."""

CONSTRAINTS: tuple[str, ...] = (
    *(
        f"CREATE CONSTRAINT unique_{label.cypher} IF NOT EXISTS FOR (n:{label.cypher}) REQUIRE n.id IS UNIQUE"
        for label in Label
    ),
    "CREATE CONSTRAINT unique_Build IF NOT EXISTS FOR (n:Build) REQUIRE n.id IS UNIQUE",
)
"""One uniqueness constraint per label; made before anything is loaded, each also is the index for lookups."""


@dataclass(frozen=True, slots=True)
class NodeRow:
    """One line of a node file. `properties` holds the id too."""

    id: str
    properties: Properties


@dataclass(frozen=True, slots=True)
class EdgeRow:
    """One line of an edge file. `properties` holds the edge's own id, not its ends."""

    source: str
    target: str
    id: str
    properties: Properties


def node_row(raw: object, place: str) -> NodeRow | Problem:
    """The node in a decoded line, or what is wrong with it; null properties are left out.

    >>> node_row({"id": "隐私", "label": None}, "Term.jsonl:1")
    NodeRow(id='隐私', properties={'id': '隐私'})
    >>> print(node_row({"id": ""}, "Term.jsonl:1"))
    error graph_id Term.jsonl:1: 缺少 id，或 id 为空、不是字符串
    """
    if not isinstance(raw, dict):
        return _problem("graph_row", place, "不是 JSON 对象")
    identity = raw.get("id")
    if not isinstance(identity, str) or not _is_id(identity):
        return _problem("graph_id", place, "缺少 id，或 id 为空、不是字符串")
    properties = _properties(raw, place)
    return properties if isinstance(properties, Problem) else NodeRow(identity, properties)


def edge_row(raw: object, place: str) -> EdgeRow | Problem:
    """The edge in a decoded line, or what is wrong with it; null properties are left out."""
    if not isinstance(raw, dict):
        return _problem("graph_row", place, "不是 JSON 对象")
    source, target, identity = raw.get("from"), raw.get("to"), raw.get("id")
    for name, value in (("from", source), ("to", target), ("id", identity)):
        if not _is_id(value):
            return _problem("graph_id", place, f"缺少 {name}，或 {name} 为空、不是字符串")
    properties = _properties({k: v for k, v in raw.items() if k not in ("from", "to")}, place)
    if isinstance(properties, Problem):
        return properties
    return EdgeRow(str(source), str(target), str(identity), properties)


def _is_id(value: object) -> bool:
    # The engine would silently create a node for a null key, so this is checked before anything is written.
    return isinstance(value, str) and value != "" and value == value.strip()


def _properties(raw: Mapping[Any, Any], place: str) -> dict[str, Value] | Problem:
    kept: dict[str, Value] = {}
    for name, value in raw.items():
        if not isinstance(name, str) or not name.isidentifier() or not name.isascii():
            return _problem("graph_property", place, f"属性名 {name!r} 不是 ASCII 标识符")
        if value is None:
            continue
        if isinstance(value, list):
            if not all(isinstance(item, str) for item in value):
                return _problem("graph_property", place, f"属性 {name} 的列表只能含字符串")
        elif isinstance(value, int) and not -(2**63) <= value < 2**63:
            return _problem("graph_property", place, f"属性 {name} 超出 64 位整数范围")
        elif isinstance(value, float) and not math.isfinite(value):
            return _problem("graph_property", place, f"属性 {name} 不是有限的数")
        elif not isinstance(value, (str, int, float, bool)):
            return _problem("graph_property", place, f"属性 {name} 是嵌套值；图中只存标量和字符串列表")
        kept[name] = value
    return kept


def _problem(code: str, place: str, text: str) -> Problem:
    return Problem(Severity.ERROR, code, place, text)


@dataclass(frozen=True, slots=True)
class GraphFiles:
    """The graph files of one build, by label and by kind of edge."""

    nodes: Mapping[Label, Path]
    edges: Mapping[EdgeKind, Path]

    @classmethod
    def find(cls, graph_dir: Path) -> Self:
        """The files under `<build>/graph`; InputError for a missing folder or a name that is not of the schema."""
        nodes_dir, edges_dir = graph_dir / "nodes", graph_dir / "edges"
        if not nodes_dir.is_dir():
            raise InputError(f"没有图文件: {nodes_dir} 不是文件夹；请先运行 yilun build")
        nodes: dict[Label, Path] = {}
        for path in sorted(nodes_dir.glob("*.jsonl")):
            try:
                nodes[Label(path.stem)] = path
            except ValueError:
                raise InputError(f"{path}: {path.stem!r} 不是图模式中的节点标签") from None
        edges: dict[EdgeKind, Path] = {}
        for path in sorted(edges_dir.glob("*.jsonl")):
            edges[EdgeKind.parse(path.name.removesuffix(".jsonl"))] = path
        return cls(nodes, edges)

    def row_counts(self) -> tuple[int, int]:
        """How many nodes and how many edges the files hold."""
        return (
            sum(path.read_bytes().count(b"\n") for path in self.nodes.values()),
            sum(path.read_bytes().count(b"\n") for path in self.edges.values()),
        )


def read_rows(path: Path) -> Iterator[tuple[str, object]]:
    """Each line of a JSON Lines file as (place, decoded value); a line that is no JSON decodes to None."""
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            try:
                value: object = json.loads(line)
            except ValueError:
                value = None
            yield f"{path.name}:{number}", value


def check(files: GraphFiles, limit: int = 20) -> list[Problem]:
    """Everything that would keep these files from being loaded, at most `limit` problems.

    After an empty answer every id is unique within its label, every edge id within its file, and both ends
    of every edge exist: the store would otherwise drop such an edge in silence.
    """
    problems: list[Problem] = []
    ids: dict[Label, set[str]] = {label: set() for label in Label}
    for label, path in files.nodes.items():
        for place, raw in read_rows(path):
            node = node_row(raw, place)
            if isinstance(node, Problem):
                problems.append(node)
            elif node.id in ids[label]:
                problems.append(_problem("graph_duplicate", place, f"id {node.id} 重复"))
            else:
                ids[label].add(node.id)
            if len(problems) >= limit:
                return problems
    for kind, path in files.edges.items():
        for problem in _edge_problems(kind, path, ids):
            problems.append(problem)
            if len(problems) >= limit:
                return problems
    return problems


def _edge_problems(kind: EdgeKind, path: Path, ids: Mapping[Label, set[str]]) -> Iterable[Problem]:
    seen: set[str] = set()
    for place, raw in read_rows(path):
        edge = edge_row(raw, place)
        if isinstance(edge, Problem):
            yield edge
            continue
        if edge.id in seen:
            yield _problem("graph_duplicate", place, f"id {edge.id} 重复")
        seen.add(edge.id)
        for label, end in ((kind.source, edge.source), (kind.target, edge.target)):
            if end not in ids[label]:
                yield _problem("graph_end", place, f"端点 {label.value} {end} 不在节点文件中")
