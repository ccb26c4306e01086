"""Every package that ours names has its licence on the page and its version in the constraints."""

from __future__ import annotations

import re
from pathlib import Path

from tests.bench.licences import direct, plain

ROOT = Path(__file__).resolve().parents[2]


def test_every_direct_dependency_is_listed_with_a_licence() -> None:
    page = (ROOT / "docs" / "licences.md").read_text("utf-8")
    listed = dict(re.findall(r"^\| ([\w.-]+) \| [^|]+ \| ([^|]*) \|$", page, re.MULTILINE))
    missing = sorted(name for name in direct() if not listed.get(name, "").strip())
    assert not missing, f"{missing}：python -m tests.bench.licences > docs/licences.md"


def test_every_direct_dependency_is_pinned() -> None:
    pinned = {
        plain(line.split("==")[0])
        for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines()
        if "==" in line
    }
    assert not sorted(set(direct()) - pinned)
