"""The norms of a provision as the commands and pages show them: one entry for each 款 or point that states any."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from kg.build import Build, Text
from kg.model import Provision
from kg.norm import Norm
from kg.vocabulary import Kind

_UNITS = (Kind.PARAGRAPH, Kind.POINT)


@dataclass(frozen=True, slots=True)
class NormView:
    """A norm with its parts as words; `spans` are offsets in the text of its provision's view.

    A part that stands elsewhere in the article (an elided bearer) has words but no span.
    """

    modality: str
    cue: str | None
    bearer: str | None
    counterparty: str | None
    action: str | None
    condition: str | None
    exception: str | None
    sanction: str | None
    bearer_elided: bool
    spans: dict[str, tuple[int, int]]
    method: str
    confidence: float


@dataclass(frozen=True, slots=True)
class NormedProvision:
    """A 款, point or 项 with the norms that it states, the principles that it serves, and what it refers to."""

    id: str
    title: str
    article: str
    paragraph: int | None
    item: int | None
    text: str
    norms: tuple[NormView, ...]
    principles: tuple[str, ...]
    refers_to: tuple[str, ...]


def normed_provisions(
    build: Build, text: Text, provision: Provision, as_of: date
) -> tuple[NormedProvision, ...]:
    """The 款 of an article (or the one 款 or 项 asked for) with their norms, in order."""
    own = build.norms(provision.id)
    return tuple(_entry(build, text, part, own, as_of) for part in _parts(text, provision))


def norm_views(norms: tuple[Norm, ...], start: int, end: int) -> tuple[NormView, ...]:
    """Norms with their spans counted from `start` of the official text."""
    return tuple(_norm(norm, start, end) for norm in norms)


def _parts(text: Text, provision: Provision) -> Iterator[Provision]:
    if provision.kind in (*_UNITS, Kind.ITEM, Kind.SUBITEM):
        yield provision
        return
    for child in text.children(provision):
        if child.kind in _UNITS:
            yield child


def _entry(
    build: Build, text: Text, part: Provision, norms: tuple[Norm, ...], as_of: date
) -> NormedProvision:
    quote = text.quote(part)
    identity = str(part.id)
    own = tuple(n for n in norms if n.id.startswith((identity + "#", identity + "/")))
    article = next((a for a in (*text.ancestors(part), part) if a.kind is Kind.ARTICLE), part)
    paragraph, item = part.id.step(Kind.PARAGRAPH), part.id.step(Kind.ITEM)
    sole = any(p.kind is Kind.PARAGRAPH and p.sole for p in (*text.ancestors(part), part))
    return NormedProvision(
        id=identity,
        title=text.expression.title,
        article=article.id.display() if article.kind is Kind.ARTICLE else part.id.display(),
        paragraph=paragraph.number if paragraph and not sole else None,
        item=item.number if item else None,
        text=text.official[quote.start : quote.end],
        norms=norm_views(own, quote.start, quote.end),
        principles=tuple(dict.fromkeys(e.name for n in own for e in n.principles)),
        refers_to=tuple(_targets(build, text, part, as_of)),
    )


def _norm(norm: Norm, start: int, end: int) -> NormView:
    spans = norm.spans()
    words = {role.value: span.text for role, span in spans.items()}
    return NormView(
        modality=norm.modality.value,
        cue=words.get("cue"),
        bearer=words.get("bearer"),
        counterparty=words.get("counterparty"),
        action=words.get("action"),
        condition=words.get("condition"),
        exception=words.get("exception"),
        sanction=words.get("sanction"),
        bearer_elided=norm.bearer_elided,
        spans={
            role.value: (span.start - start, span.end - start)
            for role, span in spans.items()
            if start <= span.start and span.end <= end
        },
        method=norm.method.value,
        confidence=norm.confidence,
    )


def _targets(build: Build, text: Text, part: Provision, as_of: date) -> list[str]:
    day = as_of.isoformat()
    found = [
        target.id
        for citation in build.citations_from(text, part)
        for target in citation.targets
        if (target.from_date or "") <= day and (target.until_date is None or day < target.until_date)
    ]
    return list(dict.fromkeys(found))
