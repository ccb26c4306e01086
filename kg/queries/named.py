"""Named, parameterised, read-only queries as data. Nothing else is ever asked of the graph.

Every text is a constant; only names out of the schema's enums are set into one. `in` and `below` always
follow CONTAINS, so what rests on a paragraph or an item also rests on its article.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kg.schema import Label

Parameter = str | int | float | bool | None | list[str]
Record = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Query:
    """One question to the graph: its name, Cypher, the parameters it takes, and what it answers."""

    name: str
    text: str
    parameters: tuple[str, ...]
    doc: str


_ALL = [
    Query(
        "provision",
        "MATCH (p:Provision {id: $id}) RETURN p.id AS id, properties(p) AS properties",
        ("id",),
        "一个条款的属性",
    ),
    Query(
        "provision_path",
        """MATCH (p:Provision {id: $id})<-[:CONTAINS*1..12]-(a:Provision)
        RETURN a.id AS id, properties(a) AS properties ORDER BY a.start, a.end DESC""",
        ("id",),
        "条款之上的编、章、节、条，自上而下",
    ),
    Query(
        "provision_below",
        """MATCH (p:Provision {id: $id})-[:CONTAINS*1..12]->(c:Provision)
        RETURN c.id AS id, properties(c) AS properties ORDER BY c.start, c.end DESC""",
        ("id",),
        "条款之下的款、项、目，按原文次序",
    ),
    Query(
        "provision_work",
        """MATCH (p:Provision {id: $id})<-[:CONTAINS*1..12]-(e:Expression) MATCH (e)<-[:HAS_VERSION]-(s:Source)
        RETURN e.id AS expression_id, properties(e) AS expression, s.id AS source_id, properties(s) AS source""",
        ("id",),
        "条款所在的版本及其源文件",
    ),
    Query(
        "citations_out",
        """MATCH (p:Provision {id: $id})-[:CONTAINS*0..12]->(q:Provision)-[r:CITES]->(t)
        WHERE $as_of IS NULL OR ((r.from_date IS NULL OR r.from_date <= $as_of)
            AND (r.until_date IS NULL OR $as_of < r.until_date))
        RETURN q.id AS source, t.id AS target, r.id AS link_id, properties(r) AS link,
            labels(t)[0] AS label, t.id AS id, properties(t) AS properties
        ORDER BY source, target, link_id""",
        ("id", "as_of"),
        "该条款及其下各款项引用了什么",
    ),
    Query(
        "citations_in",
        """MATCH (p:Provision {id: $id})-[:CONTAINS*0..12]->(q:Provision)<-[r:CITES]-(t:Provision)
        WHERE $as_of IS NULL OR ((r.from_date IS NULL OR r.from_date <= $as_of)
            AND (r.until_date IS NULL OR $as_of < r.until_date))
        RETURN t.id AS source, q.id AS target, r.id AS link_id, properties(r) AS link,
            labels(t)[0] AS label, t.id AS id, properties(t) AS properties
        ORDER BY source, target, link_id""",
        ("id", "as_of"),
        "哪些条款引用了该条款或其下款项",
    ),
    Query(
        "versions_of",
        """MATCH (s:Source {id: $id})-[:HAS_VERSION]->(e:Expression)
        RETURN e.id AS id, properties(e) AS properties ORDER BY id""",
        ("id",),
        "源文件的各版本",
    ),
    Query(
        "tree_of_expression",
        """MATCH (e:Expression {id: $id})-[:CONTAINS*1..12]->(p:Provision)
        WHERE NOT p.kind IN ['paragraph', 'item', 'subitem']
        MATCH (p)<-[:CONTAINS]-(parent)
        RETURN parent.id AS parent, p.id AS id, p.kind AS kind, p.label AS label, p.heading AS heading,
            p.start AS start
        ORDER BY start, p.end DESC""",
        ("id",),
        "一个版本的编、章、节、条，按原文次序，各带上级 id",
    ),
    Query(
        "scenarios_on",
        """MATCH (p:Provision {id: $id})-[:CONTAINS*0..12]->(q:Provision)<-[r:GOVERNED_BY]-(s:Scenario)
        RETURN q.id AS rests_on, properties(r) AS link, labels(s)[0] AS label, s.id AS id, properties(s) AS properties
        UNION
        MATCH (p:Provision {id: $id})-[:CONTAINS*0..12]->(:Provision)-[:STATES]->(q:Norm)<-[r:GOVERNED_BY]-(s:Scenario)
        RETURN q.id AS rests_on, properties(r) AS link, labels(s)[0] AS label, s.id AS id, properties(s) AS properties""",
        ("id",),
        "受该条款、其下款项或其规范规制的情形",
    ),
    Query(
        "verdicts_on",
        """MATCH (p:Provision {id: $id})-[:CONTAINS*0..12]->(q:Provision)-[r:GROUNDS]->(:Finding)-[:CONCLUDES]->(v:Verdict)
        RETURN q.id AS rests_on, properties(r) AS link, labels(v)[0] AS label, v.id AS id, properties(v) AS properties
        UNION
        MATCH (p:Provision {id: $id})-[:CONTAINS*0..12]->(q:Provision)-[r:GROUNDS]->(v:Verdict)
        RETURN q.id AS rests_on, properties(r) AS link, labels(v)[0] AS label, v.id AS id, properties(v) AS properties
        UNION
        MATCH (p:Provision {id: $id})-[:CONTAINS*0..12]->(:Provision)-[:STATES]->(q:Norm)-[r:GROUNDS]->(:Finding)-[:CONCLUDES]->(v:Verdict)
        RETURN q.id AS rests_on, properties(r) AS link, labels(v)[0] AS label, v.id AS id, properties(v) AS properties
        UNION
        MATCH (p:Provision {id: $id})-[:CONTAINS*0..12]->(:Provision)-[:STATES]->(q:Norm)-[r:GROUNDS]->(v:Verdict)
        RETURN q.id AS rests_on, properties(r) AS link, labels(v)[0] AS label, v.id AS id, properties(v) AS properties""",
        ("id",),
        "以该条款、其下款项或其规范为依据的裁断",
    ),
    Query(
        "assessments_on",
        """MATCH (p:Provision {id: $id})-[:CONTAINS*0..12]->(q:Provision)-[r:GROUNDS]->(a:Assessment)
        RETURN q.id AS rests_on, properties(r) AS link, labels(a)[0] AS label, a.id AS id, properties(a) AS properties
        UNION
        MATCH (p:Provision {id: $id})-[:CONTAINS*0..12]->(:Provision)-[:STATES]->(q:Norm)-[r:GROUNDS]->(a:Assessment)
        RETURN q.id AS rests_on, properties(r) AS link, labels(a)[0] AS label, a.id AS id, properties(a) AS properties""",
        ("id",),
        "以该条款、其下款项或其规范为依据的评分",
    ),
    Query(
        "norms_on",
        """MATCH (p:Provision {id: $id})-[:CONTAINS*0..12]->(q:Provision)-[r:STATES]->(n:Norm)
        RETURN q.id AS rests_on, properties(r) AS link, labels(n)[0] AS label, n.id AS id, properties(n) AS properties
        ORDER BY id""",
        ("id",),
        "该条款及其下款项表述的规范",
    ),
    Query(
        "principles_on",
        """MATCH (p:Provision {id: $id})-[:CONTAINS*0..12]->(q:Provision)-[r:EMBODIES]->(x:Principle)
        RETURN q.id AS rests_on, properties(r) AS link, labels(x)[0] AS label, x.id AS id, properties(x) AS properties
        UNION
        MATCH (p:Provision {id: $id})-[:CONTAINS*0..12]->(:Provision)-[:STATES]->(q:Norm)-[r:EMBODIES]->(x:Principle)
        RETURN q.id AS rests_on, properties(r) AS link, labels(x)[0] AS label, x.id AS id, properties(x) AS properties""",
        ("id",),
        "该条款、其下款项或其规范体现的原则",
    ),
    Query(
        "sources_by_level",
        """MATCH (s:Source) OPTIONAL MATCH (s)-[:HAS_VERSION]->(e:Expression)
        RETURN s.level AS level, s.id AS id, s.title AS title, count(e) AS versions ORDER BY level, id""",
        (),
        "源文件，按效力层级，各带版本数",
    ),
    Query(
        "counts_by_label",
        "\nUNION ALL\n".join(
            f"MATCH (n:{label.cypher}) RETURN '{label.cypher}' AS name, count(n) AS number" for label in Label
        ),
        (),
        "各类节点的数目",
    ),
    Query(
        "counts_by_type",
        "MATCH ()-[r]->() RETURN type(r) AS name, count(r) AS number ORDER BY name",
        (),
        "各类关系的数目",
    ),
]

NEIGHBOURS: Mapping[Label, Query] = {
    label: Query(
        f"neighbours_of_{label.cypher}",
        f"""UNWIND $ids AS id MATCH (a:{label.cypher} {{id: id}})-[r]-(b)
        RETURN startNode(r).id AS source, endNode(r).id AS target, type(r) AS type, r.id AS link_id,
            properties(r) AS link, labels(b)[0] AS label, b.id AS id, properties(b) AS properties
        ORDER BY type, source, target, link_id LIMIT $limit""",
        ("ids", "limit"),
        f"{label.cypher} 节点一步之内的关系和节点",
    )
    for label in Label
}
"""One step from nodes of a label: Cypher has no parameter for a label, and a search without one scans."""

QUERIES: Mapping[str, Query] = {query.name: query for query in (*_ALL, *NEIGHBOURS.values())}
"""Every query by its name."""
