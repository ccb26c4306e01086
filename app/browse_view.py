"""The browsing page as plain values: what is drawn for one selection over one build. No screen, no clock."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from app.browse_article import ArticlePage, article_page
from app.browse_selection import Selection
from app.browse_text import ContentsRow, Line, contents_rows, is_overview, printed_lines, unit_of
from app.browse_tree import LevelGroup, applicable, source_tree
from app.browse_work import SourceView, in_chinese, source_view
from app.facets import facets
from app.views import find_article, life
from kg.build import Build, Text
from kg.identity import ProvisionId, Step
from kg.model import Expression, Provision
from kg.problem import InputError
from kg.vocabulary import Kind, Status

_READ_IN_FULL = 12_000
"""A text with up to this many characters is shown in full as soon as its work is chosen."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A heading with all that stands under it, or only its headings where that is too much at once."""

    id: str
    title: str
    lines: tuple[Line, ...]
    headings: tuple[ContentsRow, ...]


@dataclass(frozen=True, slots=True)
class PageView:
    """Everything on the page for one selection; what is None is not shown.

    `matching` are the articles, id and name, whose norms are about the chosen party and principle.
    """

    build: str
    selection: Selection
    groups: tuple[LevelGroup, ...]
    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    source: SourceView | None = None
    contents: tuple[ContentsRow, ...] = ()
    matching: tuple[tuple[str, str], ...] = ()
    reading: Reading | None = None
    article: ArticlePage | None = None


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
    page = replace(page, source=source_view(build, source, selection, chosen_id))
    if expression is None:
        if selection.version:
            return _failed(page, _no_such_version(build, selection))
        return page
    text = build.text(expression.id)
    provision = _provision(text, selection.article) if selection.article else None
    page = replace(
        page,
        contents=contents_rows(text, provision),
        matching=_matching(build, text, selection),
        warnings=_doubts(build, expression, selection),
    )
    if not selection.article:
        return replace(page, reading=_whole(text) if len(text.official) <= _READ_IN_FULL else _front(text))
    if provision is None:
        return _failed(
            page,
            f"链接所指的条款 {selection.article} 不在 {expression.id} 中（构建 {build.id}）；"
            "条号可能在另一版本中，请从目录中选择",
        )
    if provision.kind.is_container or is_overview(text, unit_of(text, provision)):
        return replace(page, reading=_reading(text, provision))
    return replace(page, article=article_page(build, text, provision, selection))


def _matching(build: Build, text: Text, selection: Selection) -> tuple[tuple[str, str], ...]:
    if not selection.by_norms:
        return ()
    found = facets(build, selection.as_of).articles(
        str(text.expression.id), selection.parties, selection.principles
    )
    return tuple((one, ProvisionId.parse(one).display()) for one in found)


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
        Status.UNKNOWN: f"这一版本在 {day} 的效力待核：{in_chinese(shown.validity_note) or life(shown.validity)}",
    }
    return (said[status] + other,)


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
