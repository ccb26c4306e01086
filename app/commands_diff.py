"""`yilun diff`: what changed between two texts of a work, or between a work and its successor."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.terminal import (
    AsOfOption,
    BuildOption,
    HomeOption,
    JsonOption,
    open_build,
    print_json,
    read_day,
    talk,
)
from kg.home import Home

if TYPE_CHECKING:
    from app.diff_view import ChangeView, DiffView, NormChangeView


def diff(
    title: Annotated[str, typer.Argument(help="《传染病防治法》；被取代的旧文件与取代它的新文件视为一系")],
    since: Annotated[
        str | None, typer.Option("--from", help="旧：日期或版本 id；默认 --to 之前的那个文本")
    ] = None,
    until: Annotated[str | None, typer.Option("--to", help="新：日期或版本 id；默认 --as-of 当日")] = None,
    rests: Annotated[
        list[Path] | None,
        typer.Option(
            "--rests", help="JSONL 文件或文件夹，可多次：列出其中以所改条款为据的行；默认状态目录的 verdicts/"
        ),
    ] = None,
    home: HomeOption = None,
    build: BuildOption = None,
    as_of: AsOfOption = None,
    as_json: JsonOption = False,
) -> None:
    """两个版本之间的增、删、改、移、改号，逐条逐款逐字；规范的增删改；以及涉及的案例、结论与训练数据。有差异时退出码为 1。

    例：yilun diff "《宪法》" --from 2000-01-01 --to 2020-01-01
    """
    from app.diff_view import choose, diff_view

    place = Home.resolve(home, os.environ)
    made = open_build(place, build)
    texts = choose(made, title, since, until, read_day(as_of))
    found = diff_view(made, *texts, files=_files(rests if rests is not None else [place.verdicts]))
    if as_json:
        print_json(asdict(found))
    else:
        talk(f"{found.old.expression} → {found.new.expression}")
        for line in lines(found):
            print(line)
    if found.changes:
        raise typer.Exit(1)


def _files(places: Iterable[Path]) -> list[Path]:
    """The JSON Lines files that are named, or lie in the folders that are."""
    files: list[Path] = []
    for place in places:
        files += sorted(place.rglob("*.jsonl")) if place.is_dir() else [place] if place.suffix else []
    return files


def lines(found: DiffView) -> Iterator[str]:
    """A diff as lines of text: [-删去-] {+新增+}; renumbered provisions in a row share a line."""
    for side, name in ((found.old, "旧"), (found.new, "新")):
        begins = f"{side.begins} 起施行" if side.begins else "施行日期不详"
        ends = f"，{side.ends} 起失效" if side.ends else ""
        yield f"{name} 《{side.title}》 {side.expression}  {begins}{ends}"
    counts = "  ".join(f"{kind.zh} {number}" for kind, number in found.counts.items() if number)
    yield f"条（点）与标题：{counts or '没有差异'}  未变 {found.unchanged}  仅排版不同 {found.formatting}"
    cases = {case.id for change in found.changes for case in change.cases}
    if cases:
        shown = "、".join(sorted(cases)[:10]) + ("…" if len(cases) > 10 else "")
        yield f"涉及案例 {len(cases)}（模型撰写，未经审核）：{shown}"
    if found.norms:
        numbers = Counter(change.kind for change in found.norms)
        yield "规范（由规则抽取，未经审核）：" + "  ".join(
            f"{kind.zh} {n}" for kind, n in sorted(numbers.items())
        )
    for file, rows in groupby(found.rows, key=lambda row: row.file):
        named = [row.id or str(row.line) for row in rows]
        yield f"以所改条款为据：{file} {len(named)} 行：{'、'.join(named[:10])}{'…' if len(named) > 10 else ''}"
    yield from _changes(found.changes, "")
    if found.norms:
        yield ""
        yield "规范"
        yield from map(_norm, found.norms)


def _norm(change: NormChangeView) -> str:
    if change.kind.value == "changed":
        assert change.old is not None
        assert change.new is not None
        old, new = change.old, change.new
        told = "；".join(
            f"{_role(name)} {old.get(name, '无')} → {new.get(name, '无')}"
            for name in change.fields if name in old or name in new
        )  # fmt: skip
        return f"~ {change.modality.zh} {_place(change.new_id)}：{told or '、'.join(change.fields)}"
    parts = change.new or change.old or {}
    mark, where = ("+", change.new_id) if change.new is not None else ("-", change.old_id)
    words = "  ".join(f"{_role(name)} {text}" for name, text in parts.items() if name != "cue")
    return f"{mark} {change.modality.zh} {_place(where)}：{words}"


def _role(name: str) -> str:
    from kg.norm import Role

    return Role(name).zh if name in set(Role) else name


def _place(norm_id: str) -> str:
    from kg.identity import ProvisionId

    return ProvisionId.parse(norm_id.partition("#")[0]).display()


def _changes(changes: Iterable[ChangeView], indent: str) -> Iterator[str]:
    row: list[str] = []
    for change in changes:
        if change.kind.value == "renumbered":
            row.append(f"{change.old_place}→{change.new_place}")
            continue
        if row:
            yield f"{indent}改号 {'，'.join(row)}"
            row = []
        yield ""
        yield from _change(change, indent)
    if row:
        yield f"{indent}改号 {'，'.join(row)}"


def _change(change: ChangeView, indent: str) -> Iterator[str]:
    where = change.old_place if not change.new_place else change.new_place
    if change.old_place and change.new_place and change.old_id.split("/")[1:] != change.new_id.split("/")[1:]:
        where = f"{change.old_place} → {change.new_place}"
    also = "、移动" if change.moved and change.kind.value == "changed" else ""
    also += "（只是所引条号随之改变）" if change.follows else ""
    cases = f"  涉及案例 {len(change.cases)}" if change.cases else ""
    yield f"{indent}{change.kind.zh}{also} {where}{cases}"
    inner = indent + "  "
    match change.kind.value:
        case "changed" if change.parts and change.level.value != "article":
            yield from _marked(change, inner)
        case "changed" if change.parts:
            yield from _changes(change.parts, inner)
        case "changed":
            yield from _marked(change, inner)
        case "removed":
            yield from (f"{inner}- {line}" for line in _lines(change.old_text))
            yield from _changes(change.parts, inner)
        case "added":
            yield from (f"{inner}+ {line}" for line in _lines(change.new_text))
            yield from _changes(change.parts, inner)
        case _:
            yield from (f"{inner}  {line}" for line in _lines(change.new_text))


def _marked(change: ChangeView, indent: str) -> Iterator[str]:
    """Both sides in one text where they have enough in common, else one after the other."""
    if change.old_marks is None or change.new_marks is None:
        yield from (f"{indent}- {line}" for line in _lines(change.old_text))
        yield from (f"{indent}+ {line}" for line in _lines(change.new_text))
        return
    yield from (f"{indent}{line}" for line in _lines(merged(change)))


def merged(change: ChangeView) -> str:
    """The two sides as one text: what they share, [-what is gone-] and {+what has come+}, in order."""
    assert change.old_marks is not None
    assert change.new_marks is not None
    gone, come = list(change.old_marks), list(change.new_marks)
    at = here = 0
    pieces: list[str] = []
    while at < len(change.old_text) or here < len(change.new_text):
        if gone and gone[0][0] == at:
            start, at = gone.pop(0)
            pieces.append(_wrapped("[-", change.old_text[start:at], "-]", ""))
        elif come and come[0][0] == here:
            start, here = come.pop(0)
            pieces.append(_wrapped("{+", change.new_text[start:here], "+}", change.new_text[start:here]))
        else:
            stop = min(gone[0][0] - at if gone else len(change.old_text) - at,
                       come[0][0] - here if come else len(change.new_text) - here)  # fmt: skip
            pieces.append(change.new_text[here : here + stop])
            at, here = at + stop, here + stop
    return "".join(pieces)


def _wrapped(before: str, words: str, after: str, blank: str) -> str:
    """Blanks and line breaks are form, not law: they are not marked."""
    return f"{before}{words}{after}" if words.strip() else blank


def _lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip()]
