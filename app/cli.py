"""The command `yilun`: data on stdout, talk on stderr; exit 0 done, 1 findings or a failed step, 2 bad input."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.commands_align import align
from app.commands_ask import ask
from app.commands_calibrate import calibrate
from app.commands_chat import chat
from app.commands_cite import cite_app
from app.commands_diff import diff
from app.commands_evaluate import evaluate
from app.commands_export import export_app
from app.commands_items import items_app
from app.commands_judge import explain, judge, verdicts, verify
from app.commands_norms import norms, show_norms
from app.commands_pack import pack_app
from app.commands_precedence import precedence
from app.commands_propose import propose
from app.commands_review import review_app
from app.commands_search import search
from app.commands_serve import mcp, serve
from app.terminal import (
    AsOfOption,
    BuildOption,
    HomeOption,
    JsonOption,
    open_build,
    print_json,
    progress_bars,
    read_day,
    talk,
)
from kg.home import Home
from kg.problem import InputError, YilunError

if TYPE_CHECKING:
    from app.views import ArticleView
    from kg.build import Build

app = typer.Typer(
    name="yilun",
    help="医伦：以中国法律为据的临床伦理。不是法律意见；案例与台账说明由模型撰写，未经专家审核。",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
bench_app = typer.Typer(help="测量检索质量与速度。", no_args_is_help=True)
app.add_typer(bench_app, name="bench")
app.add_typer(cite_app, name="cite")
app.add_typer(align, name="align")
app.command("ask")(ask)
app.command("diff")(diff)
app.command("chat")(chat)
app.command("evaluate")(evaluate)
app.command("calibrate")(calibrate)
app.command("precedence")(precedence)
app.command("propose")(propose)
app.command("search")(search)
app.add_typer(pack_app, name="pack")
app.add_typer(export_app, name="export")
app.add_typer(items_app, name="items")
app.add_typer(review_app, name="review")
app.command("norms")(norms)
app.command("judge")(judge)
app.command("verify")(verify)
app.command("explain")(explain)
app.command("verdicts")(verdicts)
app.command("serve")(serve)
app.command("mcp")(mcp)


def main() -> None:
    """Run the command; errors of ours become one line on stderr and the exit code that fits."""
    # Before numpy is imported: on two busy cores a second BLAS thread makes a query wait 200 ms now and then.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        code = app(standalone_mode=False)
        raise SystemExit(code if isinstance(code, int) else 0)
    except typer.Abort:
        raise SystemExit(130) from None
    except InputError as error:
        talk(f"错误：{error}")
        raise SystemExit(2) from None
    except YilunError as error:
        talk(f"错误：{error}")
        raise SystemExit(1) from None
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None
    except Exception as error:
        if type(error).__module__.startswith("click") or hasattr(error, "exit_code"):
            error.show() if hasattr(error, "show") else talk(str(error))  # usage errors of the parser
            raise SystemExit(2) from None
        raise


# -- build and status ----------------------------------------------------------------------------------


@app.command()
def build(
    corpus: Annotated[
        list[Path] | None, typer.Option("--corpus", help="语料文件夹或文件，可多次；默认打包的法律")
    ] = None,
    sources: Annotated[str, typer.Option("--sources", help="ledger、all 或以逗号分隔的题名")] = "ledger",
    pack: Annotated[
        Path | None, typer.Option("--pack", help="数据包文件夹；默认随软件的中国临床医学伦理")
    ] = None,
    graph: Annotated[bool, typer.Option("--graph/--no-graph", help="是否载入图数据库")] = True,
    vectors: Annotated[bool, typer.Option("--vectors/--no-vectors", help="是否编码语义向量")] = True,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """读取法律文本，生成构建（图文件、索引、清单），载入图数据库，并切换为当前构建。

    例：yilun build --corpus ../shared/corpus --sources all
    """
    from app.builder import make_build

    place = Home.resolve(home, os.environ)
    with progress_bars() as progress:
        report = make_build(
            place, corpus or [], selector=sources, environ=os.environ, pack=pack,
            load_graph=graph, encode=vectors, progress=progress,
        )  # fmt: skip
    made = open_build(place, report.build_id)
    if as_json:
        print_json({**asdict(report), "problems": _problem_counts(made)})
    else:
        print(
            f"构建 {report.build_id}{'（无变化）' if report.unchanged else ''}  {place.build_path(report.build_id)}"
        )
        print("  " + "  ".join(f"{stage} {seconds:.1f}s" for stage, seconds in report.seconds.items()))
        counts = report.counts
        print(
            f"  文件 {counts['sources_held']}  版本 {counts['expressions']}  条文 {counts['articles']}  "
            f"条款节点 {counts['provisions']}  引用 {counts['citations']}（已解析 {counts.get('citations_resolved', 0)}）"
        )
        print(f"  向量：{report.vectors}  图：{report.graph}")
        for severity, codes in _problem_counts(made).items():
            print(f"  {severity} {sum(codes.values())}：" + "  ".join(f"{c} {n}" for c, n in codes.items()))
    if report.graph_failed:
        talk(f"图数据库没有载入：{report.graph}\n构建文件与检索可用；解决后运行 yilun build 再试")
        raise typer.Exit(1)


@app.command()
def status(home: HomeOption = None, build: BuildOption = None, as_json: JsonOption = False) -> None:
    """当前构建：收录多少台账文件（按位阶、场景），有哪些问题。

    例：yilun status
    """
    from app.views import coverage, problem_counts

    made = open_build(Home.resolve(home, os.environ), build)
    cover = coverage(made)
    unverified = _unverified(made)
    if as_json:
        print_json(
            {
                "build": made.id,
                "input_digest": made.manifest.input_digest,
                "sources": made.manifest.parameters["sources"],
                "held": cover.held,
                "listed": cover.listed,
                "pack": made.manifest.parameters["pack"],
                "target": cover.target,
                "by_level": {level.value: pair for level, pair in cover.by_level.items()},
                "by_topic": dict(cover.by_topic),
                "unlisted_held": cover.unlisted_held,
                "counts": dict(made.manifest.counts),
                "problems": problem_counts(made),
                "unverified_facts": unverified,
                "missing": list(cover.missing),
            }
        )
        return
    parameters = made.manifest.parameters
    print(f"构建 {made.id}（--sources {parameters['sources']}；数据包：{parameters['pack_title']}）")
    print(
        f"台账收录 {cover.held}{f'/{cover.target}（目标数）' if cover.target else ''}；"
        f"台账共列 {cover.listed} 部，另有台账外 {cover.unlisted_held} 部"
    )
    print(
        "按位阶（已收/台账）："
        + "  ".join(f"{level.value} {a}/{b}" for level, (a, b) in cover.by_level.items())
    )
    print("按场景（已收/台账）：" + "  ".join(f"{topic} {a}/{b}" for topic, (a, b) in cover.by_topic.items()))
    counts = made.manifest.counts
    print(
        f"版本 {counts['expressions']}  条文 {counts['articles']}  条款节点 {counts['provisions']}  "
        f"引用 {counts['citations']}  定义 {counts['definitions']}  规范 {counts.get('norms', 0)}（规则抽取，未经专家逐条审核）"
    )
    print(
        f"案例 {counts['scenarios']}（模型撰写，未经审核）：依据已绑定 {counts.get('gold_bound', 0)}，"
        f"本构建无其文本 {counts.get('gold_unbound', 0)}，有问题 {counts.get('gold_problem', 0)}"
    )
    print("台账中未经核实的事实：" + "  ".join(f"{name} {n}" for name, n in unverified.items()))
    for severity, codes in problem_counts(made).items():
        print(f"{severity} {sum(codes.values())}：" + "  ".join(f"{c} {n}" for c, n in codes.items()))


@app.command()
def problems(
    code: Annotated[str | None, typer.Argument(help="只列此代码，如 article_gap")] = None,
    home: HomeOption = None,
    build: BuildOption = None,
    as_json: JsonOption = False,
) -> None:
    """逐条列出当前构建的问题：代码、位置、说明。

    例：yilun problems article_gap
    """
    for problem in open_build(Home.resolve(home, os.environ), build).problems:
        if code is None or problem.code == code:
            print(json.dumps(asdict(problem), ensure_ascii=False) if as_json else problem)


# -- reading -------------------------------------------------------------------------------------------


@app.command()
def article(
    reference: Annotated[str, typer.Argument(help="《医师法》第二十五条、民法典1219条 或条款 id")],
    home: HomeOption = None,
    build: BuildOption = None,
    as_of: AsOfOption = None,
    as_json: JsonOption = False,
) -> None:
    """一条法律：文本、版本、引出与引入、以它为据的案例。

    例：yilun article "《医师法》第二十五条"
    """
    from app.views import article_view, find_article

    made = open_build(Home.resolve(home, os.environ), build)
    day = read_day(as_of)
    text, provision = find_article(made, reference, day)
    view = article_view(made, text, provision, day)
    if as_json:
        print_json(asdict(view))
    else:
        _show_article(made, view)


@bench_app.command("retrieval")
def bench_retrieval(
    dataset: Annotated[Path, typer.Option("--dataset", help="BEIR 格式的文件夹")],
    system: Annotated[list[str] | None, typer.Option("--system", help="只测这些系统，可多次")] = None,
    home: HomeOption = None,
    as_json: JsonOption = True,
) -> None:
    """在任何 BEIR 格式的数据集上测量所带检索系统，不用我们的图。

    例：yilun bench retrieval --dataset my-dataset
    """
    from retrieval.bench import bench
    from retrieval.encoders import open_encoder
    from retrieval.glosses import GlossLayer

    place = Home.resolve(home, os.environ)
    with progress_bars() as progress:
        result = bench(
            dataset, system or (), encoder=open_encoder(os.environ), glosses=GlossLayer.shipped(), cache=place.cache,
            progress=lambda done, total: progress("向量", done, total),
        )  # fmt: skip
    if as_json:
        print_json(result)


@app.command("app")
def open_app(
    host: Annotated[
        str, typer.Option("--host", help="地址；没有写明各人角色（YILUN_APP_ROLES）时只能是本机")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", help="端口")] = 8501,
    home: HomeOption = None,
) -> None:
    """打开浏览页面（Streamlit），默认只在本机可见；Ctrl-C 结束。

    例：yilun app --port 8501
    """
    from importlib.util import find_spec

    from app.commands_serve import is_loopback
    from app.page_server import page_command

    if not is_loopback(host) and not os.environ.get("YILUN_APP_ROLES", "").strip():
        raise InputError(
            f"--host {host} 让别的机器也能打开页面，而没有写明各人的角色，人人都会是管理者；请设 YILUN_APP_ROLES 并配置登录，见 docs/deployment.md"
        )
    if find_spec("streamlit") is None:
        raise InputError("页面需要 streamlit；请安装 yilun[app]：pip install 'yilun[app]'")
    place = Home.resolve(home, os.environ)
    open_build(place, None)
    command = page_command(port, host=host)
    talk(f"http://{host}:{port}")
    os.execve(sys.executable, command, {**os.environ, "YILUN_HOME": str(place.root)})


# -- drawing -------------------------------------------------------------------------------------------


def _show_article(made: Build, view: ArticleView) -> None:
    from app.views import life, name_of

    print(f"《{view.title}》{view.display}  [{view.status.zh}，按 {view.as_of}]")
    print(f"{' / '.join(view.headings) or '—'}   {view.id}")
    print()
    print(view.text)
    print()
    print(f"效力：{view.validity_note}")
    print(f"来源：{view.origin}  sha256 {view.sha256}")
    for title, found in (("引出", view.citations_out), ("引入", view.citations_in)):
        print(f"{title} {len(found)}")
        for cited in found[:20]:
            other = cited.target if title == "引出" else cited.source
            where = name_of(made, other) if other else cited.reason
            note = "" if cited.outcome == "resolved" else f"（{cited.outcome} {cited.reason}）"
            print(
                f"  {cited.surface} → {where}{note}"
                if title == "引出"
                else f"  {where}：{cited.surface}{note}"
            )
        if len(found) > 20:
            print(f"  … 另有 {len(found) - 20} 处，--json 列出全部")
    for gloss in view.glosses:
        print(f"释义（模型撰写，未经审核，不是法律）：{gloss}")
    print(f"规范 {len(view.norms)}（规则抽取，未经专家逐条审核）")
    show_norms(view.norms)
    names = (made.principles[p].name if p in made.principles else p for p in view.principles)
    print("原则：" + ("、".join(names) or "—"))
    print(f"版本 {len(view.versions)}")
    for version in view.versions:
        expression = made.expressions[version.expression]
        print(f"  {version.expression}  {version.status.zh}  {life(expression.validity)}")
    print(
        f"案例 {len(view.scenarios)}（模型撰写，未经审核）：" + "、".join(s.id for s in view.scenarios[:20])
    )


def _problem_counts(made: Build) -> dict[str, dict[str, int]]:
    from app.views import problem_counts

    return problem_counts(made)


def _unverified(made: Build) -> dict[str, int]:
    from collections import Counter

    from kg.model import UNVERIFIED

    count = Counter(
        name
        for source in made.sources.values()
        for name, evidence in source.evidence.items()
        if evidence in UNVERIFIED
    )
    return dict(sorted(count.items()))


if __name__ == "__main__":
    main()
