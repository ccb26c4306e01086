"""`yilun judge`, `verify`, `explain`, `verdicts`: a verdict with its proof, checked, told, found again."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.terminal import (
    LLM_SECONDS,
    MOST_TOKENS,
    AsOfOption,
    BuildOption,
    HomeOption,
    JsonOption,
    LlmModelOption,
    LlmTimeoutOption,
    LlmTokensOption,
    LlmUrlOption,
    open_build,
    print_json,
    read_day,
    read_endpoint,
    read_rows,
    talk,
    whisper,
    write_lines,
)
from kg.home import Home
from kg.problem import InputError

if TYPE_CHECKING:
    from datetime import date

    from evaluator.llm_model import Endpoint
    from evaluator.proof import VerdictFile

_ROLES = {"grounds": "依据", "against": "相反", "sanction": "责任", "governing": "可能适用"}


def judge(
    scenario: Annotated[str | None, typer.Argument(help="情形")] = None,
    k: Annotated[int, typer.Option("--k", min=1, max=100, help="列出多少条可能适用的条款")] = 5,
    batch: Annotated[Path | None, typer.Option("--batch", help="每行 {id, text, as_of?} 的 JSONL")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="批量结果写到此文件；默认标准输出")] = None,
    save: Annotated[bool, typer.Option("--save", help="把结论文件存入状态目录的 verdicts/")] = False,
    proof: Annotated[Path | None, typer.Option("--proof", help="把结论文件（含证明）写到此处")] = None,
    against: Annotated[
        str | None, typer.Option("--against", help="再按这一天的法律判一次，列出哪些步骤变了")
    ] = None,
    by: Annotated[
        str, typer.Option("--reasoner", help="built-in：规则与随附的小模型；llm：语言模型，只许引给出的条款")
    ] = "built-in",
    llm_url: LlmUrlOption = None,
    llm_model: LlmModelOption = None,
    llm_timeout: LlmTimeoutOption = LLM_SECONDS,
    llm_tokens: LlmTokensOption = MOST_TOKENS,
    stream: Annotated[
        bool, typer.Option("--stream", help="语言模型作答时，把它的话逐字写到标准错误；核对仍在说完之后")
    ] = False,
    home: HomeOption = None,
    build: BuildOption = None,
    as_of: AsOfOption = None,
    as_json: JsonOption = False,
) -> None:
    """一个情形：结论与证明。逐条认定、所据条款逐字引用、尚缺的事实；把握不足则不下结论。

    不是法律意见：规范由规则抽取，结论模型由模型撰写、未经审核的案例训练。
    --reasoner llm 的回答经同样的规则与引用核对，未通过的如实列出，不予修补，退出码为 1。

    例：yilun judge "护士发现医嘱剂量明显超标，仍照执行"
    """
    from evaluator.explanation import explain
    from evaluator.llm_model import ChatModel
    from evaluator.llm_reasoner import LlmReasoner
    from evaluator.verdict import Reasoner, short_form
    from evaluator.verdict_change import explain_change
    from evaluator.verdict_store import save as keep
    from retrieval import Retriever

    place = Home.resolve(home, os.environ)
    day = read_day(as_of)
    if (scenario is None) == (batch is None):
        raise InputError("请给出情形，或用 --batch 给出文件，二者取一")
    if proof is not None and batch is not None:
        raise InputError("--proof 只用于一个情形；批量请用 --save")
    if against is not None and (batch is not None or proof is not None or as_json):
        raise InputError("--against 只用于一个情形，列出变化；要两份结论文件请分别用 --as-of 与 --save")
    cases = (
        [("", scenario, day)]
        if scenario is not None
        else [
            (r["id"], r["text"], read_day(r["as_of"]) if r.get("as_of") else day)
            for r in read_rows(batch, ("id", "text"))
        ]
    )
    endpoint = _endpoint(by, llm_url, llm_model, llm_timeout, llm_tokens)
    made = open_build(place, build)
    built_in = Reasoner.over(made, Retriever.open(place.root, build=made))
    reasoner = (
        built_in
        if endpoint is None
        else LlmReasoner(built_in, ChatModel(endpoint), hear=whisper if stream else None)
    )

    def decide(name: str, text: str, day: date) -> VerdictFile:
        verdict = reasoner.judge(text, as_of=day, k=k, case=name)
        if save:
            talk(f"已存 {keep(place, verdict)}")
        return verdict

    failed = 0

    def short(case: tuple[str, str, date]) -> dict[str, Any]:
        nonlocal failed
        verdict = decide(*case)
        failed += _failed(verdict)
        return asdict(short_form(verdict))

    if batch is not None:
        write_lines(map(short, cases), out)
        if failed:
            talk(f"{failed} 个回答没有通过核对")
            raise typer.Exit(1)
        return
    verdict = decide(*cases[0])
    if against is not None:
        other = decide("", cases[0][1], read_day(against))
        print("\n".join(explain_change(*sorted((other, verdict), key=lambda v: v.as_of))))
        return
    if proof is not None:
        proof.write_text(verdict.to_json(), encoding="utf-8", newline="\n")
    if as_json:
        write_lines([asdict(short_form(verdict))], out)
    else:
        print("\n".join(explain(verdict)))
    if _failed(verdict):
        raise typer.Exit(1)


def _failed(verdict: VerdictFile) -> bool:
    return verdict.llm is not None and bool(verdict.llm.failures)


def _endpoint(by: str, url: str | None, model: str | None, seconds: float, tokens: int) -> Endpoint | None:
    """The language model that is asked for, None for the built-in reasoner; the key is only in the environment."""
    if by not in ("built-in", "llm"):
        raise InputError(f"--reasoner {by!r} 不是 built-in 或 llm")
    return None if by == "built-in" else read_endpoint(url, model, seconds, tokens)


def verify(
    file: Annotated[Path, typer.Argument(help="结论文件")],
    home: HomeOption = None,
    build: Annotated[
        str | None, typer.Option("--build", help="并与此构建逐一比对；current 指当前构建")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """核对结论文件：自身是否一致（不用数据库）；给出 --build 则并与构建比对。有出入退出码为 1。

    例：yilun verify verdict.json --build current
    """
    from evaluator.fact_words import shipped_fact_words
    from evaluator.verify import verify as check
    from evaluator.verify import verify_against
    from evaluator.weighing import read_weights
    from kg.pack import data_folder

    verdict = _read(file)
    words, words_digest = shipped_fact_words()
    weights = read_weights(data_folder() / "models" / "verdict")
    faults = check(verdict, words=words, words_digest=words_digest, weights=weights)
    if build is not None:
        made = open_build(Home.resolve(home, os.environ), None if build == "current" else build)
        faults += verify_against(verdict, made)
    if as_json:
        print_json({"id": verdict.id, "against": build, "faults": [f._asdict() for f in faults]})
    else:
        for fault in faults:
            print(f"{fault.place}：{fault.text}")
        scope = "自身一致，并与构建相符" if build is not None else "自身一致（未与构建比对）"
        print(f"{len(faults)} 处不符" if faults else f"{scope}：{len(verdict.findings)} 项认定")
    if faults:
        raise typer.Exit(1)


def explain(file: Annotated[Path, typer.Argument(help="结论文件")]) -> None:
    """把结论文件的证明树写成中文：结论、逐条认定、事实与引文、尚缺的事实、权衡。

    例：yilun explain verdict.json
    """
    from evaluator.explanation import explain as tell

    print("\n".join(tell(_read(file))))


def verdicts(
    reference: Annotated[str, typer.Argument(help="《医师法》第二十五条、民法典1219条 或条款 id")],
    home: HomeOption = None,
    build: BuildOption = None,
    as_of: AsOfOption = None,
    as_json: JsonOption = False,
) -> None:
    """状态目录里以某条法律为据的结论。

    例：yilun verdicts "《医师法》第二十五条"
    """
    from app.views import find_article
    from evaluator.verdict_store import kept, roles_on

    place = Home.resolve(home, os.environ)
    _, provision = find_article(open_build(place, build), reference, read_day(as_of))
    found = [
        (path, verdict, roles)
        for path, verdict in kept(place)
        if (roles := roles_on(verdict, str(provision.id)))
    ]
    if as_json:
        rows = [
            {
                "file": str(path), "id": v.id, "case": v.case, "conclusion": v.conclusion,
                "abstained": v.abstained, "as_of": v.as_of, "roles": list(roles), "scenario": v.scenario,
            }
            for path, v, roles in found
        ]  # fmt: skip
        print_json({"provision": str(provision.id), "verdicts": rows})
        return
    talk(f"{provision.id}：{len(found)} 个结论")
    for _, v, roles in found:
        told = "、".join(_ROLES[role] for role in roles)
        print(f"{v.id[:16]}  {v.as_of}  {v.conclusion}（{told}）  {v.scenario[:40]}")


def _read(file: Path) -> VerdictFile:
    from evaluator.verify import read_verdict

    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"读不到 {file}：{error}；应为 yilun judge --proof 或 --save 写出的文件") from error
    return read_verdict(text, str(file))
