"""The rows that a build stores: sources, versions and provisions as JSON, and back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Any

from kg.dates import Validity
from kg.identity import ExpressionId, ProvisionId, Step
from kg.model import DatedVersion, Expression, Origin, Provision, RelatedTitle, Source, Successor
from kg.vocabulary import Kind, Level, Topic


def _date(value: str | None) -> date | None:
    return date.fromisoformat(value) if value else None


def source_row(source: Source) -> dict[str, Any]:
    """A source as one JSON row."""
    return {
        "key": source.key,
        "title": source.title,
        "level": source.level.value,
        "short_titles": list(source.short_titles),
        "aliases": list(source.aliases),
        "former_titles": [[f.title, f.relation, f.evidence] for f in source.former_titles],
        "successor": [source.successor.title, _iso(source.successor.since), source.successor.evidence]
        if source.successor
        else None,
        "issuing_body": source.issuing_body,
        "document_number": source.document_number,
        "versions": [
            [v.version_date.isoformat(), _iso(v.effective_from), v.evidence] for v in source.versions
        ],
        "status": source.status,
        "topics": list(source.topics),
        "official_publication": source.official_publication,
        "acquisition": source.acquisition,
        "copyright": source.copyright,
        "why": source.why,
        "local_reason": source.local_reason,
        "evidence": source.evidence,
        "in_ledger": source.in_ledger,
    }


def source_from_row(row: Mapping[str, Any]) -> Source:
    """The inverse of `source_row`."""
    successor = row["successor"]
    return Source(
        key=row["key"],
        title=row["title"],
        level=Level(row["level"]),
        short_titles=tuple(row["short_titles"]),
        aliases=tuple(row["aliases"]),
        former_titles=tuple(RelatedTitle(*f) for f in row["former_titles"]),
        successor=Successor(successor[0], _date(successor[1]), successor[2]) if successor else None,
        issuing_body=row["issuing_body"],
        document_number=row["document_number"],
        versions=tuple(DatedVersion(date.fromisoformat(v[0]), _date(v[1]), v[2]) for v in row["versions"]),
        status=row["status"],
        topics=tuple(Topic(t) for t in row["topics"]),
        official_publication=row["official_publication"],
        acquisition=row["acquisition"],
        copyright=row["copyright"],
        why=row["why"],
        local_reason=row["local_reason"],
        evidence=row["evidence"],
        in_ledger=row["in_ledger"],
    )


def expression_row(expression: Expression, file: str) -> dict[str, Any]:
    """A version as one JSON row; `file` is where its text is."""
    validity = expression.validity
    return {
        "id": str(expression.id),
        "title": expression.title,
        "begins": _iso(validity.begins),
        "not_before": _iso(validity.not_before),
        "ends": _iso(validity.ends),
        "contested_from": _iso(validity.contested_from),
        "validity_note": expression.validity_note,
        "origin": [expression.origin.name, expression.origin.place, expression.origin.sha256],
        "witnesses": [[w.name, w.place, w.sha256] for w in expression.witnesses],
        "articles": expression.articles,
        "file": file,
    }


def expression_from_row(row: Mapping[str, Any]) -> Expression:
    """The inverse of `expression_row`."""
    return Expression(
        id=ExpressionId.parse(row["id"]),
        title=row["title"],
        validity=Validity(
            _date(row["begins"]), _date(row["not_before"]), _date(row["ends"]), _date(row["contested_from"])
        ),
        validity_note=row["validity_note"],
        origin=Origin(*row["origin"]),
        witnesses=tuple(Origin(*w) for w in row["witnesses"]),
        articles=row["articles"],
    )


def provision_row(provision: Provision) -> list[Any]:
    """A provision as a JSON list: steps, kind, start, head_end, end, label, heading, sole."""
    return [
        "/".join(map(str, provision.id.steps)), provision.kind.value, provision.start, provision.head_end,
        provision.end, provision.label, provision.heading, provision.sole,
    ]  # fmt: skip


def provision_from_row(row: list[Any], expression: ExpressionId) -> Provision:
    """The inverse of `provision_row` under an expression."""
    steps, kind, start, head_end, end, label, heading, sole = row
    path = tuple(_step(step) for step in steps.split("/"))
    return Provision(ProvisionId(expression, path), Kind(kind), start, head_end, end, label, heading, sole)


@lru_cache(maxsize=8192)
def _step(text: str) -> Step:
    return Step.parse(text)


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None
