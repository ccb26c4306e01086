"""`yilun norms`: what an article demands, of whom, when."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.terminal import (
    AsOfOption,
    BuildOption,
    HomeOption,
    JsonOption,
    open_build,
    read_day,
    read_rows,
    talk,
    write_lines,
)
from kg.home import Home
from kg.problem import InputError

if TYPE_CHECKING:
    from app.norm_views import NormedProvision, NormView
    from kg.build import Build


def norms(
    reference: Annotated[
        str | None, typer.Argument(help="《医师法》第二十五条、民法典1219条 或条款 id")
    ] = None,
    batch: Annotated[Path | None, typer.Option("--batch", help="每行 {title, article} 的 JSONL")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="批量结果写到此文件；默认标准输出")] = None,
    home: HomeOption = None,
    build: BuildOption = None,
    as_of: AsOfOption = None,
    as_json: JsonOption = False,
) -> None:
    """一条法律的规范：义务、禁止、许可、责任……各由谁承担、何时适用、有何例外；及其原则与引用。

    批量时读不到的条文输出空列表，说明写到标准错误，退出码为 1。

    例：yilun norms "《医师法》第二十五条"
    """
    made = open_build(Home.resolve(home, os.environ), build)
    day = read_day(as_of)
    if (reference is None) == (batch is None):
        raise InputError("请给出条文，或用 --batch 给出文件，二者取一")
    if reference is not None:
        found = _normed(made, reference, day)
        if as_json:
            write_lines([_row(found)], out)
        else:
            _show(made, found)
        return
    failed = 0

    def rows() -> Iterator[dict[str, Any]]:
        nonlocal failed
        for row in read_rows(batch, ("title", "article")):
            try:
                yield _row(_normed(made, f"《{row['title'].strip('《》')}》{row['article']}", day))
            except InputError as error:
                failed += 1
                talk(f"错误：{error}")
                yield _row(())

    write_lines(rows(), out)
    if failed:
        raise typer.Exit(1)


def _normed(made: Build, reference: str, day: Any) -> tuple[NormedProvision, ...]:
    from app.norm_views import normed_provisions
    from app.views import find_article

    text, provision = find_article(made, reference, day)
    return normed_provisions(made, text, provision, day)


def _row(found: tuple[NormedProvision, ...]) -> dict[str, Any]:
    return {"provisions": [asdict(entry) for entry in found]}


def _show(made: Build, found: tuple[NormedProvision, ...]) -> None:
    from app.views import name_of

    for entry in found:
        print(f"{name_of(made, entry.id)}  {entry.id}")
        print(f"  {entry.text}")
        show_norms(entry.norms)
        if entry.principles:
            names = (made.principles[p].name if p in made.principles else p for p in entry.principles)
            print("  原则：" + "、".join(names))
        if entry.refers_to:
            print("  引用：" + "、".join(name_of(made, target) for target in entry.refers_to))
        print()
    talk("规范由规则从原文抽取，未经法律专家逐条审核；误差见 docs/benchmarks.md")


def show_norms(norms: tuple[NormView, ...]) -> None:
    """Norms as lines of a terminal."""
    from kg.norm import Modality, Role

    for number, norm in enumerate(norms, 1):
        cue = f"（{norm.cue}）" if norm.cue else ""
        print(f"  {number}. {Modality(norm.modality).zh}{cue}  可信度 {norm.confidence:.2f}")
        for role in Role:
            words = getattr(norm, role.value)
            if role is not Role.CUE and words and not (role is Role.SANCTION and words == norm.action):
                mark = "（承前省略）" if role is Role.BEARER and norm.bearer_elided else ""
                print(f"     {role.zh}：{' '.join(words.split())}{mark}")
