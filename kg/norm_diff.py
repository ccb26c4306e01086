"""Which norms came, went or changed between two texts, wherever their provisions stand now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kg.correspondence import Unit, Weights, correspond
from kg.diff import Change, ChangeKind, Diff
from kg.identity import ProvisionId
from kg.norm import Norm, Role
from kg.text import canonical

_SAME_NORM = 0.5
"""How similar the words of two norms must be for one to be the other, amended."""


@dataclass(frozen=True, slots=True)
class NormChange:
    """A norm that is not as it was; `old` is None if it is new, `new` if it is gone.

    `fields` are the parts that differ, by the names of `Role`, and modality, bearers, counterparties.
    """

    kind: ChangeKind
    old: Norm | None
    new: Norm | None
    fields: tuple[str, ...] = ()


def norm_changes(found: Diff, old: Sequence[Norm], new: Sequence[Norm]) -> tuple[NormChange, ...]:
    """The changes among the norms of what was changed, added or removed: those gone first, then those of the
    new text in its order.

    A norm that says the same in another place is no change: that its provision moved or was renumbered is told
    by the diff of the provisions. Norms of provisions with the same words are not looked at.
    """
    before = _norms_below(old, (c.old.id for c in found.changes if c.old and _new_words(c)))
    after = _norms_below(new, (c.new.id for c in found.changes if c.new and _new_words(c)))
    olds, news = ([Unit(norm.modality.value, _words(norm)) for norm in side] for side in (before, after))
    weights = Weights.of(unit.words for unit in (*olds, *news))
    matches = correspond(olds, news, weights, similar=_SAME_NORM, akin=_SAME_NORM)
    changes: list[NormChange] = []
    for match in matches:
        one, other = before[match.old], after[match.new]
        if fields := _differing(one, other):
            changes.append(NormChange(ChangeKind.CHANGED, one, other, fields))
    gone, come = {m.old for m in matches}, {m.new for m in matches}
    changes += [NormChange(ChangeKind.REMOVED, n, None) for i, n in enumerate(before) if i not in gone]
    changes += [NormChange(ChangeKind.ADDED, None, n) for j, n in enumerate(after) if j not in come]
    places = {norm.id: (1, at) for at, norm in enumerate(after)} | {
        norm.id: (0, at) for at, norm in enumerate(before)
    }
    return tuple(sorted(changes, key=lambda c: places[(c.new or c.old).id]))  # type: ignore[union-attr]  # one end exists


def _new_words(change: Change) -> bool:
    return not change.says_the_same


def _norms_below(norms: Sequence[Norm], provisions: Iterable[ProvisionId]) -> list[Norm]:
    wanted = {p.steps for p in provisions}
    return [n for n in norms if any(n.provision.steps[:depth] in wanted for depth in range(1, len(n.provision.steps) + 1))]  # fmt: skip


def _words(norm: Norm) -> str:
    """What a norm says, in one line; the same line is the same norm."""
    parts = norm.spans()
    said = [canonical(parts[role].text) if role in parts else "" for role in Role if role is not Role.CUE]
    return "|".join([norm.modality.value, *said])


def _differing(one: Norm, other: Norm) -> tuple[str, ...]:
    left, right = one.spans(), other.spans()
    fields = [] if one.modality is other.modality else ["modality"]
    for role in Role:
        a, b = (canonical(side[role].text) if role in side else None for side in (left, right))
        if a != b:
            fields.append(role.value)
    for name in ("bearers", "counterparties"):
        if getattr(one, name) != getattr(other, name):
            fields.append(name)
    return tuple(fields)
