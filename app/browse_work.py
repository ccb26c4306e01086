"""A work as the page shows it: what is known about it, its versions, where its text is if it is not held."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from app.browse_selection import Selection
from app.browse_tree import NOT_HELD
from app.views import life
from kg.build import Build
from kg.identity import ExpressionId
from kg.model import UNVERIFIED, Expression, Source
from kg.vocabulary import Level, Status


class Fact(NamedTuple):
    """One thing known about a work, and on what it rests where nobody has checked it."""

    name: str
    value: str
    doubt: str


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A version that the build holds, with its status on the day."""

    id: str
    name: str
    status: Status
    life: str
    note: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class SourceView:
    """A work: what is known about it, its versions, where its text is published if it is not held."""

    key: str
    title: str
    level: Level
    held: bool
    missing: str
    facts: tuple[Fact, ...]
    versions: tuple[VersionRow, ...]


def source_view(build: Build, source: Source, selection: Selection, chosen: str) -> SourceView:
    """A work of the ledger or of the corpus; `chosen` is the id of the version on the screen."""
    held = build.versions.get(source.key, ())
    return SourceView(
        key=source.key,
        title=source.title,
        level=source.level,
        held=bool(held),
        missing="" if held else _missing(source),
        facts=tuple(_facts(source)),
        versions=tuple(version_row(e, selection.as_of, chosen=str(e.id) == chosen) for e in held),
    )


def _missing(source: Source) -> str:
    where = source.official_publication or "台账没有记录在何处公布"
    why = (
        "受著作权保护，只收录书目信息"
        if source.copyright == "copyright"
        else "把官方公布的文本放入语料文件夹，再运行 yilun build --corpus 该文件夹，即可收录"
    )
    return f"{NOT_HELD}。官方公布于：{where}。{why}。"


def _facts(source: Source) -> list[Fact]:
    def fact(name: str, field: str, value: str) -> Fact:
        return Fact(name, value, _doubt(source.evidence.get(field, "")))

    former = "、".join(f"《{f.title}》" for f in source.former_titles)
    successor = ""
    if source.successor:
        since = f"（{source.successor.since} 起）" if source.successor.since else ""
        successor = f"《{source.successor.title}》{since}"
    dates = "、".join(
        f"{v.version_date}" + (f"（{v.effective_from} 起施行）" if v.effective_from else "")
        for v in source.versions
    )
    facts = [
        fact("位阶", "level", source.level.value),
        fact("制定机关", "issuing_body", source.issuing_body),
        fact("文号", "document_number", source.document_number),
        fact("简称", "short_titles", "、".join(source.short_titles)),
        fact("曾用名或所替代", "former_titles", former),
        fact("被替代为", "successor", successor),
        fact("台账所记版本", "versions", dates),
        fact("场景", "topics", "、".join(source.topics)),
        fact("官方公布", "official_publication", source.official_publication),
        fact("为何列入台账", "why", source.why),
    ]
    if not source.in_ledger:
        facts.append(Fact("台账", "不在台账中，只因语料里有其文本而收录", ""))
    return [f for f in facts if f.value]


def _doubt(evidence: str) -> str:
    if evidence not in UNVERIFIED:
        return ""
    return "凭记忆，未核实" if evidence.startswith("memory") else "模型撰写，未审核"


def in_chinese(note: str) -> str:
    """A note on validity with the ledger's words for missing evidence in Chinese."""
    for evidence in UNVERIFIED:
        note = note.replace(evidence, _doubt(evidence))
    return note


def version_row(expression: Expression, as_of: date, *, chosen: bool) -> VersionRow:
    """A version with its status on a day."""
    return VersionRow(
        id=str(expression.id),
        name=version_name(expression.id),
        status=expression.validity.status(as_of),
        life=life(expression.validity),
        note=in_chinese(expression.validity_note),
        chosen=chosen,
    )


def version_name(identifier: ExpressionId) -> str:
    """A version by its date, in Chinese."""
    return f"{identifier.version} 版本" if identifier.version else f"日期不详的版本 {identifier.nth}"
