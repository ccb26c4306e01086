"""What the page on sources shows, as values: coverage, gaps, problems with their places, the build, what changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from kg.build import Build
from kg.manifest import Manifest
from kg.problem import Problem, Severity


@dataclass(frozen=True, slots=True)
class ProblemRow:
    """A problem found while parsing, and the provision that shows the place, empty where it is not in a text."""

    severity: str
    code: str
    place: str
    text: str
    provision: str


@dataclass(frozen=True, slots=True)
class Changed:
    """What differs between two builds: texts that came, went, or are not the same."""

    came: tuple[str, ...]
    went: tuple[str, ...]
    altered: tuple[str, ...]
    counts: dict[str, tuple[int, int]]


_ZH = {Severity.ERROR: "错误", Severity.WARNING: "警告", Severity.NOTE: "提示"}


def problem_rows(build: Build, *, severity: str = "", code: str = "", words: str = "") -> list[ProblemRow]:
    """The problems of a build, gravest first, narrowed by severity, code and words."""
    order = list(_ZH)
    found = [
        ProblemRow(_ZH[one.severity], one.code, one.place, one.text, _provision(build, one))
        for one in sorted(build.problems, key=lambda p: (order.index(p.severity), p.code, p.place))
    ]
    return [
        row for row in found
        if (not severity or row.severity == severity) and (not code or row.code == code)
        and (not words or words in row.place or words in row.text)
    ]  # fmt: skip


def _provision(build: Build, problem: Problem) -> str:
    return problem.place if problem.place.partition("/")[0] in build.expressions else ""


def codes(build: Build) -> list[tuple[str, int]]:
    """The kinds of problems, most frequent first."""
    return Counter(one.code for one in build.problems).most_common()


def changed(old: Build, new: Build) -> Changed:
    """What came with a build, by the texts that both hold and the counts of their manifests."""
    before, after = set(old.expressions), set(new.expressions)
    altered = [name for name in sorted(before & after) if old.text(name).official != new.text(name).official]
    names = sorted({*old.manifest.counts, *new.manifest.counts})
    counts = {n: (old.manifest.counts.get(n, 0), new.manifest.counts.get(n, 0)) for n in names}
    return Changed(
        tuple(sorted(after - before)), tuple(sorted(before - after)), tuple(altered),
        {name: pair for name, pair in counts.items() if pair[0] != pair[1]},
    )  # fmt: skip


def manifest_rows(manifest: Manifest) -> Sequence[tuple[str, str]]:
    """What a build was made from and what it holds, as lines of a table."""
    return [
        ("构建 id", manifest.id), ("输入摘要", manifest.input_digest), ("格式", str(manifest.format)),
        *sorted(manifest.parameters.items()), *((f"输入 {k}", v) for k, v in sorted(manifest.inputs.items())),
        *((f"数量 {k}", f"{v:,}") for k, v in sorted(manifest.counts.items())),
    ]  # fmt: skip
