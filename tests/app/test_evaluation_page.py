"""The report on graded answers: what it shows, and that no word of an answer or a file becomes markup."""

from __future__ import annotations

import re

from app.evaluation_page import Group, page
from evaluator.guardian.assessment import Assessment, Evidence, Fault, Mark
from evaluator.metrics import Dimension


def assessment(risk: int | None, quality: int) -> Assessment:
    evidence = (Evidence(0, 1, Fault.WRONG_ARTICLE),) if risk == -1 else ()
    grades = dict(zip(Dimension, (risk, 0, quality, 1, 1, 1), strict=True))
    return Assessment("rules", {d: Mark(d, g, None, "理由", evidence if d is Dimension.R1 else ()) for d, g in grades.items()})  # fmt: skip


def report(*names: str) -> str:
    graded = [assessment(-1, 1), assessment(0, 0), assessment(None, 1), assessment(0, 1)]
    groups = [
        Group(n, graded, ["甲", "甲", "乙", "丙"], ["常规护理", "常规护理", "器官移植", ""]) for n in names
    ]
    return page(groups, title="报告", about={"构建": "abc"}, caution="标注由模型撰写", seed=0)


def test_models_stand_side_by_side() -> None:
    made = report("旧版", "新版")
    assert made.count("旧版（4 份）") == made.count("新版（4 份）") == 1
    assert "<td>3/4（0.750）</td><td>3/4（0.750）</td>" in made, "an unscored answer lowers the coverage"
    assert "0.333 [" in made, "one of three scored answers is risky"
    assert "条号与内容不符</td><td>1</td><td>1</td>" in made
    assert "标注由模型撰写" in made
    assert made == report("旧版", "新版")


def test_words_from_outside_are_escaped_and_nothing_is_loaded() -> None:
    made = report('<script>alert(1)</script>"&')
    assert "<script" not in made
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&quot;&amp;" in made
    assert not re.search(r"""(?:src|href)\s*=|url\(|@import|https?://""", made)


def test_no_answer_at_all() -> None:
    made = page([Group("空", [], [], [])], title="报告", about={}, caution="", seed=0)
    assert "0/0（0.000）" in made and "无" in made
