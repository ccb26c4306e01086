"""Verdicts: the clauses that govern a scenario, what is found under each norm, and what follows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from evaluator.conflicts import conflicts
from evaluator.fact_words import FactWords, shipped_fact_words
from evaluator.facts import Facts, read_facts
from evaluator.finding_rule import Outcome
from evaluator.grounds import (
    SUPPORT,
    Ranked,
    advice,
    missing_facts,
    paragraph_of,
    principles,
    sanctions,
)
from evaluator.matching import Likeness, Thresholds, match
from evaluator.proof import ClauseRow, FindingRow, VerdictFile, Weighing
from evaluator.proof_rows import clause_row, finding_rows, measured_by
from evaluator.territory import Reach, reach
from evaluator.weighing import (
    CONCLUSIONS,
    Weights,
    fact_features,
    finding_features,
    probabilities,
    read_weights,
    text_features,
)
from kg.build import Build
from kg.pack import data_folder
from kg.pack_info import read_pack_info
from kg.standing import Standing
from kg.text import digest
from kg.vocabulary import Status
from retrieval import Hit, Retriever
from retrieval.adapted import adapted_encoder
from retrieval.vectors import Encoder

CANDIDATES = 12
"""How many retrieved clauses are looked at; the governing one is among the first twelve or seldom at all."""


class Conclusion(StrEnum):
    """What a verdict says about the conduct in a scenario."""

    NON_COMPLIANT = "non_compliant"
    COMPLIANT = "compliant"
    CONDITIONAL = "conditional"
    UNDETERMINED = "undetermined"

    @property
    def zh(self) -> str:
        """The Chinese words shown to readers."""
        return {
            "non_compliant": "不合规",
            "compliant": "合规",
            "conditional": "附条件可行",
            "undetermined": "未定",
        }[self.value]


@dataclass(frozen=True, slots=True)
class Governing:
    """A clause that may govern the scenario, quoted to the character from its dated text.

    `start`, `end` and `sha256` are those of `quote` in the official text of the expression in `id`.
    """

    id: str
    title: str
    article: str
    paragraph: int | None
    item: int | None
    quote: str
    start: int
    end: int
    sha256: str
    status: Status
    effective_from: date | None
    score: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer to a scenario on a date, resting on one build: the short form of a verdict file.

    `confidence` is None where nothing was concluded; `reason` says why.
    """

    id: str
    text: str
    conclusion: Conclusion
    abstained: bool
    confidence: float | None
    reason: str
    governing: tuple[Governing, ...]
    findings: tuple[str, ...]
    principles: tuple[str, ...]
    missing_facts: tuple[str, ...]
    as_of: date
    build: str


NOTHING_FOUND = "没有检索到可能适用的条款"
NO_ENCODER = "本机没有语义编码器，不下结论；请由专业人员对照条款判断"
NO_WEIGHTS = "此安装没有结论模型，只列逐条认定；请由专业人员对照条款判断"
OTHER_PACK = "此构建用的是另一数据包，所带的结论模型不适用；请由专业人员对照条款判断"
UNSURE = "各结论的把握都不足，不下结论；请补充事实或由专业人员判断"
UNKNOWN_VALIDITY = "；所据条款中有效力待核者，须先查明其在该日是否有效"
NO_GROUND = "没有一项逐条认定支持最可能的结论，不下结论"


class Candidate(NamedTuple):
    """A clause that was retrieved, and whether its text is law where the scenario takes place."""

    hit: Hit
    territory: str
    reach: Reach


