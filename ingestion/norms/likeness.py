"""Which duty a liability sanctions that cites no article: the one of the same law that its own words repeat.

违反本条例规定，未取得执业许可证擅自执业的 names no article, but one article says 不得 or 应当 of just that act.
A liability's condition is cut into acts; an act is compared with each duty of the same text: what is left
undone with what must be done, what is done with what must not. The words decide, and the party must agree;
where two articles are repeated alike, or only some of the words are, no tie is made.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from math import log
from typing import NamedTuple

from ingestion.norms.lexicon import Lexicon
from ingestion.norms.predicate import AUTHORITY
from kg.norm import BearerFrom, Modality, Norm

LEAST_LIKENESS = 0.65
"""The share of words that must be common; measured by reading pairs (docs/benchmarks.md, Norms)."""
_MARGIN = 0.15
"""By so much the best article must be more alike than any other one."""
_LEAST_WORDS = 4
"""So many pairs of characters must be common: 未备案 alone repeats nobody's duty."""

_LEAST_LITERAL = 6
"""An act of so many characters that stands in a duty word for word needs no further likeness."""


class Likeness(NamedTuple):
    """That an act in a liability's condition, `start` to `end` of the official text, breaks a duty."""

    duty: Norm
    liability: Norm
    start: int
    end: int
    score: float


@dataclass(frozen=True, slots=True)
class Act:
    """One act of a condition: whose, whether it is left undone, what.

    `content` are the words of what is done or left undone, with the circumstances; `clause` is without these.
    """

    start: int
    end: int
    subject: str
    undone: bool
    clause: str
    content: frozenset[str]
    words: str


_CLAUSE = re.compile(r"(?:(?!或者(?:未|不|拒)|、未)[^，；：。\n])+")
_LABEL = re.compile(r"^(?:或者|、|并|且|其中)*\s*(?:[（(][一二三四五六七八九十\d]+[)）]|\d+[.．、])?\s*")
_NO_ACT = re.compile(
    r"^(?:违反|有(?:下列|前款|上述|本条)|情节|造成|给[^，]{1,16}造成|构成|致使|导致|后果|逾期|拒不改正|尚不|尚未|属于|由|因)"
    r"|责令|罚款|没收|吊销|处分|赔偿|拘留|警告|通报|追究|处罚|徒刑|不予|撤销|批准权|之一"
)
_CIRCUMSTANCE = re.compile(
    r"(?:[内中时后前上间]|之日起.*|期限|(?:方式|手段))$|^(?:在|对|从事|因|自|向)[^，]*[^的]$"
)
_UNDONE = re.compile(
    r"""^(?P<subject>[^，]{0,40}?)
    (?P<no>未(?!成年|婚|满|达|来)|拒不|拒绝|没有|逾期不|不再?(?=按|依|服从|履行|遵守|执行|配合|建立|接受|及时|如实|承担|具备|向|提供|报告))
    """,
    re.VERBOSE,
)
_BARE = re.compile(
    r"依法|依照|按照|按(?=规定|要求)|根据|有关|相关|国家|规定的?|本(?:法|条例|办法|细则)|法律|(?:行政)?法规|要求|应当|必须"
    r"|不得|禁止|进行|擅自|以及|或者|并且|及其|其他|行为|情形|上述|前款|[和与及其的等将并]|[^\w]|\s"
)
_ANY_DUTY = re.compile(
    r"^(?:依法|应当|由其)*(?:承担|追究|负)[^，。；]{0,12}责任|赔偿|^(?:可以)?(?:不|免|从轻|减轻)"
)
_WITHIN_BEFORE = re.compile(r"[^，、；：\s](?<!或者)(?<!以及)$")
_WITHIN_AFTER = re.compile(r"(?!以及|或者)[^，、；。\s]")
_LACKING = re.compile(r"未(?:经|取得|依法取得|获得)")


class Place(NamedTuple):
    """A party, and where some words name it."""

    party: str
    start: int
    end: int


