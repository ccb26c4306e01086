"""Assembling training data: cases, retrieval and norms in; checked rows and the reasons for what was left out."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from alignment.bound import Bound, bind
from alignment.fault import faulted
from alignment.grounded import (
    Governing,
    Voice,
    decisive,
    grounded_answer,
    quotation,
    refusal_answer,
    voice_of,
)
from alignment.prompt import Message, Shown, prompt, show
from alignment.rows import LabelRow, PreferenceRow, PromptRow, SftRow
from evaluator.cases import Case
from evaluator.citation_check import CitationChecker
from evaluator.citation_outcome import CheckedCitation, Outcome
from evaluator.folds import Fold, article_fold
from evaluator.guardian.assessment import Answer
from evaluator.guardian.reading import Reader
from evaluator.guardian.rules import RuleScorer
from evaluator.twins import TwinMaker
from kg.build import Build
from kg.identity import article_of
from kg.vocabulary import Kind
from retrieval.retriever import Retriever


@dataclass(frozen=True, slots=True)
class Shape:
    """How a prompt looks: `clauses` are shown in all, each of at most `clause_characters` (a longer one is not shown).

    One case in `refusal_every` also gives a prompt without its governing clauses, answered with a refusal.
    """

    clauses: int = 5
    clause_characters: int = 400
    refusal_every: int = 4


@dataclass
class Assembled:
    """The rows made, in the order of the cases, and how many were left out for which reason."""

    sft: list[SftRow] = field(default_factory=list)
    preferences: list[PreferenceRow] = field(default_factory=list)
    labels: list[LabelRow] = field(default_factory=list)
    prompts: list[PromptRow] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)


class Assembler:
    """Makes the rows of cases against one build; what it reads of the build is read once."""

    def __init__(
        self, build: Build, retriever: Retriever, cases: Sequence[Case], *, as_of: date, shape: Shape
    ) -> None:
        """`cases` are all cases: what governs those of another scene is shown where nothing shown shall govern."""
        self._build, self._retriever, self._as_of, self._shape = build, retriever, as_of, shape
        self._checker = CitationChecker(build)
        self._scorer = RuleScorer(build, Reader(build))
        self._twins = TwinMaker(build)
        self._elsewhere = [
            (case.scene, one.id)
            for case in cases
            if case.fold is Fold.TRAIN
            for one in bind(build, case.gold, as_of=as_of)
            if one.clause.role == "primary" and self._length(one.id) <= shape.clause_characters
        ]

    def add(self, case: Case, to: Assembled) -> None:
        """Add the rows of a case: a prompt in any fold; answers and pairs only where it may be trained on."""
        gold = bind(self._build, case.gold, as_of=self._as_of)
        primary = [one for one in gold if one.clause.role == "primary"]
        if not primary:
            to.left_out["unbound: 构建没有它的主要条款"] += 1
            return
        governing = [one for one in gold if one.clause.role in ("primary", "competing")]
        shown = self._shown(case, governing, gold)
        if shown is None:
            to.left_out["long: 主要条款比可示的长"] += 1
            return
        asked = prompt(case.scenario, shown, as_of=self._as_of)
        to.prompts.append(
            PromptRow(
                id=f"{case.id}/ask", case=case.id, fold=case.fold.value, prompt=asked, clauses=[s.id for s in shown],
                gold_clauses=[one.id for one in primary], stance=case.stance, scene=case.scene,
                scenario=case.scenario, as_of=self._as_of.isoformat(),
            )
        )  # fmt: skip
        if case.fold is not Fold.TRAIN:
            return
        voice = self._voice(case)
        if voice is None:
            to.left_out["no_voice: 好的回答里没有体谅的话或步骤"] += 1
            return
        self._answered(case, governing, shown, asked, voice, to)
        if _number(case.id) % self._shape.refusal_every == 0:
            self._refused(case, gold, voice, to)

    def _answered(
        self, case: Case, governing: Sequence[Bound], shown: tuple[Shown, ...], asked: list[Message],
        voice: Voice, to: Assembled,
    ) -> None:  # fmt: skip
        by_id = {one.id: one for one in shown}
        rests = []
        for one in governing:
            place = by_id[one.id]
            norms = self._build.norms(one.id)
            norm = decisive(norms, "\n".join((*(a.text for a in case.answers if a.is_good), case.scenario)))
            rests.append(Governing(place, quotation(place.text, norm), norm, norms, one.clause.role))
        own = {one.id for one in governing}
        named = {one.id for one in bind(self._build, case.distractors, as_of=self._as_of)}
        answer = grounded_answer(case, rests, [s for s in shown if s.id in named], voice)
        citations = self._checker.check(answer, as_of=self._as_of)
        if wrong := self._wrong(answer, citations, own):
            to.left_out[f"unchecked: {wrong}"] += 1
            return
        to.sft.append(self._row(case, "grounded", asked, answer, [s.id for s in shown]))
        chosen: list[Message] = [{"role": "assistant", "content": answer}]
        to.labels.append(
            LabelRow(id=f"{case.id}/good", case=case.id, fold=case.fold.value, prompt=asked, completion=chosen, label=True, fault="")
        )  # fmt: skip
        for bad in faulted(answer, citations, voice, twins=self._twins, fold="train", as_of=self._as_of):
            if not bad.differs_only_there():
                to.left_out[f"pair: {bad.fault}"] += 1
                continue
            rejected: list[Message] = [{"role": "assistant", "content": bad.rejected}]
            name = f"{case.id}/{bad.fault.value}"
            to.preferences.append(
                PreferenceRow(id=name, case=case.id, fold=case.fold.value, prompt=asked, chosen=chosen, rejected=rejected, fault=bad.fault.value)
            )  # fmt: skip
            to.labels.append(
                LabelRow(id=name, case=case.id, fold=case.fold.value, prompt=asked, completion=rejected, label=False, fault=bad.fault.value)
            )  # fmt: skip

    def _refused(self, case: Case, gold: Sequence[Bound], voice: Voice, to: Assembled) -> None:
        """A prompt with clauses that govern other scenes and that retrieval does not bring near, and its refusal."""
        near = {article_of(hit.id) for hit in self._retriever.search(case.scenario, 50, as_of=self._as_of)}
        near |= {article_of(one.id) for one in gold}
        far = {one for scene, one in self._elsewhere if scene != case.scene and article_of(one) not in near}
        others = sorted(far, key=lambda one: hashlib.sha256(f"{case.id}\n{one}".encode()).digest())
        others = others[: self._shape.clauses - 1]
        if not others:
            to.left_out["refusal: 没有别的条款可示"] += 1
            return
        shown = show(self._build, others, as_of=self._as_of)
        answer = refusal_answer(case, shown, voice)
        if self._checker.check(answer, as_of=self._as_of):
            to.left_out["refusal: 含引用"] += 1
            return
        asked = prompt(case.scenario, shown, as_of=self._as_of)
        to.sft.append(self._row(case, "refusal", asked, answer, [s.id for s in shown]))

    def _row(self, case: Case, kind: str, asked: list[Message], answer: str, ids: list[str]) -> SftRow:
        messages: list[Message] = [*asked, {"role": "assistant", "content": answer}]
        return SftRow.model_validate(
            {"id": f"{case.id}/{kind}", "case": case.id, "fold": case.fold.value, "messages": messages,
             "clauses": ids, "kind": kind, "as_of": self._as_of.isoformat()}
        )  # fmt: skip

    def _voice(self, case: Case) -> Voice | None:
        for answer in case.answers:
            if answer.is_kind:
                scored = self._scorer.score(Answer(case.scenario, answer.text, self._as_of))
                if voice := voice_of(answer.text, scored):
                    return voice
        return None

    def _wrong(self, answer: str, citations: Sequence[CheckedCitation], own: set[str]) -> str:
        """Why an answer may not enter: a citation that is not verified, or that was not shown as governing."""
        if not citations:
            return "没有引用"
        for one in citations:
            if one.outcome is not Outcome.VERIFIED:
                return one.outcome.value
            if not any(_within(one.resolved or "", g) or _within(g, one.resolved or "") for g in own):
                return "引用了未列为依据的条款"
        return ""

    # -- which clauses are shown ---------------------------------------------------------------------------

    def _shown(
        self, case: Case, governing: Sequence[Bound], gold: Sequence[Bound]
    ) -> tuple[Shown, ...] | None:
        """The governing clauses among others, in an order that tells nothing; None if one is too long to show."""
        ids = list(dict.fromkeys(one.id for one in governing))[: self._shape.clauses - 1]
        if any(self._length(identifier) > self._shape.clause_characters for identifier in ids):
            return None
        room = self._shape.clauses - len(ids)
        ids += [one for one in self._others(case, gold) if one not in ids][:room]
        ids.sort(key=lambda identifier: hashlib.sha256(f"{case.id}\n{identifier}".encode()).digest())
        return show(self._build, ids, as_of=self._as_of)

    def _others(self, case: Case, gold: Sequence[Bound]) -> Iterator[str]:
        """Clauses that do not govern: those that the case's author names so, then what retrieval brings.

        None of an article that the case names; in a training case none of a held-out fold.
        """
        taken = {article_of(one.id) for one in gold}
        named = [one.id for one in bind(self._build, case.distractors, as_of=self._as_of)]
        hits = (hit.id for hit in self._retriever.search(case.scenario, 20, as_of=self._as_of))
        for identifier in dict.fromkeys([*named, *hits]):
            if article_of(identifier) in taken or self._length(identifier) > self._shape.clause_characters:
                continue
            if case.fold is Fold.TRAIN and self._fold(identifier) is not Fold.TRAIN:
                continue
            yield identifier

    def _fold(self, identifier: str) -> Fold:
        text, provision = self._build.provision(identifier)
        step = provision.id.step(Kind.ARTICLE)
        return article_fold(text.expression.title, step.display() if step else "")

    def _length(self, identifier: str) -> int:
        text, provision = self._build.provision(identifier)
        return len(text.words(provision))


def _number(case: str) -> int:
    return hashlib.sha256(case.encode()).digest()[1]


def _within(inner: str, outer: str) -> bool:
    return f"{inner}/".startswith(f"{outer}/")
