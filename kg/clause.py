"""The unit of retrieval: one article of one expression, or one top-level point of a text without 条."""

from __future__ import annotations

from dataclasses import dataclass

from kg.dates import Validity
from kg.identity import ProvisionId
from kg.vocabulary import Level, Topic


@dataclass(frozen=True, slots=True)
class ClauseParagraph:
    """One 款 of a clause with everything below it; `number` is None where it is the only one."""

    id: ProvisionId
    number: int | None
    text: str


@dataclass(frozen=True, slots=True)
class Clause:
    """What search finds and what a hit quotes. All texts are official text.

    `text` is the article without its label, paragraphs joined by "\\n"; `headings` are the 编章节 above it;
    `titles` are the work's full title, then its short titles.
    """

    id: ProvisionId
    titles: tuple[str, ...]
    level: Level
    topics: tuple[Topic, ...]
    validity: Validity
    label: str
    headings: tuple[str, ...]
    text: str
    paragraphs: tuple[ClauseParagraph, ...]