class Reasoner:
    """The built-in reasoner over one build: norms matched to facts by rules, weighed by a small model.

    It uses no language model. Its weights were trained on cases written by a model and not reviewed.
    """

    def __init__(
        self,
        build: Build,
        retriever: Retriever,
        *,
        weights: Weights | None,
        encoder: Encoder | None,
        limits: Thresholds | None = None,
    ) -> None:
        self.build = build
        self.retriever = retriever
        self.words: FactWords
        self.words, self.words_digest = shipped_fact_words()
        self._weights = weights
        self._encoder = encoder
        self._limits = limits or Thresholds()
        self._likeness = Likeness(retriever.index.stack.lexical.rarity, encoder)

    @classmethod
    def over(cls, build: Build, retriever: Retriever) -> Reasoner:
        """The reasoner as it is shipped."""
        weights = read_weights(data_folder() / "models" / "verdict")
        return cls(build, retriever, weights=weights, encoder=adapted_encoder())

    def candidates(self, scenario: str, *, as_of: date, k: int) -> list[Candidate]:
        """The clauses retrieved that may be law where the scenario takes place, best first.

        A local text is none where the scenario names other places; where it names none, it comes last.
        """
        hits = self.retriever.search(scenario, k + CANDIDATES, as_of=as_of)
        found = []
        for hit in hits:
            territory = self._territory(hit.id.split("/")[0])
            found.append(Candidate(hit, territory, reach(territory, scenario, self.words.places)))
        held = [one for one in found if one.reach in (Reach.NATIONAL, Reach.WITHIN)]
        return [*held, *(one for one in found if one.reach is Reach.UNTOLD)][:k]

    def _territory(self, expression: str) -> str:
        text = self.build.expressions[expression]
        source = self.build.sources[text.id.key]
        return Standing(
            id=expression, work=source.key, title=text.title, level=source.level, maker=source.issuing_body,
            validity=text.validity, since=None,
        ).territory  # fmt: skip

    def findings(
        self, facts: Facts, *, as_of: date, k: int
    ) -> tuple[list[ClauseRow], list[Ranked], list[str]]:
        """The clauses retrieved, best first, the findings that apply with their clauses, and places to ask for."""
        clauses: dict[str, ClauseRow] = {}
        found: list[Ranked] = []
        asked: list[str] = []
        candidates = self.candidates(facts.text, as_of=as_of, k=max(k, CANDIDATES))
        for rank, one in enumerate(candidates, 1):
            row = clause_row(self.build, one.hit.id, as_of, score=one.hit.score, rank=rank)
            clauses.setdefault(one.hit.id, row)
        seen: set[str] = set()
        for rank, one in enumerate(candidates[:CANDIDATES], 1):
            hit = one.hit
            if one.reach is Reach.UNTOLD:
                asked.append(f"事情是否发生在{one.territory}（《{clauses[hit.id].title}》只在该地施行）？")
                continue
            unit = str(self.build.clause(hit.id).id)
            if unit in seen:
                continue
            seen.add(unit)
            norms = self.build.norms(unit)
            for finding in match(norms, facts, self.words, self._likeness, self._limits):
                if finding.outcome is Outcome.NOT_APPLICABLE:
                    continue
                place = str(paragraph_of(finding.norm.provision))
                if place not in clauses:
                    clauses[place] = clause_row(self.build, place, as_of, score=hit.score, rank=rank)
                found.append(Ranked(finding, clauses[place]))
        return list(clauses.values()), found, list(dict.fromkeys(asked))

    def features(self, facts: Facts, found: Sequence[Ranked]) -> dict[str, list[float]]:
        """What the model looks at besides words, by kind of evidence; no `text` where there is no encoder."""
        seen = [r.seen for r in found]
        values = {"findings": finding_features(seen), "facts": fact_features(facts)}
        if self._encoder is not None and facts.sentences:
            clauses = self._likeness.told([fact.part.text for fact in facts.facts])
            last = self._likeness.told([facts.sentences[-1].text])
            values["text"] = text_features(clauses, last[0])
        return values

    def judge(self, scenario: str, *, as_of: date, k: int = 5, case: str = "") -> VerdictFile:
        """The verdict with its proof."""
        facts = read_facts(scenario, self.words)
        clauses, found, places = self.findings(facts, as_of=as_of, k=k)
        weighing, why_not = self._weigh(facts, found) if clauses else (None, NOTHING_FOUND)
        conclusion, confidence, reason = Conclusion.UNDETERMINED, None, why_not
        if weighing is not None:
            best = max(range(len(CONCLUSIONS)), key=lambda i: weighing.probabilities[i])
            likeliest = Conclusion(CONCLUSIONS[best])
            supported = any(r.finding.outcome in SUPPORT[likeliest.value] for r in found)
            if weighing.probabilities[best] < weighing.threshold:
                reason = UNSURE
            elif not supported and likeliest is not Conclusion.UNDETERMINED:
                reason = NO_GROUND
            else:
                conclusion, confidence = likeliest, weighing.probabilities[best]
        abstained = confidence is None
        rows = finding_rows(found, None if abstained else conclusion.value)
        grounds = [row for row in rows if row.role == "grounds"]
        if not abstained:
            reason = _reason(conclusion, grounds, clauses)
        used = {row.clause for row in rows}
        first = {c.rank: c.id for c in reversed(clauses)}  # the clause that was retrieved at each rank
        governing = [first[rank] for rank in range(1, min(k, len(first)) + 1)]
        governing += [
            place for place in dict.fromkeys(row.clause for row in grounds) if place not in governing
        ]
        cited = [c for c in clauses if c.id in used or c.id in governing]
        unknown = tuple(c.id for c in cited if c.status is Status.UNKNOWN)
        if any(c.id in unknown for c in cited if c.id in {row.clause for row in grounds}):
            reason += UNKNOWN_VALIDITY
        verdict = VerdictFile(
            case=case,
            scenario=scenario,
            scenario_sha256=digest(scenario),
            as_of=as_of,
            build=self.build.id,
            conclusion=conclusion.value,
            abstained=abstained,
            confidence=confidence,
            reason=reason,
            governing=tuple(governing),
            clauses=tuple(cited),
            findings=tuple(rows),
            principles=principles(found, self.build),
            missing_facts=(*missing_facts(found), *places[:2]),
            advice=advice(grounds, cited),
            sanctions=sanctions(grounds, self.build),
            conflicts=conflicts(found, self.build, self.words, self._likeness, as_of=as_of),
            weighing=weighing,
            unknown_validity=unknown,
        )
        return verdict.signed()

    def _weigh(self, facts: Facts, found: Sequence[Ranked]) -> tuple[Weighing | None, str]:
        if self.build.manifest.parameters["pack"] != read_pack_info(data_folder()).name:
            return None, OTHER_PACK
        if self._encoder is None:
            return None, NO_ENCODER
        if self._weights is None:
            return None, NO_WEIGHTS
        evidence = {"base": self._weights.base(), "words": self._weights.words(facts.text)}
        for group, values in self.features(facts, found).items():
            evidence[group] = self._weights.evidence(group, values)
        chances = probabilities(evidence)
        return Weighing(
            model=self._weights.digest,
            words=self.words_digest,
            conclusions=CONCLUSIONS,
            evidence=evidence,
            probabilities=chances,
            threshold=self._weights.threshold(chances),
        ), ""


