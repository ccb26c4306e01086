"""The contract of the graph store, on the embedded engine and on YILUN_NEO4J_URI if that is set.

A database named by YILUN_NEO4J_URI is emptied of this project's labels: name one that holds nothing else.
"""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import signal
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
from graph_fixture import A25, A26, C1219, D21, DOCTORS, Row, edges, nodes, write_graph

import kg.store
from kg import queries
from kg.home import Home
from kg.problem import InputError, Problem, StoreError
from kg.schema import EdgeKind, EdgeRow, GraphFiles, Label, NodeRow, RelationType, check, edge_row, node_row
from kg.store import GraphStore, Progress
from kg.vocabulary import Level, Status

BACKENDS = ["embedded", *(["neo4j"] if os.environ.get("YILUN_NEO4J_URI") else [])]
BUILD, OTHER = "aaaaaa", "bbbbbb"


# -- pure --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ([], "不是 JSON 对象"),
        ({}, "id"),
        ({"id": None}, "id"),
        ({"id": ""}, "id"),
        ({"id": " 甲"}, "id"),
        ({"id": 7}, "id"),
        ({"id": "甲", "spans": [[1, 2]]}, "列表只能含字符串"),
        ({"id": "甲", "spans": [1]}, "列表只能含字符串"),
        ({"id": "甲", "origin": {"name": "x"}}, "嵌套"),
        ({"id": "甲", "n": 2**63}, "64 位"),
        ({"id": "甲", "score": float("nan")}, "有限"),
        ({"id": "甲", "属性": 1}, "ASCII"),
    ],
)
def test_bad_nodes(row: object, words: str) -> None:
    problem = node_row(row, "Term.jsonl:1")
    assert isinstance(problem, Problem)
    assert words in problem.text


@pytest.mark.parametrize("missing", ["from", "to", "id"])
def test_bad_edges(missing: str) -> None:
    row: dict[str, object] = {"from": "甲", "to": "乙", "id": "e"}
    for value in (None, ""):
        problem = edge_row({**row, missing: value}, "x:1")
        assert isinstance(problem, Problem)
        assert missing in problem.text


def test_good_rows_lose_nulls_only() -> None:
    node = node_row({"id": "甲", "a": None, "b": [], "c": False, "d": 0, "e": "", "f": 0.5}, "")
    assert node == NodeRow("甲", {"id": "甲", "b": [], "c": False, "d": 0, "e": "", "f": 0.5})
    edge = edge_row({"from": "甲", "to": "乙", "id": "e", "role": "primary", "x": None}, "")
    assert edge == EdgeRow("甲", "乙", "e", {"id": "e", "role": "primary"})


@pytest.mark.parametrize(
    "name", ["Norm.CITES.Provision", "Provision.CITES", "Provision.LIKES.Provision", "a.b.c.d"]
)
def test_edge_files_of_no_schema(name: str) -> None:
    with pytest.raises(InputError, match=re.escape(name)):
        EdgeKind.parse(name)


def test_no_type_shares_its_name_with_a_label() -> None:
    assert not {label.value.lower() for label in Label} & {type_.value.lower() for type_ in RelationType}


def test_check_finds_what_the_engine_would_swallow(tmp_path: Path) -> None:
    node_rows, edge_rows = nodes(), edges()
    assert check(GraphFiles.find(write_graph(tmp_path, BUILD, node_rows, edge_rows))) == []
    node_rows["Term"].append({"id": "医师"})
    edge_rows["Norm.BINDS.Party"] += [
        {"from": f"{A25}/p1#1", "to": "护士", "id": "new"},
        {"from": f"{A25}/p1#1", "to": "患者", "id": "e0"},
    ]
    files = GraphFiles.find(write_graph(tmp_path, OTHER, node_rows, edge_rows))
    assert {problem.code for problem in check(files)} == {"graph_duplicate", "graph_end"}
    assert len(check(files)) == 3
    assert len(check(files, limit=1)) == 1
    (tmp_path / OTHER / "graph/nodes/Build.jsonl").write_text("")
    with pytest.raises(InputError, match="Build"):
        GraphFiles.find(tmp_path / OTHER / "graph")
    with pytest.raises(InputError, match="yilun build"):
        GraphFiles.find(tmp_path / "nowhere")


