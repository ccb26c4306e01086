"""Norms: what a provision demands, forbids, allows or declares, of whom, when, and with which words.

Every part of a norm is a span of code points in the official text of its expression, so a part can always
be cut out again and quoted. A part that the text leaves to the context (an elided bearer) has the span of
the words that it was taken from, and says where those stand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from kg.identity import ProvisionId
from kg.schema import RelationType


class Modality(StrEnum):
    """What kind of norm a sentence states."""

    OBLIGATION = "obligation"
    PROHIBITION = "prohibition"
    PERMISSION = "permission"
    RIGHT = "right"
    POWER = "power"
    LIABILITY = "liability"
    DEFINITION = "definition"
    PURPOSE = "purpose"
    DELEGATION = "delegation"
    DECLARATION = "declaration"

    @property
    def zh(self) -> str:
        """The Chinese word shown to readers."""
        return _MODALITY_WORDS[self]

    @property
    def is_deontic(self) -> bool:
        """Whether such a norm binds, frees or threatens somebody, so that conduct can be measured by it."""
        return self in _DEONTIC


_MODALITY_WORDS = {
    Modality.OBLIGATION: "义务",
    Modality.PROHIBITION: "禁止",
    Modality.PERMISSION: "许可",
    Modality.RIGHT: "权利",
    Modality.POWER: "职权",
    Modality.LIABILITY: "责任",
    Modality.DEFINITION: "定义",
    Modality.PURPOSE: "宗旨",
    Modality.DELEGATION: "授权",
    Modality.DECLARATION: "宣示",
}
_DEONTIC = frozenset(
    {
        Modality.OBLIGATION,
        Modality.PROHIBITION,
        Modality.PERMISSION,
        Modality.RIGHT,
        Modality.POWER,
        Modality.LIABILITY,
    }
)


class Role(StrEnum):
    """The parts of a norm that are words of the text; the value is the field's name in contracts."""

    CUE = "cue"
    BEARER = "bearer"
    COUNTERPARTY = "counterparty"
    ACTION = "action"
    CONDITION = "condition"
    EXCEPTION = "exception"
    SANCTION = "sanction"

    @property
    def zh(self) -> str:
        """The Chinese word shown to readers."""
        return _ROLE_WORDS[self]


_ROLE_WORDS = {
    Role.CUE: "规范词",
    Role.BEARER: "承担者",
    Role.COUNTERPARTY: "相对人",
    Role.ACTION: "行为",
    Role.CONDITION: "条件",
    Role.EXCEPTION: "例外",
    Role.SANCTION: "后果",
}


class Method(StrEnum):
    """Who says that this is the norm. No verdict rests on a norm of method `MODEL`."""

    RULE = "rule"
    MODEL = "model"
    EXPERT = "expert"

    @property
    def may_ground(self) -> bool:
        """Whether a verdict may rest on a norm so made: a model's proposal may not until an expert accepts it."""
        return self is not Method.MODEL


class TieMethod(StrEnum):
    """How it is known that a norm is tied to another node. A verdict rests on no likeness."""

    CITED = "cited"  # the text names it: an article, 前款, a term, the 但 of a proviso
    SEQUENCE = "sequence"  # a consequence that goes on from another in the same 款: 情节严重的，…
    GENERAL = "general"  # the consequence of breaking anything in the text: 违反本法规定，构成犯罪的，…
    LIKENESS = "likeness"  # the text names nothing, but repeats the words of the other

    @property
    def zh(self) -> str:
        """The Chinese word shown to readers."""
        return _TIE_WORDS[self]


_TIE_WORDS = {
    TieMethod.CITED: "条文指明",
    TieMethod.SEQUENCE: "同款后段",
    TieMethod.GENERAL: "全文通用",
    TieMethod.LIKENESS: "字词相合，非条文指明",
}


