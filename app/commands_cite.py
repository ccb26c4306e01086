"""`yilun cite`: the citations of a text, checked against the law of a day."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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
    from evaluator.citation_outcome import CheckedCitation

cite_app = typer.Typer(
    help="核对文中引用的法条：有无此条、是否有效、引文与内容是否相符。", no_args_is_help=True
)


@cite_app.command("check")
def check(
    file: Annotated[Path | None, typer.Argument(help="文本文件；- 为标准输入")] = None,
    batch: Annotated[Path | None, typer.Option("--batch", help="每行 {id, text, as_of?} 的 JSONL")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="批量结果写到此文件；默认标准输出")] = None,
    html: Annotated[Path | None, typer.Option("--html", help="另写一份标注全文的网页")] = None,
    home: HomeOption = None,
    build: BuildOption = None,
    as_of: AsOfOption = None,
    as_json: JsonOption = False,
) -> None:
    """核对一篇文本所引的每一条。全部核对无误退出码为 0，有发现为 1，输入有误为 2。

    例：yilun cite check answer.txt
    """
    from app.cite_report import html_report
    from evaluator.citation_check import CitationChecker

    day = read_day(as_of)
    if (file is None) == (batch is None):
        raise InputError("请给出文本文件（- 为标准输入），或用 --batch 给出 JSONL，二者取一")
    if html is not None and file is None:
        raise InputError("--html 只用于单篇文本；请给出文件或 -")
    checker = CitationChecker(open_build(Home.resolve(home, os.environ), build))
    texts = (
        [(str(file) if str(file) != "-" else "", _read_text(file), day)]
        if file is not None
        else [
            (row["id"], row["text"], read_day(row["as_of"]) if row.get("as_of") else day)
            for row in read_rows(batch, ("id", "text"))
        ]
    )
    clean = True

    def checked() -> Iterator[tuple[str, list[CheckedCitation]]]:
        nonlocal clean
        for identifier, text, when in texts:
            found = checker.check(text, as_of=when)
            clean = clean and all(c.outcome == "verified" for c in found)
            if html is not None:
                page = html_report(text, found, checker.build, name=identifier or "文本", as_of=str(when))
                html.write_text(page, encoding="utf-8")
                talk(f"已写 {html}")
            yield identifier, found

    if batch is not None or as_json:
        write_lines(({"id": i, "citations": [contract_row(c) for c in found]} for i, found in checked()), out)
    else:
        for _, found in checked():
            talk(f"{len(found)} 处引用，按 {day} 的法律；构建 {checker.build.id}")
            for citation in found:
                _show(citation)
    if not clean:
        raise typer.Exit(1)


@cite_app.command("fix")
def fix(
    file: Annotated[Path, typer.Argument(help="文本文件；- 为标准输入")],
    home: HomeOption = None,
    build: BuildOption = None,
    as_of: AsOfOption = None,
) -> None:
    """把有唯一答案的改正写成 diff：条号、款项、旧法的现行条文、引文原字。只提议，不改文件；有改正时退出码为 1。

    例：yilun cite fix answer.txt
    """
    from evaluator.citation_check import CitationChecker
    from evaluator.citation_fix import corrections, diff

    checker = CitationChecker(open_build(Home.resolve(home, os.environ), build))
    text = _read_text(file)
    found = checker.check(text, as_of=read_day(as_of))
    fixes = corrections(found)
    faulty = sum(c.outcome != "verified" for c in found)
    talk(f"{len(found)} 处引用，{faulty} 处有发现，提出 {len(fixes)} 处改正；请逐处核对后再采用")
    print(diff(file.name if str(file) != "-" else "stdin", text, fixes), end="")
    if faulty:
        raise typer.Exit(1)


def contract_row(citation: CheckedCitation) -> dict[str, object]:
    """A checked citation as the contract has it; what else it holds is said in `evidence`."""
    return {
        "span": list(citation.span),
        "surface": citation.surface,
        "title": citation.title,
        "article": citation.article,
        "paragraph": citation.paragraph,
        "item": citation.item,
        "resolved": citation.resolved,
        "outcome": citation.outcome.value,
        "faults": list(citation.faults),
        "suggested": [{"title": s.title, "article": s.article} for s in citation.suggested],
        "confidence": citation.confidence,
        "evidence": citation.evidence,
    }


def _show(citation: CheckedCitation) -> None:
    surface = " ".join(citation.surface.split())
    said = citation.verified.zh if citation.verified else citation.outcome.zh
    print(f"{citation.outcome.symbol} {surface}  [{said}] {citation.confidence:.2f}")
    print(f"   {citation.evidence}")
    for suggestion in citation.suggested:
        print(f"   可能是：《{suggestion.title}》{suggestion.article}")


def _read_text(path: Path | None) -> str:
    assert path is not None
    try:
        data = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
        return data.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"读不到 {path}：{error}；应为 UTF-8 的文本") from error
