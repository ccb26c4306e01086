"""`yilun calibrate` end to end on invented experts' grades, and its file used by `yilun evaluate`."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from tests.app.conftest import Run
from tests.evaluator.packaged import packaged_build

KIND = "您别着急，我们理解您的难处。请先复印病历，再向医务科书面投诉。"
COLD = "请先复印病历，再向医务科书面投诉。"


def _table(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_grades_recalibrate_and_the_file_is_used(run: Run, tmp_path: Path) -> None:
    rows = [
        {
            "expert": "甲",
            "scene": "医患关系",
            "query": f"情形{number // 2}",
            "reference": "",
            "response": KIND if number % 2 else COLD,
            "Q4": str(number % 2),
            "R1": "",
        }
        for number in range(40)
    ]
    grades, out = _table(tmp_path / "experts.csv", rows), tmp_path / "calibration.json"
    home = ("--home", packaged_build().path.parent.parent, "--as-of", "2026-11-22")
    result = run("calibrate", grades, "--out", out, *home, "--json")
    assert result.code == 0
    shown = {row["dimension"]: row for row in json.loads(result.out)["dimensions"]}
    assert shown["Q4"]["after"] == {"n": 40, "accuracy": 1.0, "kappa": 1.0}
    assert shown["R1"] == {
        "dimension": "R1", "before": {"n": 0, "accuracy": None, "kappa": None}, "after": None,
        "between_experts": {"n": 0, "accuracy": None, "kappa": None},
    }  # fmt: skip
    assert list(json.loads(out.read_text("utf-8"))["settings"]) == ["Q4"]
    answers = _table(
        tmp_path / "a.csv", [{k: v for k, v in row.items() if k not in ("Q4", "R1")} for row in rows[:2]]
    )
    scores = tmp_path / "s.csv"
    assert run("evaluate", answers, "--out", scores, "--calibration", out, *home).code == 0
    with scores.open(encoding="utf-8-sig", newline="") as stream:
        assert [row["Q4"] for row in csv.DictReader(stream)] == ["0", "1"]


def test_a_file_that_is_no_calibration_is_named(run: Run, tmp_path: Path) -> None:
    answers = _table(tmp_path / "a.csv", [{"scene": "", "query": "问", "reference": "", "response": COLD}])
    (tmp_path / "c.json").write_text("{}", encoding="utf-8")
    home = ("--home", packaged_build().path.parent.parent)
    result = run(
        "evaluate", answers, "--out", tmp_path / "s.csv", "--calibration", tmp_path / "c.json", *home
    )
    assert result.code == 2 and "calibrate" in result.err
