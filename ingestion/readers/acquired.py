"""What acquiring a text yields: the text as it came, and what its origin states about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from kg.model import Origin
from kg.problem import Problem, Severity, YilunError


class Form(StrEnum):
    """How a raw text is laid out: it tells the repair stage which artefacts to expect."""

    MARKDOWN = "markdown"  # headings, bold, front matter, HTML comments, lists
    PLAIN = "plain"  # lines as a person wrote them
    PDF_TEXT = "pdf_text"  # lines broken where the page broke them, blanks inside words
    ROWS = "rows"  # rendered by `ingestion.readers.rows.render` from one record per article


@dataclass(frozen=True, slots=True, order=True)
class Claim:
    """A fact that an origin states about a text, and where it says so; nobody has checked it.

    Fields: title, level, issuing_body, document_number, version_date, effective_date (both YYYY-MM-DD),
    status, articles, scenario_tags, subtitle, part_of, origin_repo, origin_path, source_url.
    Evidence: `INDEX:<file>`, `laws.db:law_id=<id>`, `db.sqlite3:id=<id>`, `front_matter:<file>`,
    `file_name:<file>`, `folder:<folder>`, `heading:<file>`, `first_line:<file>`, `record:<file>`,
    `versions.json:<file>`.
    """

    field: str
    value: str
    evidence: str


@dataclass(frozen=True, slots=True)
class Acquired:
    """One text of an origin. `raw` is what was decoded or, for records, their documented rendering.

    `origin.sha256` is that of the file's bytes; of the UTF-8 bytes of `raw` where the text is put
    together from records or from several files.
    """

    origin: Origin
    raw: str
    form: Form
    claims: tuple[Claim, ...]


@dataclass(frozen=True, slots=True)
class Acquisition:
    """All texts that were found, sorted by origin and place, and all that was noticed on the way."""

    texts: tuple[Acquired, ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Text:
    """What a reader makes of a file's bytes."""

    raw: str
    form: Form
    claims: tuple[Claim, ...] = ()


class Reading(NamedTuple):
    """A file's text with the sha256 of its bytes, or None; and what was noticed."""

    text: Text | None
    sha256: str
    problems: tuple[Problem, ...]


class UnreadableError(YilunError):
    """A file cannot be read as text; turned into a Problem before it leaves this package."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


def refusal(code: str, place: str, text: str) -> Problem:
    """Something was offered and is not taken in."""
    return Problem(Severity.ERROR, code, place, text)


def warning(code: str, place: str, text: str) -> Problem:
    """Taken in, but a person should look."""
    return Problem(Severity.WARNING, code, place, text)


def note(code: str, place: str, text: str) -> Problem:
    """Recorded so that nothing happens silently."""
    return Problem(Severity.NOTE, code, place, text)