@lru_cache(maxsize=2)
def _reasoner(build: Build, retriever: Retriever) -> Reasoner:
    return Reasoner.over(build, retriever)


def judge(
    scenario: str, build: Build, retriever: Retriever, *, as_of: date, k: int = 5, identifier: str = ""
) -> Verdict:
    """The verdict on a scenario in its short form; every quotation is cut from the build's official text."""
    return short_form(_reasoner(build, retriever).judge(scenario, as_of=as_of, k=k, case=identifier))


def short_form(verdict: VerdictFile) -> Verdict:
    """The fields of `yilun judge` of a verdict file."""
    clauses = {clause.id: clause for clause in verdict.clauses}
    shown = (clauses[identifier] for identifier in verdict.governing)
    governing = tuple(Governing(**clause.model_dump(exclude={"rank"})) for clause in shown)
    return Verdict(
        id=verdict.case,
        text=verdict.scenario,
        conclusion=Conclusion(verdict.conclusion),
        abstained=verdict.abstained,
        confidence=verdict.confidence,
        reason=verdict.reason,
        governing=governing,
        findings=tuple(sentence(row, clauses[row.clause]) for row in verdict.findings[:8]),
        principles=verdict.principles,
        missing_facts=verdict.missing_facts,
        as_of=verdict.as_of,
        build=verdict.build,
    )


def sentence(row: FindingRow, clause: ClauseRow) -> str:
    """One finding as a sentence in Chinese, with the words of the scenario and of the law."""
    fact = f"“{row.conduct_fact.span.text.strip('，。；：')}”" if row.conduct_fact else ""
    words = measured_by(row)
    law = f"“{words}”" if words else f"（{row.modality.zh}）"
    return f"{row.outcome.zh}：《{clause.title}》{clause.article}{row.modality.zh}{law}；情形{fact}，{row.conduct.zh}"


def _reason(conclusion: Conclusion, grounds: Sequence[FindingRow], clauses: Sequence[ClauseRow]) -> str:
    places = {clause.id: f"《{clause.title}》{clause.article}" for clause in clauses}
    named = "、".join(dict.fromkeys(places[row.clause] for row in grounds))
    if not named:
        return "事实不足或有争议，依现有条款不能断定"
    words = {
        Conclusion.NON_COMPLIANT: "情形中的行为违反",
        Conclusion.COMPLIANT: "情形中的行为符合",
        Conclusion.CONDITIONAL: "是否可行取决于是否具备条件，见",
        Conclusion.UNDETERMINED: "事实不足以依下列条款断定：",
    }
    return words[conclusion] + named
