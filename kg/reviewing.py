"""Reviews applied: a pure function of the norms of a text and of what experts said about them.

Two experts who disagree are both kept and both told; the machine's value stands until they agree or one
withdraws. A review whose words changed is stale: told, not applied, not dropped.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kg.identity import ProvisionId
from kg.norm import Method, Norm
from kg.problem import InputError, Problem, Severity
from kg.review import Act, Claim, Review, State, claim_of, norm_of, words_digest

if TYPE_CHECKING:
    from kg.build import Text


@dataclass(frozen=True)
class Reviewed:
    """The norms of all texts after the reviews, what became of each review, and what a lawyer should look at."""

    norms: Mapping[str, tuple[Norm, ...]]
    states: Mapping[str, State]
    problems: tuple[Problem, ...]


def latest(reviews: Sequence[Review], states: dict[str, State]) -> list[Review]:
    """The reviews that count: not withdrawn, and of each author the last word on each norm or fact.

    Those that do not are written into `states`.
    """
    by_id = {one.id: one for one in reviews}
    for one in reviews:
        if one.act is Act.WITHDRAW:
            withdrawn = by_id.get(one.target)
            own = withdrawn is not None and withdrawn.author == one.author
            states[one.id] = State.APPLIED if own else State.STALE
            if own:
                states[one.target] = State.WITHDRAWN
    last: dict[tuple[object, ...], Review] = {}
    for one in sorted(reviews, key=lambda r: r.time):
        if one.id in states:
            continue
        key = (one.author, *subject(one))
        if key in last:
            states[last[key].id] = State.SUPERSEDED
        last[key] = one
    return [one for one in reviews if one.id not in states]


def subject(one: Review) -> tuple[object, ...]:
    """What a review is about: the norm at a place of a provision, or a fact of a work."""
    claim = one.old if isinstance(one.old, Claim) else one.new
    return (one.target, one.field, claim.anchor if isinstance(claim, Claim) else None)


def apply_reviews(
    reviews: Sequence[Review],
    norms: Mapping[str, Sequence[Norm]],
    text_of: Callable[[str], Text | None],
) -> Reviewed:
    """The norms with the experts' word in place of the machine's, by text id; facts of the ledger are left alone.

    `text_of` gives the text of an expression id, None where the build does not hold it.
    """
    states: dict[str, State] = {}
    problems: list[Problem] = []
    touched: set[str] = set()
    changed = {key: list(group) for key, group in norms.items()}
    counting = [one for one in latest(reviews, states) if one.act is not Act.FACT]
    groups: dict[tuple[object, ...], list[Review]] = defaultdict(list)
    for one in counting:
        state = _standing(one, text_of)
        if state is None:
            groups[subject(one)].append(one)
            continue
        states[one.id] = state
        if state is State.STALE:
            problems.append(
                _problem(one, "review_stale", "所审条款的文字已不同，审核没有应用；请对照现文重审")
            )
    for group in groups.values():
        if not agree(group):
            told = "；".join(f"{one.author} {one.act.zh}（{one.id}）" for one in group)
            for one in group:
                states[one.id] = State.CONFLICT
            problems.append(_problem(group[0], "review_conflict", f"{told}：意见不一，机器的结果暂时保留"))
            continue
        for one in group:
            states[one.id] = _apply(one, changed, text_of, problems)
            touched.add(str(ProvisionId.parse(one.target).expression))
    for key in touched:
        text = text_of(key)
        if text is not None:
            changed[key].sort(key=lambda norm, text=text: _order(text, norm))  # type: ignore[misc]  # text is bound
    return Reviewed(
        {key: tuple(group) for key, group in changed.items()},
        {one.id: states[one.id] for one in reviews if one.act is not Act.FACT and one.id in states},
        tuple(problems),
    )


def _standing(one: Review, text_of: Callable[[str], Text | None]) -> State | None:
    """Why a review cannot be applied; None if it can."""
    try:
        provision = ProvisionId.parse(one.target)
    except InputError:
        return State.STALE
    text = text_of(str(provision.expression))
    if text is None:
        return State.NOT_HELD
    found = text.find(provision.steps)
    if found is None or words_digest(text, found) != one.sha256:
        return State.STALE
    return None


def agree(group: Sequence[Review]) -> bool:
    """Whether reviews of one norm or fact, each its author's last word, say the same."""
    first = group[0]
    return all(_result_same(first, other) for other in group[1:])


def _result_same(a: Review, b: Review) -> bool:
    left, right = _result(a), _result(b)
    if isinstance(left, Claim) and isinstance(right, Claim):
        return left.says_the_same(right)
    return left == right


def _result(one: Review) -> Claim | str | None:
    """What should stand there: the accepted or the new value, None after a rejection."""
    return None if one.act is Act.REJECT else one.old if one.act is Act.ACCEPT else one.new


def _apply(
    one: Review, changed: dict[str, list[Norm]], text_of: Callable[[str], Text | None], problems: list[Problem]
) -> State:  # fmt: skip
    provision = ProvisionId.parse(one.target)
    expression = str(provision.expression)
    text = text_of(expression)
    assert text is not None
    group = changed.setdefault(expression, [])
    at = _find(one, text, provision, group)
    wanted = _result(one)
    if wanted is None:
        if at is not None:
            del group[at]
        return State.APPLIED
    assert isinstance(wanted, Claim)
    if at is not None and claim_of(text, group[at]).says_the_same(wanted):
        group[at] = replace(group[at], method=Method.EXPERT, confidence=1.0)
        return State.APPLIED
    identifier = group[at].id if at is not None else f"{provision}#r{one.id[:8]}"
    norm = norm_of(text, provision, wanted, identifier, group[at] if at is not None else None)
    if norm is None:
        problems.append(
            _problem(one, "review_stale", "审核引用的字词（如上文中的主体）已不在原处，没有应用；请重审")
        )
        return State.STALE
    if at is None:
        group.append(norm)
    else:
        group[at] = norm
    return State.APPLIED


def _find(one: Review, text: Text, provision: ProvisionId, group: Sequence[Norm]) -> int | None:
    """Where the reviewed norm is: the one that says the same, else the one with cue and action at the same place.

    What an expert adds stands beside the others, unless the machine has come to say the same.
    """
    own = [(i, claim_of(text, norm)) for i, norm in enumerate(group) if norm.provision == provision]
    for claim in (one.old, one.new):
        if isinstance(claim, Claim):
            for same in (Claim.says_the_same, *([] if one.act is Act.ADD else [_same_anchor])):
                for i, found in own:
                    if same(found, claim):
                        return i
    return None


def _same_anchor(a: Claim, b: Claim) -> bool:
    return a.anchor == b.anchor


def _order(text: Text, norm: Norm) -> tuple[int, int, str]:
    """In the order of the text: by provision, then by where the cue or the action begins."""
    found = text.find(norm.provision.steps)
    at = norm.cue or norm.action
    return (text.index(found) if found else 0, at.start if at else 0, norm.id)


def _problem(one: Review, code: str, text: str) -> Problem:
    return Problem(
        Severity.WARNING, code, one.target, f"{one.author} {one.time.date()} 的审核 {one.id}：{text}"
    )
