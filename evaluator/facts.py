"""What a scenario tells: who, what was done, what was left undone, how surely, with the words that say so.

The reading is by words and punctuation, so it is the same everywhere and each fact is a span of the text.
It is shallow: an actor that a clause leaves out is taken from the clauses before it and marked so.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

from evaluator.fact_words import FactWords, Mark


class FactKind(StrEnum):
    """What a clause of a scenario is, for the law."""

    CONDUCT = "conduct"
    OMISSION = "omission"
    SPEECH = "speech"  # somebody says it: evidence that it was said, not that it is so
    CIRCUMSTANCE = "circumstance"
    OUTCOME = "outcome"

    @property
    def zh(self) -> str:
        """The Chinese word shown to readers."""
        return _KIND_WORDS[self]


_KIND_WORDS = {
    FactKind.CONDUCT: "作为",
    FactKind.OMISSION: "未作为",
    FactKind.SPEECH: "言语",
    FactKind.CIRCUMSTANCE: "情况",
    FactKind.OUTCOME: "后果",
}


class Part(NamedTuple):
    """Words of the scenario: `text == scenario[start:end]`, in code points."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Actor:
    """A word that names somebody, and the parties that it may name."""

    part: Part
    parties: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fact:
    """One clause of the scenario.

    `actors` act in it; with `carried` they were named in an earlier clause. `marks` are the marks found in
    it. `hearsay`: told by somebody, not seen; `planned`: not done yet; `doubtful`: said to be unknown.
    """

    part: Part
    kind: FactKind
    sentence: int
    actors: tuple[Actor, ...]
    carried: bool
    marks: frozenset[Mark]
    negated: bool
    quoted: bool
    hearsay: bool
    planned: bool
    doubtful: bool

    @property
    def is_settled(self) -> bool:
        """Whether the text tells it as something that happened, so that a norm can be measured by it."""
        return not (self.hearsay or self.planned or self.doubtful or Mark.QUESTION in self.marks)


@dataclass(frozen=True, slots=True)
class Facts:
    """A scenario, read."""

    text: str
    sentences: tuple[Part, ...]
    facts: tuple[Fact, ...]
    actors: tuple[Actor, ...]
    vulnerabilities: tuple[Part, ...]
    dates: tuple[Part, ...]

    @property
    def parties(self) -> frozenset[str]:
        """Every party that a word of the scenario may name."""
        return frozenset(party for actor in self.actors for party in actor.parties)


_SENTENCE_END = re.compile(r"[。！？；\n]+[”」』）)]*")
_CLAUSE_END = re.compile(r"[，,：:。！？；\n]+[”」』）)]*|——|…+")
_MARKS = "，,：:。！？；、… \n"
_QUOTATION = re.compile(r"“[^”]*”|「[^」]*」")
_NUMERAL = r"[0-9０-９零〇一二两三四五六七八九十百]+"
_DATE = re.compile(
    rf"""
    \d{{4}}年(?:\d{{1,2}}月(?:\d{{1,2}}[日号])?)?      # 2024年3月5日
    | {_NUMERAL}月{_NUMERAL}[日号]                     # 三月五日
    | {_NUMERAL}(?:个)?(?:小时|分钟|天|日|周|星期|月|年|岁)(?:前|后|内|多|半)?   # 三天后, 五岁
    | (?:今|昨|前|当|次|第二)(?:天|日|晚|早|年)
    | (?:上|下|这|本)(?:周|个月|月|星期)[一二三四五六日天]?
    """,
    re.VERBOSE,
)


