"""What a sentence attributes to the clause it cites, held against that clause: the deontic word.

The citation checker compares actions clause by clause and says nothing where little is shared. A guardian may
look wider: the words on both sides of a deontic word are laid over the words around each deontic word of the
cited article. Only where one place of the article is clearly meant is its word compared.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto
from itertools import pairwise

from evaluator.citation_quote import plain


class _Force(Enum):
    MUST = auto()
    MAY = auto()
    MUST_NOT = auto()
    NEED_NOT = auto()
    ENTITLED = auto()
    NOT_ENTITLED = auto()


_CUES = (
    (_Force.NEED_NOT, r"不必|无需|无须|不用|不需要?|可以不|可不|没有义务|不要求"),
    (_Force.NOT_ENTITLED, r"无权|没有权利|不享有|不能要求"),
    (_Force.MUST_NOT, r"不得|禁止|严禁|不准|不允许|不可以|不许|不应当?|不能"),
    (_Force.ENTITLED, r"(?<![没无侵职授])有权|享有"),
    (_Force.MUST, r"应当|必须|应该|须(?!知)|(?<![供适反效响相对不照顺理])应(?![用急激对答聘邀付诊])"),
    (_Force.MAY, r"(?<!不)可以|(?<!不)允许|(?<!不)准许"),
)
_CUE = re.compile("|".join(f"(?P<{force.name}>{words})" for force, words in _CUES))
_OPPOSED = {
    frozenset({_Force.MUST, _Force.MAY}),
    frozenset({_Force.MUST, _Force.MUST_NOT}),
    frozenset({_Force.MUST, _Force.NEED_NOT}),
    frozenset({_Force.MAY, _Force.MUST_NOT}),
    frozenset({_Force.ENTITLED, _Force.NOT_ENTITLED}),
    frozenset({_Force.ENTITLED, _Force.MUST_NOT}),
    frozenset({_Force.MAY, _Force.NOT_ENTITLED}),
}
_BEFORE, _AFTER, _WIDE = 14, 14, 30
_LEAST_PHRASE, _LONGEST_PHRASE = 2, 5
_DESCRIBES = ("不能", "可", "享有")  # 不能取得患者意见的: a circumstance, no command
_NARRATES = ("允许", "准许")  # 第三十四条允许…: the article may say it with any word
_LEAST_PAIRS, _ALIKE, _CERTAIN, _RIVAL = 3, 0.5, 0.8, 0.6
_SENTENCE = re.compile(r"[^;；。!！?？\n]+")
_MARKS = re.compile(r"[^\w]+")


@dataclass(frozen=True, slots=True)
class Flipped:
    """A deontic word of the article and the opposite one that a sentence has in its place."""

    official: str
    said: str

    def zh(self) -> str:
        """The difference in words."""
        return f"条文在此处用“{self.official}”，文中说“{self.said}”"


@dataclass(frozen=True, slots=True)
class _Place:
    force: _Force
    word: str
    before: frozenset[str]
    after: frozenset[str]
    phrase: str


def flipped(said: str, official: str) -> Flipped | None:
    """The first deontic word that the article has, at the same place, with the opposite force.

    >>> flipped("受害人无权依法请求行为人承担民事责任", "对他人实施性骚扰的，受害人有权依法请求行为人承担民事责任。").said
    '无权'
    >>> flipped("医院应当说明病情", "医疗机构应当向患者说明病情。") is None
    True
    """
    theirs = [
        place
        for part in _SENTENCE.findall(official)
        for place in _places(part, _WIDE)
        if place.word not in _DESCRIBES
    ]
    for part in _SENTENCE.findall(said):
        for mine in _places(part, _AFTER):
            if found := _same_phrase(mine, theirs) or _opposed(mine, theirs):
                return found
    return None


def _same_phrase(mine: _Place, theirs: list[_Place]) -> Flipped | None:
    """The action word for word, under the opposite force and nowhere under this one."""
    if len(mine.phrase) < _LEAST_PHRASE:
        return None
    longest = _LEAST_PHRASE if mine.force is _Force.NOT_ENTITLED else _LONGEST_PHRASE
    same = [p for p in theirs if p.phrase.startswith(mine.phrase[:longest])]
    if any(frozenset({mine.force, p.force}) not in _OPPOSED for p in same):
        return None
    return Flipped(same[0].word, mine.word) if same else None


def _opposed(mine: _Place, theirs: list[_Place]) -> Flipped | None:
    if len(mine.after) < _LEAST_PAIRS or mine.word in _NARRATES:
        return None
    ranked = sorted(((_alike(mine, p), -i) for i, p in enumerate(theirs)), reverse=True)
    if not ranked:
        return None
    best, nearest = ranked[0][0], theirs[-ranked[0][1]]
    if (
        best < (_CERTAIN if mine.force is _Force.MUST else _ALIKE)
        or frozenset({mine.force, nearest.force}) not in _OPPOSED
    ):
        return None
    if any(p.force is mine.force and _alike(mine, p) >= _RIVAL * best for p in theirs):
        return None
    return Flipped(nearest.word, mine.word)


def _alike(mine: _Place, theirs: _Place) -> float:
    """The share of the words behind the deontic word, and half as much of those before it, that both have."""
    after = len(mine.after & theirs.after)
    before = len(mine.before & theirs.before)
    if after < 2:
        return 0.0
    return after / len(mine.after) + (0.5 * before / len(mine.before) if mine.before else 0.0)


def _places(sentence: str, most: int) -> list[_Place]:
    words = plain(sentence)
    cues = list(_CUE.finditer(words))
    found = []
    for cue in cues:
        after = _MARKS.sub("", words[cue.end() : cue.end() + most])
        phrase = _MARKS.split(words[cue.end() : cue.end() + most], maxsplit=1)[0]
        if cue[0] == "不能" and "的" in phrase:
            continue  # 有禁忌不能接种的: a circumstance, no command
        before = _MARKS.sub("", words[max(0, cue.start() - _BEFORE) : cue.start()])
        found.append(_Place(_Force[cue.lastgroup or ""], cue[0], _pairs(before), _pairs(after), phrase))
    return found


def _pairs(text: str) -> frozenset[str]:
    return frozenset(a + b for a, b in pairwise(text))
