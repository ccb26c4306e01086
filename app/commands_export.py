"""`yilun export`: a text of the build in a format that others read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.terminal import AsOfOption, BuildOption, HomeOption, open_build, read_day, talk
from kg.home import Home

if TYPE_CHECKING:
    from kg.akoma_ntoso import Link
    from kg.build import Build, Text

export_app = typer.Typer(help="把文本导出为通用格式。", no_args_is_help=True)


@export_app.command("akn")
def akn(
    title: Annotated[str, typer.Argument(help="《医师法》，或版本 id")],
    out: Annotated[Path | None, typer.Option("--out", help="写到此文件；默认标准输出")] = None,
    home: HomeOption = None,
    build: BuildOption = None,
    as_of: AsOfOption = None,
) -> None:
    """把一个版本导出为 Akoma Ntoso 3.0 XML：文字与正式文本逐字相同，引用带链接，附施行与失效日期。

    例：yilun export akn "《医师法》" --out physicians.xml
    """
    from app.views import find_text
    from kg.akoma_ntoso import akoma_ntoso

    made = open_build(Home.resolve(home, os.environ), build)
    day = read_day(as_of)
    text = find_text(made, title, day)
    key = text.expression.id.key
    document = akoma_ntoso(
        text, made.sources[key], made=first_made(made, key), links=list(links(made, text, day))
    )
    if out is None:
        print(document, end="")
        return
    partial = out.with_name(out.name + ".partial")
    partial.write_text(document, encoding="utf-8", newline="\n")
    partial.replace(out)
    talk(f"{text.expression.id} → {out}")


def first_made(build: Build, key: str) -> date:
    """The earliest day on which a version of a work is known to have been made, in the ledger or as a text."""
    days = [version.version_date for version in build.sources[key].versions]
    days += [e.id.version for e in build.versions.get(key, ()) if e.id.version]
    return min(days, default=date.max)


def links(build: Build, text: Text, as_of: date) -> Iterator[Link]:
    """The citations of a text that lead to one place on a day: inside it as fragments, else as IRIs."""
    from kg.akoma_ntoso import Link, eid, expression_iri, work_iri
    from kg.identity import ExpressionId, ProvisionId

    day = as_of.isoformat()
    for citation in build.citations_of(text):
        reached = [
            t for t in citation.targets
            if (t.from_date or "") <= day and (t.until_date is None or day < t.until_date)
        ]  # fmt: skip
        if len(reached) != 1:
            continue
        target = reached[0].id
        key = target.partition("@")[0]
        made = first_made(build, key)
        if made == date.max or key not in build.sources:
            continue
        source = build.sources[key]
        if "@" not in target:
            href = work_iri(source, made)
        elif "/" not in target:
            href = expression_iri(source, made, ExpressionId.parse(target))
        else:
            place = ProvisionId.parse(target)
            own = place.expression == text.expression.id
            href = "" if own else f"{expression_iri(source, made, place.expression)}/!main"
            href += f"#{eid(place.steps)}"
        yield Link(citation.start, citation.end, href)
