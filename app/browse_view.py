"""The browsing page as plain values: what is drawn for one selection over one build. No screen, no clock."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from app.browse_diff import Difference, compare
from app.browse_selection import Selection
from app.browse_text import (
    ContentsRow,
    Line,
    contents_rows,
    is_overview,
    neighbours,
    printed_lines,
    unit_of,
)
from app.browse_tree import NOT_HELD, LevelGroup, applicable, source_tree
from app.views import ArticleView, CitationView, article_view, find_article, life, name_of
from ingestion.ledger import UNVERIFIED
from ingestion.resolve import moves
from kg.build import Build, Text
from kg.identity import ExpressionId, ProvisionId, Step
from kg.model import Expression, Provision, Source
from kg.problem import InputError
from kg.vocabulary import Kind, Level, Status

_READ_IN_FULL = 12_000
"""A text with up to this many characters is shown in full as soon as its work is chosen."""


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


@dataclass(frozen=True, slots=True)
class CitedPlace:
    """One end of a citation: its name, its id, its status on the day and what it says there."""

    id: str
    name: str
    status: Status | None
    text: str


@dataclass(frozen=True, slots=True)
class CitationOut:
    """What the text cites: its words and the places that they reach, or why they reach none."""

    surface: str
    places: tuple[CitedPlace, ...]
    fault: str


@dataclass(frozen=True, slots=True)
class CitingText:
    """A version that cites the provision, and where in it."""

    title: str
    status: Status
    places: tuple[tuple[str, CitedPlace], ...]  # words of the citation, place that holds them


@dataclass(frozen=True, slots=True)
class Side:
    """One version in a comparison; `provision` empty where it has no such article."""

    expression: str
    name: str
    status: Status
    life: str
    provision: str
    display: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """An article in two versions, the earlier first, and how the two were matched."""

    old: Side
    new: Side
    difference: Difference
    basis: str


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case of the pack that rests on the article; written by a model, unreviewed."""

    id: str
    role: str
    scene: str
    stance: str
    text: str
    provision: str
    place: str


@dataclass(frozen=True, slots=True)
class ArticlePage:
    """An article (or a narrower or wider provision) with everything that hangs on it."""

    article: ArticleView
    name: str
    trail: tuple[str, ...]
    validity_note: str
    whole: str
    lines: tuple[Line, ...]
    before: tuple[str, str] | None
    after: tuple[str, str] | None
    cites: tuple[CitationOut, ...]
    cited_by: tuple[CitingText, ...]
    cited_count: int
    others: tuple[VersionRow, ...]
    comparison: Comparison | None
    cases: tuple[CaseView, ...]
    witnesses: tuple[str, ...]
    file_sha256: str
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """A heading with all that stands under it, or only its headings where that is too much at once."""

    id: str
    title: str
    lines: tuple[Line, ...]
    headings: tuple[ContentsRow, ...]


@dataclass(frozen=True, slots=True)
class PageView:
    """Everything on the page for one selection; what is None is not shown."""

    build: str
    selection: Selection
    groups: tuple[LevelGroup, ...]
    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    source: SourceView | None = None
    contents: tuple[ContentsRow, ...] = ()
    reading: Reading | None = None
    article: ArticlePage | None = None


# -- the page ------------------------------------------------------------------------------------------


def page_view(build: Build, selection: Selection) -> PageView:
    """What to show. A key, version or article that the build does not have becomes an error in words."""
    page = PageView(build.id, selection, source_tree(build, selection))
    if not selection.key:
        return page
    source = build.sources.get(selection.key)
    if source is None:
        return _failed(
            page, f"链接所指的文件“{selection.key}”不在此构建（{build.id}）中：台账没有它，也没有它的文本"
        )
    expression = _expression(build, selection)
    chosen_id = str(expression.id) if expression else ""
    page = replace(page, source=_source(build, source, selection, chosen_id))
    if expression is None:
        if selection.version:
            return _failed(page, _no_such_version(build, selection))
        return page
    text = build.text(expression.id)
    page = replace(page, contents=contents_rows(text, None), warnings=_doubts(build, expression, selection))
    if not selection.article:
        return replace(page, reading=_whole(text) if len(text.official) <= _READ_IN_FULL else _front(text))
    provision = _provision(text, selection.article)
    if provision is None:
        return _failed(
            page,
            f"链接所指的条款 {selection.article} 不在 {expression.id} 中（构建 {build.id}）；"
            "条号可能在另一版本中，请从目录中选择",
        )
    page = replace(page, contents=contents_rows(text, provision))
    if provision.kind.is_container or is_overview(text, unit_of(text, provision)):
        return replace(page, reading=_reading(text, provision))
    return replace(page, article=_article(build, text, provision, selection))


