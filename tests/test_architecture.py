"""Imports point one way, and importing a package is cheap."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MAY_IMPORT = {
    "kg": set(),
    "ingestion": {"kg"},
    "retrieval": {"kg"},
    "evaluator": {"kg", "retrieval"},
    "alignment": {"kg", "retrieval", "evaluator"},
    "app": {"kg", "ingestion", "retrieval", "evaluator", "alignment"},
}
HEAVY = {
    "torch", "transformers", "peft", "sentence_transformers", "faiss", "spacy", "jieba", "streamlit", "neo4j",
    "langchain", "langchain_core", "bm25s", "numpy", "onnxruntime", "tokenizers", "lxml", "docx", "pypdf", "pandas", "sqlite3",
}  # fmt: skip


def _imports(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.lineno, node.module


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_imports_point_one_way(package: str) -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {module}"
        for path in sorted((ROOT / package).rglob("*.py"))
        for line, module in _imports(path)
        if module.split(".")[0] in MAY_IMPORT.keys() - MAY_IMPORT[package] - {package}
    ]
    assert not wrong


def test_an_upward_import_would_be_seen(tmp_path: Path) -> None:
    module = tmp_path / "upward.py"
    module.write_text("def f():\n    from app.cli import main\n", encoding="utf-8")
    assert [name for _, name in _imports(module)] == ["app.cli"]


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_importing_a_package_loads_nothing_heavy(package: str) -> None:
    code = f"import sys, {package}; print(*sorted(m.split('.')[0] for m in sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout.split()
    assert not HEAVY & set(loaded)


def test_the_command_starts_without_heavy_libraries() -> None:
    code = "import sys, app.cli; print(*sorted(m.split('.')[0] for m in sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout.split()
    assert not HEAVY & set(loaded)
