"""One acquired text, repaired and parsed: everything about it that does not depend on other texts."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from ingestion.parse import Parsed, parse
from ingestion.promulgation import Notes, read_notes
from ingestion.readers.acquired import Acquired, Claim, Form
from ingestion.repair import repair
from kg.build_rows import provision_from_row, provision_row
from kg.identity import ExpressionId, ProvisionId
from kg.model import Origin, Provision
from kg.problem import Problem, Severity
from kg.text import LayeredText, Repair, canonical, digest
from kg.vocabulary import Kind

_NOBODY = ExpressionId("待定", None, 1)
"""Stands for the expression until the version is known; ids are rebased then."""

_AUTHORITY = (
    "INDEX:",
    "laws.db:",
    "db.sqlite3:",
    "record:",
    "versions.json:",
    "file_name:",
    "heading:",
    "first_line:",
)
"""Whose word about a text counts first. Front matter comes last: CORPUS studies found it unreliable."""


@dataclass(frozen=True)
class Document:
    """A text with its layers, its tree under a placeholder expression, and what its origin claims."""

    origin: Origin
    form: Form
    claims: tuple[Claim, ...]
    text: LayeredText
    provisions: tuple[Provision, ...]
    problems: tuple[Problem, ...]

    def claim(self, field: str) -> Claim | None:
        """The claim with the highest authority about a field, None if nobody says anything."""
        return best_claim(self.claims, field)

    @property
    def title(self) -> str:
        """The title as its origin states it, without white space; empty if it states none."""
        claim = self.claim("title")
        return "".join(claim.value.split()) if claim else ""

    @cached_property
    def notes(self) -> Notes:
        """What the text says about its own life."""
        return read_notes(self.text.official, self.provisions)

    @cached_property
    def articles(self) -> dict[str, str]:
        """Canonical text of each article by its place in the text (art12, annex1/art3), label included."""
        return {
            "/".join(map(str, p.id.steps)): canonical(self.text.official[p.start : p.end])
            for p in self.provisions
            if p.kind is Kind.ARTICLE
        }

    @cached_property
    def body_digest(self) -> str:
        """Equal for two texts whose provisions say the same, whatever stands above and below them."""
        outside = (Kind.FRONT, Kind.TAIL)
        body = "".join(
            canonical(self.text.official[p.start : p.head_end])
            for p in self.provisions
            if p.kind not in outside
        )
        return hashlib.sha256(body.encode()).hexdigest()

    def gaps(self) -> int:
        """How many breaks in the numbering the parser reported."""
        return sum(p.code in ("article_gap", "article_repeated", "second_text") for p in self.problems)

    def rebased(self, expression: ExpressionId) -> Document:
        """The same document with the ids of its provisions and problems under their real expression."""
        provisions = tuple(replace(p, id=ProvisionId(expression, p.id.steps)) for p in self.provisions)
        problems = tuple(
            replace(p, place=p.place.replace(str(_NOBODY), str(expression))) for p in self.problems
        )
        return replace(self, provisions=provisions, problems=problems)


def best_claim(claims: Iterable[Claim], field: str) -> Claim | None:
    """What the highest authority claims about a field, None if nobody says anything."""
    return min((c for c in claims if c.field == field and c.value), key=_rank, default=None)


def _rank(claim: Claim) -> tuple[int, Claim]:
    for rank, prefix in enumerate(_AUTHORITY):
        if claim.evidence.startswith(prefix):
            return rank, claim
    return len(_AUTHORITY), claim


def read_document(acquired: Acquired) -> Document:
    """Repair and parse one text."""
    place = f"{acquired.origin.name}:{acquired.origin.place}"
    repaired = repair(acquired.raw, acquired.form, place=place)
    parsed = parse(repaired.text.official, _NOBODY)
    problems = (*repaired.problems, *parsed.problems, *_glued_headings(acquired, parsed))
    return Document(
        acquired.origin, acquired.form, acquired.claims, repaired.text, parsed.provisions, problems
    )


def _glued_headings(acquired: Acquired, parsed: Parsed) -> Iterable[Problem]:
    """Rows carry chapter and section only: a 编 in their text was glued onto the article before it."""
    if acquired.form is not Form.ROWS:
        return
    for provision in parsed.provisions:
        if provision.kind in (Kind.PART, Kind.SUBPART) and any(
            p.kind is Kind.ARTICLE for p in parsed.provisions
        ):
            yield Problem(
                Severity.NOTE,
                "glued_heading",
                str(provision.id),
                f"来源把“{provision.label}”粘在上一条末尾，已分开",
            )


class DocumentCache:
    """Parsed texts on disk, keyed by raw text, form and the digest of the code that parses.

    A missing, damaged or foreign entry is parsed again; the cache can be deleted at any time.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder / code_digest()[:16]
        self.folder.mkdir(parents=True, exist_ok=True)

    def read(self, acquired: Acquired) -> Document:
        """The document of an acquired text, from the cache or made now."""
        key = hashlib.sha256(f"{acquired.form}\0{acquired.raw}".encode("utf-8", "surrogatepass")).hexdigest()
        path = self.folder / f"{key}.json"
        place = f"{acquired.origin.name}:{acquired.origin.place}"
        if (stored := _load(path, key)) is not None:
            text = LayeredText(
                acquired.raw, tuple(Repair(s, e, r, why) for s, e, r, why in stored["repairs"])
            )
            problems = tuple(
                Problem(Severity(s), c, p if p.startswith(str(_NOBODY)) else place, t)
                for s, c, p, t in stored["problems"]
            )
            provisions = tuple(provision_from_row(row, _NOBODY) for row in stored["provisions"])
            return Document(acquired.origin, acquired.form, acquired.claims, text, provisions, problems)
        document = read_document(acquired)
        value = {
            "key": key,
            "repairs": [[r.start, r.end, r.replacement, r.reason] for r in document.text.repairs],
            "problems": [[p.severity, p.code, p.place, p.text] for p in document.problems],
            "provisions": [provision_row(p) for p in document.provisions],
        }
        temporary = path.with_suffix(f".{os.getpid()}.tmp")
        body = json.dumps(value)
        temporary.write_text(f"{digest(body)}\n{body}", encoding="utf-8")
        temporary.replace(path)
        return document


def _load(path: Path, key: str) -> Mapping[str, list[list[Any]]] | None:
    try:
        recorded, _, body = path.read_text(encoding="utf-8").partition("\n")
    except (OSError, ValueError):
        return None
    if recorded != digest(body):
        return None
    stored: dict[str, Any] = json.loads(body)
    return stored if stored["key"] == key else None


def code_digest() -> str:
    """The digest of the code that repairs and parses: another version parses everything again."""
    here = Path(__file__).parent
    total = hashlib.sha256()
    for name in ("document.py", "edges.py", "lines.py", "parse.py", "repair.py", "tree.py"):
        total.update((here / name).read_bytes())
    for name in ("identity.py", "numerals.py", "text.py", "vocabulary.py"):
        total.update((here.parent / "kg" / name).read_bytes())
    return total.hexdigest()
