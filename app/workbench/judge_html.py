"""A verdict as HTML: marked facts, findings, clauses; for the screen and as a page of its own. Every word is escaped."""

from __future__ import annotations

from app.browse_html import attribute, escape
from app.workbench.compare_verdicts import Shared
from app.workbench.judge_view import ClauseView, FindingView, JudgeView, Told

STYLE = """<style>
.yl-fact { border-bottom: 2px solid var(--yl-accent, #1f5fa8); background: rgba(37, 99, 235, 0.10); border-radius: 2px; }
.yl-fact sup { font-size: 0.68rem; opacity: 0.8; margin-left: 0.15em; }
.yl-fact.off { text-decoration: line-through; opacity: 0.55; }
.yl-scenario { line-height: 2.1; font-size: 1.02rem; }
.yl-head { font-size: 1.25rem; font-weight: 700; margin: 0.2rem 0; }
.yl-finding { margin: 0 0 0.5rem; border-left: 3px solid rgba(128,128,128,0.45); padding: 0.1rem 0 0.1rem 0.8rem; }
.yl-finding.grounds { border-color: var(--yl-accent, #1f5fa8); } .yl-finding summary { cursor: pointer; line-height: 1.7; }
.yl-finding summary:focus-visible { outline: 2px solid currentColor; }
.yl-finding q, .yl-clause q { quotes: none; display: block; border-left: 3px solid rgba(128,128,128,0.4); padding-left: 0.7em;
  margin: 0.25em 0; white-space: pre-line; font-family: "Songti SC", "Noto Serif CJK SC", serif; }
.yl-clause { margin: 0 0 0.8rem; }
</style>"""


def scenario(told: tuple[Told, ...]) -> str:
    """The scenario with its facts marked, and how each was read said beside it."""
    return f'<div class="yl yl-scenario" lang="zh-CN">{"".join(map(_piece, told))}</div>'


def _piece(one: Told) -> str:
    if not one.kind:
        return escape(one.text)
    note = f"{one.kind}·{one.note}" if one.note else one.kind
    return f'<span class="yl-fact">{escape(one.text)}<sup>{escape(note)}</sup></span>'


def headline(view: JudgeView) -> str:
    """The conclusion in one line, its reason under it."""
    sign = "●" if view.concluded else "◌"
    return f'<div class="yl"><p class="yl-head">{sign} {escape(view.headline)}</p><p>{escape(view.reason)}</p></div>'


def finding(one: FindingView, *, opened: bool) -> str:
    """A finding that folds, down to the quoted characters."""
    kind = "grounds" if one.role == "依据" else ""
    rows = "".join(
        f"<tr><td>{escape(s.name)}</td><td>{escape(s.state)}</td><td>{escape(s.words)}</td></tr>"
        for s in one.steps
    )
    return (
        f'<details class="yl yl-finding {kind}"{" open" if opened else ""}><summary>{escape(one.role)}：<b>{escape(one.outcome)}</b>　'
        f'<a href="{attribute(one.link)}">{escape(one.place)}</a></summary><table>{rows}</table><q>{escape(one.quote)}</q>'
        f'<p class="yl-small">{escape(one.status)}　{escape(one.norm)}　sha256 {escape(one.sha256[:16])}</p></details>'
    )


def clause(one: ClauseView) -> str:
    """A governing clause."""
    return (
        f'<div class="yl yl-clause"><a href="{attribute(one.link)}"><b>{escape(one.name)}</b></a> '
        f'<span class="yl-small">{escape(one.status)}，{escape(one.since)}</span><q>{escape(one.quote)}</q></div>'
    )


def listed(title: str, lines: tuple[str, ...]) -> str:
    """A list under a title; nothing where there is nothing."""
    if not lines:
        return ""
    return f'<div class="yl"><b>{escape(title)}</b><ul>{"".join(f"<li>{escape(line)}</li>" for line in lines)}</ul></div>'


def lists(view: JudgeView) -> str:
    """What goes with a verdict."""
    return "".join(listed(title, lines) for title, lines in named_lists(view))


def named_lists(view: JudgeView) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The lists that go with a verdict, each with its title."""
    return (
        ("尚缺的事实", view.missing), ("规范的要求", view.advice), ("可及的责任", view.sanctions),
        ("牵涉的原则", view.principles), ("指向不同的规范", view.conflicts),
    )  # fmt: skip


def beside(rows: tuple[Shared, ...]) -> str:
    """Two verdicts aspect by aspect: what both have over what only one has."""
    cells = "".join(
        f"<tr><th>{escape(one.name)}</th>"
        + "".join(
            f"<td>{'<br>'.join(map(escape, part)) or '—'}</td>" for part in (one.first, one.both, one.second)
        )
        + "</tr>"
        for one in rows
    )
    return f'<div class="yl"><table><tr><th></th><th>只在第一个</th><th>两者都有</th><th>只在第二个</th></tr>{cells}</table></div>'


def document(view: JudgeView) -> str:
    """A verdict as a page of its own that needs nothing else; made to be printed."""
    body = (
        f"{headline(view)}<h2>情形</h2>{scenario(view.told)}<h2>认定</h2>"
        + "".join(finding(one, opened=True) for one in view.findings)
        + f"<h2>可能适用的条款</h2>{''.join(map(clause, view.governing))}{lists(view)}"
        + "".join(f'<p class="yl-small">{escape(line)}</p>' for line in view.cautions)
        + f'<p class="yl-small">结论 {escape(view.id)}</p>'
    )
    style = "body{font:15px/1.8 'Noto Sans CJK SC',sans-serif;max-width:50em;margin:2em auto;padding:0 1em}td{padding:0 .8em 0 0;vertical-align:top}a{color:inherit;text-decoration:none}"
    return (
        f'<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>研判 {escape(view.id[:16])}</title>'
        f"<style>{style}</style>{STYLE}{body}</html>\n"
    )
