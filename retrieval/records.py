"""A clause as one JSON line of the index, and back."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from kg.clause import Clause, ClauseParagraph
from kg.dates import Validity
from kg.identity import ProvisionId
from kg.vocabulary import Level, Topic


def encode_clause(clause: Clause) -> bytes:
    """The clause as a line of UTF-8 JSON with its line break; the same clause gives the same bytes."""
    joined = "\n".join(p.text for p in clause.paragraphs)
    validity = clause.validity
    row = {
        "id": str(clause.id),
        "titles": clause.titles,
        "level": clause.level.value,
        "topics": list(clause.topics),
        "validity": [
            day.isoformat() if day else None
            for day in (validity.begins, validity.not_before, validity.ends, validity.contested_from)
        ],
        "label": clause.label,
        "headings": clause.headings,
        # Most clauses are their paragraphs and nothing else: their text is not written twice.
        "text": None if joined == clause.text else clause.text,
        "paragraphs": [[str(p.id), p.number, p.text] for p in clause.paragraphs],
    }
    return json.dumps(row, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode() + b"\n"


def decode_clause(line: bytes) -> Clause:
    """The inverse of `encode_clause`."""
    row: dict[str, Any] = json.loads(line)
    paragraphs = tuple(
        ClauseParagraph(ProvisionId.parse(id_), number, text) for id_, number, text in row["paragraphs"]
    )
    return Clause(
        id=ProvisionId.parse(row["id"]),
        titles=tuple(row["titles"]),
        level=Level(row["level"]),
        topics=tuple(Topic(topic) for topic in row["topics"]),
        validity=Validity(*(date.fromisoformat(day) if day else None for day in row["validity"])),
        label=row["label"],
        headings=tuple(row["headings"]),
        text="\n".join(p.text for p in paragraphs) if row["text"] is None else row["text"],
        paragraphs=paragraphs,
    )
