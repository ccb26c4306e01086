"""What a sentence turns round in an article that it otherwise repeats: modality, numbers, exceptions.

A sentence is compared with the clause of the article that it comes nearest to, and only where it repeats most of
that clause's telling words: in other words a thing can be said in many ways, and nothing is concluded from that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from itertools import pairwise

from evaluator.citation_outcome import Detail
from evaluator.citation_quote import arabic, plain


class Force(Enum):
    """The deontic force of a word."""

    MUST = auto()
    MAY = auto()
    MUST_NOT = auto()
    NEED_NOT = auto()


_CUES = (
    (Force.NEED_NOT, r"不必|无需|无须|不用|不需要?|可以不|可不|没有义务|不是必须|不要求"),
    (Force.MUST_NOT, r"不得|禁止|严禁|不准|不允许|不可以?|不许|不应当?|不能"),
    (
        Force.MUST,
        r"应当|必须|应该|须|(?<![供适反效响相对不照顺理])应(?![用急激对答聘邀付诊])|(?<!无|不)需要?(?!求)",
    ),
    (Force.MAY, r"可以|(?<![不许认])可(?![能以靠见疑是观])|允许|准许"),
)
_CUE = re.compile("|".join(f"(?P<{force.name}>{words})" for force, words in _CUES))
_OPPOSED = {
    frozenset({Force.MUST, Force.MAY}),
    frozenset({Force.MUST, Force.MUST_NOT}),
    frozenset({Force.MUST, Force.NEED_NOT}),
    frozenset({Force.MAY, Force.MUST_NOT}),
}
_ALMOST = 0.25
_CLAUSE = re.compile(r"[^,，;；。!！?？\n:：]+")
_QUANTITY = re.compile(
    r"(?P<number>\d+)(?P<unit>个?工作日|[日天]|个?小时|个?月|周岁|年|万元|元|倍|%|份|次|名|人|周)"
)
_EXCEPTION = re.compile(
    r"除外|除[^,，;；。]{1,60}外|但是?[,，]?[^。;；]{0,40}(?:除外|不受|不适用|可以|无需|不承担)|(?:法律|行政法规|另有|本法)[^,，。]{0,12}另有[^,，。]{0,6}规定"
)
_ABSOLUTE = re.compile(
    r"一律|任何情况下?|没有(?:任何)?例外|无(?:任何)?例外|不存在例外|绝对|无论如何|概不|毫无例外|任何情形|不论什么(?:情况|原因)|无论什么(?:情况|原因)|都没有例外|并无例外|在任何"
)
_MENTIONS_EXCEPTION = re.compile(r"除非|除外|除了|除[^,，。]{1,30}外|但是|但书|另有规定|不过")


@dataclass(frozen=True, slots=True)
class Turned:
    """One thing said otherwise: the fault, and both wordings for the reader."""

    detail: Detail
    official: str
    said: str

    def zh(self) -> str:
        """The fault in words."""
        match self.detail:
            case Detail.MODALITY_FLIP:
                return f"条文用“{self.official}”，文中说“{self.said}”"
            case Detail.NUMBER_CHANGED:
                return f"条文写“{self.official}”，文中说“{self.said}”"
            case _:
                return f"条文有例外“{self.official}”，文中说“{self.said}”"


def turned(claim: str, official: str, *, near: float) -> list[Turned]:
    """What a claim turns round in an official text.

    `near` is the share of a clause's pairs of characters that must be found in one clause of the text for the two
    to be compared at all.
    """
    clauses = list(_clauses(official))
    found: list[Turned] = []
    for said in _clauses(claim):
        partners = _partners(said, clauses, near)
        if partners:
            found += _modality(said, partners)
            found += _numbers(said, partners[0], official)
    if exception := _dropped(claim, official):
        found.append(exception)
    return list(dict.fromkeys(found))


def _clauses(text: str) -> Iterator[str]:
    for match in _CLAUSE.finditer(text):
        if len(clause := match[0].strip()) >= 4:
            yield clause


def _pairs(text: str) -> frozenset[str]:
    bare = _CUE.sub("|", re.sub(r"\d+", "#", arabic(text)))
    return frozenset(a + b for a, b in pairwise(bare) if "|" not in (a, b) and "#" not in (a, b))


def _partners(said: str, clauses: list[str], near: float) -> list[str]:
    """The clauses that a clause repeats, the nearest first, with those that come almost as near."""
    pairs = _pairs(said)
    if len(pairs) < 4:
        return []
    shares = sorted(((-len(pairs & _pairs(c)) / len(pairs), i) for i, c in enumerate(clauses)))
    if not shares or -shares[0][0] < near:
        return []
    return [clauses[i] for share, i in shares if -share >= near - _ALMOST]


def _force(clause: str) -> tuple[Force, str] | None:
    """The one force that a clause has; None where it has none or several."""
    cues = [(Force[m.lastgroup or ""], m[0]) for m in _CUE.finditer(clause)]
    return cues[0] if len({force for force, _ in cues}) == 1 else None


def _modality(said: str, partners: list[str]) -> Iterator[Turned]:
    mine = _force(said)
    forces = [_force(partner) for partner in partners]
    theirs = forces[0]
    if mine is None or theirs is None or frozenset({mine[0], theirs[0]}) not in _OPPOSED:
        return
    if all(force and force[0] is not mine[0] for force in forces):
        yield Turned(Detail.MODALITY_FLIP, theirs[1], mine[1])


def _numbers(said: str, partner: str, official: str) -> Iterator[Turned]:
    mine = _quantities(said)
    theirs = _quantities(partner)
    everywhere = set(_quantities(official))
    if len(mine) != 1 or len(theirs) != 1:
        return
    (number, unit), (right, same) = mine[0], theirs[0]
    if unit == same and number != right and (number, unit) not in everywhere:
        yield Turned(Detail.NUMBER_CHANGED, f"{right}{unit}", f"{number}{unit}")


def _quantities(text: str) -> list[tuple[str, str]]:
    unit = {"天": "日", "个工作日": "工作日", "个小时": "小时", "个月": "月"}
    return [(m["number"], unit.get(m["unit"], m["unit"])) for m in _QUANTITY.finditer(arabic(text))]


def _dropped(claim: str, official: str) -> Turned | None:
    exception = _EXCEPTION.search(official)
    absolute = _ABSOLUTE.search(claim)
    if not exception or not absolute or _MENTIONS_EXCEPTION.search(claim):
        return None
    return Turned(Detail.DROPPED_EXCEPTION, exception[0], absolute[0])


def quotation_flips(official: str, quoted: str) -> bool:
    """Whether the difference of two wordings is one of modality: 应当 for 可以."""
    mine, theirs = _force(plain(quoted)), _force(plain(official))
    return bool(mine and theirs and mine[0] is not theirs[0])
