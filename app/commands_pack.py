"""`yilun pack`: is a data pack as it should be."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from app.terminal import JsonOption, talk
from kg.pack import data_folder
from kg.problem import Severity

pack_app = typer.Typer(help="数据包：台账、场景、案例与词表。", no_args_is_help=True)


@pack_app.command("check")
def check(
    folder: Annotated[Path | None, typer.Argument(help="数据包文件夹；默认随软件的数据包")] = None,
    as_json: JsonOption = False,
) -> None:
    """逐行检查一个数据包；有错误或警告时退出码为 1，只有提示（note）时为 0。

    例：yilun pack check tests/packs/labour
    """
    from evaluator.fact_words import read_fact_words
    from ingestion.norms.lexicon import read_lexicon
    from ingestion.pack_check import check_pack, refused
    from retrieval.glosses import GlossLayer

    place = folder or data_folder()
    found = check_pack(place)
    found += refused("bad_row", lambda: GlossLayer.of_pack(place))
    if not any(problem.severity is Severity.ERROR for problem in found):
        found += refused("bad_row", lambda: read_fact_words(place, read_lexicon(place).parties))
    for problem in found:
        print(json.dumps(asdict(problem), ensure_ascii=False) if as_json else problem)
    serious = sum(problem.severity is not Severity.NOTE for problem in found)
    talk(f"{place}：{serious} 个问题，{len(found) - serious} 个提示")
    if serious:
        raise typer.Exit(1)
