"""Whether a data pack is as it should be: every row, and what rows say of one another, by file and line."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

from ingestion.ledger import Ledger, read_ledger
from ingestion.norms.lexicon import read_lexicon
from ingestion.scenarios import Case, read_cases
from kg.identity import ExpressionId
from kg.model import Source
from kg.pack import read_jsonl
from kg.pack_info import read_pack_info
from kg.problem import DamagedError, InputError, Problem, Severity
from kg.review_log import read_reviews
from kg.titles import TitleIndex, TitleRelation

KNOWN = frozenset(
    {
        "pack.json", "README.md", "LICENSES.md", "splits.tsv", "ledger", "cases", "norms", "glosses", "guardian", "gold",
        "facts", "vectors", "models", "reviews", "attacks",
    }
)  # fmt: skip
"""What may stand at the top of a pack; docs/pack.md says what each is."""


def check_pack(folder: Path) -> list[Problem]:
    """Everything that is wrong with a pack, sorted. Errors would stop a build; a warning wants a lawyer's eye.

    InputError if the folder is not there.
    """
    if not folder.is_dir():
        raise InputError(f"{folder} 不是文件夹；应为数据包的文件夹，布局见 docs/pack.md")
    found: list[Problem] = []
    found += refused("pack_info", lambda: read_pack_info(folder))
    ledger = read_ledger(folder / "ledger", found.append)
    cases = read_cases(folder / "cases", {topic.name for topic in ledger.topics}, found.append)
    found += read_reviews([folder / "reviews"])[1]
    found += _strangers(folder)
    found += _works(ledger, folder / "ledger" / "sources.jsonl")
    found += _references(ledger, cases, folder / "cases")
    if not any(problem.severity is Severity.ERROR for problem in found):  # the word lists name its topics
        found += refused("bad_row", lambda: read_lexicon(folder))
        found += _principles(folder, cases)
    return sorted(
        set(found), key=lambda p: (p.severity is not Severity.ERROR, _place(p.place), p.code, p.text)
    )


def refused(code: str, read: Callable[[], object]) -> list[Problem]:
    """The one problem at which a strict reader stopped, if it did."""
    try:
        read()
    except DamagedError as error:
        place, _, text = str(error).partition(": ")
        return [Problem(Severity.ERROR, code, place, text)]
    return []


def _principles(folder: Path, cases: list[Case]) -> Iterator[Problem]:
    """Principles that cases name and the pack does not define; a pack without a list of them defines none."""
    path = folder / "norms" / "principles.jsonl"
    known = _lines(path, "id")
    for name in sorted({name for case in cases for name in case.principles} - set(known)) if known else ():
        where = next(case.id for case in cases if name in case.principles)
        yield Problem(
            Severity.WARNING, "principle_unknown", str(path), f"没有原则 {name}（案例 {where} 用到）"
        )


def _place(place: str) -> tuple[str, int]:
    path, _, line = place.rpartition(":")
    return (path, int(line)) if line.isdigit() else (place, 0)


def _strangers(folder: Path) -> Iterator[Problem]:
    for path in sorted(folder.iterdir()):
        if path.name not in KNOWN and not path.name.startswith("."):
            yield Problem(Severity.WARNING, "unknown_file", str(path), "数据包的布局里没有它；它不会被读到")


def _works(ledger: Ledger, path: Path) -> Iterator[Problem]:
    """What the works of a ledger say of one another and of their own dates."""
    lines = _lines(path)
    titles = TitleIndex.build(ledger.sources.values())
    used = {topic for source in ledger.sources.values() for topic in source.topics}
    for topic in ledger.topics:
        if topic.name not in used:
            place = str(path.with_name("topics.jsonl"))
            yield Problem(Severity.WARNING, "topic_unused", place, f"没有一部文件属于场景 {topic.name}")
    for source in ledger.sources.values():
        for severity, code, text in _work(source, titles):
            yield Problem(severity, code, f"{path}:{lines.get(source.key, 0)}", f"{source.key}: {text}")


_NOUN = re.compile("(法|条例|办法|规定|细则|准则)(?:（.*）)?$")


def _work(source: Source, titles: TitleIndex) -> Iterator[tuple[Severity, str, str]]:
    error = Severity.ERROR
    try:
        ExpressionId(source.key, None, 1)
    except InputError as problem:
        yield error, "bad_key", str(problem)
    others = sorted(_keys(titles, source.title) - {source.key})
    if others:
        yield error, "same_title", f"题名与 {'、'.join(others)} 相同"
    days = [version.version_date for version in source.versions]
    if len(days) != len(set(days)):
        yield error, "version_twice", "同一日期的版本不止一个"
    for version in source.versions:
        if version.effective_from and version.effective_from < version.version_date:
            yield (
                error,
                "effective_early",
                f"{version.version_date} 的版本施行于 {version.effective_from}，早于公布",
            )
    if source.successor:
        if source.successor.title == source.title:
            yield error, "own_successor", "接替者是它自己"
        if source.successor.since and any(day >= source.successor.since for day in days):
            yield error, "successor_early", f"接替发生于 {source.successor.since}，不晚于自己的版本"
    kind = _NOUN.search(source.title)
    for name in (*source.short_titles, *source.aliases):
        said = _NOUN.search(name)
        if kind and said and said[1] != kind[1]:
            yield (
                Severity.NOTE,
                "alias_kind",
                f"别名“{name}”是“{said[1]}”，题名是“{kind[1]}”：引用不存在的文件时会误答",
            )


def _keys(titles: TitleIndex, name: str) -> set[str]:
    return {hit.key for hit in titles.lookup(name) if hit.relation is not TitleRelation.FORMER}


def _references(ledger: Ledger, cases: list[Case], folder: Path) -> Iterator[Problem]:
    """What cases name that the ledger does not have: such a clause is never bound."""
    titles = TitleIndex.build(ledger.sources.values())
    lines: dict[str, str] = {}
    for path in sorted(folder.glob("*.jsonl")):
        lines |= {key: f"{path}:{number}" for key, number in _lines(path, "id").items()}
    missing: dict[str, list[str]] = defaultdict(list)
    for case in cases:
        for gold in case.gold:
            if not _keys(titles, gold.title):
                missing[case.id].append(gold.title)
    for case_id, works in sorted(missing.items()):
        text = f"案例 {case_id} 的依据 {'、'.join(sorted(set(works)))} 不在台账中，不会绑定"
        yield Problem(Severity.NOTE, "gold_unlisted", lines.get(case_id, case_id), text)


def _lines(path: Path, name: str = "key") -> dict[str, int]:
    if not path.is_file():
        return {}
    found: dict[str, int] = {}
    for number, value in read_jsonl(path, lambda problem: None):
        if isinstance(value, dict) and isinstance(value.get(name), str):
            found.setdefault(value[name], number)
    return found
