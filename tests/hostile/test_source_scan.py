"""What no line of ours may do: build a query out of values, load a pickle, print a secret."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OURS = sorted(
    p
    for name in ("kg", "ingestion", "retrieval", "evaluator", "alignment", "app")
    for p in (ROOT / name).rglob("*.py")
)
_CYPHER = re.compile(r"\b(?:MATCH|MERGE|CREATE|UNWIND|DETACH)\b")
ALLOWED = {"kg/server.py password"}
"""The database's own password, written to a file that only its owner can read (tests/kg/test_server.py looks)."""
_FILLS = ("format", "replace", "format_map")
_SECRETS = re.compile(r"(?:^|_)(?:key|password|secret|token)$", re.IGNORECASE)


def built_queries(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Strings of Cypher with anything put in but the name of a label or relation of the schema (`….cypher`)."""
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            words = "".join(
                v.value for v in node.values if isinstance(v, ast.Constant) and isinstance(v.value, str)
            )
            put_in = [v.value for v in node.values if isinstance(v, ast.FormattedValue)]
            if _CYPHER.search(words) and not all(
                isinstance(v, ast.Attribute) and v.attr == "cypher" for v in put_in
            ):
                yield node.lineno, words[:80]
        elif (
            isinstance(node, ast.BinOp)
            and isinstance(node.op, ast.Add | ast.Mod)
            and (_is_cypher(node.left) or _is_cypher(node.right))
        ):
            yield node.lineno, "+ or %"
        elif _fills(node):
            yield node.lineno, "filled in"


def _fills(node: ast.AST) -> bool:
    called = node.func if isinstance(node, ast.Call) else None
    return isinstance(called, ast.Attribute) and called.attr in _FILLS and _is_cypher(called.value)


def _is_cypher(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and bool(_CYPHER.search(node.value))


def pickles(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Imports of pickle and its like, loads that allow it, and torch.load."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names] + [getattr(node, "module", None) or ""]
            if {"pickle", "dill", "joblib", "shelve", "marshal", "cloudpickle"} & {
                n.split(".")[0] for n in names
            }:
                yield node.lineno, "import"
        elif isinstance(node, ast.Call):
            allowed = [
                k
                for k in node.keywords
                if k.arg == "allow_pickle"
                and not (isinstance(k.value, ast.Constant) and k.value.value is False)
            ]
            if allowed or ast.unparse(node.func) in ("torch.load", "pd.read_pickle"):
                yield node.lineno, ast.unparse(node.func)


def told_secrets(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """A variable or attribute with the name of a secret inside a string that is put together, or printed or logged."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FormattedValue):
            name = node.value.attr if isinstance(node.value, ast.Attribute) else getattr(node.value, "id", "")
            if name in ("password", "secret", "api_key", "llm_key"):
                yield node.value.lineno, name
        elif isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in (
            "print",
            "talk",
            "info",
            "warning",
            "error",
            "debug",
        ):
            for argument in node.args:
                name = argument.attr if isinstance(argument, ast.Attribute) else getattr(argument, "id", "")
                if _SECRETS.search(name) and name not in ("key", "token"):
                    yield node.lineno, name


@pytest.mark.parametrize("scan", [built_queries, pickles, told_secrets])
def test_nothing_of_ours_does_it(scan) -> None:  # type: ignore[no-untyped-def]  # three functions of one shape
    found = [
        f"{path.relative_to(ROOT)} {what}"
        for path in OURS
        for _, what in scan(ast.parse(path.read_text("utf-8")))
    ]
    assert set(found) <= ALLOWED, found


@pytest.mark.parametrize(
    ("scan", "line"),
    [
        (built_queries, "q = f'MATCH (n {{id: {name}}}) RETURN n'"),
        (built_queries, "q = 'MATCH (n) WHERE n.id = ' + name"),
        (built_queries, "q = 'MATCH (n:%s)' % label"),
        (built_queries, "q = 'MATCH (n:{})'.format(label)"),
        (pickles, "import pickle"),
        (pickles, "from joblib import load"),
        (pickles, "np.load(path, allow_pickle=True)"),
        (pickles, "torch.load(path)"),
        (told_secrets, "print(f'{settings.password}')"),
        (told_secrets, "talk(api_key)"),
    ],
)
def test_the_scan_would_see_it(scan, line: str) -> None:  # type: ignore[no-untyped-def]  # as above
    assert list(scan(ast.parse(line)))


def test_what_the_schema_names_may_be_put_in() -> None:
    assert not list(built_queries(ast.parse("q = f'MATCH (n:{label.cypher}) RETURN n'")))
