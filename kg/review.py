"""Experts' reviews: what somebody who knows the law says of an extracted norm or of a fact of the ledger.

A review is bound to words, not to a build: to a provision of a dated text and the digest of its words, and to
the norm as it was. Offsets are counted from the start of those words, so that they hold when the text around
them is read anew. Nothing here looks at a clock; a review carries the time that it was given.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from kg.identity import ProvisionId
from kg.model import Provision
from kg.norm import BearerFrom, Evidence, Method, Modality, Norm, Role, Span
from kg.problem import InputError

if TYPE_CHECKING:
    from kg.build import Text


class Act(StrEnum):
    """What a review does."""

    ACCEPT = "accept"  # the extracted norm is right as it is
    CORRECT = "correct"  # it should be `new` instead
    REJECT = "reject"  # the words state no such norm
    ADD = "add"  # the words state a norm that was not extracted
    FACT = "fact"  # a fact of the ledger should be `new`
    WITHDRAW = "withdraw"  # the author takes an own review back; `target` is its id

    @property
    def zh(self) -> str:
        """The word shown to readers."""
        return {
            "accept": "认可", "correct": "更正", "reject": "否定", "add": "补充", "fact": "更正台账",
            "withdraw": "撤回",
        }[self.value]  # fmt: skip


class State(StrEnum):
    """What became of a review in a build."""

    APPLIED = "applied"
    STALE = "stale"  # the words, or the old value, are not those that were reviewed
    CONFLICT = "conflict"  # another expert says otherwise; neither is applied
    SUPERSEDED = "superseded"  # the author said something later about the same norm
    WITHDRAWN = "withdrawn"
    NOT_HELD = "not_held"  # the build does not hold the text, or the work

    @property
    def zh(self) -> str:
        """The word shown to readers."""
        return {
            "applied": "已应用", "stale": "过时", "conflict": "有分歧", "superseded": "已被本人后来的审核取代",
            "withdrawn": "已撤回", "not_held": "本构建无其文本",
        }[self.value]  # fmt: skip


class Part(NamedTuple):
    """Words of a norm; offsets from the start of the provision's words, negative for what stands before."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Claim:
    """What a norm says, without what a build adds to it. `principles` and `topics` None: not spoken of."""

    modality: Modality
    parts: tuple[tuple[Role, Part], ...]
    bearer_from: BearerFrom = BearerFrom.NONE
    bearers: tuple[str, ...] = ()
    counterparties: tuple[str, ...] = ()
    principles: tuple[str, ...] | None = None
    topics: tuple[str, ...] | None = None

    @property
    def anchor(self) -> tuple[int, int]:
        """Where the cue and the action begin: the same norm, even if other parts were read differently."""
        found = dict(self.parts)
        return tuple(found[r].start if r in found else -(10**9) for r in (Role.CUE, Role.ACTION))  # type: ignore[return-value]  # two roles, two numbers

    def says_the_same(self, other: Claim) -> bool:
        """Whether two claims agree in everything that both speak of."""
        return (
            (self.modality, self.parts, self.bearers, self.counterparties)
            == (other.modality, other.parts, other.bearers, other.counterparties)
            and (None in (self.principles, other.principles) or self.principles == other.principles)
            and (None in (self.topics, other.topics) or self.topics == other.topics)
        )


@dataclass(frozen=True, slots=True)
class Review:
    """One line of a review file. `id` is the digest of everything else.

    `target` is a provision id, a ledger key for a fact, a review's id for a withdrawal. `sha256` is that of the
    provision's words, or of the fact's old value. `field` names the fact.
    """

    id: str
    act: Act
    target: str
    sha256: str
    author: str
    time: datetime
    reason: str
    old: Claim | str | None = None
    new: Claim | str | None = None
    field: str = ""


class Judged(NamedTuple):
    """A review and what became of it in a build."""

    review: Review
    state: State


def review(
    act: Act, target: str, sha256: str, *, author: str, time: datetime, reason: str,
    old: Claim | str | None = None, new: Claim | str | None = None, field: str = "",
) -> Review:  # fmt: skip
    """A new review with its id; InputError if something that it must have is missing."""
    needed = {Act.ACCEPT: "old", Act.REJECT: "old", Act.ADD: "new", Act.CORRECT: "old new", Act.FACT: "new"}
    given = {name for name, value in (("old", old), ("new", new)) if value is not None}
    missing = sorted(set(needed.get(act, "").split()) - given)
    missing += [
        name for name, value in (("author", author), ("reason", reason), ("target", target)) if not value.strip()
    ]  # fmt: skip
    if missing:
        raise InputError(f"审核（{act.zh}）缺少 {'、'.join(missing)}")
    if time.tzinfo is None:
        raise InputError("审核时间须带时区，应如 2026-11-22T09:30:00+08:00")
    draft = Review("", act, target, sha256, author, time, reason, old, new, field)
    return Review(_digest(draft), *(getattr(draft, f.name) for f in fields(Review)[1:]))


