"""The task for inspect-ai, run with its own mock model where it is installed."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from evaluator.guardian.assessment import Answer, Assessment, Mark
from evaluator.metrics import Dimension


class _Grader:
    """Says good of everything, and nothing of R2 in the second scenario."""

    name = "fixed"

    def score(self, answer: Answer) -> Assessment:
        assert answer.reference == "条文" and answer.response == "回答"
        silent = Dimension.R2 if answer.query == "问二" else None
        return Assessment(
            self.name, {d: Mark(d, None if d is silent else d.good, None, "理由") for d in Dimension}
        )


def test_scores_of_a_model(tmp_path: Path) -> None:
    inspect_ai = pytest.importorskip("inspect_ai")
    from inspect_ai.model import ModelOutput, ModelUsage, get_model

    from evaluator.inspect_task import guardian

    day = date(2026, 12, 1)
    task = guardian([Answer("问一", "", day, "条文", "常规护理"), Answer("问二", "", day, "条文")], _Grader())
    said = [ModelOutput.from_content("mockllm/model", "回答") for _ in range(2)]
    for one in said:
        one.usage = ModelUsage(
            input_tokens=1, output_tokens=1, total_tokens=2
        )  # else it asks the net for a tokenizer
    model = get_model("mockllm/model", custom_outputs=said)
    (log,) = inspect_ai.eval(task, model=model, log_dir=str(tmp_path), display="none")
    assert log.status == "success"
    scores = {score.name: score for score in log.results.scores}
    assert scores["Q1"].metrics["mean"].value == 1.0
    assert scores["R2"].metrics["mean"].value == 0.0 and scores["R2"].unscored_samples == 1


def test_a_missing_inspect_names_the_extra() -> None:
    code = "import sys; sys.modules['inspect_ai'] = None; import evaluator.inspect_task"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ran.returncode == 1 and "yilun[inspect]" in ran.stderr
