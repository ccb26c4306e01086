"""Corrections that a check supports: proposed, never applied.

Only what has one answer is proposed: the one article that says it, the one that stands in a repealed one's place,
the official words of an altered quotation.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import unified_diff

from evaluator.citation_outcome import CheckedCitation, Correction, Outcome, Suggestion
from evaluator.citation_quote import plain
from kg.numerals import parse_numeral

_NUMBER = r"[0-9０-９〇○零一二两三四五六七八九十百千\s]+"
_PLACE = re.compile(rf"第?\s*(?P<number>{_NUMBER})条(?:\s*之\s*[一二三四五六七八九十0-9]+)?.*$", re.DOTALL)
_ARTICLE = re.compile(r"第(?P<number>[零一二三四五六七八九十百千]+)条")
_WIDE = str.maketrans("0123456789", "０１２３４５６７８９")
_NUMBERED = (Outcome.WRONG_NUMBER, Outcome.WRONG_LEVEL, Outcome.NOT_FOUND)
_REPLACED = (Outcome.NOT_IN_FORCE, Outcome.OUT_OF_CORPUS)


def corrections(citations: Sequence[CheckedCitation]) -> list[Correction]:
    """The corrections of a text, in order and without overlap."""
    found: list[Correction] = []
    for citation in citations:
        found += citation.quotation_fixes
        if len(citation.suggested) == 1 and (fix := _of_number(citation, citation.suggested[0])):
            found.append(fix)
    kept: list[Correction] = []
    for fix in sorted(set(found), key=lambda c: (c.start, c.end)):
        if not kept or fix.start >= kept[-1].end:
            kept.append(fix)
    return kept


def corrected(text: str, fixes: Sequence[Correction]) -> str:
    """The text with corrections made.

    >>> corrected("《民法典》第1220条", [Correction(5, 11, "第1219条")])
    '《民法典》第1219条'
    """
    parts: list[str] = []
    at = 0
    for fix in fixes:
        parts += [text[at : fix.start], fix.replacement]
        at = fix.end
    return "".join([*parts, text[at:]])


def diff(name: str, text: str, fixes: Sequence[Correction]) -> str:
    """A unified diff from the text to the corrected one; empty where there is nothing to correct."""
    before, after = text.splitlines(keepends=True), corrected(text, fixes).splitlines(keepends=True)
    lines = [line if line.endswith("\n") else f"{line}\n" for line in unified_diff(before, after, name, name)]
    return "".join(lines)


def _of_number(citation: CheckedCitation, suggestion: Suggestion) -> Correction | None:
    start, end = citation.span
    same_work = suggestion.title == citation.title
    if citation.outcome in _NUMBERED and same_work:
        place = _PLACE.search(citation.surface)
        if place is None:
            return None
        return Correction(start + place.start(), end, _in_style(suggestion.article, place["number"]))
    named = plain(citation.surface)[:1] not in "第该同本前"
    if named and (citation.outcome in _REPLACED or citation.outcome is Outcome.WRONG_NUMBER):
        return Correction(
            start, end, f"《{suggestion.title}》{_in_style(suggestion.article, citation.surface)}"
        )
    return None


def _in_style(article: str, written: str) -> str:
    """An article's label with its number in the script that the text uses."""
    if re.search("[０-９]", written):
        return _ARTICLE.sub(lambda m: f"第{str(parse_numeral(m['number'])).translate(_WIDE)}条", article)
    if re.search("[0-9]", written):
        return _ARTICLE.sub(lambda m: f"第{parse_numeral(m['number'])}条", article)
    return article
