"""`yilun ask`: named questions to the graph of norms."""

from __future__ import annotations

import os
from contextlib import closing
from typing import TYPE_CHECKING, Annotated

import typer

from app.terminal import (
    AsOfOption,
    BuildOption,
    HomeOption,
    JsonOption,
    open_build,
    read_day,
    talk,
    write_lines,
)
from kg.home import Home
from kg.problem import InputError

if TYPE_CHECKING:
    from app.ask_contract import AskedRow


def ask(
    name: Annotated[str | None, typer.Argument(help="问题的名称；不给则列出全部")] = None,
    param: Annotated[list[str] | None, typer.Option("--param", help="名=值，可多次")] = None,
    home: HomeOption = None,
    build: BuildOption = None,
    as_of: AsOfOption = None,
    as_json: JsonOption = False,
) -> None:
    """向图提问：主体的义务、保护主体的禁止、违反一条的后果、用语的定义。只答当日有效或效力待核的。

    例：yilun ask duties --param party=医师 --param topic=医患关系
    """
    from app.asking import GraphDesk
    from kg.queries.norms import QUESTIONS

    if name is None:
        for question in QUESTIONS.values():
            wanted = " ".join(f"--param {k}=（{v}）" for k, v in question.parameters.items())
            print(f"{question.name}：{question.doc}\n  yilun ask {question.name} {wanted}")
        return
    place, day = Home.resolve(home, os.environ), read_day(as_of)
    made = open_build(place, build)
    with closing(GraphDesk(place, os.environ)) as graph:
        found = graph.ask(made, name, dict(_pair(text) for text in param or ()), as_of=day)
    if as_json:
        write_lines([found.model_dump(mode="json")], None)
        return
    for row in found.answers:
        _show(row)
    talk(f"按 {day} 的法律，{len(found.answers)} 条；规范由规则抽取，未经法律专家逐条审核")


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not value:
        raise InputError(f"--param {text!r} 不合格式；应为 名=值")
    return key, value


def _show(row: AskedRow) -> None:
    from kg.norm import Modality, TieMethod
    from kg.vocabulary import Status

    status = Status(row.status).zh
    if row.modality is None:
        print(f"{row.place}  [{status}]\n  {row.text}")
        return
    how = f"经由 {row.through}"
    if tie := row.tie:
        method = TieMethod(tie.method)
        how = f"第 {tie.step} 步，{method.zh}“{' '.join(tie.evidence.split())}”，{how}"
        if tie.by_likeness and method is not TieMethod.LIKENESS:
            how += "（其前有一步仅凭字词相合）"
    print(f"{row.place}  {Modality(row.modality).zh}  [{status}]  {how}")
    words = [w for w in (row.condition, row.bearer, row.cue, row.action) if w]
    print(f"  {' | '.join(' '.join(w.split()) for w in words)}")
