"""What the review page shows, as values: norms that the rules are least sure of, what people said, where they differ."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import groupby

from app.marked_norms import MarkedNorm, marked_norm
from app.workbench.opinion import Opinion, standing
from kg.build import Build
from kg.norm import Method
from kg.review import Act, Claim, Judged, Review, State, claim_of, review_row
from kg.reviewing import agree, latest, subject
from kg.vocabulary import Status


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """What somebody said of a norm or a fact, and what became of it."""

    id: str
    act: str
    target: str
    author: str
    time: str
    reason: str
    state: str


@dataclass(frozen=True, slots=True)
class Agreement:
    """How often two or more people said the same of one norm or fact, by their last words."""

    shared: int
    agreed: int
    conflicts: tuple[str, ...]


@lru_cache(maxsize=2)
def _unsure(build: Build, day: date) -> tuple[tuple[float, str], ...]:
    """(confidence, norm id) of every norm in force on the day that measures conduct and came from the rules."""
    found = []
    for identifier, expression in build.expressions.items():
        if expression.validity.status(day) is Status.IN_FORCE:
            found += [
                (norm.confidence, norm.id)
                for norm in build.norms_of(identifier)
                if norm.method is Method.RULE and norm.modality.is_deontic
            ]
    return tuple(sorted(found))


def queue(
    build: Build,
    day: date,
    *,
    done: Collection[str],
    title: str = "",
    on: str = "",
    start: int = 0,
    count: int = 20,
) -> tuple[list[MarkedNorm], int]:
    """A page of the norms that wait, least sure first, and how many wait; the norms of `done` are left out.

    `on` names an article: all its norms wait then, whatever they measure and whoever read them.
    """
    names = [norm.id for norm in build.norms(on)] if on else [name for _, name in _unsure(build, day)]
    waiting = [name for name in names if name not in done and (not title or title in name.split("@")[0])]
    return [marked_norm(build, name) for name in waiting[start : start + count]], len(waiting)


def review_rows(reviews: Sequence[Review], judged: Sequence[Judged], *, author: str = "") -> list[ReviewRow]:
    """What was said, newest first, with its state in the build; what came after the build waits for the next."""
    states = {one.review.id: one.state for one in judged}
    rows = [
        ReviewRow(
            one.id, one.act.zh, one.target, one.author, one.time.isoformat(timespec="minutes"), one.reason,
            states[one.id].zh if one.id in states else "待下次构建",
        )
        for one in reviews
        if not author or one.author == author
    ]  # fmt: skip
    return sorted(rows, key=lambda row: row.time, reverse=True)


def opinion_rows(opinions: Sequence[Opinion], *, author: str = "") -> list[ReviewRow]:
    """What was said of glosses, cases, grades and answers, with whether it still counts."""
    counts = {one.id for one in standing(opinions)}
    return [
        ReviewRow(
            one.id, f"{one.matter.zh} {one.act.zh}", one.target, one.author, one.time.isoformat(timespec="minutes"),
            f"{one.reason}{f'（应为：{one.value}）' if one.value else ''}",
            "" if one.act is Act.WITHDRAW else "有效" if one.id in counts else "已被取代或撤回",
        )
        for one in opinions
        if not author or one.author == author
    ]  # fmt: skip


def agreement(reviews: Sequence[Review]) -> Agreement:
    """Where several people looked at one thing: how many such, how many agree, and which do not."""
    states: dict[str, State] = {}
    counted = sorted((one for one in latest(reviews, states) if one.act is not Act.WITHDRAW), key=_subject)
    shared = agreed = 0
    conflicts = []
    for _, group in groupby(counted, key=_subject):
        said = list(group)
        if len({one.author for one in said}) > 1:
            shared += 1
            if agree(said):
                agreed += 1
            else:
                conflicts.append(
                    f"{said[0].target}：{'；'.join(f'{one.author} {one.act.zh}' for one in said)}"
                )
    return Agreement(shared, agreed, tuple(conflicts))


def _subject(one: Review) -> str:
    return repr(subject(one))


def reviewed_norms(build: Build, reviews: Sequence[Review], *, author: str) -> frozenset[str]:
    """The norms of which one person has already said something: they leave that person's queue, nobody else's."""
    found: set[str] = set()
    withdrawn = {one.target for one in reviews if one.author == author and one.act is Act.WITHDRAW}
    for one in reviews:
        claim = one.old or one.new
        if one.author != author or one.id in withdrawn or not isinstance(claim, Claim):
            continue
        own = [norm for norm in build.norms(one.target) if str(norm.provision) == one.target]
        if own:
            text, _ = build.provision(one.target)
            found |= {norm.id for norm in own if claim_of(text, norm).anchor == claim.anchor}
    return frozenset(found)


def exported(reviews: Sequence[Review]) -> str:
    """All reviews as JSON Lines, as `yilun review export` writes them."""
    return "".join(json.dumps(review_row(one), ensure_ascii=False) + "\n" for one in reviews)
