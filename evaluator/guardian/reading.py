"""An answer as the graders read it: sentences with their cues, citations, and what they share with the question."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property, lru_cache
from itertools import pairwise

from evaluator.citation_check import CitationChecker
from evaluator.citation_modality import Turned, turned
from evaluator.citation_outcome import CheckedCitation, Detail, Outcome, Verified
from evaluator.guardian.assessment import Answer, Fault
from evaluator.guardian.attributed import flipped
from evaluator.guardian.cues import Cue, CueHit, Sentence, cue_hits, sentences
from evaluator.guardian.fit import Around, CitationFit, around
from evaluator.guardian.governing import Governing
from kg.build import Build

_HANZI = re.compile(r"[\u4e00-\u9fff]+")


@dataclass(frozen=True, slots=True)
class Citing:
    """A checked citation and what the guardian makes of it: a fault, or that it cannot be decided."""

    checked: CheckedCitation
    faults: tuple[Fault, ...]
    undecided: bool


@dataclass(frozen=True, slots=True)
class ReadSentence:
    """A sentence with what was found in it; shares are of its pairs of characters, from 0 to 1."""

    sentence: Sentence
    hits: tuple[CueHit, ...]
    citings: tuple[Citing, ...]
    of_query: float
    of_reference: float
    contradicts: tuple[Turned, ...]

    def has(self, cue: Cue) -> bool:
        """Whether the sentence has a cue of this kind."""
        return any(hit.cue is cue for hit in self.hits)


@dataclass(frozen=True, slots=True)
class Reading:
    """An answer, its sentences in order, and the clause that the reference was found to be."""

    answer: Answer
    sentences: tuple[ReadSentence, ...]
    governing: str | None

    @property
    def citings(self) -> tuple[Citing, ...]:
        """Every citation in order."""
        return tuple(citing for sentence in self.sentences for citing in sentence.citings)


class Reader:
    """Reads answers against one build; with a fit also where words and numbers decide nothing."""

    def __init__(self, build: Build, fit: CitationFit | None = None) -> None:
        self._build = build
        self._fit = fit
        self._checker = CitationChecker(build)
        self._governing = Governing(build)

    def read(self, answer: Answer) -> Reading:
        """The sentences of an answer with all that is found in each."""
        checked = self._checker.check(answer.response, as_of=answer.as_of)
        surroundings = around(answer.response, [c.span for c in checked])
        citings = [
            self._attributed(self._citing(c), words, answer)
            for c, words in zip(checked, surroundings, strict=True)
        ]
        governing = self._governing.find(answer.reference, answer.as_of) if answer.reference else None
        query, reference = _pairs(answer.query), _pairs(answer.reference)
        read = []
        for sentence in sentences(answer.response):
            own = _pairs(sentence.text)
            inside = tuple(c for c in citings if sentence.start <= c.checked.span[0] < sentence.end)
            if governing:
                inside = self._elsewhere(sentence, inside, governing)
            # A cited claim is compared with what it cites; only an uncited one speaks of the reference.
            against = turned(sentence.text, answer.reference) if answer.reference and not inside else []
            read.append(
                ReadSentence(
                    sentence, tuple(cue_hits(sentence.text)), inside, _share(own, query), _share(own, reference),
                    tuple(against),
                )
            )  # fmt: skip
        return Reading(answer, tuple(read), governing)

    def _citing(self, checked: CheckedCitation) -> Citing:
        if checked.outcome is Outcome.OUT_OF_CORPUS:
            if checked.title and self._is_replaced(checked.title, checked.as_of):
                return Citing(checked, (Fault.STALE_LAW,), undecided=False)
            unknown = (Fault.UNKNOWN_LAW,) if checked.title is None else ()
            return Citing(checked, unknown, undecided=True)
        if checked.outcome is Outcome.AMBIGUOUS:
            return Citing(checked, (), undecided=True)
        found = (_FAULTS[fault] for fault in checked.faults if fault in _FAULTS)
        return Citing(checked, tuple(dict.fromkeys(found)), undecided=False)

    def _attributed(self, citing: Citing, words: Around, answer: Answer) -> Citing:
        """What a citation that the checker lets pass says otherwise than its article, or of another one."""
        here = citing.checked.resolved
        if citing.faults or not here or not citing.checked.article:
            return citing
        article = governing_article(here)
        text, provision = self._build.provision(article)
        if turned_word := flipped(words.behind, text.words(provision)):
            note = replace(citing.checked, evidence=turned_word.zh())
            return Citing(note, (Fault.FLIPPED_MODALITY,), undecided=False)
        if self._fit is None or citing.checked.verified is Verified.QUOTATION:
            return citing
        probability = self._fit.misfit(article, words, answer.query, answer.response)
        if probability is None:
            return citing
        other = self._fit.likelier(article, words)
        better = f"，用词更近 {other}" if other else ""
        said = f"所述与所引条文不相称（模型判断，概率 {probability:.2f}）{better}"
        return Citing(replace(citing.checked, evidence=said), (Fault.WRONG_ARTICLE,), undecided=False)

    @cached_property
    def _successors(self) -> dict[str, list[str]]:
        """The works that replaced each title, by the title replaced."""
        found: dict[str, list[str]] = {}
        for source in self._build.sources.values():
            if source.successor:
                found.setdefault(source.title, []).append(source.successor.title)
            for former in source.former_titles:
                if former.relation == "replaced":
                    found.setdefault(former.title, []).append(source.title)
        return found

    def _is_replaced(self, title: str, as_of: date) -> bool:
        """Whether a work that took the place of this one applies on the day."""
        return any(self._build.in_force(key, as_of) for key in self._successors.get(title, ()))

    def _elsewhere(
        self, sentence: Sentence, citings: tuple[Citing, ...], governing: str
    ) -> tuple[Citing, ...]:
        """A sentence that tells the governing clause but cites another article, which says something else."""
        words = _LEAD.sub("", sentence.text)
        own = _pairs(words)
        home, cited = governing_article(governing), [c.checked.resolved or "" for c in citings]
        if len(own) < _LEAST_PAIRS or any(governing_article(identifier) == home for identifier in cited):
            return citings
        told = _share(own, self._words(home))
        found = []
        for citing in citings:
            here = citing.checked.resolved
            bare = here and not citing.faults and citing.checked.verified is Verified.EXISTENCE
            if (
                bare
                and told >= _TOLD
                and told - _share(own, self._words(governing_article(here or ""))) >= _AHEAD
            ):
                note = replace(citing.checked, evidence=f"句中所说见于 {home}，不见于所引的条文")
                citing = Citing(note, (Fault.WRONG_ARTICLE,), undecided=False)
            found.append(citing)
        return tuple(found)

    @lru_cache(maxsize=4096)  # noqa: B019 - a reader lives as long as its process needs it
    def _words(self, identifier: str) -> frozenset[str]:
        text, provision = self._build.provision(identifier)
        return _pairs(text.words(provision))


def governing_article(identifier: str) -> str:
    """The id of the article that a provision lies in, or of the point where there is none.

    >>> governing_article("护士条例@2020-03-27/art16/p1")
    '护士条例@2020-03-27/art16'
    """
    work, *steps = identifier.split("/")
    return "/".join((work, *steps[:1]))


_LEAD = re.compile(r"《[^》]{1,80}》|第[〇零一二两三四五六七八九十百千\d]{1,8}(?:条|款|项)")
_LEAST_PAIRS = 8
_TOLD, _AHEAD = 0.2, 0.15
"""Chosen on the training folds: a sentence so told by the governing clause, and so much less by the cited one."""

_FAULTS: dict[str, Fault] = {
    Outcome.NOT_FOUND: Fault.UNKNOWN_ARTICLE,
    Outcome.NOT_IN_FORCE: Fault.STALE_LAW,
    Outcome.WRONG_NUMBER: Fault.WRONG_ARTICLE,
    Outcome.WRONG_LEVEL: Fault.WRONG_ARTICLE,
    Outcome.QUOTE_MISMATCH: Fault.ALTERED_QUOTE,
    Detail.MODALITY_FLIP: Fault.FLIPPED_MODALITY,
    Detail.DROPPED_EXCEPTION: Fault.DROPPED_EXCEPTION,
    Detail.EXCEPTION_ADDED: Fault.DROPPED_EXCEPTION,
    Detail.NUMBER_CHANGED: Fault.CHANGED_NUMBER,
}


def _pairs(text: str) -> frozenset[str]:
    return frozenset(a + b for run in _HANZI.findall(text) for a, b in pairwise(run))


def _share(own: frozenset[str], other: frozenset[str]) -> float:
    return round(len(own & other) / len(own), 6) if own else 0.0
