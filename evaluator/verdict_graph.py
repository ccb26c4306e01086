"""Kept verdicts as rows of the graph, so that they are found from the law that they rest on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from evaluator.proof import VerdictFile
from kg.schema import EdgeKind, EdgeRow, Label, NodeRow, RelationType

_CLAUSE = EdgeKind(Label.PROVISION, RelationType.GROUNDS, Label.FINDING)
_NORM = EdgeKind(Label.NORM, RelationType.GROUNDS, Label.FINDING)
_CONCLUDES = EdgeKind(Label.FINDING, RelationType.CONCLUDES, Label.VERDICT)


def graph_rows(
    verdicts: Iterable[VerdictFile],
) -> tuple[Mapping[Label, Sequence[NodeRow]], Mapping[EdgeKind, Sequence[EdgeRow]]]:
    """Nodes and edges of verdicts and of the findings that they rest on; what was only considered is left out."""
    nodes: dict[Label, list[NodeRow]] = {Label.VERDICT: [], Label.FINDING: []}
    edges: dict[EdgeKind, list[EdgeRow]] = {_CLAUSE: [], _NORM: [], _CONCLUDES: []}
    for verdict in sorted(verdicts, key=lambda v: v.id):
        nodes[Label.VERDICT].append(
            NodeRow(
                verdict.id,
                {
                    "id": verdict.id, "conclusion": verdict.conclusion, "abstained": verdict.abstained,
                    "as_of": verdict.as_of.isoformat(), "build": verdict.build, "case": verdict.case,
                    "scenario": verdict.scenario, "reason": verdict.reason,
                },
            )
        )  # fmt: skip
        for row in verdict.findings:
            if row.role != "grounds":
                continue
            finding = f"{verdict.id}/{row.norm}"
            properties = {"id": finding, "outcome": row.outcome.value, "likeness": row.likeness}
            nodes[Label.FINDING].append(NodeRow(finding, properties))
            for kind, source, target in (
                (_CLAUSE, row.clause, finding), (_NORM, row.norm, finding), (_CONCLUDES, finding, verdict.id),
            ):  # fmt: skip
                identity = f"{source}|{target}"
                edges[kind].append(EdgeRow(source, target, identity, {"id": identity, "role": row.role}))
    return nodes, edges