class BearerFrom(StrEnum):
    """Where the words of a bearer stand, seen from the norm."""

    WRITTEN = "written"  # in the norm's own clause
    SENTENCE = "sentence"  # in an earlier clause of the sentence
    LEAD_IN = "lead_in"  # in the lead-in of the list that the norm is an item of
    PARAGRAPH = "paragraph"  # in an earlier sentence of the 款
    ARTICLE = "article"  # in an earlier 款 of the article
    CHAPTER = "chapter"  # in the heading of a chapter or section, an earlier article of it, or the title
    NONE = "none"  # the norm has no bearer, or none could be found

    @property
    def is_elided(self) -> bool:
        """Whether the bearer is not written in the norm's own clause but was resolved from the context."""
        return self not in (BearerFrom.WRITTEN, BearerFrom.NONE)


class Span(NamedTuple):
    """Words of the official text: `official[start:end] == text`."""

    start: int
    end: int
    text: str

    @classmethod
    def cut(cls, official: str, start: int, end: int) -> Span:
        """The span between two offsets.

        >>> Span.cut("医师应当告知患者。", 0, 2)
        Span(start=0, end=2, text='医师')
        """
        return cls(start, end, official[start:end])


class Evidence(NamedTuple):
    """That a norm belongs to a principle or topic (`name`), how surely (0 to 1), and by which words."""

    name: str
    score: float
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Norm:
    """One norm of one provision; the id is the provision's with #n1, #n2 … in the order of the text.

    `provision` is the innermost 款, 项, 目 or point that states the norm. `bearers` and `counterparties` are
    the ids of the parties that the two parts name (several for 医疗机构及其医务人员). `confidence` is the
    share of such extractions that was right on the tuning set, not a probability of this one.
    """

    id: str
    provision: ProvisionId
    modality: Modality
    cue: Span | None = None
    bearer: Span | None = None
    counterparty: Span | None = None
    action: Span | None = None
    condition: Span | None = None
    exception: Span | None = None
    sanction: Span | None = None
    bearer_from: BearerFrom = BearerFrom.NONE
    bearers: tuple[str, ...] = ()
    counterparties: tuple[str, ...] = ()
    topics: tuple[Evidence, ...] = ()
    principles: tuple[Evidence, ...] = ()
    method: Method = Method.RULE
    confidence: float = 0.0

    @property
    def bearer_elided(self) -> bool:
        """Whether the bearer was resolved from the context."""
        return self.bearer_from.is_elided

    def spans(self) -> dict[Role, Span]:
        """The parts that the norm has, in the order of `Role`."""
        found = ((role, getattr(self, role.value)) for role in Role)
        return {role: span for role, span in found if span is not None}


@dataclass(frozen=True, slots=True)
class NormLink:
    """That a norm is tied to another node, and the words that tie them (offsets in the norm's official text).

    SANCTIONED_BY goes from the duty (norm, else provision) to the liability, from a liability to the one that
    goes on from it or that it refers to, and from a whole text to the consequence of breaking anything in it;
    EXCEPTS from the exception to what it restricts; DEFINES from a definition to its term; IMPLEMENTS from the
    implementing text or provision to the provision that delegates. `confidence` is 1 where the text itself
    makes the tie, and the share of common words where likeness does: no probability.
    """

    type: RelationType
    source: str
    target: str
    evidence: str
    start: int
    end: int
    method: TieMethod = TieMethod.CITED
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class Party:
    """An addressee of norms. `broader` are the ids of the parties that it is a kind of; `words` its surface forms."""

    id: str
    broader: tuple[str, ...]
    words: tuple[str, ...]
    note: str


def kinds_of(party: str, parties: Mapping[str, Party]) -> frozenset[str]:
    """A party and everything that it is a kind of, as far as the parties are listed.

    >>> nurse = Party("护士", ("医务人员",), ("护士",), "")
    >>> sorted(kinds_of("护士", {"护士": nurse, "医务人员": Party("医务人员", (), (), "")}))
    ['医务人员', '护士']
    """
    found, waiting = {party}, [party]
    while waiting:
        listed = parties.get(waiting.pop())
        wider = [one for one in (listed.broader if listed else ()) if one in parties and one not in found]
        found.update(wider)
        waiting += wider
    return frozenset(found)


