"""The report on a training run: real folders of the toy, real answers assessed; nothing of an answer becomes markup."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from alignment.prompt import prompt
from alignment.rows import PromptRow, write_rows
from tests.alignment.test_loop import DAY, row
from tests.alignment.tiny import make_model, make_rows, recipe, write_recipe
from tests.app.conftest import Outcome, Run

GOOD = "【依据】《甲护理条例》第二条：“护士应当尊重、关心、爱护病人，保护病人隐私”[C1]。【结论】不合规。建议向护士长书面反映。"
BAD = "【依据】《甲护理条例》第九十九条<script>alert(1)</script>。"


@pytest.fixture
def made(run: Run, tmp_path: Path) -> Path:
    make_model(tmp_path / "model")
    make_rows(tmp_path / "rows")
    value = recipe(tmp_path, "sft")
    assert run("align", "sft", "--recipe", write_recipe(tmp_path / "sft.yaml", value)).code == 0
    held: list[PromptRow] = [row("h1", "dev"), row("h2", "dev"), row("t1", "train")]
    write_rows(tmp_path / "rows" / "prompts.jsonl", held)
    assert held[0].prompt == prompt("护士泄露隐私", (), as_of=DAY)
    for name, text in (("base", BAD), ("sft", GOOD)):
        lines = [
            json.dumps({"id": i, "text": text, "whole": i == "h1"}, ensure_ascii=False) for i in ("h1", "h2")
        ]
        (tmp_path / f"{name}.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    return tmp_path


def report(run: Run, home: Path, made: Path, *more: object, base: str = "base.jsonl") -> Outcome:
    return run(
        "align", "report", "--data", made / "rows", "--answers", f"训练前={made / base}", "--answers", f"sft={made / 'sft.jsonl'}",
        "--out", made / "report", "--home", home, *more,
    )  # fmt: skip


def test_a_run_is_told_with_its_curve_its_figures_and_its_limits(
    run: Run, made_home: Path, made: Path
) -> None:
    assert report(run, made_home, made, "--run", made / "runs" / "sft").code == 0
    page = (made / "report" / "report.html").read_text("utf-8")
    card = (made / "report" / "MODEL_CARD.md").read_text("utf-8")
    assert "<script>" not in page and "&lt;script&gt;" in page
    assert "<polyline" in page and "假定 65 瓦" in page and "未经法律或伦理专家审核" in page
    for words in (page, card):
        assert "not_found" in words and "verified" in words
        assert "7B 的结果没有跑" in words and "被截断" in words and "区间很宽" in words
    figures = json.loads((made / "report" / "standing.json").read_text("utf-8"))
    assert figures["训练前"]["verified_of_citations"]["value"] == 0.0
    assert figures["sft"]["verified_of_citations"]["value"] == 1.0
    first = {p.name: p.read_bytes() for p in (made / "report").iterdir()}
    assert report(run, made_home, made, "--run", made / "runs" / "sft").code == 0
    assert {p.name: p.read_bytes() for p in (made / "report").iterdir()} == first


def test_what_was_not_run_is_said(run: Run, made_home: Path, made: Path) -> None:
    assert report(run, made_home, made).code == 0
    assert "没有给出训练的文件夹" in (made / "report" / "MODEL_CARD.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("other", '{"id": "h1", "text": "x", "whole": true}\n', "同样的提问"),
        ("unknown", '{"id": "zz", "text": "x", "whole": true}\n', "没有提问 zz"),
        ("trained", '{"id": "t1", "text": "x", "whole": true}\n', "train 折"),
        ("empty", "", "没有回答"),
    ],
)
def test_answers_that_cannot_be_compared_are_refused(
    run: Run, made_home: Path, made: Path, name: str, text: str, said: str
) -> None:
    (made / f"{name}.jsonl").write_text(text, "utf-8")
    told = report(run, made_home, made, base=f"{name}.jsonl")
    assert told.code == 2 and said in told.err


def test_a_folder_that_is_no_run_is_named(run: Run, made_home: Path, made: Path) -> None:
    told = report(run, made_home, made, "--run", made / "rows")
    assert told.code == 2 and "recipe.json" in told.err
