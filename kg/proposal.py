"""Norms that a language model proposes: kept apart from norms, until an expert accepts one by a review.

No build reads proposals. Accepting one writes a review that adds the norm; the next build then has it with an
expert's method. A proposal is bound to the words of a provision, as a review is.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from kg.append_log import append_rows, replay
from kg.home import Home
from kg.norm import Method
from kg.problem import InputError
from kg.review import Act, Claim, Review, claim_from_row, claim_row, review, words_digest

if TYPE_CHECKING:
    from kg.build import Text
    from kg.model import Provision

MARK = "proposal:"
"""How the id of a proposal begins."""


class Standing(StrEnum):
    """What became of a proposal."""

    PROPOSED = "proposed"
    ACCEPTED = "accepted"  # an expert's review adds the norm
    REJECTED = "rejected"

    @property
    def zh(self) -> str:
        """The word shown to readers."""
        return {"proposed": "待审", "accepted": "已认可", "rejected": "已否定"}[self.value]


@dataclass(frozen=True, slots=True)
class Proposal:
    """A norm that a model says a provision states; every part stands word for word in the provision's words.

    `id` is the digest of provision, words, model and claim: the same proposal made twice is one.
    """

    id: str
    provision: str
    sha256: str
    model: str
    time: datetime
    claim: Claim

    @classmethod
    def make(cls, provision: str, sha256: str, *, model: str, time: datetime, claim: Claim) -> Proposal:
        """A proposal with its id."""
        return cls(_digest(provision, sha256, model, claim), provision, sha256, model, time, claim)


@dataclass(frozen=True, slots=True)
class Rejection:
    """That an expert will not have a proposal."""

    proposal: str
    author: str
    time: datetime
    reason: str


@dataclass(frozen=True)
class ProposalLog:
    """The proposals of a home, in a file that is only appended to."""

    path: Path

    @classmethod
    def of(cls, home: Home) -> Self:
        """The log of a home."""
        return cls(home.proposals / "norms.jsonl")

    def read(self) -> tuple[list[Proposal], list[Rejection]]:
        """Everything in the file, each proposal once; DamagedError names a line that is neither."""
        proposals: dict[str, Proposal] = {}
        rejections: list[Rejection] = []

        def take(row: dict[str, Any]) -> None:
            if "rejects" in row:
                rejections.append(_rejection(row))
            else:
                one = proposal_from_row(row)
                proposals.setdefault(one.id, one)

        replay(self.path, take, what="建议")
        return list(proposals.values()), rejections

    def append(self, entries: Iterable[Proposal | Rejection]) -> None:
        """Add entries; they are on the disk when this returns."""
        append_rows(
            self.path,
            (proposal_row(one) if isinstance(one, Proposal) else _rejection_row(one) for one in entries),
        )


def standing(one: Proposal, rejections: Sequence[Rejection], reviews: Sequence[Review]) -> Standing:
    """What became of a proposal: the experts' reviews and rejections say."""
    if any(r.act is Act.ADD and r.target == one.provision and r.new == one.claim for r in reviews):
        return Standing.ACCEPTED
    if any(rejection.proposal == one.id for rejection in rejections):
        return Standing.REJECTED
    return Standing.PROPOSED


def acceptance(
    one: Proposal, text: Text, provision: Provision, *, author: str, time: datetime, reason: str
) -> Review:
    """The review by which an expert makes a proposal a norm; InputError if its words do not stand there now."""
    if words_digest(text, provision) != one.sha256 or not _stands(one.claim, text, provision):
        raise InputError(f"{one.id} 所据的条款文字已不同；请重新提出建议")
    told = f"{reason}（认可模型 {one.model} 的建议 {one.id}）"
    return review(Act.ADD, one.provision, one.sha256, author=author, time=time, reason=told, new=one.claim)


def _stands(claim: Claim, text: Text, provision: Provision) -> bool:
    words = text.words(provision)
    return all(part.start >= 0 and words[part.start : part.end] == part.text for _, part in claim.parts)


def find_proposal(proposals: Sequence[Proposal], identifier: str) -> Proposal:
    """The proposal with an id; InputError if there is none."""
    for one in proposals:
        if one.id == identifier:
            return one
    raise InputError(f"没有建议 {identifier}；yilun propose 列出全部")


def proposal_row(one: Proposal) -> dict[str, Any]:
    """A proposal as one JSON row; it says itself that it is none of the norms."""
    return {
        "id": one.id, "provision": one.provision, "sha256": one.sha256, "model": one.model,
        "time": one.time.isoformat(), "claim": claim_row(one.claim), "method": Method.MODEL.value,
    }  # fmt: skip


def proposal_from_row(row: Mapping[str, Any]) -> Proposal:
    """The inverse of `proposal_row`; KeyError, TypeError or ValueError if it is none, or was altered."""
    claim = claim_from_row(row["claim"])
    one = Proposal.make(
        str(row["provision"]), str(row["sha256"]), model=str(row["model"]),
        time=datetime.fromisoformat(row["time"]), claim=claim,
    )  # fmt: skip
    if one.id != row["id"]:
        raise ValueError("id is not that of the content")
    return one


def _digest(provision: str, sha256: str, model: str, claim: Claim) -> str:
    parts = [provision, sha256, model, claim_row(claim)]
    body = json.dumps(parts, ensure_ascii=False, sort_keys=True)
    return MARK + hashlib.sha256(body.encode()).hexdigest()[:16]


def _rejection_row(one: Rejection) -> dict[str, Any]:
    return {
        "rejects": one.proposal, "author": one.author, "time": one.time.isoformat(), "reason": one.reason,
    }  # fmt: skip


def _rejection(row: Mapping[str, Any]) -> Rejection:
    return Rejection(
        str(row["rejects"]), str(row["author"]), datetime.fromisoformat(row["time"]), str(row["reason"])
    )
