"""The parts of the page that are set as HTML. Every value goes through `escape`; nothing else makes markup."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable, Sequence

from app.browse_article import CaseView, CitationOut, CitedPlace, CitingText, Comparison, Side
from app.browse_selection import Selection
from app.browse_text import Line, Segment
from app.browse_work import Fact, VersionRow
from app.marked_norms import MarkedNorm
from app.palette import variables
from kg.comparison import Piece
from kg.vocabulary import Level, Status

STYLE = (
    f"<style>{variables()}</style>"
    + """<style>
.stApp, .stApp button, .stApp input, .stApp textarea {
  font-family: "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "Source Han Sans SC", sans-serif; }
[data-testid="stMainBlockContainer"] { padding: 4.4rem 2rem 4rem; max-width: 1500px; }
[data-testid="stSidebar"] { min-width: 330px; }
@media (max-width: 900px) { [data-testid="stSidebar"] { min-width: 236px; max-width: 236px; }
  [data-testid="stMainBlockContainer"] { padding-left: 1.2rem; padding-right: 1.2rem; } }
[data-testid="stSidebarHeader"] { height: 2rem; margin-bottom: 0; }
[data-testid="stSidebarUserContent"] > div > div { gap: 0.55rem; }
[class*="st-key-list"] button {
  justify-content: flex-start; text-align: left; min-height: 1.7rem; padding: 0.1rem 0.4rem; width: 100%;
  border-color: transparent; }
[class*="st-key-list"] button[kind="secondary"] { background: rgba(37, 99, 235, 0.12); font-weight: 600; }
[class*="st-key-list"] button > div, [class*="st-key-list"] button [data-testid="stMarkdownContainer"] {
  width: 100%; justify-content: flex-start; overflow: hidden; }
[class*="st-key-list"] button p {
  font-size: 0.875rem; text-align: left; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
[class*="st-key-d1-"] { padding-left: 0.9rem; } [class*="st-key-d2-"] { padding-left: 1.8rem; }
[class*="st-key-d3-"] { padding-left: 2.7rem; } [class*="st-key-d4-"] { padding-left: 3.6rem; }
[class*="st-key-d5-"] { padding-left: 4.5rem; }
[class*="st-key-list-level"] button p > span:first-child, [class*="st-key-list-versions"] button p > span:first-child {
  display: inline-block; width: 1.25em; text-align: center; }
.yl-note { border-radius: 6px; padding: 0.6rem 0.9rem; line-height: 1.7; }
.yl-note.error { background: rgba(220, 38, 38, 0.12); } .yl-note.warning { background: rgba(217, 119, 6, 0.14); }
.yl-note.info { background: rgba(37, 99, 235, 0.1); }
.yl h3 { padding: 0.15rem 0 0.35rem; margin: 0; font-size: 1.35rem; line-height: 1.4; }
.yl { overflow-wrap: anywhere; }
.yl a { color: var(--yl-accent); }
.yl a:focus-visible { outline: 2px solid currentColor; outline-offset: 2px; }
.yl-law { font-family: "Songti SC", "Noto Serif CJK SC", "Source Han Serif SC", "SimSun", serif;
  font-size: 1.08rem; line-height: 1.95; max-width: 44em; }
.yl-law p { margin: 0 0 0.25em; text-indent: 2em; }
.yl-law p.subitem { text-indent: 3em; } .yl-law p.note, .yl-law p.heading { text-indent: 0; }
.yl-law p.heading { text-align: center; font-weight: 700; margin: 0.9em 0 0.4em; }
.yl-law p.note { text-align: center; opacity: 0.75; }
.yl-law p.table { text-indent: 0; font-family: monospace; font-size: 0.85rem; white-space: pre-wrap; margin: 0; }
.yl-law b { font-weight: 700; } .yl-law b a { color: inherit; }
.yl-law .chosen { background: rgba(250, 204, 21, 0.22); box-shadow: -4px 0 0 rgba(234, 179, 8, 0.9); }
.yl-broken { text-decoration: underline dotted; text-underline-offset: 3px; cursor: help; }
.yl-tag { display: inline-block; padding: 0 0.5em; border-radius: 3px; font-size: 0.8rem; line-height: 1.6;
  border: 1px solid currentColor; white-space: nowrap; font-weight: 600; }
.yl-in_force { color: var(--yl-good); } .yl-not_yet { color: var(--yl-later); } .yl-ended { color: var(--yl-bad); }
.yl-unknown { color: var(--yl-doubt); } .yl-level { color: inherit; opacity: 0.75; font-weight: 400; }
.yl-small { font-size: 0.85rem; opacity: 0.8; } .yl-cite { margin: 0 0 0.7em; font-size: 0.92rem; line-height: 1.7; }
.yl-cite q { quotes: none; display: block; opacity: 0.85; border-left: 3px solid rgba(128, 128, 128, 0.4);
  padding-left: 0.7em; margin-top: 0.15em; }
.yl-fault { color: var(--yl-doubt); }
.yl-pair { display: grid; grid-template-columns: 1fr 1fr; gap: 1.2rem; }
.yl-pair del { background: rgba(220, 38, 38, 0.16); text-decoration: line-through; text-decoration-color: #dc2626; }
.yl-pair ins { background: rgba(22, 163, 74, 0.18); text-decoration: underline; text-decoration-color: #16a34a; }
.yl-pair .words { white-space: pre-line; font-size: 1rem; }
.yl table { border-collapse: collapse; font-size: 0.9rem; } .yl td, .yl th { padding: 0.2em 0.8em 0.2em 0;
  text-align: left; vertical-align: top; border: 0; } .yl td:first-child { white-space: nowrap; }
.yl th { font-weight: 600; white-space: nowrap; opacity: 0.75; }
.yl-case { white-space: pre-line; } .yl-control { background: #b91c1c; color: #fff; font: 0.7rem monospace;
  border-radius: 2px; padding: 0 0.2em; }
.yl-role { border-bottom: 3px solid; border-radius: 2px; padding-bottom: 1px; cursor: help; }
.yl-role sup { font-size: .66rem; opacity: .85; }
.yl-role.bearer { border-color: var(--yl-bearer); } .yl-role.counterparty { border-color: var(--yl-counterparty); border-bottom-style: double; }
.yl-role.cue { border-color: var(--yl-cue); font-weight: 700; } .yl-role.action { border-color: var(--yl-action); }
.yl-role.condition { border-color: var(--yl-condition); border-bottom-style: dashed; }
.yl-role.exception { border-color: var(--yl-exception); border-bottom-style: dotted; } .yl-role.sanction { border-color: var(--yl-sanction); }
</style>"""
)


def escape(text: str) -> str:
    """Text for HTML: nothing in it is markup, and a character that hides or reorders others is shown by number."""
    return "".join(
        f'<span class="yl-control">{_number(char)}</span>' if _hides(char) else html.escape(char)
        for char in text
    )


def attribute(text: str) -> str:
    """Text for an HTML attribute in double quotes."""
    return html.escape(visible(text), quote=True)


def visible(text: str) -> str:
    """Text in which a character that hides or reorders others is written out by number."""
    return "".join(f"[{_number(char)}]" if _hides(char) else char for char in text)


_MARKDOWN = re.compile(r"([!-/:-@\[-`{-~])")


def label(text: str) -> str:
    """Text for a widget's label, which the page library reads as Markdown: nothing in it has a meaning there."""
    return _MARKDOWN.sub(r"\\\1", " ".join(visible(text).split()))


def _hides(char: str) -> bool:
    return unicodedata.category(char) in ("Cf", "Cc", "Co", "Cs", "Zl", "Zp") and char not in "\n\t"


def _number(char: str) -> str:
    return f"U+{ord(char):04X}"


def _block(inside: str, *, kind: str = "") -> str:
    return f'<div class="yl {kind}" lang="zh-CN">{inside}</div>'


# -- small pieces --------------------------------------------------------------------------------------


def status_tag(status: Status, *, life: str = "") -> str:
    """A status in its colour, with the days beside it."""
    beside = f' <span class="yl-small">{escape(life)}</span>' if life else ""
    return f'<span class="yl-tag yl-{status.value}">{escape(status.zh)}</span>{beside}'


def level_tag(level: Level) -> str:
    """A level as a tag."""
    return f'<span class="yl-tag yl-level">{escape(level.value)}</span>'


def link(selection: Selection, identifier: str, words: str) -> str:
    """A link that opens a work, version or provision in the same view."""
    return f'<a href="{attribute(selection.at(identifier).url())}">{escape(words)}</a>'


def links(found: Iterable[tuple[str, str]], selection: Selection) -> str:
    """Links in a row, each with its name."""
    return _block("　".join(link(selection, identifier, name) for identifier, name in found))


def note(text: str, *, kind: str) -> str:
    """A message in a box: error, warning or info. Not Markdown, which would make links of its own."""
    return _block(f'<div class="yl-note {kind}" role="alert">{escape(text)}</div>')


def small(text: str) -> str:
    """A remark in small print."""
    return _block(f'<div class="yl-small">{escape(text)}</div>')


def small_link(before: str, text: str, href: str) -> str:
    """A remark in small print that leads somewhere."""
    return _block(
        f'<div class="yl-small">{escape(before)}<a href="{attribute(href)}">{escape(text)}</a></div>'
    )


def heading(title: str, *tags: str, trail: Sequence[str] = ()) -> str:
    """The headings above, the name of what is shown, and its tags."""
    above = f'<div class="yl-small">{escape("　›　".join(trail))}</div>' if trail else ""
    return _block(f"{above}<h3>{escape(title)}</h3><div>{' '.join(tags)}</div>")


def facts_table(facts: Iterable[Fact]) -> str:
    """What is known about a work, one fact a line; what nobody has checked says so."""
    rows = "".join(
        f"<tr><th>{escape(name)}</th><td>{escape(value)}"
        + (f' <span class="yl-small yl-fault">（{escape(doubt)}）</span>' if doubt else "")
        + "</td></tr>"
        for name, value, doubt in facts
    )
    return _block(f"<table>{rows}</table>")


def versions(rows: Iterable[VersionRow], selection: Selection) -> str:
    """The versions of a work with their status, days and what the status rests on."""
    shown = "".join(
        f"<tr><td>{link(selection, row.id, row.name)}</td><td>{status_tag(row.status, life=row.life)}"
        f'<div class="yl-small">{escape(row.note)}</div></td></tr>'
        for row in rows
    )
    return _block(f"<table>{shown}</table>")


def counts_table(rows: Iterable[tuple[str, ...]]) -> str:
    """Columns of plain text, the first row being the head."""
    first, *rest = rows
    head = "".join(f"<th>{escape(cell)}</th>" for cell in first)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rest)
    return _block(f"<table><tr>{head}</tr>{body}</table>")


def marked_words(norm: MarkedNorm) -> str:
    """The words of the provision as HTML, each part told by a line of its own kind and by its name."""
    pieces = "".join(
        f'<span class="yl-role {s.role.value}" title="{attribute(s.role.zh)}">{escape(s.text)}<sup>{escape(s.role.zh)}</sup></span>'
        if s.role
        else escape(s.text)
        for s in norm.segments
    )
    return f'<div class="yl yl-law" lang="zh-CN"><p>{pieces}</p></div>'


# -- law -----------------------------------------------------------------------------------------------


def law(lines: Iterable[Line], selection: Selection) -> str:
    """The words of the law as they are printed; citations and labels open what they name."""
    return _block("".join(_line(line, selection) for line in lines), kind="yl-law")


def _line(line: Line, selection: Selection) -> str:
    kind = line.kind.value + (" chosen" if line.chosen else "")
    inside = "".join(_segment(segment, selection) for segment in line.segments)
    return f'<p class="{kind}">{inside}</p>'


def _segment(segment: Segment, selection: Selection) -> str:
    words = link(selection, segment.target, segment.text) if segment.target else escape(segment.text)
    if segment.fault:
        return f'<span class="yl-broken" title="{attribute(segment.fault)}">{words}</span>'
    return f"<b>{words}</b>" if segment.label else words


# -- citations -----------------------------------------------------------------------------------------

_PREVIEW = 140


def cites(found: Iterable[CitationOut], selection: Selection) -> str:
    """What the text cites, each with the words of what it reaches."""
    return _block("".join(_cites_one(citation, selection) for citation in found))


def _cites_one(citation: CitationOut, selection: Selection) -> str:
    fault = f'<div class="yl-fault">{escape(citation.fault)}</div>' if citation.fault else ""
    places = "".join(f"<div>→ {_place(place, selection)}</div>" for place in citation.places)
    return f'<div class="yl-cite">“{escape(citation.surface)}”{places}{fault}</div>'


def _place(place: CitedPlace, selection: Selection) -> str:
    tag = f" {status_tag(place.status)}" if place.status and place.status is not Status.IN_FORCE else ""
    words = " ".join(place.text.split())
    preview = words[:_PREVIEW] + ("…" if len(words) > _PREVIEW else "")
    quoted = f"<q>{escape(preview)}</q>" if preview else ""
    return f"{link(selection, place.id, place.name)}{tag}{quoted}"


def cited_by(found: Iterable[CitingText], selection: Selection) -> str:
    """The texts that cite the provision, by rank, each place with the words around the citation."""
    return _block("".join(_citing(text, selection) for text in found))


def _citing(text: CitingText, selection: Selection) -> str:
    tag = "" if text.status is Status.IN_FORCE else f" {status_tag(text.status)}"
    places = "".join(f'<div class="yl-cite">{_place(place, selection)}</div>' for _, place in text.places)
    return f"<div><b>《{escape(text.title)}》</b>{tag} {len(text.places)} 处</div>{places}"


# -- versions and cases --------------------------------------------------------------------------------


def comparison(found: Comparison, selection: Selection) -> str:
    """An article in two versions, the earlier on the left; what only one of them has is marked."""
    left = _side(found.old, found.difference.old, "del", selection)
    right = _side(found.new, found.difference.new, "ins", selection)
    return _block(f'<div class="yl-pair">{left}{right}</div>')


def _side(side: Side, pieces: Iterable[Piece], mark: str, selection: Selection) -> str:
    name = f"{side.name} {side.display}".strip()
    head = link(selection, side.provision or side.expression, name)
    words = "".join(
        f"<{mark}>{escape(piece.text)}</{mark}>" if piece.changed else escape(piece.text) for piece in pieces
    )
    body = words or '<span class="yl-small">这一版本没有对应的条文</span>'
    status = status_tag(side.status, life=side.life)
    return f'<div><div>{head}</div><div>{status}</div><div class="yl-law words">{body}</div></div>'


def case(found: CaseView, selection: Selection) -> str:
    """A case with the provision that it rests on."""
    head = (
        f"<b>{escape(found.id)}</b> {escape(found.scene)} · {escape(found.stance)} · {escape(found.role)}："
    )
    where = link(selection, found.provision, found.place)
    return _block(f'<div class="yl-cite">{head}{where}<q class="yl-case">{escape(found.text)}</q></div>')
