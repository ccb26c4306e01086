"""A norm marked in the words of its provision: which words are its bearer, action, condition; and what breaking it costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

from app.views import name_of
from kg.build import Build
from kg.norm import Method, Norm, NormLink, Role


@dataclass(frozen=True, slots=True)
class Segment:
    """Words of a provision, and which part of the norm they are; `role` None where they are none."""

    text: str
    role: Role | None


@dataclass(frozen=True, slots=True)
class MarkedNorm:
    """A norm with its parts as words, the words of its provision cut by them, and what it is tied to.

    `expert` is whether a person who knows the law said so, not the rules.
    """

    norm: str
    provision: str
    name: str
    modality: str
    confidence: float
    expert: bool
    elided: bool
    parts: Mapping[str, str]
    segments: tuple[Segment, ...]
    principles: tuple[str, ...]
    sanctions: tuple[tuple[str, str], ...]


@lru_cache(maxsize=2)
def _sanctions(build: Build) -> Mapping[str, tuple[NormLink, ...]]:
    found: dict[str, list[NormLink]] = {}
    for tie in build.norm_ties:
        if tie.type.value == "SANCTIONED_BY":
            found.setdefault(tie.source, []).append(tie)
    return {source: tuple(ties) for source, ties in found.items()}


def marked_norm(build: Build, name: str) -> MarkedNorm:
    """A norm with its words in the text of its provision."""
    norm = next(one for one in build.norms(name.split("#")[0]) if one.id == name)
    text, provision = build.provision(norm.provision)
    quote = text.quote(provision)
    parts = {role.zh: span.text for role, span in norm.spans().items()}
    return MarkedNorm(
        norm=name,
        provision=str(norm.provision),
        name=f"《{text.expression.title}》{provision.id.display(sole_paragraph=provision.sole)}",
        modality=norm.modality.zh,
        confidence=norm.confidence,
        expert=norm.method is Method.EXPERT,
        elided=norm.bearer_elided,
        parts=parts,
        segments=segments(norm, text.official, quote.start, quote.end),
        principles=tuple(
            build.principles[e.name].name if e.name in build.principles else e.name for e in norm.principles
        ),
        sanctions=tuple(
            (tie.target, name_of(build, tie.target.split("#")[0])) for tie in _sanctions(build).get(name, ())
        ),
    )


def segments(norm: Norm, official: str, start: int, end: int) -> tuple[Segment, ...]:
    """The words from start to end in pieces by role, without a character lost; where parts overlap the shorter one counts."""
    roles: list[Role | None] = [None] * (end - start)
    for role, span in sorted(norm.spans().items(), key=lambda pair: pair[1].start - pair[1].end):
        for place in range(max(span.start, start), min(span.end, end)):
            roles[place - start] = role
    pieces, at = [], 0
    for part, run in groupby(roles):
        length = len(list(run))
        pieces.append(Segment(official[start + at : start + at + length], part))
        at += length
    return tuple(pieces)
