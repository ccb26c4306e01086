"""The values that a build is made of: sources, expressions, provisions, citations, scenarios."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from kg.dates import Validity
from kg.identity import ExpressionId, ProvisionId
from kg.vocabulary import Kind, Level, Topic


@dataclass(frozen=True, slots=True)
class TopicEntry:
    """A topic that the pack lists, with its definition."""

    name: Topic
    definition: str


UNVERIFIED = frozenset({"memory, unverified", "model-written, unreviewed"})
"""Evidence that nobody has checked: such a fact is counted, and never settles whether a text is law."""


@dataclass(frozen=True, slots=True)
class RelatedTitle:
    """Another title that a source had (`renamed`) or another source that it replaced (`replaced`)."""

    title: str
    relation: str
    evidence: str


@dataclass(frozen=True, slots=True)
class Successor:
    """The work that replaced this one; `since` None where the day is not known."""

    title: str
    since: date | None
    evidence: str


@dataclass(frozen=True, slots=True)
class DatedVersion:
    """What the ledger records about one version of a source."""

    version_date: date
    effective_from: date | None
    evidence: str


@dataclass(frozen=True, slots=True)
class Source:
    """A work in the ledger, whether its text is held or not. Empty means unknown."""

    key: str
    title: str
    level: Level
    short_titles: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    former_titles: tuple[RelatedTitle, ...] = ()
    successor: Successor | None = None
    issuing_body: str = ""
    document_number: str = ""
    versions: tuple[DatedVersion, ...] = ()
    status: str = ""
    topics: tuple[Topic, ...] = ()
    official_publication: str = ""
    acquisition: str = ""
    copyright: str = "law"
    why: str = ""
    local_reason: str = ""
    evidence: dict[str, str] = field(default_factory=dict)
    in_ledger: bool = True


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a text was taken from: the origin's name, the place inside it, and the sha256 of its bytes."""

    name: str
    place: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Provision:
    """A node of an expression's tree; spans are code points of the official text.

    [start, end) covers the provision with everything below it; [start, head_end) is its own text before
    its first child. In document order the heads partition the official text.
    """

    id: ProvisionId
    kind: Kind
    start: int
    head_end: int
    end: int
    label: str = ""  # as written: 第二十五条, （二）, 1.
    heading: str = ""  # a container's or point's name without its label
    sole: bool = False  # the only paragraph of its article: left out when shown


@dataclass(frozen=True, slots=True)
class Expression:
    """A dated version of a source, as this build holds it."""

    id: ExpressionId
    title: str
    validity: Validity
    validity_note: str
    origin: Origin
    witnesses: tuple[Origin, ...] = ()
    articles: int = 0
