"""`yilun propose`: norms that a language model proposes, for an expert to accept or reject; no norms until then."""

from __future__ import annotations

import os
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from app.terminal import (
    LLM_SECONDS,
    AsOfOption,
    BuildOption,
    HomeOption,
    JsonOption,
    LlmModelOption,
    LlmTimeoutOption,
    LlmUrlOption,
    open_build,
    read_day,
    read_endpoint,
    talk,
    write_lines,
)
from kg.home import Home

if TYPE_CHECKING:
    from evaluator.llm_model import Endpoint
    from kg.build import Build
    from kg.proposal import Proposal, ProposalLog, Standing


def propose(
    reference: Annotated[str | None, typer.Argument(help="条文；不给则列出已有的建议")] = None,
    llm_url: LlmUrlOption = None,
    llm_model: LlmModelOption = None,
    llm_timeout: LlmTimeoutOption = LLM_SECONDS,
    home: HomeOption = None,
    build: BuildOption = None,
    as_of: AsOfOption = None,
    as_json: JsonOption = False,
) -> None:
    """请语言模型就一条法律的各款提出规范的建议，逐字核对后存放待审；建议不是规范，构建与结论都不用它。

    认可：yilun review add 建议的id --act accept --author … --reason …；否定用 --act reject。

    例：yilun propose "《医师法》第二十五条" --llm-url http://127.0.0.1:8000/v1 --llm-model qwen
    """
    from kg.proposal import ProposalLog, proposal_row, standing
    from kg.review_log import read_reviews

    place = Home.resolve(home, os.environ)
    made = open_build(place, build)
    log = ProposalLog.of(place)
    failed = False
    if reference is None:
        shown, rejections = log.read()
    else:
        endpoint = read_endpoint(llm_url, llm_model, llm_timeout)
        shown, failed = _asked(made, reference, endpoint, log, read_day(as_of))
        rejections = log.read()[1]
    reviews, _ = read_reviews([place.reviews])
    rows = [(one, standing(one, rejections, reviews)) for one in shown]
    if as_json:
        write_lines(({"status": now.value, **proposal_row(one)} for one, now in rows), None)
    else:
        for one, now in rows:
            _show(made, one, now)
    talk(f"{len(rows)} 项建议，由模型提出，未经审核，不是规范")
    if failed:
        raise typer.Exit(1)


def _asked(
    made: Build, reference: str, endpoint: Endpoint, log: ProposalLog, day: date
) -> tuple[list[Proposal], bool]:
    """What the model proposes for each 款 of an article, kept; and whether anything did not hold."""
    from app.norm_views import normed_provisions
    from app.views import find_article
    from evaluator.llm_model import ChatModel, Form
    from evaluator.norm_proposal import NAME, form
    from evaluator.norm_proposal import propose as ask

    text, provision = find_article(made, reference, day)
    model = ChatModel(endpoint, Form(NAME, form()))
    now = datetime.now().astimezone().replace(microsecond=0)
    found: list[Proposal] = []
    failed = False
    for entry in normed_provisions(made, text, provision, day):
        _, part = made.provision(entry.id)
        answered = ask(text, part, model, parties=made.parties, time=now)
        found += answered.proposals
        for failure in answered.failures:
            failed = True
            talk(f"错误：{entry.id}：{failure.kind.zh}（{failure.text}）；没有存为建议")
    known = {one.id: one for one in log.read()[0]}
    log.append(one for one in found if one.id not in known)
    return [known.get(one.id, one) for one in found], failed


def _show(made: Build, one: Proposal, now: Standing) -> None:
    from app.views import name_of

    print(f"{one.id}  {now.zh}  {name_of(made, one.provision)}  {one.model} {one.time.isoformat()}")
    said = "  ".join(f"{role.zh}“{part.text}”" for role, part in one.claim.parts)
    print(f"  {one.claim.modality.zh}  {said}")
