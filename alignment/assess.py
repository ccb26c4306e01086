"""What answers come to on held-out prompts: citations checked by program, claims with clauses, the guardian's grades."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from alignment.prompt import LABEL
from alignment.rows import PromptRow
from alignment.sample import Sampled
from evaluator.citation_check import CitationChecker
from evaluator.citation_outcome import Outcome
from evaluator.guardian.assessment import Answer, Assessment, Scorer
from evaluator.metrics import Figure, Summary, summarise
from kg.build import Build

_CLAIM = re.compile(r"[^。；！？\n]+[。；！？\n]?(?:\[C\d+\][。]?)*")


@dataclass(frozen=True, slots=True)
class Assessed:
    """One answer with what was found in it. `claims` are sentences of law or judgement, `grounded` those with a shown label.

    `correct` is whether its conclusion word is that of the case's stance; None where it has none.
    """

    id: str
    scenario: str
    outcomes: tuple[Outcome, ...]
    claims: int
    grounded: int
    cites_gold: bool
    correct: bool | None
    whole: bool
    assessment: Assessment


@dataclass(frozen=True, slots=True)
class Standing:
    """The figures of a stage over its answers, with 95 % intervals by resampling scenarios."""

    answers: int
    citations: int
    outcomes: Mapping[str, int]
    verified_of_citations: Figure
    verified_per_answer: Figure
    cites_gold: Figure
    grounded_claims: Figure
    correct: Figure
    whole: Figure
    summary: Summary


class Assessor:
    """Assesses answers against one build with one scorer."""

    def __init__(self, build: Build, scorer: Scorer) -> None:
        self._build, self._scorer = build, scorer
        self._checker = CitationChecker(build)

    def assess(self, row: PromptRow, answer: Sampled) -> Assessed:
        """What is found in one answer to one prompt."""
        day = date.fromisoformat(row.as_of)
        checked = self._checker.check(answer.text, as_of=day)
        claims, grounded = grounded_claims(answer.text, len(row.clauses))
        gold = {one.rsplit("/p", 1)[0] for one in row.gold_clauses}
        verified = [c for c in checked if c.outcome is Outcome.VERIFIED and c.resolved]
        reference = self._reference(row)
        return Assessed(
            row.id, row.case, tuple(c.outcome for c in checked), claims, grounded,
            any((c.resolved or "").rsplit("/p", 1)[0] in gold for c in verified),
            concluded(answer.text, row.stance), answer.whole,
            self._scorer.score(Answer(row.scenario, answer.text, day, reference, row.scene)),
        )  # fmt: skip

    def _reference(self, row: PromptRow) -> str:
        text, provision = self._build.provision(row.gold_clauses[0])
        return text.words(provision)


def grounded_claims(answer: str, shown: int) -> tuple[int, int]:
    """How many sentences claim something of law or conclude, and how many of them name a clause that was shown.

    >>> grounded_claims("【依据】应当告知[C1]。【结论】不合规。请先道歉。", 3)
    (2, 1)
    """
    claims = [one.group() for one in _CLAIM.finditer(answer) if _CLAIMING.search(one.group())]
    return len(claims), sum(_names_shown(one, shown) for one in claims)


_CLAIMING = re.compile(
    r"应当|不得|禁止|必须|违反|合规|合法|违法|有权|规定|《[^》]+》|第[一二三四五六七八九十百千\d]+条"
)


def _names_shown(claim: str, shown: int) -> bool:
    return any(1 <= int(m["label"][1:]) <= shown for m in LABEL.finditer(claim))


_WORDS = {
    "violation": "不合规",
    "compliant": "合规",
    "permitted_with_conditions": "附条件",
    "uncertain": "未能确定",
}
_CONCLUSION = re.compile(r"【结论】\s*(?P<word>不合规|合规|附条件|未能确定)")


def concluded(answer: str, stance: str) -> bool | None:
    """Whether the word after 【结论】 is that of the stance; None where no such word stands there."""
    match = _CONCLUSION.search(answer)
    return match["word"] == _WORDS[stance] if match else None


def standing(found: Sequence[Assessed], *, seed: int = 0) -> Standing:
    """The figures of a set of assessed answers; a share over nothing has no value."""
    outcomes = Counter(str(outcome) for one in found for outcome in one.outcomes)
    verified = [sum(o is Outcome.VERIFIED for o in one.outcomes) for one in found]
    names = [one.scenario for one in found]
    return Standing(
        answers=len(found),
        citations=sum(outcomes.values()),
        outcomes=dict(sorted(outcomes.items())),
        verified_of_citations=_share(verified, [len(one.outcomes) for one in found], seed),
        verified_per_answer=_share([float(v > 0 and v == len(one.outcomes)) for v, one in zip(verified, found, strict=True)], [1] * len(found), seed),
        cites_gold=_share([float(one.cites_gold) for one in found], [1] * len(found), seed),
        grounded_claims=_share([one.grounded for one in found], [one.claims for one in found], seed),
        correct=_share([float(bool(one.correct)) for one in found], [1] * len(found), seed),
        whole=_share([float(one.whole) for one in found], [1] * len(found), seed),
        summary=summarise([one.assessment.grades for one in found], names, seed=seed),
    )  # fmt: skip


def _share(parts: Sequence[float], wholes: Sequence[float], seed: int, *, resamples: int = 2000) -> Figure:
    """A ratio of sums with its bounds by resampling the answers."""
    import numpy as np

    above, below = np.array(parts, dtype=float), np.array(wholes, dtype=float)
    if not len(above) or not below.sum():
        return Figure(None, None, None)
    draws = np.random.default_rng(seed).integers(0, len(above), (resamples, len(above)))
    sums = below[draws].sum(axis=1)
    ratios = (above[draws].sum(axis=1) / np.where(sums, sums, 1))[sums > 0]
    low, high = np.quantile(ratios, [0.025, 0.975])
    return Figure(round(float(above.sum() / below.sum()), 6), round(float(low), 6), round(float(high), 6))


def difference(before: Sequence[float], after: Sequence[float], *, seed: int = 0) -> Figure:
    """The mean of after − before over the same prompts, with the bounds of its 95 % interval."""
    steps = [new - old for old, new in zip(before, after, strict=True)]
    return _share(steps, [1] * len(steps), seed)
