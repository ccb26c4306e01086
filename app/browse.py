"""Drawing the browsing page: sources on the left, contents beside the words of the law. No query, no rule."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from app import browse_html as mark
from app.api_calls import article_calls
from app.browse_article import ArticlePage
from app.browse_filters import filters, go
from app.browse_selection import Selection, Tab
from app.browse_text import ContentsRow
from app.browse_tree import NOT_HELD, LevelGroup, SourceRow
from app.browse_view import PageView, Reading, page_view
from app.browse_work import SourceView, VersionRow
from app.views import Coverage, coverage
from kg.build import Build
from kg.comparison import Extent
from kg.vocabulary import Status

_COLOURS = {
    Status.IN_FORCE: "green",
    Status.NOT_YET: "blue",
    Status.ENDED: "red",
    Status.UNKNOWN: "orange",
}
_SIGNS = {Status.IN_FORCE: "●", Status.NOT_YET: "◔", Status.ENDED: "✕", Status.UNKNOWN: "◐"}
_NOT_HELD_SIGN = "○"


def browse(build: Build, today: date, said_of_gloss: Callable[[str], str] = lambda _: "") -> None:
    """The whole page for what the URL says; `said_of_gloss` gives what people said of a gloss, empty where nobody did."""
    selection, faults = Selection.read(
        st.query_params, today=today, topics=[topic.name for topic in build.topics],
        parties=build.parties, principles=build.principles,
    )  # fmt: skip
    with st.spinner("正在读出…", show_time=False):
        page = page_view(build, selection)
    with st.sidebar:
        home = Selection(as_of=selection.as_of, build=selection.build)
        st.button("**医伦　法规浏览**", key="home", type="tertiary", on_click=go, args=(home,))
        filters(build, selection, today)
        for group in page.groups:
            _level(group, selection)
        if not page.groups:
            st.html(mark.note("没有符合筛选条件的文件；请放宽位阶、场景或题名。", kind="info"))
        _legend()
        st.caption(f"构建 {mark.label(page.build)}　不是法律意见")
    for fault in faults:
        st.html(mark.note(fault, kind="warning"))
    if page.source is None:
        _errors(page)
        _welcome(coverage(build), selection)
        return
    left, right = st.columns([5, 12], gap="medium")
    with left:
        _contents(page, page.source)
    with right:
        _errors(page)
        if page.article:
            _article(page, page.article, said_of_gloss)
        else:
            _work(page, page.source)


def _errors(page: PageView) -> None:
    for error in page.errors:
        st.html(mark.note(error, kind="error"))
    for warning in page.warnings:
        st.html(mark.note(warning, kind="warning"))


# -- left: sources ---------------------------------------------------------------------------------------


def _level(group: LevelGroup, selection: Selection) -> None:
    held = [row for row in group.rows if row.held]
    missing = [row for row in group.rows if not row.held]
    name = group.level.name
    with _fold(f"{group.level.value}　{group.count}", name, selection, opened=group.opened) as shown:
        if not shown.open:
            return
        _source_rows(held, f"list-level-{name}", selection)
        if missing:
            opened = bool(selection.words) or not held or any(row.chosen for row in missing)
            words = f"{NOT_HELD}　{len(missing)}"
            with _fold(words, f"{name}-missing", selection, opened=opened) as below:
                if below.open:
                    _source_rows(missing, f"list-level-missing-{name}", selection)


def _fold(words: str, name: str, selection: Selection, *, opened: bool) -> Any:
    """A heading whose rows are drawn only while it is open; a search has folds of its own, all open."""
    mode = "search" if selection.words else "rest"
    return st.expander(words, expanded=opened, key=f"fold-{mode}-{name}", type="compact", on_change="rerun")


def _source_rows(rows: Sequence[SourceRow], key: str, selection: Selection) -> None:
    with st.container(key=key, gap=None):
        for row in rows:
            _source_row(row, selection)


_FITS = 17
"""Longer titles are cut off in the left column and are told in full when pointed at."""


def _source_row(row: SourceRow, selection: Selection) -> None:
    sign = f":{_COLOURS[row.status]}[{_SIGNS[row.status]}]" if row.status else f":gray[{_NOT_HELD_SIGN}]"
    st.button(
        f"{sign} {mark.label(row.name)}" if row.held else f"{sign} :gray[{mark.label(row.name)}]",
        key=f"source-{row.key}",
        help=mark.label(row.title) if len(row.name) > _FITS else None,
        type="secondary" if row.chosen else "tertiary",
        width="stretch",
        on_click=go,
        args=(selection.at(row.key),),
    )


def _legend() -> None:
    signs = [f":{_COLOURS[status]}[{_SIGNS[status]}] {status.zh}" for status in Status]
    st.caption("　".join([*signs, f":gray[{_NOT_HELD_SIGN}] {NOT_HELD}"]))


# -- middle: versions and contents ---------------------------------------------------------------------


def _contents(page: PageView, source: SourceView) -> None:
    selection = page.selection
    title = source.title
    st.button(
        f"**{mark.label(title)}**",
        key="work",
        type="tertiary",
        on_click=go,
        args=(selection.at(source.key),),
        help="文件信息与全文",
    )
    if len(source.versions) > 1:
        _version_choice(selection, source.versions)
    if page.contents:
        with st.container(key="list-contents", gap=None):
            for number, row in enumerate(page.contents):
                _contents_row(page, row, f"d{row.depth}-{number}")


def _version_choice(selection: Selection, versions: tuple[VersionRow, ...]) -> None:
    with st.container(key="list-versions", gap=None):
        for version in versions:
            colour, sign = _COLOURS[version.status], _SIGNS[version.status]
            st.button(
                f":{colour}[{sign}] {mark.label(version.name)} :{colour}[{version.status.zh}]",
                key=f"version-{version.id}",
                type="secondary" if version.chosen else "tertiary",
                width="stretch",
                help=mark.label(f"{version.life}。{version.note}"),
                on_click=go,
                args=(replace(selection.at(version.id), article=selection.article),),
            )


def _contents_row(page: PageView, row: ContentsRow, key: str) -> None:
    sign = ("▾ " if row.opened else "▸ ") if row.folds else ""
    detail = f" :gray[{mark.label(row.detail)}]" if row.detail else ""
    st.button(
        f"{sign}{mark.label(row.label)}{detail}",
        key=key,
        type="secondary" if row.chosen else "tertiary",
        width="stretch",
        on_click=go,
        args=(page.selection.at(f"{_shown_version(page)}/{row.article}"),),
    )


def _shown_version(page: PageView) -> str:
    assert page.source is not None
    return next(version.id for version in page.source.versions if version.chosen)


# -- right: a work or a heading ------------------------------------------------------------------------


def _work(page: PageView, source: SourceView) -> None:
    selection = page.selection
    if page.reading and selection.article:
        _reading(page, page.reading)
        return
    st.html(mark.heading(f"《{source.title}》", mark.level_tag(source.level)))
    if not source.held:
        st.html(mark.note(source.missing, kind="info"))
    st.html(mark.versions(source.versions, selection))
    if selection.by_norms and source.held:
        st.markdown(f"**符合筛选的条文**　{len(page.matching)}")
        st.html(mark.links(page.matching, selection))
    with st.expander("文件信息", expanded=not source.held):
        st.html(mark.facts_table(source.facts))
    if page.reading:
        _reading(page, page.reading)


def _reading(page: PageView, reading: Reading) -> None:
    selection = page.selection
    if selection.article and page.source:
        st.html(mark.heading(reading.title, trail=(f"《{page.source.title}》",)))
    if reading.lines:
        st.html(mark.law(reading.lines, selection))
    if reading.headings:
        st.caption("篇幅较长，请从目录选择章节：")
        with st.container(key="list-headings", gap=None):
            for number, row in enumerate(reading.headings):
                _contents_row(page, row, f"d0-heading-{number}")


# -- right: an article ---------------------------------------------------------------------------------


def _article(page: PageView, found: ArticlePage, said_of_gloss: Callable[[str], str]) -> None:
    selection, article = page.selection, found.article
    life = next(version.life for version in page.source.versions if version.chosen) if page.source else ""
    tags = [mark.status_tag(article.status, life=life), mark.level_tag(article.level)]
    _steps(found, selection)
    st.html(mark.heading(found.name, *tags, trail=found.trail))
    st.html(mark.law(found.lines, selection))
    for gloss in article.glosses:
        said = said_of_gloss(gloss)
        told = f"审核：{said}" if said else "未经审核"
        st.html(mark.note(f"白话释义（模型撰写，不是法律；{told}）：{gloss}", kind="info"))
    counts = {
        Tab.CITATIONS: f"引出 {len(found.cites)}　引入 {found.cited_count}",
        Tab.NORMS: f"规范 {len(found.norms)}",
        Tab.VERSIONS: f"版本对照 {len(found.others) + 1}",
        Tab.CASES: f"案例 {len(found.cases)}",
        Tab.ORIGIN: "出处与核验",
    }
    st.session_state["tab"] = selection.tab
    st.segmented_control(
        "显示",
        list(Tab),
        key="tab",
        format_func=lambda tab: counts[tab],
        label_visibility="collapsed",
        on_change=lambda: go(replace(selection, tab=st.session_state["tab"] or selection.tab)),
    )
    _TABS[selection.tab](page, found)


def _steps(found: ArticlePage, selection: Selection) -> None:
    with st.container(horizontal=True):
        for key, sign, step in (("before", "←", found.before), ("after", "→", found.after)):
            if step:
                identifier, name = step
                words = f"{sign} {mark.label(name)}" if key == "before" else f"{mark.label(name)} {sign}"
                st.button(words, key=key, on_click=go, args=(selection.at(identifier),))
        if found.whole:
            st.button("查看整条", key="whole", on_click=go, args=(selection.at(found.whole),))


def _citations(page: PageView, found: ArticlePage) -> None:
    st.markdown("**引出**　本条引用的")
    if found.cites:
        st.html(mark.cites(found.cites, page.selection))
    else:
        st.caption("本条没有引用其他条文。")
    st.markdown("**引入**　引用本条的（只列在所选日期适用的引用）")
    if found.cited_by:
        st.html(mark.cited_by(found.cited_by, page.selection))
    else:
        st.caption("本构建所含文本中，没有文本引用本条。")


_EXTENTS = {
    Extent.NOTHING: "两个版本文字完全相同",
    Extent.MARKED: "标出的是两边不同的字",
    Extent.TOO_MUCH: "两边文字大多不同，未逐字标出",
}


def _versions(page: PageView, found: ArticlePage) -> None:
    selection = page.selection
    if found.comparison is None:
        st.caption("此构建只有这一个版本，没有可对照的。")
        return
    if len(found.others) > 1:
        with st.container(horizontal=True):
            for version in found.others:
                st.button(
                    f"与 {mark.label(version.name)} 对照",
                    key=f"against-{version.id}",
                    type="primary" if version.chosen else "secondary",
                    on_click=go,
                    args=(replace(selection, against=version.id),),
                )
    st.html(
        mark.small(
            f"{found.comparison.basis}。左为较早版本；{_EXTENTS[found.comparison.difference.extent]}。"
        )
    )
    st.html(mark.comparison(found.comparison, selection))


def _norms(page: PageView, found: ArticlePage) -> None:
    if not found.norms:
        st.caption("本条没有读出规范。")
        return
    st.html(mark.note("规范由规则从条文读出，除标明“专家审核”的以外，未经逐条审核。", kind="warning"))
    on = {"on": found.whole or found.article.id, "as_of": page.selection.as_of.isoformat()}
    st.html(mark.small_link("有误？", "在专家复核中认可、更正或否定这些规范", f"review?{urlencode(on)}"))
    for norm in found.norms:
        elided = "，承担者由上文得出" if norm.elided else ""
        by = "专家审核" if norm.expert else f"规则读出，把握 {norm.confidence:.2f}"
        st.html(mark.small(f"{norm.modality}　{by}{elided}　{norm.norm}"))
        st.html(mark.marked_words(norm))
        rows = [("部分", "原文的字词"), *norm.parts.items()]
        rows += [("原则", "、".join(norm.principles))] if norm.principles else []
        st.html(mark.counts_table(rows))
        for identifier, name in norm.sanctions:
            href = page.selection.at(identifier.split("#")[0]).url()
            st.html(mark.small_link("违反的后果：", name, href))


def _cases(page: PageView, found: ArticlePage) -> None:
    if not found.cases:
        st.caption("没有案例以本条为依据。")
        return
    st.html(mark.note("以下案例及其依据均由模型撰写，未经法律专家审核。", kind="warning"))
    for case in found.cases:
        st.html(mark.case(case, page.selection))


def _origin(page: PageView, found: ArticlePage) -> None:
    article = found.article
    st.caption("条款 id（可在命令行与接口中使用）")
    st.code(mark.visible(article.id), language=None, wrap_lines=True)
    st.caption(f"引文摘要：官方文本第 {article.start}—{article.end} 个字符的 sha256")
    st.code(article.sha256, language=None, wrap_lines=True)
    st.caption("文本出处及其文件的 sha256")
    st.code(f"{mark.visible(article.origin)}\n{found.file_sha256}", language=None, wrap_lines=True)
    if found.witnesses:
        st.caption("同一版本的其他副本")
        st.code(mark.visible("\n".join(found.witnesses)), language=None, wrap_lines=True)
    st.caption("效力依据")
    st.text(mark.visible(found.validity_note or "没有记录"))
    if found.problems:
        st.caption("构建时的提示")
        for problem in found.problems:
            st.html(mark.note(problem, kind="warning"))
    st.caption("固定到此构建的链接")
    pinned = replace(page.selection.at(article.id), build=page.build)
    st.code(mark.visible(pinned.url()), language=None, wrap_lines=True)
    st.caption("从程序里取这一条")
    for call in article_calls(article.id, as_of=page.selection.as_of, build=page.build):
        st.caption(call.name)
        st.code(mark.visible(call.code), language=call.language, wrap_lines=True)


_TABS: dict[Tab, Callable[[PageView, ArticlePage], None]] = {
    Tab.CITATIONS: _citations,
    Tab.NORMS: _norms,
    Tab.VERSIONS: _versions,
    Tab.CASES: _cases,
    Tab.ORIGIN: _origin,
}


# -- nothing chosen ------------------------------------------------------------------------------------


def _welcome(found: Coverage, selection: Selection) -> None:
    st.title("医伦　法规浏览")
    st.markdown(
        "从左侧选择文件，或输入 **民法典1219条** 直接打开一条。按所选日期判断效力；"
        "任何画面的网址都可以发给别人，打开即是同一画面。"
    )
    st.markdown(
        f"台账列 {found.listed} 部，本构建收录 {found.held} 部，另有台账外 {found.unlisted_held} 部；"
        f"其余标为“{NOT_HELD}”，并写明在何处公布。"
    )
    tables: tuple[tuple[str, list[tuple[str, tuple[int, int]]]], ...] = (
        ("位阶", [(level.value, pair) for level, pair in found.by_level.items()]),
        ("场景", [(str(topic), pair) for topic, pair in found.by_topic.items()]),
    )
    for column, (name, counts) in zip(st.columns(2), tables, strict=True):
        rows = [(word, str(held), str(listed)) for word, (held, listed) in counts]
        with column:
            st.html(mark.counts_table([(name, "已收录", "台账"), *rows]))
    st.caption("不是法律意见。案例与台账说明由模型撰写，未经专家审核。")
