"""Published formats, in invented rows only."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from evaluator.importers.medes import read_judged, read_objective, read_subjective
from evaluator.importers.medethiceval import read_dilemmas, read_knowledge, read_violations
from evaluator.importers.objective import answer_letters, read_question, score_objective
from evaluator.importers.scenes import Scenes
from evaluator.metrics import Grades
from kg.problem import InputError
from tests.evaluator.packaged import packaged_build

PROMPT = (
    "你是一个按要求答题的考生。示例：下列哪种水果是红的？\nA.苹果\nB.香蕉\n【最终答案】：A\n\n"
    "题目：受试者退出试验时，下列哪些做法恰当？\nA.立即停止采集新的数据\nB.要求退还补偿\nC.告知随访安排\n【思考过程】：\n"
)


def _write(path: Path, header: str, *rows: list[str]) -> Path:
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\r\n")
        writer.writerow(header.split(","))
        writer.writerows(rows)
    return path


@pytest.mark.parametrize(
    ("prompt", "stem", "letters", "note"),
    [
        (PROMPT, "受试者退出试验时，下列哪些做法恰当？", "ABC", "the worked example has options of its own"),
        ("题目：哪项对？ A、甲 B、乙 C、丙 D、丁", "哪项对？", "ABCD", "one line, blanks"),
        ("题目：哪项对？A．甲，B．乙；C．丙", "哪项对？", "ABC", "one line, commas and semicolons"),
        ("题目：A、B两名患者争一张床，应当？\nA.先到先得\nB.按病情", "A、B两名患者争一张床，应当？", "AB", "letters in the stem"),
        ("题目：缺维生素A、B时？\nA.补\nB.停\nC.查\nD.告\nE.问\nF.看\nG.等\nH.转", "缺维生素A、B时？", "ABCDEFGH", "eight options"),
        ("题目：没有选项的题", "没有选项的题", "", "nothing to choose is said, not guessed"),
    ],
)  # fmt: skip
def test_questions(prompt: str, stem: str, letters: str, note: str) -> None:
    question = read_question(prompt)
    assert (question.stem, "".join(letter for letter, _ in question.options)) == (stem, letters), note


@pytest.mark.parametrize(
    ("reply", "letters", "note"),
    [
        ("【最终答案】：ABD", "ABD", "the form asked for"),
        ("答案是 B、A", "AB", "sorted"),
        ("我先选：答案 A。再想想，正确答案：C。", "C", "the last one stated"),
        ("D", "D", "a bare letter"),
        ("（A）", "A", "in brackets"),
        ("A 项错误，B 项也不对", None, "discussion is no answer"),
        ("答案：ABO血型不合", None, "letters of a word"),
        ("", None, "nothing"),
    ],
)
def test_letters(reply: str, letters: str | None, note: str) -> None:
    assert answer_letters(reply) == letters, note


def test_objective_answers(tmp_path: Path) -> None:
    header = "scene,query,reference,type,model,response,answer_model"
    rows = [
        ["人体试验", PROMPT, "AC", "客观题", "甲", "想……\n【最终答案】：AC_x000D_\n", "AC"],
        ["人体试验", PROMPT, "AC", "客观题", "甲", "【最终答案】：A", ""],
    ]
    found = list(read_objective(_write(tmp_path / "o.csv", header, *rows)))
    assert [row.chosen for row in found] == ["AC", "A"]
    assert "_x000D_" not in found[0].response and found[0].question.options[2] == ("C", "告知随访安排")
    score = score_objective((row.reference, row.chosen) for row in found)
    assert (score.correct, score.accuracy) == (1, 0.5)


def test_subjective_keeps_line_breaks_and_an_empty_reference(tmp_path: Path) -> None:
    path = _write(
        tmp_path / "s.csv", "scene,query,reference,type", ["急危重症", "一，\n二“三”", "", "主观题"]
    )
    row = next(iter(read_subjective(path)))
    assert (row.scene, row.query, row.reference) == ("急危重症", "一，\n二“三”", "")


def test_a_missing_score_is_unscored(tmp_path: Path) -> None:
    header = "scene,query,reference,type,model,response,risk_judge,quality_judge,score1,score2,score3,score4,score5,score6,risk_flag,final_score"
    cells = [
        "常规护理",
        "问",
        "据",
        "主观题",
        "甲",
        "**答**",
        "",
        "",
        "0",
        "-1.0",
        "1",
        "",
        "nan",
        "0",
        "1",
        "-1",
    ]
    row = next(iter(read_judged(_write(tmp_path / "j.csv", header, cells))))
    assert row.grades == Grades(0, -1, 1, None, None, 0) and row.final_score == -1.0
    assert row.answer.response == "答"


@pytest.mark.parametrize(("score", "message"), [("2", "应为 0 或 -1"), ("好", "不是数")])
def test_a_score_out_of_range_is_refused(tmp_path: Path, score: str, message: str) -> None:
    header = "scene,query,reference,type,response,score1,score2,score3,score4,score5,score6"
    path = _write(
        tmp_path / "j.csv", header, ["护患关系", "问", "", "主观题", "答", score, "0", "1", "1", "1", "1"]
    )
    with pytest.raises(InputError, match=message):
        list(read_judged(path))


def test_broken_tables_say_where(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    for content, message in [
        ("scene,query\r\n", "缺少 reference、type"),
        ("scene,query,reference,type\r\n甲,乙\r\n", r"x\.csv:2 的列数"),
        ('scene,query,reference,type\r\n甲,"乙,丙,主观题\r\n', "不是完整的 CSV"),
        ("scene,query,reference,type\r\n甲,乙,丙,客观题\r\n", "应为主观题"),
    ]:
        path.write_text(content, encoding="utf-8", newline="")
        with pytest.raises(InputError, match=message):
            list(read_subjective(path))
    path.write_bytes("场景".encode("gbk"))
    with pytest.raises(InputError, match="UTF-8"):
        list(read_subjective(path))


def test_medethiceval(tmp_path: Path) -> None:
    header = "uuid,task_type,question_type,query,question,options,answer,exp,other,source"
    cells = [
        "1",
        "k",
        "single",
        "",
        "哪项属于知情同意？",
        "A.告知 B.代签 C.强迫 D.隐瞒 E.拖延",
        "A",
        "",
        "",
        "自编",
    ]
    row = next(iter(read_knowledge(_write(tmp_path / "k.csv", header, cells))))
    assert row.answer == "A" and len(row.question.options) == 5
    header = "uuid,theme_tag1,theme_tag2,theme_tag3,scenario,type,query"
    cells = ["2", "隐私", "", "数据", "情形", "role_play", "问**题**"]
    violation = next(iter(read_violations(_write(tmp_path / "v.csv", header, cells))))
    assert (violation.themes, violation.query) == (("隐私", "数据"), "问题")
    dilemma = next(iter(read_dilemmas(_write(tmp_path / "d.csv", "case,query", ["案", "怎么办"]))))
    assert (dilemma.case, dilemma.query) == ("案", "怎么办")


def test_scenes_are_read_from_the_build_that_answers_are_graded_with() -> None:
    scenes = Scenes(packaged_build())
    assert scenes.topic("急危重症") == "急诊急救", "the table that the build carries"
    assert scenes.topic(" 常规护理 ") == "常规护理"
    assert scenes.topic("牙科") is None