def read_facts(text: str, words: FactWords) -> Facts:
    """The facts of a scenario; every part is a span of `text`, and the facts are in its order."""
    quotations = [match.span() for match in _QUOTATION.finditer(text)]
    sentences = _cut(text, 0, len(text), _SENTENCE_END)
    facts: list[Fact] = []
    carried: tuple[Actor, ...] = ()
    for number, sentence in enumerate(sentences):
        speech_until = -1
        for part in _cut(text, sentence.start, sentence.end, _CLAUSE_END):
            named = _actors(part, words)
            # The mark after a quotation belongs to the clause that ends with it: “……不行”，
            end = part.start + len(part.text.rstrip(_MARKS))
            quoted = any(a <= part.start and end <= b for a, b in quotations)
            begun = any(part.start < a < end for a, b in quotations)
            fact = _fact(
                part, words, sentence=number, actors=named or carried, carried=not named,
                quoted=quoted, in_speech=part.start < speech_until, begun=begun,
            )  # fmt: skip
            facts.append(fact)
            # What follows 他说： up to the end of the quotation, or of the sentence, is what he said.
            if Mark.SPEECH in fact.marks and text[part.end - 1 : part.end] in "：:":
                speech_until = sentence.end
            if named and not quoted:
                carried = named[-1:]
    everyone = tuple(
        Actor(Part(*match.span(), match.group()), words.actors[match.group()])
        for match in words.actor_pattern.finditer(text)
    )
    vulnerable = words.mark_patterns.get(Mark.VULNERABILITY)
    return Facts(
        text=text,
        sentences=sentences,
        facts=tuple(facts),
        actors=everyone,
        vulnerabilities=tuple(Part(*m.span(), m.group()) for m in vulnerable.finditer(text))
        if vulnerable
        else (),
        dates=tuple(Part(*m.span(), m.group()) for m in _DATE.finditer(text)),
    )


def _cut(text: str, start: int, end: int, ends: re.Pattern[str]) -> tuple[Part, ...]:
    """The pieces of text[start:end], each with the mark that ends it, blank ones left out."""
    edges = [start, *(m.end() for m in ends.finditer(text, start, end)), end]
    return tuple(Part(a, b, text[a:b]) for a, b in pairwise(edges) if text[a:b].strip())


def _actors(part: Part, words: FactWords) -> tuple[Actor, ...]:
    return tuple(
        Actor(Part(part.start + m.start(), part.start + m.end(), m.group()), words.actors[m.group()])
        for m in words.actor_pattern.finditer(part.text)
    )


def _fact(
    part: Part,
    words: FactWords,
    *,
    sentence: int,
    actors: tuple[Actor, ...],
    carried: bool,
    quoted: bool,
    in_speech: bool,
    begun: bool,
) -> Fact:
    marks = {mark for mark, pattern in words.mark_patterns.items() if pattern.search(part.text)}
    negations = _negations(part.text, words)
    negated = negations % 2 == 1
    # 就说“这种病人我们管不了”: what is negated is within what is said.
    said = begun and Mark.SPEECH in marks and not _negations(part.text.split("“")[0].split("「")[0], words)
    if not negations:
        marks.discard(Mark.NEGATION)
    return Fact(
        part=part,
        kind=_kind(marks, negated, quoted or in_speech or said),
        sentence=sentence,
        actors=actors,
        carried=carried and bool(actors),
        marks=frozenset(marks),
        negated=negated,
        quoted=quoted,
        hearsay=Mark.HEARSAY in marks,
        planned=Mark.PLAN in marks and Mark.DONE not in marks,
        doubtful=Mark.DOUBT in marks,
    )


def _negations(text: str, words: FactWords) -> int:
    """How many words negate; those that only look like it are taken out first, a double one counts twice."""
    patterns = words.mark_patterns
    doubled = 0
    if pattern := patterns.get(Mark.DOUBLE_NEGATION):
        text, doubled = pattern.subn("　", text)
    if pattern := patterns.get(Mark.NOT_NEGATION):
        text = pattern.sub("　", text)
    found = patterns[Mark.NEGATION].findall(text) if Mark.NEGATION in patterns else []
    return 2 * doubled + min(len(found), 1)


def _kind(marks: set[Mark], negated: bool, spoken: bool) -> FactKind:
    if spoken:
        return FactKind.SPEECH
    if negated:
        return FactKind.OMISSION
    if Mark.SPEECH in marks and Mark.DONE not in marks:
        return FactKind.SPEECH
    if Mark.OUTCOME in marks and not marks & {Mark.CARE, Mark.PRESSURE}:
        return FactKind.OUTCOME
    if marks & {Mark.DONE, Mark.CARE, Mark.PRESSURE, Mark.REFUSAL}:
        return FactKind.CONDUCT
    return FactKind.CIRCUMSTANCE