def _digest(unnamed: Review) -> str:
    row = {name: value for name, value in review_row(unnamed).items() if name != "id"}
    return hashlib.sha256(json.dumps(row, ensure_ascii=False, sort_keys=True).encode()).hexdigest()[:16]


# -- norms and claims ----------------------------------------------------------------------------------


def claim_of(text: Text, norm: Norm) -> Claim:
    """What an extracted norm says, counted from the words of its provision."""
    base = _base(text, norm.provision)
    return Claim(
        norm.modality,
        tuple((role, Part(s.start - base, s.end - base, s.text)) for role, s in norm.spans().items()),
        norm.bearer_from,
        norm.bearers,
        norm.counterparties,
        tuple(sorted(e.name for e in norm.principles)),
        tuple(sorted(e.name for e in norm.topics)),
    )


def norm_of(
    text: Text, provision: ProvisionId, claim: Claim, identifier: str, like: Norm | None
) -> Norm | None:
    """The norm that a claim states, with an expert's method; None if its words do not stand there.

    Principles and topics that the claim does not speak of are those of `like`.
    """
    base = _base(text, provision)
    spans: dict[str, Span] = {}
    for role, part in claim.parts:
        start, end = base + part.start, base + part.end
        if start < 0 or text.official[start:end] != part.text:
            return None
        spans[role.value] = Span(start, end, part.text)
    principles, topics = (
        tuple(Evidence(name, 1.0, ()) for name in said) if said is not None else (kept if like else ())
        for said, kept in (
            (claim.principles, like.principles if like else ()), (claim.topics, like.topics if like else ()),
        )
    )  # fmt: skip
    return Norm(
        id=identifier,
        provision=provision,
        modality=claim.modality,
        **spans,
        bearer_from=claim.bearer_from,
        bearers=claim.bearers,
        counterparties=claim.counterparties,
        topics=topics,
        principles=principles,
        method=Method.EXPERT,
        confidence=1.0,
    )


def words_digest(text: Text, provision: Provision) -> str:
    """The sha256 of a provision's words, as quotations have it."""
    return text.quote(provision).sha256


def _base(text: Text, provision: ProvisionId) -> int:
    found = text.find(provision.steps)
    if found is None:
        raise InputError(f"{text.expression.id} 中没有 {provision.display()}")
    return text.quote(found).start


# -- rows ----------------------------------------------------------------------------------------------


def review_row(one: Review) -> dict[str, Any]:
    """A review as one JSON row."""
    return {
        "id": one.id, "act": one.act.value, "target": one.target, "field": one.field, "sha256": one.sha256,
        "author": one.author, "time": one.time.isoformat(), "reason": one.reason,
        "old": _value_row(one.old), "new": _value_row(one.new),
    }  # fmt: skip


def review_from_row(row: Mapping[str, Any]) -> Review:
    """The inverse of `review_row`; KeyError, TypeError or ValueError if it is none, or was altered."""
    found = Review(
        row["id"], Act(row["act"]), str(row["target"]), str(row["sha256"]), str(row["author"]),
        datetime.fromisoformat(row["time"]), str(row["reason"]), _value(row["old"]), _value(row["new"]),
        str(row["field"]),
    )  # fmt: skip
    if found.time.tzinfo is None:
        raise ValueError("time without zone")
    if _digest(found) != found.id:
        raise ValueError("id is not that of the content")
    return found


def claim_row(claim: Claim) -> dict[str, Any]:
    """A claim as JSON; parts are [start, end, text] from the start of the provision's words."""
    return {
        "modality": claim.modality.value,
        "parts": {role.value: list(part) for role, part in claim.parts},
        "bearer_from": claim.bearer_from.value,
        "bearers": list(claim.bearers),
        "counterparties": list(claim.counterparties),
        "principles": None if claim.principles is None else list(claim.principles),
        "topics": None if claim.topics is None else list(claim.topics),
    }


def claim_from_row(row: Mapping[str, Any]) -> Claim:
    """The inverse of `claim_row`; what may be left out is modality alone not."""
    parts = row.get("parts") or {}
    return Claim(
        Modality(row["modality"]),
        tuple((role, Part(int(s), int(e), str(t))) for role in Role if role.value in parts for s, e, t in [parts[role.value]]),
        BearerFrom(row.get("bearer_from", "none")),
        tuple(row.get("bearers") or ()),
        tuple(row.get("counterparties") or ()),
        _names(row.get("principles")),
        _names(row.get("topics")),
    )  # fmt: skip


def _names(value: Any) -> tuple[str, ...] | None:
    return None if value is None else tuple(sorted(value))


def _value_row(value: Claim | str | None) -> Any:
    return claim_row(value) if isinstance(value, Claim) else value


def _value(value: Any) -> Claim | str | None:
    return claim_from_row(value) if isinstance(value, Mapping) else value
