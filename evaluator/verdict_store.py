"""Verdicts kept on this machine: one file each, named by its content, only ever added."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from evaluator.proof import VerdictFile
from evaluator.verify import read_verdict
from kg.home import Home, write_atomically


def save(home: Home, verdict: VerdictFile) -> Path:
    """Keep a verdict; one that is there already stays as it is. The path tells where."""
    home.prepare()
    path = home.verdicts / f"{verdict.id}.json"
    if not path.exists():
        write_atomically(path, verdict.to_json())
    return path


def kept(home: Home) -> Iterator[tuple[Path, VerdictFile]]:
    """Every verdict kept, by file name; InputError for a file that is none."""
    if home.verdicts.is_dir():
        for path in sorted(home.verdicts.glob("*.json")):
            yield path, read_verdict(path.read_text(encoding="utf-8"), str(path))


def roles_on(verdict: VerdictFile, provision: str) -> tuple[str, ...]:
    """How a verdict rests on a provision or on anything below it: grounds, against, sanction, governing."""

    def below(identifier: str) -> bool:
        return (identifier + "/").startswith(provision + "/")

    clauses = {str(row.role) for row in verdict.findings if below(row.clause)}
    found: list[str] = [role for role in ("grounds", "against") if role in clauses]
    found += ["sanction"] * any(below(row.sanction) for row in verdict.sanctions)
    found += ["governing"] * any(map(below, verdict.governing))
    return tuple(found)
