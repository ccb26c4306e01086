"""`yilun cite` as people type it."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from tests.app.conftest import Run
from tests.evaluator.packaged import packaged_build

SCHEMAS = Path(__file__).resolve().parents[2] / "docs" / "schemas"


def _home() -> Path:
    return packaged_build().path.parent.parent


@pytest.mark.parametrize(
    ("text", "code"), [("《民法典》第1219条", 0), ("《民法典》第1261条", 1), ("没有引用任何法律。", 0)]
)
def test_exit_code(run: Run, tmp_path: Path, text: str, code: int) -> None:
    (tmp_path / "a.txt").write_text(text, encoding="utf-8")
    assert run("cite", "check", tmp_path / "a.txt", "--home", _home(), "--as-of", "2026-11-22").code == code


def test_batch_follows_the_contract(run: Run, tmp_path: Path) -> None:
    rows = [{"id": "1", "text": "《医师法》第25条"}, {"id": "2", "text": "合同第3条"}]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows), encoding="utf-8")
    outcome = run(
        "cite", "check", "--batch", tmp_path / "a.jsonl", "--home", _home(), "--as-of", "2026-11-22"
    )
    lines = [json.loads(line) for line in outcome.out.splitlines()]
    schema = json.loads((SCHEMAS / "cite-check.json").read_text("utf-8"))
    for line in lines:
        jsonschema.validate(line, schema)
    assert [(line["id"], len(line["citations"])) for line in lines] == [("1", 1), ("2", 0)]


def test_bad_input(run: Run, tmp_path: Path) -> None:
    (tmp_path / "bad.txt").write_bytes(b"\xff\xfe\x00")
    assert run("cite", "check", "--home", _home()).code == 2
    assert run("cite", "check", tmp_path / "none.txt", "--home", _home()).code == 2
    assert run("cite", "check", tmp_path / "bad.txt", "--home", _home()).code == 2


def test_fix_proposes_and_changes_nothing(run: Run, tmp_path: Path) -> None:
    page = tmp_path / "a.txt"
    text = "《民法典》第1221条规定，需要实施手术的，应当及时向患者具体说明医疗风险、替代医疗方案等情况。\n"
    page.write_text(text, encoding="utf-8")
    outcome = run("cite", "fix", page, "--home", _home(), "--as-of", "2026-11-22")
    assert outcome.code == 1
    assert f"+{text.replace('1221', '1219')}" in outcome.out
    assert page.read_text("utf-8") == text


def test_fix_puts_the_official_words_back(run: Run, tmp_path: Path) -> None:
    page = tmp_path / "a.txt"
    page.write_text(
        "《民法典》第1219条：“医务人员在诊疗活动中可以向患者说明病情和医疗措施。”\n", encoding="utf-8"
    )
    outcome = run("cite", "fix", page, "--home", _home(), "--as-of", "2026-11-22")
    assert "+《民法典》第1219条：“医务人员在诊疗活动中应当向患者说明病情和医疗措施。”" in outcome.out


def test_report_is_escaped_and_linked(run: Run, tmp_path: Path) -> None:
    page, report = tmp_path / "a.txt", tmp_path / "a.html"
    page.write_text('<script>alert("x")</script>《民法典》第1219条', encoding="utf-8")
    assert run("cite", "check", page, "--html", report, "--home", _home(), "--as-of", "2026-11-22").code == 0
    written = report.read_text("utf-8")
    assert "<script" not in written
    assert '<a class="verified" href="#c1"' in written
    assert "医疗措施" in written
