"""What a reader has chosen to see, as a value that travels in the URL."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import NamedTuple, Self, TypeVar
from urllib.parse import urlencode

from kg.vocabulary import Level, Status, Topic

_M = TypeVar("_M")
EARLIEST, LATEST = date(1949, 10, 1), date(2099, 12, 31)
"""The days that a page lets one choose."""


class Tab(StrEnum):
    """What is shown below the words of an article."""

    CITATIONS = "citations"
    NORMS = "norms"
    VERSIONS = "versions"
    CASES = "cases"
    ORIGIN = "origin"

    @property
    def zh(self) -> str:
        """The word on the screen."""
        return {
            "citations": "引用",
            "norms": "规范",
            "versions": "版本对照",
            "cases": "案例",
            "origin": "出处与核验",
        }[self.value]


class ReadSelection(NamedTuple):
    """A selection read from a URL, and what in the URL could not be read."""

    selection: Selection
    faults: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Selection:
    """One view of the page. `key`, `version` and `article` are the three parts of a provision's id.

    >>> s = Selection(date(2026, 11, 22)).at("中华人民共和国医师法@2021-08-20/art25/p1")
    >>> s.key, s.version, s.article
    ('中华人民共和国医师法', '2021-08-20', 'art25/p1')
    >>> Selection.read(s.params(), today=date(2030, 1, 1), topics=()).selection == s
    True
    """

    as_of: date
    key: str = ""
    version: str = ""
    article: str = ""
    against: str = ""
    tab: Tab = Tab.CITATIONS
    words: str = ""
    levels: tuple[Level, ...] = ()
    topics: tuple[Topic, ...] = ()
    statuses: tuple[Status, ...] = ()
    parties: tuple[str, ...] = ()
    principles: tuple[str, ...] = ()
    held_only: bool = False
    build: str = ""

    @classmethod
    def read(
        cls, params: Mapping[str, str], *, today: date, topics: Collection[Topic],
        parties: Collection[str] = (), principles: Collection[str] = (),
    ) -> ReadSelection:  # fmt: skip
        """The view that URL parameters describe; `id` may stand for key, version and article together.

        `topics`, `parties` and `principles` are those of the build that is shown.
        """
        faults: list[str] = []
        as_of = today
        if written := params.get("as_of", ""):
            try:
                as_of = date.fromisoformat(written)
            except ValueError:
                faults.append(f"链接中的日期 {written!r} 不合格式（应如 2026-11-22），已改用今天 {today}")
        tab = params.get("view", "")
        if tab and tab not in list(Tab):
            faults.append(f"链接中的 view={tab!r} 不是 {'、'.join(Tab)} 之一，已忽略")
            tab = ""
        selection = cls(
            as_of=as_of,
            key=params.get("key", ""),
            version=params.get("version", ""),
            article=params.get("article", "").strip("/"),
            against=params.get("against", ""),
            tab=Tab(tab) if tab else Tab.CITATIONS,
            words=params.get("q", ""),
            levels=_members(params.get("level", ""), set(Level), Level, faults),
            topics=_members(params.get("topic", ""), topics, Topic, faults),
            statuses=_members(params.get("status", ""), set(Status), Status, faults),
            parties=_members(params.get("party", ""), parties, str, faults),
            principles=_members(params.get("principle", ""), principles, str, faults),
            held_only=params.get("held", "") == "1",
            build=params.get("build", ""),
        )
        if identifier := params.get("id", ""):
            selection = selection.at(identifier)
        return ReadSelection(selection, tuple(faults))

    def params(self) -> dict[str, str]:
        """The URL parameters of this view; the day is always written, so that a link keeps its meaning."""
        found = {
            "as_of": self.as_of.isoformat(),
            "key": self.key,
            "version": self.version,
            "article": self.article,
            "against": self.against,
            "view": "" if self.tab is Tab.CITATIONS else self.tab.value,
            "q": self.words,
            "level": ",".join(self.levels),
            "topic": ",".join(self.topics),
            "status": ",".join(self.statuses),
            "party": ",".join(self.parties),
            "principle": ",".join(self.principles),
            "held": "1" if self.held_only else "",
            "build": self.build,
        }
        return {name: value for name, value in found.items() if value}

    def url(self) -> str:
        """The view as a relative link."""
        return "?" + urlencode(self.params())

    def at(self, identifier: str) -> Self:
        """The same view of another work, version or provision."""
        head, _, article = identifier.partition("/")
        key, _, version = head.partition("@")
        return replace(self, key=key, version=version, article=article, against="")

    @property
    def narrowed(self) -> bool:
        """Whether anything but words narrows the tree."""
        return bool(self.levels or self.topics or self.statuses or self.by_norms or self.held_only)

    @property
    def by_norms(self) -> bool:
        """Whether what the norms say narrows the tree."""
        return bool(self.parties or self.principles)

    @property
    def expression(self) -> str:
        """The id of the chosen version, empty if none is chosen."""
        return f"{self.key}@{self.version}" if self.key and self.version else ""


def _members(
    written: str, known: Collection[str], kind: Callable[[str], _M], faults: list[str]
) -> tuple[_M, ...]:
    words = [word for word in written.split(",") if word]
    faults.extend(f"链接中的筛选条件 {word!r} 不存在，已忽略" for word in words if word not in known)
    return tuple(kind(word) for word in dict.fromkeys(words) if word in known)
