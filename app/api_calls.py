"""How a program asks for what a page shows: the same article by HTTP, in a shell and in Python, ready to be copied."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from datetime import date

ADDRESS = "http://127.0.0.1:8700"
"""Where `yilun serve` listens by default."""


@dataclass(frozen=True, slots=True)
class ApiCall:
    """A call as it is typed; `language` is what it is written in."""

    name: str
    language: str
    code: str


def article_calls(identifier: str, *, as_of: date, build: str) -> tuple[ApiCall, ...]:
    """The calls that give a provision by its id, on a day, out of a build.

    >>> print(article_calls("甲法@2020-01-01/art2", as_of=date(2026, 11, 22), build="0a1b2c")[1].code)
    yilun article '甲法@2020-01-01/art2' --as-of 2026-11-22 --build 0a1b2c --json
    """
    ref = shlex.quote(f"ref={identifier}")
    python = (
        "import os\n"
        "from kg.build import Build\n"
        "from kg.home import Home\n\n"
        f"build = Build(Home.resolve(None, os.environ).build({build!r}))\n"
        f"text, provision = build.provision({identifier!r})\n"
        "print(text.words(provision))"
    )
    return (
        ApiCall(
            "HTTP（先运行 yilun serve）", "bash",
            f"curl -sf --get {ADDRESS}/v1/article --data-urlencode {ref} -d as_of={as_of} -d build={build}",
        ),
        ApiCall(
            "命令行", "bash",
            f"yilun article {shlex.quote(identifier)} --as-of {as_of} --build {build} --json",
        ),
        ApiCall("Python", "python", python),
    )  # fmt: skip
