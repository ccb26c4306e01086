"""`yilun review`: experts correct extracted norms and facts of the ledger; builds apply what they said."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

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
    write_lines,
)
from kg.home import Home
from kg.problem import InputError

if TYPE_CHECKING:
    from kg.build import Build
    from kg.problem import Problem
    from kg.review import Act, Claim, Judged, Review

review_app = typer.Typer(help="专家审核：认可、更正、否定、补充规范，更正台账事实。", no_args_is_help=True)


@review_app.command("add")
def add(
    target: Annotated[str, typer.Argument(help="规范 id、条文、台账题名、建议 id，或要撤回的审核 id")],
    act: Annotated[str, typer.Option("--act", help="accept、correct、reject、add、fact、withdraw")],
    author: Annotated[str, typer.Option("--author", help="审核人")],
    reason: Annotated[str, typer.Option("--reason", help="理由")],
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="名称=内容，可多次；内容须是原文字词，空为删去")
    ] = None,
    field: Annotated[str, typer.Option("--field", help="台账字段（--act fact）")] = "",
    value: Annotated[str | None, typer.Option("--value", help="该字段应为（--act fact）")] = None,
    time: Annotated[str | None, typer.Option("--time", help="审核时间，带时区；默认现在")] = None,
    home: HomeOption = None,
    build: BuildOption = None,
    as_of: AsOfOption = None,
    as_json: JsonOption = False,
) -> None:
    """追加一条审核，下次 yilun build 时应用。审核绑定条款与其文字的摘要；文字变了就报为过时，不会悄悄应用。

    例：yilun review add "中华人民共和国医师法@2021-08-20/art25/p1#n1" --act correct --set bearer=医师 --author 甲 --reason 主体误读
    """
    from app.review_input import fact_review, norm_review, withdrawal
    from kg.proposal import MARK
    from kg.review import Act, review_row
    from kg.review_log import append_reviews

    place = Home.resolve(home, os.environ)
    made = open_build(place, build)
    if act not in set(Act):
        raise InputError(f"--act {act!r} 不是 {'、'.join(Act)} 之一")
    kind = Act(act)
    when = _time(time)
    if (kind is Act.FACT) != (value is not None):
        raise InputError("--field 与 --value 用于且必须用于 --act fact")
    if target.startswith(MARK):
        _decide(place, made, kind, target, author=author, time=when, reason=reason, plain=not settings)
        return
    if kind is Act.FACT:
        one = fact_review(made, target, field, value or "", author=author, time=when, reason=reason)
    elif kind is Act.WITHDRAW:
        known = {r.id: r for r in _read(place)[0]}
        one = withdrawal(known, target, author=author, time=when, reason=reason)
    else:
        one = norm_review(
            made, kind, target, settings or [], author=author, time=when, reason=reason, as_of=read_day(as_of)
        )  # fmt: skip
    append_reviews(place.reviews, [one])
    if as_json:
        print_json(review_row(one))
    else:
        print(f"{one.id} 已记入 {place.reviews}；运行 yilun build 后生效")


def _decide(
    home: Home, made: Build, act: Act, target: str, *, author: str, time: datetime, reason: str, plain: bool
) -> None:
    """Accept a model's proposal, which adds the norm by a review, or reject it."""
    from kg.proposal import ProposalLog, Rejection, acceptance, find_proposal
    from kg.review import Act
    from kg.review_log import append_reviews

    log = ProposalLog.of(home)
    one = find_proposal(log.read()[0], target)
    if act not in (Act.ACCEPT, Act.REJECT) or not plain:
        raise InputError(
            f"建议只能用 --act accept 或 reject，不用 --set；要改动的，请对 {one.provision} 用 --act add"
        )
    if act is Act.REJECT:
        log.append([Rejection(one.id, author, time, reason)])
        print(f"{one.id} 已否定")
        return
    text, provision = made.provision(one.provision)
    added = acceptance(one, text, provision, author=author, time=time, reason=reason)
    append_reviews(home.reviews, [added])
    print(f"{added.id} 已记入 {home.reviews}：认可 {one.id}；运行 yilun build 后成为规范")


def _time(option: str | None) -> datetime:
    if option is None:
        return datetime.now().astimezone().replace(microsecond=0)
    try:
        return datetime.fromisoformat(option)
    except ValueError:
        raise InputError(f"--time {option!r} 不合格式；应如 2026-11-22T09:30:00+08:00") from None


@review_app.command("list")
def show(
    target: Annotated[str | None, typer.Argument(help="只列 id 以此开头的条款、规范或文件的审核")] = None,
    home: HomeOption = None,
    build: BuildOption = None,
    as_json: JsonOption = False,
) -> None:
    """列出全部审核，及其在当前构建中的状态。

    例：yilun review list 中华人民共和国医师法
    """
    place = Home.resolve(home, os.environ)
    reviews, problems = _read(place)
    _print(open_build(place, build), [r for r in reviews if r.target.startswith(target or "")], as_json)
    for problem in problems:
        talk(str(problem))


@review_app.command("stale")
def stale(
    home: HomeOption = None,
    build: BuildOption = None,
    as_json: JsonOption = False,
) -> None:
    """列出没有应用而需人处理的审核：文字已变（过时）、意见不一（有分歧）、文件损坏；有则退出码为 1。

    例：yilun review stale
    """
    place = Home.resolve(home, os.environ)
    made = open_build(place, build)
    reviews, problems = _read(place)
    open_ = {judged.review.id for judged in made.reviews if judged.state.value in ("stale", "conflict")}
    found = [one for one in reviews if one.id in open_]
    _print(made, found, as_json)
    for problem in problems:
        talk(str(problem))
    if found or problems:
        raise typer.Exit(1)


@review_app.command("export")
def export(
    out: Annotated[Path | None, typer.Option("--out", help="写到此文件；默认标准输出")] = None,
    home: HomeOption = None,
) -> None:
    """全部审核，每行一条，可放入数据包的 reviews/ 文件夹随数据一起版本化。

    例：yilun review export --out data/reviews/2026.jsonl
    """
    from kg.review import review_row

    reviews, problems = _read(Home.resolve(home, os.environ))
    write_lines(map(review_row, reviews), out)
    for problem in problems:
        talk(str(problem))
    if problems:
        raise typer.Exit(1)


def _read(home: Home) -> tuple[list[Review], list[Problem]]:
    """The reviews of this machine and of the project's own pack."""
    from kg.pack import data_folder
    from kg.review_log import read_reviews

    return read_reviews([data_folder() / "reviews", home.reviews])


def _print(made: Build, reviews: list[Review], as_json: bool) -> None:
    from kg.review import review_row

    states = {judged.review.id: judged for judged in made.reviews}
    if as_json:
        rows: list[dict[str, Any]] = [
            {"state": states[r.id].state.value if r.id in states else "pending", "review": review_row(r)}
            for r in reviews
        ]
        print_json(rows)
        return
    for one in reviews:
        print(f"{one.id}  {one.act.zh}  {_state(states.get(one.id))}  {one.author} {one.time.isoformat()}")
        print(f"  {one.target}{f' {one.field}' if one.field else ''}：{one.reason}")
        if one.old is not None and one.new is not None:
            print(f"  原：{_said(one.old)}")
        if one.new is not None:
            print(f"  改：{_said(one.new)}")


def _state(judged: Judged | None) -> str:
    return judged.state.zh if judged else "待下次构建"


def _said(value: Claim | str) -> str:
    if isinstance(value, str):
        return value or "（空）"
    return f"{value.modality.zh}  " + "  ".join(f"{role.zh}“{part.text}”" for role, part in value.parts)
