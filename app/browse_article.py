"""An article as the page shows it: its words, citations out and in, versions, cases, where it comes from."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from app.browse_selection import Selection
from app.browse_text import Line, neighbours, printed_lines, unit_of
from app.browse_work import VersionRow, in_chinese, version_name, version_row
from app.marked_norms import MarkedNorm, marked_norm
from app.views import ArticleView, CitationView, article_view, life, name_of
from kg.build import Build, Text
from kg.comparison import Difference, compare
from kg.identity import ProvisionId, Step
from kg.model import Provision
from kg.renumbering import moves
from kg.vocabulary import Kind, Level, Status


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
    norms: tuple[MarkedNorm, ...]
    witnesses: tuple[str, ...]
    file_sha256: str
    problems: tuple[str, ...]


def article_page(build: Build, text: Text, provision: Provision, selection: Selection) -> ArticlePage:
    """Everything about a provision for the day and the tab that are chosen."""
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
        validity_note=in_chinese(view.validity_note),
        whole="" if unit.id == provision.id else str(unit.id),
        lines=printed_lines(text, unit, build.citations_from(text, unit), chosen=provision, as_of=as_of),
        before=_step_to(before),
        after=_step_to(after),
        cites=_cites(build, view.citations_out, as_of),
        cited_by=cited_by,
        cited_count=sum(len(c.places) for c in cited_by),
        others=tuple(
            version_row(e, as_of, chosen=str(e.id) == selection.against)
            for e in build.versions[expression.id.key]
            if e.id != expression.id
        ),
        comparison=_comparison(build, text, unit, selection),
        cases=tuple(_cases(build, view)),
        norms=tuple(marked_norm(build, norm.id) for norm in build.norms(unit.id)),
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
        name=version_name(expression.id),
        status=expression.validity.status(as_of),
        life=life(expression.validity),
        provision=str(provision.id) if provision else "",
        display=provision.id.display() if provision else "",
    )


STANCES = {
    "violation": "违反",
    "compliant": "合规",
    "permitted_with_conditions": "附条件允许",
    "uncertain": "不确定",
}

ROLES = {"primary": "主要依据", "supporting": "辅助依据"}


def _cases(build: Build, view: ArticleView) -> list[CaseView]:
    rows = _scenarios(build)
    cases = []
    for link in view.scenarios:
        row = rows.get(link.id, {})
        cases.append(
            CaseView(
                id=link.id,
                role=ROLES.get(link.role, link.role),
                scene=row.get("scene", ""),
                stance=STANCES.get(row.get("stance", ""), row.get("stance", "")),
                text=row.get("text", ""),
                provision=link.provision,
                place=ProvisionId.parse(link.provision).display(),
            )
        )
    return sorted(cases, key=lambda case: (case.role != ROLES["primary"], case.id))


@lru_cache(maxsize=2)
def _scenarios(build: Build) -> Mapping[str, Mapping[str, str]]:
    stored = build.manifest.read_bytes(build.path, "graph/nodes/Scenario.jsonl")
    return {row["id"]: row for row in map(json.loads, stored.split(b"\n")[:-1])}