class Kinship:
    """Who is a kind of whom, and which parties some words name."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._wider = {party: frozenset(lexicon.kinds(party)) for party in lexicon.parties}
        self._party_of_word = lexicon.party_of_word
        words = sorted(self._party_of_word, key=len, reverse=True)
        # 提供者 is no 供者.
        self._words = re.compile("(?<!提)(?:" + ("|".join(map(re.escape, words)) or r"(?!)") + ")")

    def named(self, words: str) -> frozenset[str]:
        """The parties that words name, the longest names first."""
        return frozenset(self._party_of_word[match.group()] for match in self._words.finditer(words))

    def first(self, words: str, start: int, end: int) -> Place | None:
        """The first party named between two offsets, None if there is none."""
        match = self._words.search(words, start, end)
        return Place(self._party_of_word[match.group()], match.start(), match.end()) if match else None

    def akin(self, one: Collection[str], other: Collection[str]) -> bool:
        """Whether a party of the one is a kind of a party of the other, or the other way round."""
        return any(a in self._wider[b] or b in self._wider[a] for a in one for b in other)


def likenesses(norms: Sequence[Norm], cited: Collection[str], kinship: Kinship) -> Iterator[Likeness]:
    """The duties that liabilities of one text repeat, at most one for each act.

    `cited` are the ids of liabilities that name the article they sanction: the text has decided those. What
    any loss or crime leads to (承担民事责任, 追究刑事责任) sanctions no one duty, what is spared (不予处罚) none.
    """
    duties = [n for n in norms if n.modality in (Modality.OBLIGATION, Modality.PROHIBITION) and n.action]
    liabilities = [
        n
        for n in norms
        if n.modality is Modality.LIABILITY
        and n.id not in cited
        and n.action
        and not _ANY_DUTY.search(n.action.text)
    ]
    if not duties or not liabilities:
        return
    index = _Duties(duties, kinship)
    for liability in liabilities:
        for act in acts(liability):
            if found := index.broken_by(act, liability):
                yield Likeness(found[0], liability, act.start, act.end, found[1])


class _Duties:
    """The duties of a text by the pairs of characters in their words."""

    def __init__(self, duties: Sequence[Norm], kinship: Kinship) -> None:
        self._duties = duties
        self._kinship = kinship
        self._actions = [_pairs(d.action.text) if d.action else frozenset() for d in duties]
        self._words = [_pairs(" ".join(s.text for s in d.spans().values())) for d in duties]
        self._with: dict[str, list[int]] = defaultdict(list)
        for at, words in enumerate(self._words):
            for pair in words:
                self._with[pair].append(at)

    def _weight(self, pairs: Collection[str]) -> float:
        total = len(self._duties)
        return sum(log(1 + total / (1 + len(self._with.get(pair, ())))) for pair in pairs)

    def broken_by(self, act: Act, liability: Norm) -> tuple[Norm, float] | None:
        """The one duty that an act repeats, and how closely; None if there is none, or not just one."""
        shared = Counter(at for pair in act.content for at in self._with.get(pair, ()))
        best: dict[str, tuple[float, int]] = {}
        all_words = _pairs(act.words)
        for at, common in shared.items():
            duty = self._duties[at]
            literal = _repeats(act, duty)
            if common < _LEAST_WORDS and not literal:
                continue
            if not _opposed(act, duty) or not self._same_party(act, liability, duty):
                continue
            said = self._weight(act.content & self._words[at]) / self._weight(act.content)
            kept = self._weight(self._actions[at] & all_words) / max(self._weight(self._actions[at]), 1e-9)
            score = min(said, kept)
            if literal:  # of a duty that holds anywhere, the circumstances of the act take nothing away
                score = 1.0 if duty.condition is None else said
            article = article_of(duty)
            best[article] = max(best.get(article, (0.0, 0)), (score, -at))
        ranked = sorted(best.values(), reverse=True)
        if not ranked or ranked[0][0] < LEAST_LIKENESS:
            return None
        if len(ranked) > 1 and ranked[1][0] > ranked[0][0] - _MARGIN:
            return None
        return self._duties[-ranked[0][1]], round(ranked[0][0], 6)

    def _same_party(self, act: Act, liability: Norm, duty: Norm) -> bool:
        """Whether nothing speaks against the one who acts being the one who is bound."""
        if duty.bearer is None:
            return True
        bound = frozenset(duty.bearers) or self._kinship.named(duty.bearer.text)
        subject = act.subject
        if not subject and liability.bearer and liability.bearer_from is not BearerFrom.PARAGRAPH:
            subject = liability.bearer.text
        acting = self._kinship.named(subject)
        if acting and bound:
            return self._kinship.akin(acting, bound)
        if subject:
            return bool(_pairs(subject) & _pairs(duty.bearer.text))
        return not AUTHORITY.search(duty.bearer.text)


def _opposed(act: Act, duty: Norm) -> bool:
    """Whether such an act is the opposite of the duty: left undone what must be, or done what must not be."""
    assert duty.action is not None
    own = _UNDONE.match(duty.action.text)
    refuses = bool(own and not own["subject"])
    lacking = bool(duty.condition and _LACKING.search(duty.condition.text))
    if duty.modality is Modality.OBLIGATION:
        return act.undone and not refuses
    if lacking:
        return bool(_LACKING.search(act.words))
    return act.undone == refuses


def acts(liability: Norm) -> Iterator[Act]:
    """The acts that a liability's condition names, each cut out of the official text."""
    if liability.condition is None:
        return
    words, base = liability.condition.text, liability.condition.start
    begun: int | None = None
    for match in _CLAUSE.finditer(words):
        label = _LABEL.match(match.group())
        start = match.start() + (label.end() if label else 0)
        if words[match.start() - 1 : match.start()] != "，":
            begun = None
        clause = words[start : match.end()].rstrip()
        if not clause or _NO_ACT.search(clause):
            begun = None
            continue
        if _CIRCUMSTANCE.search(clause):
            begun = start if begun is None else begun
            continue
        first = start if begun is None else begun
        begun = None
        yield _act(words[first:start], clause, base + first)


def _act(circumstance: str, clause: str, start: int) -> Act:
    undone = _UNDONE.match(clause)
    done = clause[undone.end() if undone else 0 :].removesuffix("的")
    return Act(
        start,
        start + len(circumstance) + len(clause),
        undone["subject"] if undone else "",
        bool(undone),
        clause.removesuffix("的"),
        _pairs(circumstance + done),
        circumstance + clause,
    )


def _repeats(act: Act, duty: Norm) -> bool:
    """Whether the duty's action says just these words, as one of the things that it lists.

    阻碍医师依法执业 in 阻碍医师依法执业，干扰医师正常工作、生活.
    """
    assert duty.action is not None
    action, body = duty.action.text, act.clause
    at = action.find(body)
    return (
        at >= 0
        and len(body) >= _LEAST_LITERAL
        and not _WITHIN_BEFORE.search(action[:at])
        and not _WITHIN_AFTER.match(action[at + len(body) :])
    )


def _pairs(words: str) -> frozenset[str]:
    found: set[str] = set()
    for part in _BARE.sub("|", words).split("|"):
        found.update(part[at : at + 2] for at in range(len(part) - 1))
    return frozenset(found)


def article_of(norm: Norm) -> str:
    """The id of the article, or outermost point, that states a norm."""
    return "/".join(str(norm.provision).split("/")[:2])
