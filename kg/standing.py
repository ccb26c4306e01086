"""What decides between two rules: the rank, maker and date of the texts they stand in, and which is narrower."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import pairwise

from kg.build import Build, Text
from kg.dates import Validity
from kg.identity import ProvisionId
from kg.norm import Norm, Role, kinds_of
from kg.renumbering import moves
from kg.text import canonical
from kg.vocabulary import Level


class Narrower(StrEnum):
    """Which of two rules is the special one."""

    FIRST = "first"
    SECOND = "second"
    NEITHER = "neither"  # they speak of the same persons under the same conditions
    UNKNOWN = "unknown"  # each is narrower in something, or nobody has said


@dataclass(frozen=True, slots=True)
class Standing:
    """A rule as a conflict sees it.

    `since` is the day from which the rule has had its present words; where the build holds no older text
    it may be older (`older_possible`). None where no text is dated.
    """

    id: str
    work: str
    title: str
    level: Level
    maker: str
    validity: Validity
    since: date | None
    older_possible: bool = False

    @property
    def name(self) -> str:
        """The rule in the words of a citation."""
        place = ProvisionId.parse(self.id).display() if "/" in self.id else ""
        return f"《{self.title}》{place}"

    @property
    def makers(self) -> frozenset[str]:
        """The bodies that made the text; administrative regulations are the State Council's by definition."""
        if self.level is Level.ADMINISTRATIVE_REGULATION:
            return frozenset({"国务院"})
        return frozenset(filter(None, re.split(r"[、，,]", self.maker)))

    def same_maker(self, other: Standing) -> bool:
        """Whether one body is known to have made both texts. A renamed ministry is not known to be the same."""
        return self.work == other.work or (bool(self.makers) and self.makers == other.makers)

    @property
    def territory(self) -> str:
        """The place that a local text is law for, empty if its maker does not say or it is national."""
        if self.level not in (Level.LOCAL_REGULATION, Level.LOCAL_GOVERNMENT_RULE):
            return ""
        found = _TERRITORY.match(self.maker) or _TERRITORY.match(self.title)
        return found["name"] if found else ""

    @property
    def may_derogate(self) -> bool:
        """Whether the text is of a kind that may depart from national law within its authorisation."""
        return bool(_DEROGATING.search(self.title)) and self.level is Level.LOCAL_REGULATION

    def newer_than(self, other: Standing) -> bool | None:
        """Whether these words are younger than the other's; None where the record does not tell."""
        if self.since is None or other.since is None or self.since == other.since:
            return None
        if self.since > other.since:
            return None if self.older_possible else True
        return None if other.older_possible else False


_TERRITORY = re.compile(r"(?P<name>[^、，省市州]{2,8}?(?:省|自治区|自治州|市))")
_DEROGATING = re.compile(r"经济特区|浦东新区|海南自由贸易港|自治条例|单行条例")


def standing(build: Build, provision: str) -> Standing:
    """The standing of a provision of a build; InputError if the build does not hold it."""
    text, found = build.provision(provision)
    expression = text.expression
    source = build.sources[expression.id.key]
    since, older_possible = _since(build, found.id)
    return Standing(
        id=str(found.id),
        work=source.key,
        title=expression.title,
        level=source.level,
        maker=source.issuing_body,
        validity=expression.validity,
        since=since,
        older_possible=older_possible,
    )


def _since(build: Build, provision: ProvisionId) -> tuple[date | None, bool]:
    """The date of the first text held that has these words, and whether they may be older still.

    A text that was amended carries the date of its latest amendment; what the amendment did not touch is as
    old as before.
    """
    held = [e for e in build.versions[provision.expression.key] if e.id.version]
    at = next((i for i, e in enumerate(held) if e.id == provision.expression), None)
    if at is None:
        return None, True
    words = _words(build.text(provision.expression), provision)
    steps = provision.steps[:1]
    for newer, older in pairwise(held[at:]):
        later, earlier = build.text(newer.id), build.text(older.id)
        before = moves(later, earlier).get(steps)
        article = earlier.find(before) if before else None
        if before is None or article is None:
            return newer.id.version, False
        if words not in {canonical(earlier.words(p)) for p in (article, *earlier.below(article))}:
            return newer.id.version, False
        steps = before
    return held[-1].id.version, _was_amended(build, held[-1].id.key, held[-1].id.version)


