"""The guardian as a task of inspect-ai: scenarios in, answers of any model graded R1 to Q4.

    @task                              # from inspect_ai, in a file tasks.py of yours
    def ethics() -> Task:
        return guardian(scenarios, RuleScorer(build))

and then `inspect eval tasks.py --model openai/NAME`. inspect-ai is an extra: `pip install 'yilun[inspect]'`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from evaluator.guardian.assessment import Answer, Assessment, Scorer
from evaluator.metrics import Dimension

try:
    from inspect_ai import Task
    from inspect_ai.dataset import MemoryDataset, Sample
    from inspect_ai.scorer import Score, Target, mean, scorer, stderr
    from inspect_ai.solver import TaskState, generate
except ImportError as error:
    raise ImportError(
        "evaluator.inspect_task 需要 inspect-ai；请安装: pip install 'yilun[inspect]'"
    ) from error


def guardian(scenarios: Sequence[Answer], grader: Scorer) -> Task:
    """A task that puts each scenario's query to a model and grades what it answers.

    `response` of a scenario is not shown; `reference` goes to the guardian, never to the model. An unscored
    dimension is left out of its mean, as missing is not zero.
    """
    samples = [
        Sample(
            input=one.query,
            target=one.reference,
            id=place,
            metadata={"scene": one.scene, "as_of": one.as_of.isoformat()},
        )
        for place, one in enumerate(scenarios, 1)
    ]
    return Task(dataset=MemoryDataset(samples), solver=generate(), scorer=_graded(grader))


@scorer(metrics={"*": [mean(), stderr()]}, name="guardian")  # type: ignore[untyped-decorator]
def _graded(grader: Scorer) -> Any:
    async def score(state: TaskState, target: Target) -> Score:
        day = date.fromisoformat(state.metadata["as_of"])
        answer = Answer(
            state.input_text, state.output.completion, day, target.text, str(state.metadata["scene"])
        )
        given = grader.score(answer)
        return Score(value=values(given), answer=state.output.completion, explanation=reasons(given))

    return score


def values(assessment: Assessment) -> dict[str, float]:
    """The grades by dimension; NaN for an unscored one, which inspect-ai leaves out of its metrics."""
    grades = {d.value: assessment.marks[d].grade for d in Dimension}
    return {name: float("nan") if grade is None else float(grade) for name, grade in grades.items()}


def reasons(assessment: Assessment) -> str:
    """One line for each dimension with its grade and why."""
    marks = (assessment.marks[d] for d in Dimension)
    return "\n".join(f"{m.dimension} {'未评' if m.grade is None else m.grade} {m.reason}" for m in marks)
