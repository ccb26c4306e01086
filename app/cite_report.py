"""A document with its citations marked, as one HTML page that needs nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from evaluator.citation_clean import show_hidden
from evaluator.citation_outcome import CheckedCitation, Outcome
from kg.build import Build
from kg.problem import InputError

_COLOURS = {
    Outcome.VERIFIED: "#d9f2dd", Outcome.OUT_OF_CORPUS: "#e6e6e6", Outcome.NOT_FOUND: "#f8c9c4",
    Outcome.AMBIGUOUS: "#fdf0c2", Outcome.NOT_IN_FORCE: "#f4d4f0", Outcome.WRONG_NUMBER: "#f8c9c4",
    Outcome.WRONG_LEVEL: "#fbdcc0", Outcome.QUOTE_MISMATCH: "#fbdcc0", Outcome.UNSUPPORTED: "#f8c9c4",
}  # fmt: skip
MARKS = "sup{font:bold 11px sans-serif}.key span{padding:0 .4em;margin-right:.6em}" + "".join(
    f".{outcome.value}{{background:{colour};color:#222}}" for outcome, colour in _COLOURS.items()
)
"""The style of marked citations alone, for a page that has a style of its own."""
STYLE = (
    "body{font:16px/1.9 serif;max-width:46em;margin:2em auto;padding:0 1em;color:#222;background:#fff}"
    ".text{white-space:pre-wrap}a{color:inherit;text-decoration:none;border-bottom:1px solid}"
    "dt{margin-top:1.2em;font-weight:bold}dd{margin:0 0 .4em 1em}blockquote{margin:.3em 1em;white-space:pre-wrap}"
    + MARKS
)


def html_report(
    text: str, citations: Sequence[CheckedCitation], build: Build, *, name: str, as_of: str
) -> str:
    """The text with every citation coloured and marked by outcome, linked to what was found and to its article.

    All that comes from the text is escaped.
    """
    return (
        f'<!doctype html><html lang="zh"><meta charset="utf-8"><title>{escape(name)} 引用核对</title>'
        f"<style>{STYLE}</style><h1>引用核对：{escape(name)}</h1>"
        f"<p>按 {escape(as_of)} 的法律，构建 {escape(build.id)}。机器比对，不是法律意见。</p>{key(citations)}"
        f'<div class="text">{marked(text, citations)}</div><h2>逐处说明</h2><dl>'
        + "".join(entry(n, citation, build) for n, citation in enumerate(citations, 1))
        + "</dl></html>\n"
    )


def key(citations: Sequence[CheckedCitation]) -> str:
    """What the colours and signs mean, with how many citations have each outcome."""
    counts = {o: sum(c.outcome is o for c in citations) for o in Outcome}
    shown = (
        f'<span class="{o.value}">{o.symbol} {o.zh} {count}</span>' for o, count in counts.items() if count
    )
    return f'<p class="key">{"".join(shown)}</p>'


def marked(text: str, citations: Sequence[CheckedCitation]) -> str:
    """The text, escaped, each citation in the colour and with the sign of its outcome, linked to its entry.

    Characters that cannot be seen stand as their code points: none of them turns or hides a word on the page.
    """
    parts: list[str] = []
    at = 0
    for number, citation in enumerate(citations, 1):
        start, end = citation.span
        if start < at:
            continue  # places of one mention that share its characters are marked once
        said = escape(f"{citation.outcome.zh}：{citation.evidence}", quote=True)
        parts.append(_shown(text[at:start]))
        parts.append(
            f'<a class="{citation.outcome.value}" href="#c{number}" title="{said}">{_shown(text[start:end])}'
            f"<sup>{citation.outcome.symbol}</sup></a>"
        )
        at = end
    return "".join([*parts, _shown(text[at:])])


def _shown(text: str) -> str:
    return escape(show_hidden(text))


def entry(number: int, citation: CheckedCitation, build: Build) -> str:
    """What is said of one citation, with the words of its article; escaped."""
    said = citation.verified.zh if citation.verified else citation.outcome.zh
    suggested = "、".join(f"《{s.title}》{s.article}" for s in citation.suggested)
    return (
        f'<dt id="c{number}"><span class="{citation.outcome.value}">{citation.outcome.symbol} '
        f"{_shown(citation.surface)}</span> {escape(said)}</dt><dd>{escape(citation.evidence)}</dd>"
        + (f"<dd>可能是：{escape(suggested)}</dd>" if suggested else "")
        + _article(citation, build)
    )


def _article(citation: CheckedCitation, build: Build) -> str:
    if citation.resolved is None:
        return ""
    try:
        text, provision = build.provision(citation.resolved)
    except InputError:
        return ""
    named = f"《{text.expression.title}》{provision.id.display()}"
    return f"<dd>{escape(named)}　<code>{escape(citation.resolved)}</code><blockquote>{escape(text.words(provision))}</blockquote></dd>"