def test_queries_are_read_only_and_declare_their_parameters() -> None:
    for name, query in queries.QUERIES.items():
        assert name == query.name
        assert query.doc
        assert not re.search(r"\b(CREATE|MERGE|SET|DELETE|REMOVE|DROP|LOAD|FOREACH|CALL)\b", query.text), name
        assert set(re.findall(r"\$(\w+)", query.text)) == set(query.parameters), name


def test_no_cypher_is_built_from_strings() -> None:
    """In kg/ a Cypher text is a constant, or an f-string whose only inserts are `.cypher` of the schema's enums."""
    cypher = re.compile(r"\b(MATCH|MERGE|CREATE|UNWIND|RETURN|DETACH)\b")
    found = 0
    for path in sorted((Path(__file__).parents[2] / "kg").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            place = f"{path.name}:{getattr(node, 'lineno', '?')}"
            if isinstance(node, ast.JoinedStr):
                constant = "".join(str(part.value) for part in node.values if isinstance(part, ast.Constant))
                if not cypher.search(constant):
                    continue
                found += 1
                for part in node.values:
                    if isinstance(part, ast.FormattedValue):
                        assert isinstance(part.value, ast.Attribute), place
                        assert part.value.attr == "cypher", place
            else:
                built = (
                    [node.left, node.right]
                    if isinstance(node, ast.BinOp)
                    else [node.func.value]
                    if isinstance(node, ast.Call)
                    and isinstance(node.func, ast.Attribute)
                    and node.func.attr == "format"
                    else []
                )
                for side in built:
                    text = side.value if isinstance(side, ast.Constant) else ""
                    assert not (isinstance(text, str) and cypher.search(text)), place
    assert found > 10


def test_importing_kg_is_cheap() -> None:
    import subprocess
    import sys

    script = "import sys, kg, kg.home, kg.schema, kg.queries, kg.server; print(*sys.modules)"
    root = Path(__file__).parents[2]
    loaded = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=root
    ).stdout.split()
    assert not {"neo4j", "numpy", "faiss", "platformdirs", "filelock"} & set(loaded)


def test_a_named_database_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    home = Home.resolve(tmp_path, {})
    for uri in ("bolt://127.0.0.1:1", "http://127.0.0.1:1", "nonsense"):
        with pytest.raises(StoreError, match=re.escape(uri)):
            GraphStore.open(home, {"YILUN_NEO4J_URI": uri, "YILUN_NEO4J_PASSWORD": "geheim"})
    assert not home.server.exists()


# -- the contract ------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home.resolve(tmp_path_factory.mktemp("home"), {})
    home.prepare()
    return home


@pytest.fixture(scope="session", params=BACKENDS)
def store(home: Home, request: pytest.FixtureRequest) -> Iterator[GraphStore]:
    environ = {} if request.param == "embedded" else dict(os.environ)
    with GraphStore.open(home, environ) as opened:
        opened.clear()
        yield opened
        opened.clear()


@pytest.fixture
def loaded(store: GraphStore, home: Home) -> GraphStore:
    store.load(write_graph(home.builds, BUILD, nodes(), edges()), BUILD)
    return store


def _contents(store: GraphStore) -> list[tuple[str, str]]:
    return [(str(kind), text) for kind, text in store.dump()]


def _expected(node_rows: dict[str, list[Row]], edge_rows: dict[str, list[Row]]) -> list[tuple[str, str]]:
    """What `dump` gives for these rows, made without the store."""

    def text(value: object) -> str:
        return json.dumps(value, ensure_ascii=False, sort_keys=True)

    def present(row: Row) -> Row:
        return {
            name: value for name, value in row.items() if value is not None and name not in ("from", "to")
        }

    found = [
        (label.value, line)
        for label in Label
        for line in sorted(text(present(r)) for r in node_rows[label.value])
    ]
    for kind in sorted(edge_rows, key=EdgeKind.parse):
        lines = [text([row["from"], row["to"], present(row)]) for row in edge_rows[kind]]
        found += [(kind, line) for line in sorted(lines)]
    return found


