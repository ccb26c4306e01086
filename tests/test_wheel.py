"""The wheel, installed into an empty folder, has its data and runs every command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from tests.app.invented import write_corpus

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment with the wheel in it; what the wheel depends on is borrowed from this one."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", str(folder), str(ROOT)],
        check=True, capture_output=True,
    )  # fmt: skip
    wheel = next(folder.glob("*.whl"))
    venv.create(folder / "env", with_pip=False)
    python = folder / "env" / "bin" / "python"
    target = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    # A path in a .pth file is searched after this environment's own, and its own .pth files are not read:
    # so the dependencies are found there, the editable checkout is not.
    (Path(target) / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--target", target, str(wheel)],
        check=True, capture_output=True,
    )  # fmt: skip
    return folder


def run(installed: Path, *arguments: str) -> str:
    empty = installed / "empty"
    empty.mkdir(exist_ok=True)
    environ = {"PATH": os.environ["PATH"], "YILUN_HOME": str(installed / "home"), "HOME": str(installed)}
    done = subprocess.run(
        [str(installed / "env" / "bin" / "python"), "-c", "from app.cli import main; main()", *arguments],
        capture_output=True, text=True, cwd=empty, env=environ, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_every_command_runs_from_the_wheel(installed: Path) -> None:
    code = "import kg, kg.pack; print(kg.__file__, kg.pack.data_folder())"
    where = subprocess.run(
        [str(installed / "env" / "bin" / "python"), "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=installed,
    ).stdout
    assert where.count(str(installed / "env")) == 2
    corpus = write_corpus(installed / "corpus")
    run(installed, "build", "--corpus", str(corpus), "--sources", "all", "--no-graph", "--no-vectors")
    assert json.loads(run(installed, "status", "--json"))["listed"] >= 260
    assert "第二条" in run(installed, "article", "甲护理条例第二条")
    assert json.loads(run(installed, "search", "隐私", "--json"))["hits"]
    assert json.loads(run(installed, "judge", "泄露隐私", "--json"))["conclusion"] == "undetermined"
    assert run(installed, "problems")
    assert "没有差异" in run(installed, "diff", "甲护理条例", "--from", "2021-01-01", "--to", "2022-01-01")
    assert "上位法" in run(installed, "precedence", "《甲护理条例》第二条", "《甲处罚法》第二条")
    assert "<akomaNtoso" in run(installed, "export", "akn", "《甲护理条例》")
    assert run(installed, "review", "list") == ""
    assert "error" not in run(installed, "pack", "check")
    assert "yilun app" in run(installed, "app", "--help")
    dataset = installed / "beir"
    (dataset / "qrels").mkdir(parents=True)
    (dataset / "corpus.jsonl").write_text('{"_id":"1","title":"甲","text":"保护隐私"}\n', encoding="utf-8")
    (dataset / "queries.jsonl").write_text('{"_id":"q","text":"隐私"}\n', encoding="utf-8")
    (dataset / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\nq\t1\t1\n", encoding="utf-8")
    result = json.loads(run(installed, "bench", "retrieval", "--dataset", str(dataset), "--system", "bm25"))
    assert result["systems"]["bm25"]["R@1"] == 1.0
