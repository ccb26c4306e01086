"""The colours of the pages, each for a light and for a dark ground; one accent, and a colour is never the only sign."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

GROUNDS = ("#ffffff", "#171614")
"""The page's ground in light and in dark."""


class Shade(NamedTuple):
    """A colour on the light ground and on the dark one."""

    light: str
    dark: str


WORDS: Mapping[str, Shade] = {
    "accent": Shade("#1f5fa8", "#8ab8ee"),
    "good": Shade("#15803d", "#4ade80"),
    "later": Shade("#2563eb", "#93b4ff"),
    "bad": Shade("#b91c1c", "#f87171"),
    "doubt": Shade("#b45309", "#f0a04b"),
}
"""Colours that words are set in: told apart from the ground at 4.5 to 1 or better."""
LINES: Mapping[str, Shade] = {
    "bearer": Shade("#2563eb", "#6f9bff"),
    "counterparty": Shade("#0e7490", "#22b8d4"),
    "cue": Shade("#6b7280", "#9ca3af"),
    "action": Shade("#15803d", "#34c667"),
    "condition": Shade("#b45309", "#e08a2b"),
    "exception": Shade("#b91c1c", "#f05252"),
    "sanction": Shade("#7c3aed", "#a78bfa"),
}
"""Colours of lines under words: at 3 to 1 or better; each kind has a line of its own form or says its name too."""


def variables() -> str:
    """The colours as CSS variables that follow the theme of the page."""
    named = {**WORDS, **LINES}
    return (
        ".stApp { " + " ".join(f"--yl-{n}: light-dark({s.light}, {s.dark});" for n, s in named.items()) + " }"
    )
