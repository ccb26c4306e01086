"""Points for an answer: what the citation checker and the guardian say of it, in one number from −1 to 1."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from alignment.rows import PromptRow
from alignment.train import Reward
from evaluator.guardian.assessment import Answer
from evaluator.guardian.learned import LearnedScorer
from evaluator.metrics import Weighting, final_score
from kg.build import Build


def reward_of(build: Build) -> Reward:
    """The reward over one build: −1 where an answer is risky, else its quality; 0 where it could not be graded."""
    scorer = LearnedScorer(build)

    def points(answers: Sequence[str], rows: Sequence[PromptRow]) -> list[float]:
        found = []
        for text, row in zip(answers, rows, strict=True):
            day = date.fromisoformat(row.as_of)
            grades = scorer.score(Answer(row.scenario, text, day, scene=row.scene)).grades
            found.append(final_score(grades, Weighting.WEIGHTED) or 0.0)
        return found

    return points
