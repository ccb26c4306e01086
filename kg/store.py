"""The graph database behind the official driver: load a build, add what came later, run named queries.

One code path for the embedded server and for any Neo4j 5: portable Cypher only. A load never trusts what
it finds: it either knows that the store holds a given build, and writes the difference, or starts empty.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Self

import neo4j
import neo4j.exceptions

from kg.home import Home, exclusive
from kg.problem import Problem, Severity, StoreError
from kg.queries import writes
from kg.queries.named import Parameter, Query, Record
from kg.schema import (
    CONSTRAINTS,
    EDGE_KINDS,
    EdgeKind,
    EdgeRow,
    GraphFiles,
    Label,
    NodeRow,
    check,
    edge_row,
    node_row,
)
from kg.server import DATABASE, DEFAULTS, EmbeddedServer, ServerOptions

SCHEMA_VERSION = 1
"""Raised when a store loaded by older code must be loaded anew."""

BATCH_ROWS = 1000
BATCHES_PER_TRANSACTION = 5  # a lost transaction is cheap to repeat; larger ones were no faster


@dataclass(frozen=True, slots=True)
class StoredBuild:
    """What the store says it holds. Anything but `ready` means that a load was interrupted."""

    id: str
    ready: bool
    nodes: int
    edges: int


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a load is: so many rows of a file are written, or deleted where the stage begins with `-`."""

    stage: str
    done: int


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What a load wrote; `full` is False when only the difference to the previous build was written."""

    build_id: str
    full: bool
    nodes_written: int = 0
    nodes_deleted: int = 0
    edges_written: int = 0
    edges_deleted: int = 0


class GraphStore:
    """An open connection to the graph; a context manager that leaves nothing behind unless detached.

    Raises StoreError with the cause for whatever goes wrong between here and the database.
    """

    def __init__(
        self, driver: neo4j.Driver, database: str | None, home: Home, server: EmbeddedServer | None = None
    ) -> None:
        self._driver = driver
        self._database = database
        self._home = home
        self.server = server

    @classmethod
    def open(
        cls,
        home: Home,
        environ: Mapping[str, str],
        *,
        detached: bool = False,
        options: ServerOptions = DEFAULTS,
    ) -> Self:
        """The database at YILUN_NEO4J_URI if that is set, else the embedded one, started if need be.

        A database that was named and cannot be reached is a StoreError, never a reason to use another.
        """
        if uri := environ.get("YILUN_NEO4J_URI", "").strip():
            auth = (environ.get("YILUN_NEO4J_USER") or "neo4j", environ.get("YILUN_NEO4J_PASSWORD") or "")
            store = cls(
                _driver(uri, auth, retry_seconds=30.0), environ.get("YILUN_NEO4J_DATABASE") or None, home
            )
            try:
                store._driver.verify_connectivity()
            except (neo4j.exceptions.Neo4jError, neo4j.exceptions.DriverError, OSError, ValueError) as error:
                store.close()
                raise StoreError(
                    f"连接不上 YILUN_NEO4J_URI={uri}（用户 {auth[0]}）: {error}；"
                    "请检查地址、YILUN_NEO4J_USER、YILUN_NEO4J_PASSWORD，或取消 YILUN_NEO4J_URI 以使用内置服务器"
                ) from error
            return store
        server = EmbeddedServer.open(home, options, detached=detached)
        try:
            return cls(_driver(server.uri, server.auth, retry_seconds=3.0), DATABASE, home, server)
        except BaseException:
            server.close()
            raise

    def close(self) -> None:
        """Close the connection; the last user of an embedded server that was not detached ends it."""
        self._driver.close()
        if self.server is not None:
            self.server.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def run(self, query: Query, /, **parameters: Parameter) -> list[Record]:
        """The rows of a named query. Every declared parameter must be given, and no other."""
        if set(parameters) != set(query.parameters):
            raise TypeError(f"查询 {query.name} 的参数应为 {query.parameters}，给出的是 {sorted(parameters)}")
        return self._read(query.text, parameters)

    def stored(self) -> StoredBuild | None:
        """Which build the store holds, None if it never held one."""
        rows = self._read(writes.STORED_BUILD, {})
        if not rows:
            return None
        row = rows[0]
        ready = len(rows) == 1 and row["state"] == "ready" and row["schema"] == SCHEMA_VERSION
        return StoredBuild(str(row["id"]), ready, _count(row["nodes"]), _count(row["edges"]))

    def load(
        self,
        graph_dir: Path,
        build_id: str,
        previous: Path | None = None,
        progress: Callable[[Progress], None] | None = None,
    ) -> LoadReport:
        """Make the store hold exactly this build.

        If it holds it already nothing is written. If it holds the build whose graph folder is `previous`
        (`<builds>/<id>/graph`), only the difference is; overlays added by `upsert` then stay, apart from
        edges whose ends are gone. Otherwise, or after an interrupted load, it is emptied and loaded in full.
        StoreError, before anything is written, for files that do not fit the schema.
        """
        report = progress or (lambda _: None)
        files = GraphFiles.find(graph_dir)
        with self._one_loader():
            stored = self.stored()
            if stored is not None and stored.ready and stored.id == build_id:
                return LoadReport(build_id, full=False)
            if problems := check(files):
                raise StoreError(
                    f"{graph_dir} 中的图文件不合图模式，未写入任何内容:\n" + "\n".join(map(str, problems))
                )
            for constraint in CONSTRAINTS:
                self._auto_commit(constraint)
            if previous is not None and stored is not None and stored.ready and _holds(previous, stored.id):
                self._mark_loading(build_id)
                result = self._load_difference(GraphFiles.find(previous), files, build_id, report)
            else:
                self._mark_loading(build_id)
                result = self._load_in_full(files, build_id, report)
            nodes, edges = files.row_counts()
            self._write(
                writes.FINISH_BUILD,
                {"id": build_id, "schema": SCHEMA_VERSION, "nodes": nodes, "edges": edges},
            )
            return result

    def upsert(
        self, nodes: Mapping[Label, Sequence[NodeRow]], edges: Mapping[EdgeKind, Sequence[EdgeRow]]
    ) -> list[Problem]:
        """Add or replace nodes and edges of an overlay (verdicts, reviews) on top of the loaded build.

        Returns one Problem per edge that could not be written because an end is not in the graph. A full
        load removes overlays: whoever keeps their files adds them again after each load.
        """
        with self._one_loader():
            for label, node_rows in nodes.items():
                self._write_batches(writes.merge_nodes(label), [row.properties for row in node_rows])
            problems: list[Problem] = []
            for kind, edge_rows in edges.items():
                self._write_batches(writes.merge_edges(kind), [_edge_list(row) for row in edge_rows])
                problems += self._missing_edges(kind, edge_rows)
            return problems

    def clear(self) -> None:
        """Remove every node and edge of ours, so that the next load is a full one."""
        with self._one_loader():
            self._mark_loading("")
            self._empty(lambda _: None)
            self._write(writes.FORGET_BUILD, {})

    def dump(self) -> Iterator[tuple[Label | EdgeKind, str]]:
        """Everything the store holds, one (label or kind, JSON text) per node and edge, sorted: for comparing."""
        for label in Label:
            rows = self._read(writes.all_nodes(label), {})
            for text in sorted(_json(row["properties"]) for row in rows):
                yield label, text
        for kind in EDGE_KINDS:
            rows = self._read(writes.all_edges(kind), {})
            for text in sorted(_json([row["source"], row["target"], row["properties"]]) for row in rows):
                yield kind, text

    # -- loading ---------------------------------------------------------------------------------------

    def _load_in_full(
        self, files: GraphFiles, build_id: str, report: Callable[[Progress], None]
    ) -> LoadReport:
        deleted = self._empty(report)
        nodes = edges = 0
        for label, path in files.nodes.items():
            node_maps = (_node(line).properties for line in _lines(path))
            nodes += self._write_batches(writes.create_nodes(label), node_maps, report, path.stem)
        for kind, path in files.edges.items():
            edge_lists = (_edge_list(_edge(line)) for line in _lines(path))
            edges += self._write_batches(writes.create_edges(kind), edge_lists, report, path.stem)
        return LoadReport(build_id, True, nodes, deleted, edges, 0)

    def _load_difference(
        self, old: GraphFiles, new: GraphFiles, build_id: str, report: Callable[[Progress], None]
    ) -> LoadReport:
        nodes: dict[Label, tuple[list[NodeRow], list[str]]] = {}
        for label in sorted({*old.nodes, *new.nodes}):
            gone_lines, new_lines = _changed(old.nodes.get(label), new.nodes.get(label))
            node_rows = [_node(line) for line in new_lines]
            kept = {row.id for row in node_rows}
            nodes[label] = node_rows, [row.id for row in map(_node, gone_lines) if row.id not in kept]
        edges: dict[EdgeKind, tuple[list[EdgeRow], list[EdgeRow]]] = {}
        for kind in sorted({*old.edges, *new.edges}):
            gone_lines, new_lines = _changed(old.edges.get(kind), new.edges.get(kind))
            edge_rows = [_edge(line) for line in new_lines]
            keys = {(row.source, row.target, row.id) for row in edge_rows}
            gone = [row for row in map(_edge, gone_lines) if (row.source, row.target, row.id) not in keys]
            edges[kind] = edge_rows, gone

        def write(text: str, rows: Iterable[object], stage: str) -> int:
            return self._write_batches(text, rows, report, stage)

        # In this order every write finds both ends of its edges.
        edges_deleted = sum(
            write(writes.delete_edges(kind), map(_edge_list, gone), f"-{kind}")
            for kind, (_, gone) in edges.items()
        )
        nodes_written = sum(
            write(writes.merge_nodes(label), (row.properties for row in rows), label.value)
            for label, (rows, _) in nodes.items()
        )
        edges_written = sum(
            write(writes.merge_edges(kind), map(_edge_list, rows), str(kind))
            for kind, (rows, _) in edges.items()
        )
        nodes_deleted = sum(
            write(writes.delete_nodes(label), gone_ids, f"-{label.value}")
            for label, (_, gone_ids) in nodes.items()
        )
        return LoadReport(build_id, False, nodes_written, nodes_deleted, edges_written, edges_deleted)

    def _empty(self, report: Callable[[Progress], None]) -> int:
        deleted = 0
        for label in Label:
            ids = [row["id"] for row in self._read(writes.node_ids(label), {})]
            deleted += self._write_batches(writes.delete_nodes(label), ids, report, f"-{label.value}")
        return deleted

    def _mark_loading(self, build_id: str) -> None:
        def work(transaction: neo4j.ManagedTransaction) -> None:
            transaction.run(writes.FORGET_BUILD).consume()
            transaction.run(writes.BEGIN_BUILD, {"id": build_id}).consume()

        with self._session() as session:
            session.execute_write(work)

    def _missing_edges(self, kind: EdgeKind, rows: Sequence[EdgeRow]) -> list[Problem]:
        keys = [_edge_list(row) for row in rows]
        present = {
            (row["source"], row["target"], row["id"])
            for start in range(0, len(keys), BATCH_ROWS)
            for row in self._read(writes.present_edges(kind), {"rows": keys[start : start + BATCH_ROWS]})
        }
        return [
            Problem(
                Severity.ERROR, "graph_end", f"{kind} {row.id}", f"端点 {row.source} 或 {row.target} 不在图中"
            )
            for row in rows
            if (row.source, row.target, row.id) not in present
        ]

    def _write_batches(
        self,
        text: str,
        rows: Iterable[object],
        report: Callable[[Progress], None] = lambda _: None,
        stage: str = "",
    ) -> int:
        """Run one statement per batch of rows, several in a transaction; how many rows there were."""
        done = 0
        iterator = iter(rows)
        with self._session() as session:
            while part := list(islice(iterator, BATCH_ROWS * BATCHES_PER_TRANSACTION)):

                def work(transaction: neo4j.ManagedTransaction, part: Sequence[object] = part) -> None:
                    for start in range(0, len(part), BATCH_ROWS):
                        transaction.run(text, {"rows": part[start : start + BATCH_ROWS]}).consume()

                session.execute_write(work)
                done += len(part)
                report(Progress(stage, done))
        return done

    # -- the connection ----------------------------------------------------------------------------------

    def _one_loader(self) -> contextlib.AbstractContextManager[None]:
        self._home.prepare()
        return exclusive(
            self._home.root / ".load.lock",
            f"另一个进程正在向 {self._home.root} 的图数据库写入；请等它结束",
            timeout=30,
        )

    @contextlib.contextmanager
    def _session(self) -> Iterator[neo4j.Session]:
        try:
            with self._driver.session(database=self._database) as session:
                yield session
        except (neo4j.exceptions.Neo4jError, neo4j.exceptions.DriverError, OSError) as error:
            raise StoreError(f"图数据库 {self._place()} 未能完成操作: {error}") from error

    def _place(self) -> str:
        return self.server.uri if self.server is not None else "（YILUN_NEO4J_URI）"

    def _read(self, text: str, parameters: Mapping[str, object]) -> list[Record]:
        def work(transaction: neo4j.ManagedTransaction) -> list[Record]:
            return [record.data() for record in transaction.run(text, dict(parameters))]

        with self._session() as session:
            return session.execute_read(work)

    def _write(self, text: str, parameters: Mapping[str, object]) -> None:
        with self._session() as session:
            session.execute_write(lambda transaction: transaction.run(text, dict(parameters)).consume())

    def _auto_commit(self, text: str) -> None:
        with self._session() as session:
            session.run(text).consume()


def _driver(uri: str, auth: tuple[str, str], *, retry_seconds: float) -> neo4j.Driver:
    # The driver also takes http:// addresses, in preview and with other packages; only Bolt is meant here.
    if not uri.startswith(("bolt://", "bolt+s", "neo4j://", "neo4j+s")):
        raise StoreError(f"图数据库地址 {uri} 不是 Bolt 地址；应如 neo4j://主机:7687 或 bolt://主机:7687")
    try:
        return neo4j.GraphDatabase.driver(
            uri,
            auth=auth,
            connection_timeout=10.0,
            connection_acquisition_timeout=30.0,
            max_transaction_retry_time=retry_seconds,
            notifications_min_severity="OFF",
            telemetry_disabled=True,
        )
    except (neo4j.exceptions.ConfigurationError, ValueError) as error:
        raise StoreError(
            f"图数据库地址 {uri} 无法使用: {error}；应如 neo4j://主机:7687 或 bolt://主机:7687"
        ) from error


def _holds(graph_dir: Path, build_id: str) -> bool:
    """Whether these are the graph files of that build: the folder above them bears its id."""
    return graph_dir.is_dir() and graph_dir.parent.name == build_id


def _lines(path: Path | None) -> Iterator[bytes]:
    if path is not None:
        with path.open("rb") as lines:
            yield from lines


def _changed(old: Path | None, new: Path | None) -> tuple[list[bytes], list[bytes]]:
    """The lines that only the old file has, and those that only the new one has."""
    before, after = set(_lines(old)), set(_lines(new))
    return sorted(before - after), sorted(after - before)


def _node(line: bytes) -> NodeRow:
    row = node_row(json.loads(line), "")
    if isinstance(row, Problem):
        raise StoreError(f"图文件在读取时被改动: {row}")
    return row


def _edge(line: bytes) -> EdgeRow:
    row = edge_row(json.loads(line), "")
    if isinstance(row, Problem):
        raise StoreError(f"图文件在读取时被改动: {row}")
    return row


def _edge_list(row: EdgeRow) -> list[object]:
    return [row.source, row.target, row.properties]


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _count(value: object) -> int:
    return value if isinstance(value, int) else 0
