"""What the commands share: options, reading and writing rows, talk on stderr, bars of progress."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kg.home import Home
from kg.problem import InputError

if TYPE_CHECKING:
    from app.builder import Progress
    from evaluator.llm_model import Endpoint
    from kg.build import Build

MOST_TOKENS = 4096
"""How long an answer of a language model may be where nothing else is asked for."""

HomeOption = Annotated[
    Path | None, typer.Option("--home", help="状态目录；默认 YILUN_HOME，再次为用户数据目录")
]
BuildOption = Annotated[str | None, typer.Option("--build", help="构建 id 或其开头；默认当前构建")]
AsOfOption = Annotated[str | None, typer.Option("--as-of", help="按哪一天的法律，YYYY-MM-DD；默认今天")]
LlmUrlOption = Annotated[
    str | None, typer.Option("--llm-url", help="OpenAI 兼容的地址；默认 YILUN_LLM_URL。密钥用 YILUN_LLM_KEY")
]
LlmModelOption = Annotated[
    str | None, typer.Option("--llm-model", help="该地址上的模型名；默认 YILUN_LLM_MODEL")
]
LlmTimeoutOption = Annotated[
    float, typer.Option("--llm-timeout", min=1, help="每次等多少秒；网络故障再试一次")
]
LLM_SECONDS = 120.0
LlmTokensOption = Annotated[
    int, typer.Option("--llm-tokens", min=1, help="每个回答至多几个词元；到此还没有说完的不算回答")
]
JsonOption = Annotated[bool, typer.Option("--json", help="输出 JSON")]


def open_build(home: Home, option: str | None) -> Build:
    """The build that --build names, else the current one; InputError says which there are."""
    from kg.build import Build

    return Build(home.build(option))


def read_day(option: str | None) -> date:
    """The day that --as-of names, else today; InputError for what is no date."""
    if option is None:
        return datetime.now().astimezone().date()
    try:
        return date.fromisoformat(option)
    except ValueError:
        raise InputError(f"日期 {option!r} 不合格式；应如 2026-11-22") from None


def read_endpoint(url: str | None, model: str | None, seconds: float, tokens: int = MOST_TOKENS) -> Endpoint:
    """The language model that options or environment name; its key is only in the environment."""
    from evaluator.llm_model import Endpoint

    url, model = url or os.environ.get("YILUN_LLM_URL"), model or os.environ.get("YILUN_LLM_MODEL")
    if not url or not model:
        raise InputError(
            "语言模型须有地址与模型名；请用 --llm-url 与 --llm-model，或设 YILUN_LLM_URL 与 YILUN_LLM_MODEL"
        )
    return Endpoint(url, model, key=os.environ.get("YILUN_LLM_KEY") or "none", seconds=seconds, tokens=tokens)


def read_rows(path: Path | None, required: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    """The rows of a JSON Lines file, each with these string fields; InputError names file and line."""
    assert path is not None
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"读不到 {path}：{error}；应为 UTF-8 的 JSONL 文件") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise InputError(f"{path}:{number} 不是 JSON：{error}") from error
        missing = [n for n in required if not isinstance(row, dict) or not isinstance(row.get(n), str)]
        if missing:
            raise InputError(f"{path}:{number} 缺少字符串字段 {'、'.join(missing)}")
        yield row


def print_json(value: object) -> None:
    """A value as JSON on stdout."""
    print(json.dumps(value, ensure_ascii=False, indent=1, default=_plain))


def write_lines(rows: Iterable[Mapping[str, Any]], out: Path | None) -> None:
    """Rows as JSON Lines on stdout, or into a file that appears only when it is complete."""
    if out is None:
        for row in rows:
            print(json.dumps(row, ensure_ascii=False, default=_plain))
        return
    partial = out.with_name(out.name + ".partial")
    with partial.open("w", encoding="utf-8", newline="\n") as stream:
        for row in rows:
            stream.write(json.dumps(row, ensure_ascii=False, default=_plain) + "\n")
    partial.replace(out)


def _plain(value: object) -> object:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"cannot write {type(value).__name__}")


def talk(text: str) -> None:
    """A line for the person at the terminal: on stderr."""
    print(text, file=sys.stderr)


def whisper(text: str) -> None:
    """Words as they come, on stderr, without a new line after them."""
    print(text, end="", file=sys.stderr, flush=True)


@contextmanager
def progress_bars() -> Iterator[Progress]:
    """A bar on stderr for each stage; one line per finished stage where stderr is not a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    console = Console(stderr=True)
    if not console.is_terminal:
        yield _quiet_progress()
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bars(*columns, console=console) as bars:
        tasks: dict[str, Any] = {}

        def show(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=total or None)
            bars.update(tasks[stage], completed=done, total=total or None)

        yield show


def _quiet_progress() -> Callable[[str, int, int], None]:
    finished: set[str] = set()

    def show(stage: str, done: int, total: int) -> None:
        if total and done >= total and stage not in finished:
            finished.add(stage)
            talk(f"{stage} {done}/{total}")

    return show
