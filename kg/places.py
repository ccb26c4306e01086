"""From the numbers of a citation to the provisions of one text."""

from __future__ import annotations

from collections.abc import Sequence

from kg.build import Text
from kg.citation import Place, Target
from kg.identity import Step
from kg.model import Provision
from kg.vocabulary import Kind


def enclosing(text: Text, provision: Provision, kind: Kind) -> Provision | None:
    """The provision of a kind that a provision is or lies in, None if there is none."""
    if provision.kind is kind:
        return provision
    return next((a for a in reversed(text.ancestors(provision)) if a.kind is kind), None)


def places_of(text: Text, target: Target, base: Provision | None = None) -> tuple[list[Provision], str]:
    """The provisions that a target names, in a whole text or inside `base`; none, and why, if there is none.

    A range takes every provision of its kind between its two ends; an empty path is `base` itself.
    """
    if not target.path:
        return ([base], "") if base else ([], "没有写明条款")
    start, reason = _follow(text, base, target.path)
    if start is None:
        return [], reason
    if not target.until:
        return [start], ""
    stop, reason = _follow(text, base, target.until)
    return ([], reason) if stop is None else _between(text, start, stop)


def _between(text: Text, start: Provision, stop: Provision) -> tuple[list[Provision], str]:
    first, last = text.index(start), text.index(stop)
    if start.kind is not stop.kind or last < first:
        return [], f"范围颠倒：{start.id.display()}至{stop.id.display()}"
    inside = [p for p in text.provisions[first : last + 1] if p.kind is start.kind]
    return [p for p in inside if len(p.id.steps) == len(start.id.steps)], ""


def _follow(text: Text, base: Provision | None, path: Sequence[Place]) -> tuple[Provision | None, str]:
    current = base
    for place in path:
        candidates = [p for p in _candidates(text, current, place) if _matches(p, place)]
        if len(candidates) > 1 and place.kind is Kind.ARTICLE:
            candidates = [p for p in candidates if len(p.id.steps) == 1]  # an annex numbers its own articles
        if not candidates:
            named = Step(place.kind, place.number, place.sub).display()
            return None, f"没有{current.id.display() if current else ''}{named}"
        if len(candidates) > 1:
            named = Step(place.kind, place.number, place.sub).display()
            return None, f"{named}有 {len(candidates)} 处，未指明是哪一处"
        current = candidates[0]
    return current, ""


def _candidates(text: Text, current: Provision | None, place: Place) -> Sequence[Provision]:
    if current is None:
        return text.provisions
    inside = text.below(current)
    if place.kind is Kind.ITEM and current.kind is Kind.ARTICLE:
        # 第二条第（三）项: the item of the only paragraph that has one
        return [p for p in inside if p.kind is Kind.ITEM]
    return inside


def _matches(provision: Provision, place: Place) -> bool:
    step = provision.id.steps[-1]
    return (
        provision.kind is place.kind
        and step.number == place.number
        and step.sub == place.sub
        and step.nth == 1
    )
