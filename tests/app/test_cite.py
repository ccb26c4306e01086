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