@dataclass(frozen=True, slots=True)
class Principle:
    """An ethical principle that norms embody: definition in own words, the declarations it comes from."""

    id: str
    name: str
    definition: str
    sources: tuple[str, ...]
    note: str


# -- rows ----------------------------------------------------------------------------------------------


def norm_row(norm: Norm) -> dict[str, Any]:
    """A norm as one JSON row; absent parts are left out, spans are [start, end, text]."""
    return {
        "id": norm.id,
        "provision": str(norm.provision),
        "modality": norm.modality.value,
        "spans": {role.value: list(span) for role, span in norm.spans().items()},
        "bearer_from": norm.bearer_from.value,
        "bearers": list(norm.bearers),
        "counterparties": list(norm.counterparties),
        "topics": [[e.name, e.score, list(e.words)] for e in norm.topics],
        "principles": [[e.name, e.score, list(e.words)] for e in norm.principles],
        "method": norm.method.value,
        "confidence": norm.confidence,
    }


def norm_from_row(row: Mapping[str, Any]) -> Norm:
    """The inverse of `norm_row`."""
    spans = {role: Span(*value) for role, value in row["spans"].items()}
    return Norm(
        id=row["id"],
        provision=ProvisionId.parse(row["provision"]),
        modality=Modality(row["modality"]),
        **spans,
        bearer_from=BearerFrom(row["bearer_from"]),
        bearers=tuple(row["bearers"]),
        counterparties=tuple(row["counterparties"]),
        topics=tuple(_evidence(value) for value in row["topics"]),
        principles=tuple(_evidence(value) for value in row["principles"]),
        method=Method(row["method"]),
        confidence=row["confidence"],
    )


def _evidence(value: tuple[str, float, list[str]]) -> Evidence:
    name, score, words = value
    return Evidence(name, score, tuple(words))


def link_row(link: NormLink) -> dict[str, Any]:
    """A link as one JSON row."""
    return {
        "type": link.type.value, "source": link.source, "target": link.target,
        "evidence": link.evidence, "start": link.start, "end": link.end,
        "method": link.method.value, "confidence": link.confidence,
    }  # fmt: skip


def link_from_row(row: Mapping[str, Any]) -> NormLink:
    """The inverse of `link_row`; builds from before the method was recorded tied only what the text names."""
    return NormLink(
        RelationType(row["type"]), row["source"], row["target"], row["evidence"], row["start"], row["end"],
        TieMethod(row.get("method", "cited")), row.get("confidence", 1.0),
    )  # fmt: skip


def party_row(party: Party) -> dict[str, Any]:
    """A party as one JSON row."""
    return {"id": party.id, "broader": list(party.broader), "words": list(party.words), "note": party.note}


def party_from_row(row: Mapping[str, Any]) -> Party:
    """The inverse of `party_row`."""
    return Party(row["id"], tuple(row["broader"]), tuple(row["words"]), row["note"])


def principle_row(principle: Principle) -> dict[str, Any]:
    """A principle as one JSON row."""
    return {
        "id": principle.id, "name": principle.name, "definition": principle.definition,
        "sources": list(principle.sources), "note": principle.note,
    }  # fmt: skip


def principle_from_row(row: Mapping[str, Any]) -> Principle:
    """The inverse of `principle_row`."""
    return Principle(row["id"], row["name"], row["definition"], tuple(row["sources"]), row["note"])


def norms_file(text_file: str) -> str:
    """The build file that holds the norms of the text in `text_file`; one each, so that one can be read alone."""
    return "norms/" + text_file.removeprefix("texts/").removesuffix(".json") + ".jsonl"