def _failed(page: PageView, error: str) -> PageView:
    return replace(page, errors=(*page.errors, error))


def jump(build: Build, words: str, as_of: date) -> str:
    """The id of the article that typed words cite, such as 民法典1219条; InputError if they cite none."""
    _, provision = find_article(build, words.strip(), as_of)
    return str(provision.id)


def _expression(build: Build, selection: Selection) -> Expression | None:
    if selection.version:
        return build.expressions.get(selection.expression)
    return applicable(build, selection.key, selection.as_of)


def _provision(text: Text, article: str) -> Provision | None:
    try:
        return text.find(tuple(Step.parse(step) for step in article.split("/")))
    except InputError:
        return None


def _no_such_version(build: Build, selection: Selection) -> str:
    held = build.versions.get(selection.key, ())
    known = "；".join(f"{e.id.version or '日期不详'}（{life(e.validity)}）" for e in held) or "无"
    return f"此构建（{build.id}）没有《{selection.key}》的版本 {selection.version}；所持版本：{known}"


def _doubts(build: Build, shown: Expression, selection: Selection) -> tuple[str, ...]:
    """What a reader must know before relying on the version on the screen."""
    status = shown.validity.status(selection.as_of)
    day = selection.as_of
    if status is Status.IN_FORCE:
        return ()
    found = build.in_force(shown.id.key, day)
    other = (
        f"；当日适用的版本是 {found[0].id}（{life(found[0].validity)}）"
        if found and found[0].id != shown.id
        else ""
    )
    said = {
        Status.ENDED: f"这一版本在 {day} 已失效（{life(shown.validity)}）",
        Status.NOT_YET: f"这一版本在 {day} 尚未施行（{life(shown.validity)}）",
        Status.UNKNOWN: f"这一版本在 {day} 的效力待核：{_in_chinese(shown.validity_note) or life(shown.validity)}",
    }
    return (said[status] + other,)


# -- the work ------------------------------------------------------------------------------------------


