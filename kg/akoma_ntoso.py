"""A dated text as an Akoma Ntoso 3.0 document (OASIS LegalDocML).

The text content of everything behind `meta` is the official text, character for character: what separates
elements are its own line breaks. A date that nobody knows is not invented: Akoma Ntoso demands one, so a text
without any cannot be written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from xml.sax.saxutils import escape, quoteattr

from kg.build import Text
from kg.identity import ExpressionId, Step
from kg.model import Provision, Source
from kg.problem import InputError
from kg.vocabulary import Kind, Level

NAMESPACE = "http://docs.oasis-open.org/legaldocml/ns/akn/3.0"
_ELEMENTS = {
    Kind.PART: "part",
    Kind.SUBPART: "subpart",
    Kind.CHAPTER: "chapter",
    Kind.SECTION: "section",
    Kind.SUPPLEMENTARY: "hcontainer",
    Kind.ARTICLE: "article",
    Kind.PARAGRAPH: "paragraph",
    Kind.ITEM: "point",
    Kind.SUBITEM: "indent",
    Kind.POINT: "level",
    Kind.ANNEX: "hcontainer",
    Kind.PREAMBLE: "hcontainer",
    Kind.FRONT: "hcontainer",
    Kind.TAIL: "hcontainer",
}
_PREFIXES = {
    Kind.PART: "part",
    Kind.SUBPART: "subpart",
    Kind.CHAPTER: "chp",
    Kind.SECTION: "sec",
    Kind.SUPPLEMENTARY: "supplementary",
    Kind.ARTICLE: "art",
    Kind.PARAGRAPH: "para",
    Kind.ITEM: "point",
    Kind.SUBITEM: "indent",
    Kind.POINT: "lvl",
    Kind.ANNEX: "annex",
    Kind.PREAMBLE: "preamble",
    Kind.FRONT: "preface",
    Kind.TAIL: "conclusions",
}
_SUBTYPES = {
    Level.CONSTITUTION: "constitution",
    Level.LAW: "law",
    Level.ADMINISTRATIVE_REGULATION: "regulation",
    Level.JUDICIAL_INTERPRETATION: "interpretation",
    Level.DEPARTMENTAL_RULE: "rule",
    Level.LOCAL_REGULATION: "local-regulation",
    Level.LOCAL_GOVERNMENT_RULE: "local-rule",
}
_BLANK = " \t\n\r"
"""What XML takes for space; an ideographic space is text."""
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Link:
    """A citation in the official text and where it leads: a fragment or an IRI."""

    start: int
    end: int
    href: str


def eid(steps: Sequence[Step]) -> str:
    """The identifier of an element, from the path of a provision.

    >>> eid((Step(Kind.ARTICLE, 17, 1), Step(Kind.PARAGRAPH, 2), Step(Kind.ITEM, 3)))
    'art_17-1__para_2__point_3'
    """
    return "__".join(_step(step) for step in steps)


def _step(step: Step) -> str:
    number = f"_{step.number}" if step.number else ""
    sub = f"-{step.sub}" if step.sub else ""
    nth = f".{step.nth}" if step.nth > 1 else ""
    return f"{_PREFIXES[step.kind]}{number}{sub}{nth}"


def work_iri(source: Source, made: date) -> str:
    """The IRI of a work: its level, the day it was first made as far as is known, and its key."""
    subtype = _SUBTYPES.get(source.level)
    return f"/akn/cn/act/{f'{subtype}/' if subtype else ''}{made.isoformat()}/{source.key}"


def expression_iri(source: Source, made: date, expression: ExpressionId) -> str:
    """The IRI of a version of a work in Chinese."""
    version = expression.version.isoformat() if expression.version else f"unknown-{expression.nth}"
    return f"{work_iri(source, made)}/zho@{version}"


def akoma_ntoso(text: Text, source: Source, *, made: date, links: Sequence[Link] = ()) -> str:
    """The document. `made` is the day on which the work was first made, as far as is known.

    InputError if the text has no date, or holds a character that XML cannot.
    """
    if text.expression.id.version is None:
        raise InputError(f"{text.expression.id} 没有日期；Akoma Ntoso 要求日期，本项目不臆造")
    if bad := _ILLEGAL.search(text.official):
        place = text.at(bad.start())
        where = place.id.display() if place else ""
        raise InputError(f"{text.expression.id} {where} 含有 XML 不能容纳的字符 U+{ord(bad[0]):04X}")
    writer = _Writer(text, {link.start: link for link in links})
    name = quoteattr(source.level.value)
    return "".join(
        [
            f'<?xml version="1.0" encoding="UTF-8"?>\n<akomaNtoso xmlns="{NAMESPACE}">',
            f'<act name={name} contains="singleVersion">',
            _meta(text, source, made),
            *writer.parts(),
            "</act></akomaNtoso>\n",
        ]
    )


class _Writer:
    def __init__(self, text: Text, links: Mapping[int, Link]) -> None:
        self.text, self.links = text, links

    def parts(self) -> Iterator[str]:
        """preface, preamble, body, conclusions, each where the text has it."""
        top = self._top()
        leading: list[Provision] = []
        while top and top[0].kind in (Kind.FRONT, Kind.PREAMBLE) and self._has_words(top[0]):
            leading.append(top.pop(0))
        trailing = top.pop() if top and top[-1].kind is Kind.TAIL and self._has_words(top[-1]) else None
        if not top and leading:  # a text of prose alone is its own body
            top = [p for p in leading if p.kind is Kind.PREAMBLE]
            leading = [p for p in leading if p.kind is Kind.FRONT]
        for kind, name in ((Kind.FRONT, "preface"), (Kind.PREAMBLE, "preamble")):
            inside = [p for p in leading if p.kind is kind]
            if inside:
                yield f'<{name} eId="{name}">'
                for provision in inside:
                    yield from self._blocks(provision.start, provision.end)
                yield f"</{name}>"
        yield '<body eId="body">'
        for provision in top:
            yield from self._hierarchy(provision)
        yield "</body>"
        if trailing:
            yield '<conclusions eId="conclusions">'
            yield from self._blocks(trailing.start, trailing.end)
            yield "</conclusions>"

    def _top(self) -> list[Provision]:
        found: list[Provision] = []
        position = 0
        for provision in self.text.provisions:
            if provision.start >= position:
                found.append(provision)
                position = provision.end
        return found

    def _has_words(self, provision: Provision) -> bool:
        return bool(self.text.official[provision.start : provision.end].strip(_BLANK))

    def _hierarchy(self, provision: Provision) -> Iterator[str]:
        name = _ELEMENTS[provision.kind]
        named = f" name={quoteattr(_PREFIXES[provision.kind])}" if name == "hcontainer" else ""
        path = "/".join(map(str, provision.id.steps))
        yield f'<{name} eId="{eid(provision.id.steps)}" wId={quoteattr(path)}{named}>'
        children = self.text.children(provision)
        head = self.text.official[provision.start : provision.head_end]
        start = provision.start + len(head) - len(head.lstrip(_BLANK))
        yield head[: start - provision.start]
        if provision.label and self.text.official.startswith(provision.label, start):
            end = start + len(provision.label)
            while end < provision.head_end and self.text.official[end] in " \t\u3000":
                end += 1
            yield f"<num>{escape(self.text.official[start:end])}</num>"
            start = end
        if provision.kind.is_container:
            yield from self._heading(start, provision.head_end)
        elif self.text.official[start : provision.head_end].strip(_BLANK):
            wrap = "intro" if children else "content"
            yield f"<{wrap}>"
            yield from self._blocks(start, provision.head_end)
            yield f"</{wrap}>"
        else:
            yield self.text.official[start : provision.head_end]
        for child in children:
            yield from self._hierarchy(child)
        yield f"</{name}>"

    def _heading(self, start: int, end: int) -> Iterator[str]:
        words = self.text.official[start:end]
        kept = words.rstrip(_BLANK)
        if kept:
            yield f"<heading>{escape(kept)}</heading>"
        yield words[len(kept) :]

    def _blocks(self, start: int, end: int) -> Iterator[str]:
        """One `p` for each line that has words; blanks between lines stand between the elements."""
        at = start
        for line in re.finditer(r"[^\n]+", self.text.official[start:end]):
            words = line[0].strip(_BLANK)
            if not words:
                continue
            begins = start + line.start() + line[0].index(words)
            yield self.text.official[at:begins]
            at = begins + len(words)
            yield "<p>"
            yield from self._inline(begins, at)
            yield "</p>"
        yield self.text.official[at:end]

    def _inline(self, start: int, end: int) -> Iterator[str]:
        at = start
        for position in range(start, end):
            link = self.links.get(position)
            if link is None or position < at or link.end > end:
                continue
            yield escape(self.text.official[at:position])
            yield f"<ref href={quoteattr(link.href)}>{escape(self.text.official[position : link.end])}</ref>"
            at = link.end
        yield escape(self.text.official[at:end])


def _meta(text: Text, source: Source, made: date) -> str:
    expression = text.expression
    version, validity = expression.id.version, expression.validity
    assert version is not None
    work = work_iri(source, made)
    own = expression_iri(source, made, expression.id)
    author = '<FRBRauthor href="#issuer"/>'
    number = f"<FRBRnumber value={quoteattr(source.document_number)}/>" if source.document_number else ""
    subtype = _SUBTYPES.get(source.level)
    events = [f'<eventRef eId="made" date="{version}" type="generation" source="#original"/>']
    if validity.begins:
        events.append(
            f'<eventRef eId="begins" date="{validity.begins}" type="generation" source="#original"/>'
        )
    if validity.ends:
        events.append(f'<eventRef eId="ends" date="{validity.ends}" type="repeal" source="#original"/>')
    return "".join(
        [
            '<meta><identification source="#yilun">',
            f"<FRBRWork><FRBRthis value={quoteattr(work + '/!main')}/><FRBRuri value={quoteattr(work)}/>",
            f'<FRBRdate date="{made}" name="earliest-known"/>{author}<FRBRcountry value="cn"/>',
            f'<FRBRsubtype value="{subtype}"/>' if subtype else "",
            f"{number}<FRBRname value={quoteattr(expression.title)}/></FRBRWork>",
            f"<FRBRExpression><FRBRthis value={quoteattr(own + '/!main')}/><FRBRuri value={quoteattr(own)}/>",
            f'<FRBRdate date="{version}" name="version"/>{author}<FRBRlanguage language="zho"/></FRBRExpression>',
            f"<FRBRManifestation><FRBRthis value={quoteattr(own + '/!main.xml')}/>",
            f"<FRBRuri value={quoteattr(own + '.akn')}/>",
            f'<FRBRdate date="{version}" name="version"/><FRBRauthor href="#yilun"/></FRBRManifestation>',
            "</identification>",
            f'<lifecycle source="#yilun">{"".join(events)}</lifecycle>',
            _temporal(validity.begins is not None, validity.ends is not None),
            '<references source="#yilun">',
            f'<original eId="original" href={quoteattr(own)} showAs={quoteattr(expression.title)}/>',
            '<TLCOrganization eId="yilun" href="/akn/ontology/organization/yilun" showAs="yilun"/>',
            '<TLCOrganization eId="issuer" href="/akn/ontology/organization/cn/issuer" '
            f"showAs={quoteattr(source.issuing_body or '未记录')}/>",
            '<TLCConcept eId="inForce" href="/akn/ontology/concept/in-force" showAs="施行"/>',
            "</references>",
            f'<notes source="#yilun"><note><p>{escape(expression.validity_note or "—")}</p></note></notes>',
            "</meta>",
        ]
    )


def _temporal(begins: bool, ends: bool) -> str:
    """The interval in which the text is law; none where its beginning is not known."""
    if not begins:
        return ""
    until = ' end="#ends"' if ends else ""
    return (
        '<temporalData source="#yilun"><temporalGroup eId="inForceInterval">'
        f'<timeInterval start="#begins"{until} refersTo="#inForce"/></temporalGroup></temporalData>'
    )
