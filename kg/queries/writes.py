"""The statements that a load is made of: constants, or one per label or kind of edge of the schema.

Each takes `$rows`: property maps for nodes, ids for deleting nodes, and for edges lists of three, `[id of the
first end, id of the second, properties]` (maps with named keys cost the driver half as much time again). A
label before each key makes the uniqueness constraint the index of the lookup.
"""

from __future__ import annotations

from kg.schema import EdgeKind, Label

FORGET_BUILD = "MATCH (b:Build) DETACH DELETE b"
BEGIN_BUILD = "CREATE (b:Build {id: $id, state: 'loading'})"
FINISH_BUILD = """MATCH (b:Build {id: $id})
SET b.state = 'ready', b.schema = $schema, b.nodes = $nodes, b.edges = $edges"""
STORED_BUILD = """MATCH (b:Build)
RETURN b.id AS id, b.state AS state, b.schema AS schema, b.nodes AS nodes, b.edges AS edges"""


def create_nodes(label: Label) -> str:
    """Nodes that are known not to be there."""
    return f"UNWIND $rows AS row CREATE (n:{label.cypher}) SET n = row"


def merge_nodes(label: Label) -> str:
    """Nodes that may be there; afterwards they have exactly the given properties."""
    return f"UNWIND $rows AS row MERGE (n:{label.cypher} {{id: row.id}}) SET n = row"


def delete_nodes(label: Label) -> str:
    """Nodes by id, with their edges. Over a scan instead of ids this took the embedded engine 25 times as long."""
    return f"UNWIND $rows AS id MATCH (n:{label.cypher} {{id: id}}) DETACH DELETE n"


def create_edges(kind: EdgeKind) -> str:
    """Edges that are known not to be there; a MERGE would walk all edges of the first end."""
    return (
        f"UNWIND $rows AS row MATCH (a:{kind.source.cypher} {{id: row[0]}}) "
        f"MATCH (b:{kind.target.cypher} {{id: row[1]}}) "
        f"CREATE (a)-[r:{kind.type.cypher}]->(b) SET r = row[2]"
    )


def merge_edges(kind: EdgeKind) -> str:
    """Edges that may be there; afterwards they have exactly the given properties."""
    return (
        f"UNWIND $rows AS row MATCH (a:{kind.source.cypher} {{id: row[0]}}) "
        f"MATCH (b:{kind.target.cypher} {{id: row[1]}}) "
        f"MERGE (a)-[r:{kind.type.cypher} {{id: row[2].id}}]->(b) SET r = row[2]"
    )


def delete_edges(kind: EdgeKind) -> str:
    """Edges by both ends and id."""
    return (
        f"UNWIND $rows AS row MATCH (a:{kind.source.cypher} {{id: row[0]}})"
        f"-[r:{kind.type.cypher} {{id: row[2].id}}]->(b:{kind.target.cypher} {{id: row[1]}}) DELETE r"
    )


def present_edges(kind: EdgeKind) -> str:
    """Those of the given edges that the store holds."""
    return (
        f"UNWIND $rows AS row MATCH (a:{kind.source.cypher} {{id: row[0]}})"
        f"-[r:{kind.type.cypher} {{id: row[2].id}}]->(b:{kind.target.cypher} {{id: row[1]}}) "
        "RETURN a.id AS source, b.id AS target, r.id AS id"
    )


def node_ids(label: Label) -> str:
    """Every id under a label."""
    return f"MATCH (n:{label.cypher}) RETURN n.id AS id"


def all_nodes(label: Label) -> str:
    """Every node under a label, whole."""
    return f"MATCH (n:{label.cypher}) RETURN properties(n) AS properties"


def all_edges(kind: EdgeKind) -> str:
    """Every edge of a kind, whole."""
    return (
        f"MATCH (a:{kind.source.cypher})-[r:{kind.type.cypher}]->(b:{kind.target.cypher}) "
        "RETURN a.id AS source, b.id AS target, properties(r) AS properties"
    )