@pytest.mark.server
class TestLoad:
    def test_clean_load_holds_the_files_exactly(self, loaded: GraphStore, home: Home) -> None:
        assert _contents(loaded) == _expected(nodes(), edges())
        stored = loaded.stored()
        assert stored is not None
        assert (stored.id, stored.ready) == (BUILD, True)
        assert (stored.nodes, stored.edges) == GraphFiles.find(home.build_path(BUILD) / "graph").row_counts()

    def test_again_writes_nothing(self, loaded: GraphStore, home: Home) -> None:
        report = loaded.load(home.build_path(BUILD) / "graph", BUILD)
        assert report.nodes_written == report.edges_written == report.nodes_deleted == 0
        assert _contents(loaded) == _expected(nodes(), edges())

    def test_difference_equals_clean_load(self, loaded: GraphStore, home: Home) -> None:
        node_rows, edge_rows = nodes(), edges()
        node_rows["Party"] = [{"id": "医师", "aliases": ["医生"]}, {"id": "护士"}]  # changed, gone, new
        del node_rows["Provision"][1]["text"]  # a property gone
        node_rows["Topic"], edge_rows["Scenario.APPLIES_IN.Topic"] = [], []  # a whole file emptied
        edge_rows["Norm.TOWARDS.Party"] = [
            {"from": f"{A25}/p1#1", "to": "护士", "id": "e0"}
        ]  # same id, other end
        edge_rows["Provision.CITES.Provision"][2]["surface"] = "《民法典》"
        del edge_rows["Provision.CITES.Provision"][0]
        del edge_rows["Provision.DEFINES.Term"]  # a whole file gone
        edge_rows["Provision.NEXT.Provision"].append({"from": f"{A26}/p1", "to": f"{A26}/p2", "id": "e1"})
        other = write_graph(home.builds, OTHER, node_rows, edge_rows)
        report = loaded.load(other, OTHER, home.build_path(BUILD) / "graph")
        assert not report.full
        assert (report.nodes_written, report.nodes_deleted) == (3, 2)
        assert (report.edges_written, report.edges_deleted) == (3, 4)
        by_difference = _contents(loaded)
        loaded.clear()
        assert loaded.load(other, OTHER).full
        edge_rows["Provision.DEFINES.Term"] = []
        assert by_difference == _contents(loaded) == _expected(node_rows, edge_rows)

    def test_a_previous_folder_of_another_build_is_not_trusted(self, loaded: GraphStore, home: Home) -> None:
        other = write_graph(home.builds, OTHER, nodes(), edges())
        stale = write_graph(home.builds, "cccccc", {"Party": []}, {})
        assert loaded.load(other, OTHER, stale).full
        assert _contents(loaded) == _expected(nodes(), edges())

    def test_interrupted_load_is_redone_in_full(
        self, loaded: GraphStore, home: Home, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        node_rows = _many_terms(monkeypatch)
        other = write_graph(home.builds, OTHER, node_rows, edges())
        for previous in (None, home.build_path(BUILD) / "graph"):
            with pytest.raises(KeyboardInterrupt):
                loaded.load(other, OTHER, previous, _interrupt_at("Term"))
            stored = loaded.stored()
            assert stored is not None
            assert (stored.id, stored.ready) == (OTHER, False)
            # Going back to the first build must not keep anything of the second.
            assert loaded.load(home.build_path(BUILD) / "graph", BUILD, other).full
            assert _contents(loaded) == _expected(nodes(), edges())

    def test_bad_files_are_refused_before_anything_is_written(self, loaded: GraphStore, home: Home) -> None:
        node_rows = nodes()
        node_rows["Party"] = []
        with pytest.raises(StoreError, match="端点 Party 医师"):
            loaded.load(write_graph(home.builds, OTHER, node_rows, edges()), OTHER)
        stored = loaded.stored()
        assert stored is not None
        assert (stored.id, stored.ready) == (BUILD, True)
        assert _contents(loaded) == _expected(nodes(), edges())

    def test_overlay(self, loaded: GraphStore, home: Home) -> None:
        review = NodeRow("甲/1", {"id": "甲/1", "decision": "accept"})
        on = EdgeKind.parse("Review.REVIEWS.Norm")
        good = EdgeRow("甲/1", f"{A25}/p1#1", "r1", {"id": "r1"})
        dangling = EdgeRow("甲/1", "没有", "r2", {"id": "r2"})
        for _ in range(2):  # adding twice changes nothing
            problems = loaded.upsert({Label.REVIEW: [review]}, {on: [good, dangling]})
            assert [problem.code for problem in problems] == ["graph_end"]
            assert "r2" in problems[0].place
        assert queries.counts_by_label(loaded)[Label.REVIEW] == 1
        assert queries.counts_by_type(loaded)[RelationType.REVIEWS] == 1
        loaded.load(
            write_graph(home.builds, OTHER, nodes(), edges()), OTHER, home.build_path(BUILD) / "graph"
        )
        assert queries.counts_by_label(loaded)[Label.REVIEW] == 1  # a difference leaves it
        loaded.clear()
        assert sum(queries.counts_by_label(loaded).values()) == 0
        assert loaded.stored() is None

    def test_null_key_creates_nothing(self, loaded: GraphStore) -> None:
        assert isinstance(node_row({"id": None}, ""), Problem)  # the store is never asked
        assert queries.counts_by_label(loaded)[Label.PARTY] == 2


@pytest.mark.server
class TestAnswers:
    def test_article_with_context(self, loaded: GraphStore) -> None:
        found = queries.article_with_context(loaded, f"{A26}/p2", date(2023, 1, 1))
        assert found is not None
        assert [node.id for node in found.path] == [f"{D21}/ch3", A26]
        assert [node.id for node in found.below] == [f"{A26}/p2/i1", f"{A26}/p2/i2"]
        assert (found.expression.id, found.source.id) == (D21, DOCTORS)
        assert found.source.properties["topics"] == ["医患关系", "常规诊疗"]
        assert found.status is Status.IN_FORCE
        assert queries.article_with_context(loaded, "没有") is None

    @pytest.mark.parametrize(
        ("day", "expected", "note"),
        [
            (None, ["c2", "c3"], "no day: all"),
            (date(2021, 1, 1), ["c2", "c3"], "the first day counts"),
            (date(2020, 12, 31), ["c3"], "the day before does not; no interval holds always"),
            (date(2022, 3, 1), ["c3"], "the last day is outside"),
        ],
    )
    def test_citations_hold_on_a_day(
        self, loaded: GraphStore, day: date | None, expected: list[str], note: str
    ) -> None:
        out = [c for c in queries.citations_out(loaded, A26, day) if c.node.label is Label.PROVISION]
        assert [c.link.id for c in out] == expected, note
        assert {c.node.id for c in out} == {C1219}
        into = queries.citations_in(loaded, C1219, day)
        assert [c.link.id for c in into if c.link.source.startswith(A26)] == expected, note

    def test_citation_of_a_work_as_a_whole(self, loaded: GraphStore) -> None:
        out = queries.citations_out(loaded, A26)
        assert [c.node.id for c in out if c.node.label is Label.SOURCE] == ["医疗机构管理条例"]

    def test_versions_and_tree(self, loaded: GraphStore) -> None:
        versions = queries.versions_of(loaded, DOCTORS, date(2020, 1, 1))
        assert [(v.expression.id, v.status) for v in versions] == [
            (D21, Status.NOT_YET),
            (f"{DOCTORS}@unknown~1", Status.IN_FORCE),
        ]
        (tree,) = queries.tree_of_source(loaded, DOCTORS, date(2023, 1, 1))
        assert [(entry.id, entry.parent) for entry in tree.entries] == [
            (f"{D21}/ch3", D21),
            (A25, f"{D21}/ch3"),
            (A26, f"{D21}/ch3"),
        ]
        assert len(queries.tree_of_source(loaded, DOCTORS)) == 2

    @pytest.mark.parametrize("provision", [f"{D21}/ch3", A25, f"{A25}/p1"])
    def test_what_rests_on_a_provision_rests_on_all_above_it(
        self, loaded: GraphStore, provision: str
    ) -> None:
        (scenario,) = queries.scenarios_on(loaded, provision)
        assert (scenario.node.id, scenario.rests_on, scenario.link["role"]) == (
            "R-001",
            f"{A25}/p1",
            "primary",
        )
        (verdict,) = queries.verdicts_on(loaded, provision)
        assert (verdict.node.id, verdict.rests_on) == ("R-001#v", f"{A25}/p1#1")
        assert [row.node.id for row in queries.norms_on(loaded, provision)] == [f"{A25}/p1#1"]
        assert [row.node.id for row in queries.principles_on(loaded, provision)] == ["尊重自主"]
        assert queries.assessments_on(loaded, provision) == []
        assert queries.scenarios_on(loaded, A26) == []

    def test_sources_by_level(self, loaded: GraphStore) -> None:
        assert [(row.level, row.id, row.versions) for row in queries.sources_by_level(loaded)] == [
            (Level.LAW, DOCTORS, 2),
            (Level.LAW, "中华人民共和国民法典", 1),
            (Level.ADMINISTRATIVE_REGULATION, "医疗机构管理条例", 0),
        ]

    def test_counts(self, loaded: GraphStore) -> None:
        assert queries.counts_by_label(loaded) == {label: len(nodes()[label.value]) for label in Label}
        by_type = queries.counts_by_type(loaded)
        assert set(by_type) == set(RelationType)
        assert sum(by_type.values()) == sum(map(len, edges().values()))

    def test_neighbourhood_is_bounded(self, loaded: GraphStore) -> None:
        near = queries.neighbourhood(loaded, Label.PROVISION, A25)
        assert {node.id for node in near.nodes} == {f"{D21}/ch3", f"{A25}/p1", A26, "医师"}
        assert len(near.links) == 4
        assert not near.cut
        cut = queries.neighbourhood(loaded, Label.PROVISION, A25, hops=3, limit=3)
        assert len(cut.links) == 3
        assert cut.cut
        wide = queries.neighbourhood(loaded, Label.PROVISION, A25, hops=3)
        assert len(wide.links) > len(near.links)
        with pytest.raises(ValueError, match="hops"):
            queries.neighbourhood(loaded, Label.PROVISION, A25, hops=4)

    def test_every_query_runs(self, loaded: GraphStore) -> None:
        values: dict[str, queries.Parameter] = {"id": A25, "ids": [A25], "as_of": None, "limit": 5}
        for query in queries.QUERIES.values():
            loaded.run(query, **{name: values[name] for name in query.parameters})
        with pytest.raises(TypeError, match="参数"):
            loaded.run(queries.QUERIES["provision"], identity=A25)


@pytest.mark.server
def test_losing_the_server_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process is killed in the middle of a load, then its whole folder is deleted."""
    home = Home.resolve(tmp_path, {})
    home.prepare()
    node_rows = _many_terms(monkeypatch)
    graph = write_graph(home.builds, BUILD, node_rows, edges())

    with GraphStore.open(home, {}) as store:
        assert store.server is not None
        pid = store.server.state.pid

        def kill(progress: Progress) -> None:
            if progress.stage == "Term":
                os.kill(pid, signal.SIGKILL)

        with pytest.raises(StoreError, match="未能完成"):
            store.load(graph, BUILD, progress=kill)
    with GraphStore.open(home, {}) as store:
        stored = store.stored()
        assert stored is not None
        assert not stored.ready
        assert store.load(graph, BUILD).full
        assert _contents(store) == _expected(node_rows, edges())
    shutil.rmtree(home.server)
    with GraphStore.open(home, {}) as store:
        assert store.stored() is None
        store.load(graph, BUILD)
        assert _contents(store) == _expected(node_rows, edges())


def _many_terms(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[Row]]:
    """Terms that take several transactions, so that a load can be interrupted between two of them."""
    monkeypatch.setattr(kg.store, "BATCH_ROWS", 5)
    rows = nodes()
    rows["Term"] += [{"id": f"术语{n}"} for n in range(60)]
    return rows


def _interrupt_at(stage: str) -> Callable[[Progress], None]:
    def interrupt(progress: Progress) -> None:
        if progress.stage == stage:
            raise KeyboardInterrupt

    return interrupt
