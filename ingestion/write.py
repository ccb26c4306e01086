"""A compiled build as files: written beside the others, described by a manifest, then moved into place."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ingestion.compile import Compiled, Progress
from ingestion.graph import edge_rows, node_rows
from kg.build import Citation
from kg.build_rows import expression_row, provision_row, source_row
from kg.manifest import NAME as MANIFEST
from kg.manifest import Manifest, json_line
from kg.norm import link_row, norm_row, norms_file, party_row, principle_row
from kg.review import review_row


def write_build(
    compiled: Compiled,
    folder: Path,
    *,
    input_digest: str,
    inputs: Mapping[str, str],
    parameters: Mapping[str, str],
    progress: Progress,
) -> Manifest:
    """Write every file of a build into an empty folder; the manifest comes last.

    Same value, same bytes: rows are sorted, JSON keys too, and nothing depends on time or place.
    """
    folder.mkdir(parents=True)
    _write_rows(
        folder / "topics.jsonl", ({"topic": t.name, "definition": t.definition} for t in compiled.topics)
    )
    _write_rows(folder / "sources.jsonl", (source_row(source) for source in compiled.sources))
    expressions = []
    for number, text in enumerate(compiled.texts, 1):
        identifier = str(text.expression.id)
        name = f"texts/{hashlib.sha256(identifier.encode()).hexdigest()[:16]}.json"
        stored = {
            "id": identifier,
            "raw": text.layers.raw,
            "repairs": [[r.start, r.end, r.replacement, r.reason] for r in text.layers.repairs],
            "provisions": [provision_row(p) for p in text.provisions],
        }
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(stored, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")
        expressions.append(expression_row(text.expression, name))
        norms = compiled.norms.get(identifier, ())
        _write_rows(folder / norms_file(name), (norm_row(norm) for norm in norms))
        progress("写文本", number, len(compiled.texts))
    _write_rows(folder / "expressions.jsonl", expressions)
    _write_rows(folder / "citations.jsonl", (_citation(c) for c in compiled.citations))
    _write_rows(
        folder / "reviews.jsonl",
        ({"state": one.state.value, "review": review_row(one.review)} for one in compiled.reviews),
    )
    _write_rows(folder / "norm_ties.jsonl", (link_row(tie) for tie in compiled.ties))
    lexicon = compiled.lexicon
    _write_rows(folder / "parties.jsonl", (party_row(p) for _, p in sorted(lexicon.parties.items())))
    _write_rows(folder / "principles.jsonl", (principle_row(p) for p in lexicon.principles.values()))
    _write_rows(
        folder / "scenario_links.jsonl",
        (
            {"scenario": b.scenario, "provision": str(b.provision.id), "role": b.role}
            for b in compiled.bindings
        ),
    )
    _write_rows(
        folder / "problems.jsonl",
        (
            {"severity": p.severity.value, "code": p.code, "place": p.place, "text": p.text}
            for p in compiled.problems
        ),
    )
    for label, rows in node_rows(compiled).items():
        _write_rows(folder / "graph" / "nodes" / f"{label.value}.jsonl", rows)
    edges = edge_rows(compiled)
    for kind, rows in edges.items():
        _write_rows(folder / "graph" / "edges" / f"{kind}.jsonl", rows)
    counts = {**compiled.counts, **{f"edges_{kind}": len(rows) for kind, rows in edges.items()}}
    manifest = Manifest.of_folder(
        folder, input_digest=input_digest, inputs=inputs, parameters=parameters, counts=counts
    )
    manifest.write(folder)
    return manifest


def place_build(folder: Path, destination: Path) -> None:
    """Move a finished folder to its name.

    A build of the same id has the same bytes and stays; only its manifest is renewed, so that the inputs
    which lead to it now are known.
    """
    if destination.exists():
        (folder / MANIFEST).replace(destination / MANIFEST)
        shutil.rmtree(folder)
    else:
        folder.rename(destination)


def _citation(citation: Citation) -> dict[str, Any]:
    return {
        "provision": citation.provision,
        "start": citation.start,
        "end": citation.end,
        "surface": citation.surface,
        "outcome": citation.outcome,
        "reason": citation.reason,
        "targets": [
            {"id": t.id, "from_date": t.from_date, "until_date": t.until_date, "basis": t.basis}
            for t in citation.targets
        ],
    }


def _write_rows(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="\n") as stream:
        stream.writelines(json_line(row) for row in rows)
