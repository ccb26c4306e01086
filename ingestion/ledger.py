"""The ledger: which works the project answers for, what is known about each, and on what evidence."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from kg.model import UNVERIFIED, DatedVersion, RelatedTitle, Source, Successor, TopicEntry
from kg.pack import read_jsonl
from kg.problem import Problem, Report, Severity, refuse
from kg.vocabulary import Level, Topic

EVIDENCE = re.compile(r"INDEX:.+|TEXT:.+|laws\.db:law_id=\w+|memory, unverified|model-written, unreviewed")
"""What may stand as evidence: a row, a place in a held text, or the admission that there is none."""


def _empty_is_none(value: Any) -> Any:
    return None if value == "" else value


OptionalDate = Annotated[date | None, BeforeValidator(_empty_is_none)]


_ModelT = TypeVar("_ModelT", bound=BaseModel)


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _RelatedRow(_Row):
    title: str
    relation: Literal["renamed", "replaced"]
    evidence: str


class _SuccessorRow(_Row):
    title: str
    since: OptionalDate
    evidence: str


class _VersionRow(_Row):
    version_date: date
    effective_from: OptionalDate
    evidence: str


class SourceRow(_Row):
    """One line of data/ledger/sources.jsonl."""

    key: str = Field(min_length=1, pattern=r"^[^/@~\s]+$")
    title: str = Field(min_length=1)
    level: Level
    short_titles: list[str]
    aliases: list[str]
    former_titles: list[_RelatedRow]
    successor: _SuccessorRow | None
    issuing_body: str
    document_number: str
    versions: list[_VersionRow]
    status: Literal["in_force", "repealed", "amended_since", ""]
    topics: list[Topic]  # none for a law about laws, such as 立法法
    official_publication: str
    acquisition: str
    copyright: Literal["law", "copyright"]
    why: str = Field(min_length=10)
    local_reason: str
    evidence: dict[str, str]

    def source(self) -> Source:
        """The row as a value."""
        return Source(
            key=self.key,
            title=self.title,
            level=self.level,
            short_titles=tuple(self.short_titles),
            aliases=tuple(self.aliases),
            former_titles=tuple(RelatedTitle(r.title, r.relation, r.evidence) for r in self.former_titles),
            successor=Successor(self.successor.title, self.successor.since, self.successor.evidence)
            if self.successor
            else None,
            issuing_body=self.issuing_body,
            document_number=self.document_number,
            versions=tuple(DatedVersion(v.version_date, v.effective_from, v.evidence) for v in self.versions),
            status=self.status,
            topics=tuple(self.topics),
            official_publication=self.official_publication,
            acquisition=self.acquisition,
            copyright=self.copyright,
            why=self.why,
            local_reason=self.local_reason,
            evidence=dict(self.evidence),
        )


class TopicRow(_Row):
    """One line of data/ledger/topics.jsonl; the order of the lines is the order in which topics are shown."""

    topic: str = Field(pattern=r"^[^,，\s]+$")  # a list of topics is written with commas
    definition: str = Field(min_length=1)
    evidence: str


class Action(StrEnum):
    """What a correction does to a file of a corpus."""

    REFUSE = "refuse"  # the file holds another text than its title says
    PART_OF = "part_of"  # the file holds a part of a work, under the part's name


class CorrectionRow(_Row):
    """One line of data/ledger/corrections.jsonl: what reading a corpus file showed about it."""

    file: str
    action: Action
    title: str
    reason: str
    evidence: str


@dataclass(frozen=True)
class Ledger:
    """The works by key, the corrections by file, and the topics under which works and cases are filed."""

    sources: dict[str, Source]
    corrections: dict[str, CorrectionRow]
    topics: tuple[TopicEntry, ...] = ()

    def facts_without_evidence(self) -> Counter[str]:
        """How many non-empty facts rest on memory or were written by a model, by field."""
        count: Counter[str] = Counter()
        for source in self.sources.values():
            count.update(name for name, evidence in source.evidence.items() if evidence in UNVERIFIED)
        return count

    def unknown_facts(self) -> Counter[str]:
        """How many works leave a fact empty, by field."""
        count: Counter[str] = Counter()
        for source in self.sources.values():
            for name in ("issuing_body", "document_number", "versions", "status", "short_titles"):
                if not getattr(source, name):
                    count[name] += 1
        return count


def read_ledger(folder: Path, report: Report = refuse) -> Ledger:
    """Read and validate a pack's ledger. Rows that are not as they should be are reported, by file, line and
    field, and left out; by default the first one raises DamagedError."""
    topics = _read_topics(folder / "topics.jsonl", report)
    sources: dict[str, Source] = {}
    path = folder / "sources.jsonl"
    for place, row in read_rows(path, SourceRow, report):
        if row.key in sources:
            _tell(report, place, f"标识 {row.key} 已在前面出现；每部文件只能有一行")
            continue
        for name, evidence in row.evidence.items():
            if name != "note" and not EVIDENCE.fullmatch(evidence):
                _tell(report, place, f"{row.key} 的 {name} 证据不合格式: {evidence!r}")
        if strange := [t for t in row.topics if t not in topics]:
            _tell(report, place, f"{row.key} 的 topics 中 {'、'.join(strange)} 不在 topics.jsonl 中")
        sources[row.key] = row.source()
    corrections = {row.file: row for _, row in read_rows(folder / "corrections.jsonl", CorrectionRow, report)}
    return Ledger(sources, corrections, tuple(topics.values()))


def _read_topics(path: Path, report: Report) -> dict[Topic, TopicEntry]:
    topics: dict[Topic, TopicEntry] = {}
    for place, row in read_rows(path, TopicRow, report):
        topic = Topic(row.topic)
        if topic in topics:
            _tell(report, place, f"场景 {topic} 已在前面出现")
            continue
        if not EVIDENCE.fullmatch(row.evidence):
            _tell(report, place, f"{topic} 的证据不合格式: {row.evidence!r}")
        topics[topic] = TopicEntry(topic, row.definition)
    return topics


def read_rows(path: Path, model: type[_ModelT], report: Report = refuse) -> Iterator[tuple[str, _ModelT]]:
    """The rows of a JSON Lines file with their places; a row that is not as it should be is reported."""
    if not path.is_file():
        report(Problem(Severity.ERROR, "missing_file", str(path), "没有这个文件；布局见 docs/pack.md"))
        return
    for number, value in read_jsonl(path, report):
        place = f"{path}:{number}"
        try:
            yield place, model.model_validate(value)
        except ValidationError as error:
            first = error.errors()[0]
            field = ".".join(map(str, first["loc"])) or "（整行）"
            _tell(report, place, f"字段 {field}: {first['msg']}；请改正该行")


def _tell(report: Report, place: str, text: str) -> None:
    report(Problem(Severity.ERROR, "bad_row", place, text))