def _source(build: Build, source: Source, selection: Selection, chosen: str) -> SourceView:
    held = build.versions.get(source.key, ())
    return SourceView(
        key=source.key,
        title=source.title,
        level=source.level,
        held=bool(held),
        missing="" if held else _missing(source),
        facts=tuple(_facts(source)),
        versions=tuple(_version_row(e, selection.as_of, chosen=str(e.id) == chosen) for e in held),
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


def _in_chinese(note: str) -> str:
    for evidence in UNVERIFIED:
        note = note.replace(evidence, _doubt(evidence))
    return note


def _version_row(expression: Expression, as_of: date, *, chosen: bool) -> VersionRow:
    return VersionRow(
        id=str(expression.id),
        name=_version_name(expression.id),
        status=expression.validity.status(as_of),
        life=life(expression.validity),
        note=_in_chinese(expression.validity_note),
        chosen=chosen,
    )


def _version_name(identifier: ExpressionId) -> str:
    return f"{identifier.version} 版本" if identifier.version else f"日期不详的版本 {identifier.nth}"


# -- reading -------------------------------------------------------------------------------------------


def _whole(text: Text) -> Reading:
    lines = [line for p in _roots(text) for line in printed_lines(text, p, link_labels=True)]
    return Reading(str(text.expression.id), text.expression.title, tuple(lines), ())


def _front(text: Text) -> Reading:
    shown = [p for p in _roots(text) if p.kind is Kind.FRONT]
    lines = [line for p in shown for line in printed_lines(text, p)]
    return Reading(str(text.expression.id), text.expression.title, tuple(lines), contents_rows(text, None))


def _roots(text: Text) -> list[Provision]:
    found: list[Provision] = []
    for provision in text.provisions:
        if not found or provision.start >= found[-1].end:
            found.append(provision)
    return found


def _reading(text: Text, provision: Provision) -> Reading:
    title = f"{provision.label} {provision.heading}".strip() or provision.id.display()
    if not is_overview(text, provision):
        lines = printed_lines(text, provision, link_labels=True)
        return Reading(str(provision.id), title, lines, ())
    rows = contents_rows(text, provision)
    here = next(i for i, row in enumerate(rows) if row.article == "/".join(map(str, provision.id.steps)))
    below: list[ContentsRow] = []
    for row in rows[here + 1 :]:
        if row.depth <= rows[here].depth:
            break
        below.append(row)
    return Reading(str(provision.id), title, (), tuple(below))


# -- the article ---------------------------------------------------------------------------------------


def _article(build: Build, text: Text, provision: Provision, selection: Selection) -> ArticlePage:
    as_of = selection.as_of
    view = article_view(build, text, provision, as_of)
    unit = unit_of(text, provision)
    before, after = neighbours(text, unit)
    expression = text.expression
    cited_by = _cited_by(build, view.citations_in, as_of)
    return ArticlePage(
        article=view,
        name=f"《{view.title}》{_point_name(text, unit) or view.display}",
        trail=tuple(
            f"{a.label} {a.heading}".strip()
            for a in text.ancestors(unit)
            if a.kind.is_container or a.kind is Kind.POINT
        ),
        validity_note=_in_chinese(view.validity_note),
        whole="" if unit.id == provision.id else str(unit.id),
        lines=printed_lines(text, unit, build.citations_from(text, unit), chosen=provision, as_of=as_of),
        before=_step_to(before),
        after=_step_to(after),
        cites=_cites(build, view.citations_out, as_of),
        cited_by=cited_by,
        cited_count=sum(len(c.places) for c in cited_by),
        others=tuple(
            _version_row(e, as_of, chosen=str(e.id) == selection.against)
            for e in build.versions[expression.id.key]
            if e.id != expression.id
        ),
        comparison=_comparison(build, text, unit, selection),
        cases=tuple(_cases(build, view)),
        witnesses=tuple(f"{w.name}:{w.place}" for w in expression.witnesses),
        file_sha256=expression.origin.sha256,
        problems=tuple(
            f"{p.code}：{p.text}"
            for p in build.problems
            if _concerns(p.place, str(unit.id), str(expression.id))
        ),
    )


def _step_to(provision: Provision | None) -> tuple[str, str] | None:
    if provision is None:
        return None
    label = provision.label or provision.id.steps[-1].display()
    return str(provision.id), f"{label} {provision.heading}".strip()


def _point_name(text: Text, unit: Provision) -> str:
    """A point as its text numbers it, 三、（一）2．: nobody cites 第3点第1点第2点."""
    if unit.kind is not Kind.POINT:
        return ""
    labels = [p.label for p in (*text.ancestors(unit), unit) if p.kind in (Kind.POINT, Kind.ANNEX)]
    return f"{''.join(labels)}{unit.heading}"


def _concerns(place: str, unit: str, expression: str) -> bool:
    return place in (unit, expression) or place.startswith(unit + "/")


def _place(build: Build, identifier: str, words: str, as_of: date) -> CitedPlace:
    head = identifier.split("/")[0]
    expression = build.expressions.get(head)
    return CitedPlace(
        id=identifier,
        name=name_of(build, identifier),
        status=expression.validity.status(as_of) if expression else None,
        text=words,
    )


def _cites(build: Build, found: Sequence[CitationView], as_of: date) -> tuple[CitationOut, ...]:
    grouped: dict[tuple[str, str, str], list[CitedPlace]] = {}
    for citation in found:
        fault = "" if citation.outcome == "resolved" else citation.reason or citation.outcome
        if not citation.target and not fault:
            fault = citation.reason
        places = grouped.setdefault((citation.source, citation.surface, fault), [])
        place = _place(build, citation.target, citation.target_text, as_of) if citation.target else None
        if place and place not in places:
            places.append(place)
    return tuple(
        CitationOut(surface, tuple(places), fault) for (_, surface, fault), places in grouped.items()
    )


_AROUND = 60


def _cited_by(build: Build, found: Sequence[CitationView], as_of: date) -> tuple[CitingText, ...]:
    grouped: dict[str, dict[tuple[str, str], CitedPlace]] = {}
    for citation in found:
        rows = grouped.setdefault(citation.source.split("/")[0], {})
        if (citation.source, citation.surface) in rows:
            continue
        text, provision = build.provision(citation.source)
        words = _excerpt(text.words(provision), citation.surface)
        rows[(citation.source, citation.surface)] = _place(build, citation.source, words, as_of)
    texts = []
    for identifier, rows in grouped.items():
        expression = build.expressions[identifier]
        source = build.sources[expression.id.key]
        order = (list(Level).index(source.level), expression.title, identifier)
        places = tuple((surface, place) for (_, surface), place in rows.items())
        texts.append((order, CitingText(expression.title, expression.validity.status(as_of), places)))
    return tuple(text for _, text in sorted(texts, key=lambda pair: pair[0]))


def _excerpt(words: str, surface: str) -> str:
    flat = " ".join(words.split())
    here = flat.find(surface)
    if here < 0 or len(flat) <= 2 * _AROUND + len(surface):
        return flat if len(flat) <= 3 * _AROUND else flat[: 3 * _AROUND] + "…"
    start, end = max(0, here - _AROUND), min(len(flat), here + len(surface) + _AROUND)
    return ("…" if start else "") + flat[start:end] + ("…" if end < len(flat) else "")


def _comparison(build: Build, text: Text, unit: Provision, selection: Selection) -> Comparison | None:
    """The article beside that of the version asked for, else of the next older one, else the next newer."""
    held = build.versions[text.expression.id.key]
    here = next(i for i, e in enumerate(held) if e.id == text.expression.id)
    others = (*held[here + 1 :], *reversed(held[:here]))
    if not others:
        return None
    other = build.text(next((e for e in others if str(e.id) == selection.against), others[0]).id)
    match, basis = _counterpart(build, text, unit, other)
    mine = _side(text, unit, selection.as_of), _set_words(text.words(unit))
    theirs = _side(other, match, selection.as_of), _set_words(other.words(match)) if match else ""
    older, newer = (mine, theirs) if held.index(other.expression) < here else (theirs, mine)
    return Comparison(older[0], newer[0], compare(older[1], newer[1]), basis)


def _set_words(words: str) -> str:
    """A text without blank lines and the blanks at the ends of lines: no reader calls those a difference."""
    return "\n".join(line.strip() for line in words.split("\n") if line.strip())


def _counterpart(build: Build, text: Text, unit: Provision, other: Text) -> tuple[Provision | None, str]:
    if unit.kind is not Kind.ARTICLE:
        return other.find(unit.id.steps), "按编号对应"
    ids = str(text.expression.id), str(other.expression.id)
    steps = _moves(build, *ids).get(unit.id.steps)
    if steps is None:
        same = other.find(unit.id.steps)
        return (
            same,
            "文字差别大，无法断定是否同一条；按相同条号对照"
            if same
            else "那一版本没有这一条号，也没有文字相近的条文",
        )
    if steps != unit.id.steps:
        return other.find(steps), "条号不同：按文字相近对应，请核对"
    return other.find(steps), "条号相同，文字相近"


@lru_cache(maxsize=32)
def _moves(build: Build, base: str, other: str) -> Mapping[tuple[Step, ...], tuple[Step, ...] | None]:
    return moves(build.text(base), build.text(other))


def _side(text: Text, provision: Provision | None, as_of: date) -> Side:
    expression = text.expression
    return Side(
        expression=str(expression.id),
        name=_version_name(expression.id),
        status=expression.validity.status(as_of),
        life=life(expression.validity),
        provision=str(provision.id) if provision else "",
        display=provision.id.display() if provision else "",
    )


_STANCES = {
    "violation": "违反",
    "compliant": "合规",
    "permitted_with_conditions": "附条件允许",
    "uncertain": "不确定",
}
_ROLES = {"primary": "主要依据", "supporting": "辅助依据"}


def _cases(build: Build, view: ArticleView) -> list[CaseView]:
    rows = _scenarios(build)
    cases = []
    for link in view.scenarios:
        row = rows.get(link.id, {})
        cases.append(
            CaseView(
                id=link.id,
                role=_ROLES.get(link.role, link.role),
                scene=row.get("scene", ""),
                stance=_STANCES.get(row.get("stance", ""), row.get("stance", "")),
                text=row.get("text", ""),
                provision=link.provision,
                place=ProvisionId.parse(link.provision).display(),
            )
        )
    return sorted(cases, key=lambda case: (case.role != _ROLES["primary"], case.id))


@lru_cache(maxsize=2)
def _scenarios(build: Build) -> Mapping[str, Mapping[str, str]]:
    stored = build.manifest.read_bytes(build.path, "graph/nodes/Scenario.jsonl")
    return {row["id"]: row for row in map(json.loads, stored.split(b"\n")[:-1])}