def _words(text: Text, provision: ProvisionId) -> str:
    found = text.find(provision.steps)
    return canonical(text.words(found)) if found else ""


def _was_amended(build: Build, key: str, oldest: date | None) -> bool:
    """Whether the oldest text held says under its title that it amends or consolidates an older one."""
    text = build.text(next(e.id for e in build.versions[key] if e.id.version == oldest))
    notes = next((text.official[p.start : p.end] for p in text.provisions if p.kind.value == "front"), "")
    return bool(re.search(r"修正|修订|修改|订", notes)) or len(set(re.findall(r"\d{4}年", notes))) > 1


def narrower(first: Norm, second: Norm, kinds: Mapping[str, Collection[str]]) -> Narrower:
    """Which of two norms is the special one: narrower in its bearer, its counterparty or its condition.

    `kinds` gives for each party the parties that it is a kind of (医师 → 医务人员). A norm that is narrower in
    one respect and wider in another is neither: `UNKNOWN`. A norm that has a condition is narrower than one
    that has none; two different conditions are not compared.
    """
    found = {
        _parties(first.bearers, second.bearers, kinds),
        _parties(first.counterparties, second.counterparties, kinds),
        _condition(first, second),
    }
    found.discard(Narrower.NEITHER)
    if not found:
        return Narrower.NEITHER
    return found.pop() if len(found) == 1 else Narrower.UNKNOWN


def suggested(build: Build, first: str, second: str) -> Narrower:
    """Which of two provisions the norms read out of them make the special one: a suggestion, not a finding.

    `UNKNOWN` unless all pairs of norms that bind, free or threaten somebody point the same way. The norms are
    read by rules and may be wrong: a lawyer decides whether to follow.
    """
    sides = [[n for n in build.norms(one) if n.modality.is_deontic] for one in (first, second)]
    kinds = {party: kinds_of(party, build.parties) - {party} for party in build.parties}
    found = {narrower(a, b, kinds) for a in sides[0] for b in sides[1]}
    return found.pop() if len(found) == 1 else Narrower.UNKNOWN


def _parties(
    first: tuple[str, ...], second: tuple[str, ...], kinds: Mapping[str, Collection[str]]
) -> Narrower:
    if set(first) == set(second):
        return Narrower.NEITHER
    if not first or not second:
        return Narrower.UNKNOWN if not first and not second else _one_sided(bool(first))
    inside = all(_is_kind(a, second, kinds) for a in first)
    outside = all(_is_kind(b, first, kinds) for b in second)
    if inside == outside:
        return Narrower.UNKNOWN
    return Narrower.FIRST if inside else Narrower.SECOND


def _one_sided(first_named: bool) -> Narrower:
    """A norm for named parties is narrower than one for everybody."""
    return Narrower.FIRST if first_named else Narrower.SECOND


def _is_kind(party: str, of: tuple[str, ...], kinds: Mapping[str, Collection[str]]) -> bool:
    return party in of or not set(of).isdisjoint(kinds.get(party, ()))


def _condition(first: Norm, second: Norm) -> Narrower:
    mine, other = (norm.spans().get(Role.CONDITION) for norm in (first, second))
    if mine and other:
        same = canonical(mine.text) == canonical(other.text)
        return Narrower.NEITHER if same else Narrower.UNKNOWN
    if not mine and not other:
        return Narrower.NEITHER
    return Narrower.FIRST if mine else Narrower.SECOND
