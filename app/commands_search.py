"""`yilun search`: the clauses for a situation, a question or a citation."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from app.search_hits import found_rows, read_filters
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


def search(
    query: Annotated[str | None, typer.Argument(help="情形、问题或引文")] = None,
    k: Annotated[int, typer.Option("--k", min=1, max=1000, help="取多少条")] = 10,
    batch: Annotated[Path | None, typer.Option("--batch", help="每行 {id, query} 的 JSONL")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="批量结果写到此文件；默认标准输出")] = None,
    level: Annotated[list[str] | None, typer.Option("--level", help="只要此位阶，如 法律；可多次")] = None,
    topic: Annotated[
        list[str] | None, typer.Option("--topic", help="只要此场景，如 医患关系；可多次")
    ] = None,
    source: Annotated[
        list[str] | None, typer.Option("--source", help="只在此文本中，如 医师法；可多次")
    ] = None,
    modality: Annotated[
        list[str] | None, typer.Option("--modality", help="只要含此类规范的条文，如 禁止；可多次")
    ] = None,
    party: Annotated[
        list[str] | None, typer.Option("--party", help="只要规范涉及此主体的条文，如 护士；可多次")
    ] = None,
    in_force: Annotated[bool, typer.Option("--in-force", help="去掉效力待核的条文")] = False,
    neighbours: Annotated[
        int, typer.Option("--neighbours", min=0, max=20, help="每条之前、之后各带几条相邻条文")
    ] = 0,
    system: Annotated[
        str, typer.Option("--system", help="exact、bm25、gloss、dense、meaning、fused 或 default")
    ] = "default",
    home: HomeOption = None,
    build: BuildOption = None,
    as_of: AsOfOption = None,
    as_json: JsonOption = False,
) -> None:
    """检索条文：引文直达，其余按词面与语义；可按位阶、场景、文本、规范类型与主体缩小范围。

    例：yilun search "手术前要不要把替代方案告诉病人" --k 5 --party 医师 --modality 义务
    """
    from retrieval import Retriever

    place = Home.resolve(home, os.environ)
    day = read_day(as_of)
    if (query is None) == (batch is None):
        raise InputError("请给出查询，或用 --batch 给出文件，二者取一")
    queries = (
        [("", query)]
        if query is not None
        else [(row["id"], row["query"]) for row in read_rows(batch, ("id", "query"))]
    )
    made = open_build(place, build)
    filters = read_filters(
        made,
        levels=level,
        topics=topic,
        sources=source,
        modalities=modality,
        parties=party,
        only_in_force=in_force,
    )
    retriever = Retriever.open(place.root, build=made)
    found = (
        {
            "id": name,
            "hits": found_rows(
                retriever, words, k, as_of=day, filters=filters, system=system, neighbours=neighbours
            ),
        }
        for name, words in queries
    )
    if batch is not None or as_json:
        write_lines(found, out)
        return
    hits = next(found)["hits"]
    talk(f"截至 {day}，{len(hits)} 条")
    for rank, hit in enumerate(hits, 1):
        _show(rank, hit)


def _show(rank: int, hit: Mapping[str, Any]) -> None:
    from kg.vocabulary import Status

    standing = Status(hit["status"]).zh
    print(f"{rank}. 《{hit['title']}》{_place(hit)}  [{standing}] {hit['score']:.4f}  {hit['why']}")
    for words in (hit["lead_in"], hit["text"]):
        if words:
            print(f"   {_indent(words)}")
    for near in hit.get("neighbours", ()):
        print(f"   · {near['article']}　{_indent(near['text'])}")


def _place(hit: Mapping[str, Any]) -> str:
    from kg.numerals import chinese_numeral

    paragraph = f"第{chinese_numeral(hit['paragraph'])}款" if hit["paragraph"] else ""
    item = f"第（{chinese_numeral(hit['item'])}）项" if hit["item"] else ""
    return f"{hit['article']}{paragraph}{item}"


def _indent(text: str) -> str:
    return text.replace("\n\n", "\n").replace("\n", "\n   ")
