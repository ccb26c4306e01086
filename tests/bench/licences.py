"""The licences of what is installed, from the packages' own metadata: docs/licences.md.

python -m tests.bench.licences > docs/licences.md
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution, requires

_NAME = re.compile(r"^[A-Za-z0-9._-]+")
_EXTRA = re.compile(r"extra\s*==\s*['\"](?P<extra>[^'\"]+)['\"]")
OURS = "yilun"


def direct() -> dict[str, str]:
    """The packages that ours names itself, with the extra that wants each (empty: always)."""
    found: dict[str, str] = {}
    for line in requires(OURS) or ():
        name, extra = _NAME.match(line), _EXTRA.search(line)
        assert name
        found.setdefault(plain(name[0]), extra["extra"] if extra else "")
    return found


def licence(name: str) -> tuple[str, str]:
    """Version and licence of an installed package, as it states them; "未注明" where it states none."""
    about = distribution(name).metadata
    classified = [
        value.split("::")[-1].strip()
        for value in about.get_all("Classifier") or ()
        if value.startswith("License ::")
    ]
    stated = (
        about.get("License-Expression")
        or "；".join(c for c in classified if c != "OSI Approved")
        or about.get("License")
        or ""
    )
    first = stated.strip().splitlines()[0] if stated.strip() else "未注明"
    return about["Version"], first[:80]


def reached(names: Iterator[str]) -> set[str]:
    """Those packages and all that they need, of what is installed."""
    left, seen = [plain(name) for name in names], set()
    while left:
        name = left.pop()
        if name in seen:
            continue
        try:
            needs = requires(name) or []
        except PackageNotFoundError:
            continue
        seen.add(name)
        left += [plain(m[0]) for line in needs if "extra ==" not in line and (m := _NAME.match(line))]
    return seen


def page() -> Iterator[str]:
    """The page, a line at a time."""
    named = direct()
    yield "# 所用软件包的许可"
    yield ""
    yield "由 `python -m tests.bench.licences > docs/licences.md` 从各包自己的元数据写成，不是法律意见；数据与权重的许可见 data/LICENSES.md。"
    for title, extra in (
        ("总是安装", ""),
        *((f"附加项 `{e}`", e) for e in sorted(set(named.values()) - {""})),
    ):
        yield f"\n## {title}\n\n| 包 | 版本 | 许可 |\n|---|---|---|"
        for name in sorted(n for n, e in named.items() if e == extra):
            try:
                yield "| {} | {} | {} |".format(name, *licence(name))
            except PackageNotFoundError:
                yield f"| {name} | 未安装 | 未读：本机没有安装 |"
    others = sorted(reached(iter(named)) - set(named) - {OURS})
    yield "\n## 它们所需的\n\n| 包 | 版本 | 许可 |\n|---|---|---|"
    for name in others:
        yield "| {} | {} | {} |".format(name, *licence(name))


def plain(name: str) -> str:
    """A package's name as the registry compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    sys.stdout.write("\n".join(page()) + "\n")
