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
from typing import NamedTuple

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
    (Force.MUST_NOT, r"不得|禁止|严禁|不准|不允许|不可以|不许|不应当?"),
    (Force.MUST, r"应当|必须|应该|须|(?<![供适反效响相对不照顺理])应(?![用急激对答聘邀付诊])"),
    (Force.MAY, r"可以|(?<!不)允许|(?<!不)准许"),
)
_CUE = re.compile("|".join(f"(?P<{force.name}>{words})" for force, words in _CUES))
_OPPOSED = {
    frozenset({Force.MUST, Force.MAY}): 0.75,
    frozenset({Force.MUST, Force.MUST_NOT}): 0.6,
    frozenset({Force.MUST, Force.NEED_NOT}): 0.6,
    frozenset({Force.MAY, Force.MUST_NOT}): 0.45,
}
"""How much of the shorter action two commands of opposite force must share to speak of the same thing."""
_NESTED_CUE = 4
_LETS = ("允许", "准许")
_ACTION, _LAW_ACTION = 16, 40
_LEAST_SHARED, _SAME_FORCE, _SAME_CLAUSE, _AHEAD = 2, 0.3, 0.5, 0.15
_CLAUSE = re.compile(r"[^,，;；。!！?？\n:：]+")
_SENTENCE = re.compile(r"[^;；。!！?？\n]+")
_ADDED = re.compile(r"除非[^,。;]{2,20}|但[^,。;]{1,20}除外|(?<![排解消免扣删])除[^,。;]{1,20}(?:以外|之外)")
_ANY_EXCEPTION = re.compile(r"(?<![排解消免扣删清拆切开])除|但|不适用|例外|另有")
_QUANTITY = re.compile(
    r"(?P<number>\d+)(?P<unit>个?工作日|[日天]|个?小时|个?月|周岁|年|万元|元|倍|%|份|次|名|人|周)"
)
_EXCEPTION = re.compile(
    r"除外|除[^,，;；。]{1,60}外|但是?[,，]?[^。;；]{0,40}(?:除外|不受|不适用|可以|无需|不承担)|也有[^,，。]{1,8}的|(?:法律|行政法规|另有|本法)[^,，。]{0,12}另有[^,，。]{0,6}规定"
)
_ABSOLUTE = re.compile(
    r"一律|任何情况下?|没有(?:任何)?例外|无(?:任何)?例外|不存在例外|绝对|无论如何|概不|毫无例外|任何情形|不论什么(?:情况|原因)|无论什么(?:情况|原因)|都没有例外|[都均并无]不?例外|在任何"
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
            case Detail.EXCEPTION_ADDED:
                return f"条文没有例外，文中说“{self.said}”"
            case Detail.NUMBER_CHANGED:
                return f"条文写“{self.official}”，文中说“{self.said}”"
            case _:
                return f"条文有例外“{self.official}”，文中说“{self.said}”"


def turned(claim: str, official: str) -> list[Turned]:
    """What a claim turns round in an official text; each thing once, in the order of the claim."""
    clauses = list(_parts(_CLAUSE, official))
    commands = [c for part in _parts(_SENTENCE, official) for c in _commands(part, _LAW_ACTION)]
    found: list[Turned] = []
    for said in _parts(_CLAUSE, claim):
        for mine in _commands(said, _ACTION):
            found += _modality(mine, commands)
        found += _numbers(said, clauses, official)
    if exception := _dropped(claim, official) or _added(claim, official):
        found.append(exception)
    return list(dict.fromkeys(found))


def _parts(pattern: re.Pattern[str], text: str) -> Iterator[str]:
    for match in pattern.finditer(text):
        if len(clause := match[0].strip()) >= 4:
            yield clause


def _pairs(text: str) -> frozenset[str]:
    return frozenset(a + b for a, b in pairwise(text))


class _Command(NamedTuple):
    """A word of deontic force with the action behind it, and the words before it, as pairs of characters."""

    force: Force
    word: str
    action: frozenset[str]
    before: frozenset[str]


def _commands(clause: str, most: int) -> list[_Command]:
    folded = plain(clause)
    cues = list(_CUE.finditer(folded))
    found = []
    for place, cue in enumerate(cues):
        stop = cues[place + 1].start() if place + 1 < len(cues) else len(folded)
        if place + 1 < len(cues) and stop - cue.end() <= _NESTED_CUE:
            stop = len(folded)  # 应当配备可以处理一般伤病事故的用品
        action = folded[cue.end() : min(stop, cue.end() + most)]
        if len(action) >= 2:
            force = Force[cue.lastgroup or ""]
            found.append(_Command(force, cue[0], _pairs(action), _pairs(folded[: cue.start()])))
    return found


def _alike(mine: _Command, theirs: _Command) -> float:
    """The share of the shorter action that the two have in common; 0 for fewer than two pairs."""
    shared = len(mine.action & theirs.action)
    least = min(len(mine.action), len(theirs.action))
    if shared < _LEAST_SHARED:
        return 0.0
    return shared / least if least else 0.0


def _modality(mine: _Command, commands: list[_Command]) -> Iterator[Turned]:
    """A command that the text gives with the opposite force, and nowhere with this one."""
    nearest = max(commands, key=lambda theirs: _alike(mine, theirs), default=None)
    if nearest is None or _alike(mine, nearest) < _OPPOSED.get(frozenset({mine.force, nearest.force}), 2.0):
        return
    if mine.word in _LETS and nearest.force is Force.MUST:
        return  # what must be done is allowed, too
    if any(c.force is mine.force and _alike(mine, c) >= _SAME_FORCE for c in commands):
        return
    yield Turned(Detail.MODALITY_FLIP, nearest.word, mine.word)


def _numbers(said: str, clauses: list[str], official: str) -> Iterator[Turned]:
    """A quantity that the text does not have, in a clause that repeats one of its clauses with another."""
    mine = _quantities(said)
    if not mine:
        return
    everywhere = set(_quantities(official))
    pairs = _numberless(said)
    ranked = sorted(((_common(pairs, c), -i) for i, c in enumerate(clauses)), reverse=True)
    for number, unit in mine:
        if (number, unit) not in everywhere and (penalty := _penalty(said, unit, everywhere)):
            yield Turned(Detail.NUMBER_CHANGED, f"{penalty}{unit}", f"{number}{unit}")
            continue
        if len(pairs) < 3 or not ranked or ranked[0][0] < _SAME_CLAUSE:
            continue
        theirs = [right for right, other in _quantities(clauses[-ranked[0][1]]) if other == unit]
        holding = max((c for c, i in ranked if (number, unit) in _quantities(clauses[-i])), default=0.0)
        if theirs and number not in theirs and ranked[0][0] - holding >= _AHEAD:
            yield Turned(Detail.NUMBER_CHANGED, f"{theirs[0]}{unit}", f"{number}{unit}")


def _common(pairs: frozenset[str], clause: str) -> float:
    return len(pairs & _numberless(clause)) / len(pairs) if pairs else 0.0


def _penalty(said: str, unit: str, everywhere: set[tuple[str, str]]) -> str:
    """The number that the text gives for a unit of penalty; a person's own facts do not come in these."""
    if unit != "倍" and not (unit == "年" and "徒刑" in said):
        return ""
    return next((number for number, other in sorted(everywhere) if other == unit), "")


def _numberless(clause: str) -> frozenset[str]:
    bare = re.sub(r"\d+", "#", arabic(clause))
    return frozenset(pair for pair in _pairs(bare) if "#" not in pair)


def _quantities(text: str) -> list[tuple[str, str]]:
    unit = {"天": "日", "个工作日": "工作日", "个小时": "小时", "个月": "月"}
    return [(m["number"], unit.get(m["unit"], m["unit"])) for m in _QUANTITY.finditer(arabic(text))]


def _added(claim: str, official: str) -> Turned | None:
    """An exception that the text does not have: 但医疗文书除外."""
    added = _ADDED.search(",".join(re.split("[,，]", claim)[:2]))
    if added is None or _ANY_EXCEPTION.search(official):
        return None
    return Turned(Detail.EXCEPTION_ADDED, "", added[0])


def _dropped(claim: str, official: str) -> Turned | None:
    exception = _EXCEPTION.search(official)
    absolute = _ABSOLUTE.search(claim)
    if not exception or not absolute or _MENTIONS_EXCEPTION.search(claim):
        return None
    return Turned(Detail.DROPPED_EXCEPTION, exception[0], absolute[0])


def quotation_flips(official: str, quoted: str) -> bool:
    """Whether the difference of two wordings is one of modality: 应当 for 可以."""
    mine = [Force[cue.lastgroup or ""] for cue in _CUE.finditer(plain(quoted))]
    theirs = [Force[cue.lastgroup or ""] for cue in _CUE.finditer(plain(official))]
    return mine != theirs
