"""One-fault twins: a good answer and the same answer with exactly one planted fault, made by program.

A twin says which characters were replaced and by what, so that anybody can verify that nothing else differs.
Choices come from a hash of the answer: the same answer always gets the same twins.
"""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from itertools import islice
from typing import TypeVar

from evaluator.citation_outcome import CheckedCitation, Outcome, Verified
from evaluator.guardian.cues import sentences
from kg.build import Build, Text
from kg.identity import Step
from kg.model import Provision
from kg.numerals import chinese_numeral
from kg.pack import data_folder
from kg.vocabulary import Kind


class Planted(StrEnum):
    """The fault that a twin has and its clean answer has not."""

    NUMBER = "number"  # another article of the same work
    TITLE = "title"  # the title of another work that is held and has such an article
    INVENTED = "invented"  # the title of a work that does not exist
    REPEALED = "repealed"  # the title of the work that the cited one replaced
    MODALITY = "modality"  # 应当 → 可以 and the like, in words that the article has
    QUOTATION = "quotation"  # one word of a quotation
    EXCEPTION = "exception"  # an exception of the article denied, or cut out of a quotation
    UNSAFE = "unsafe"  # a step that harms somebody
    ILLEGAL = "illegal"  # a step that breaks the law


@dataclass(frozen=True, slots=True)
class Twin:
    """`faulty` is `clean` with `clean[start:end]` replaced by `inserted`."""

    planted: Planted
    clean: str
    faulty: str
    start: int
    end: int
    inserted: str

    def differs_only_there(self) -> bool:
        """Whether nothing but the planted words differs, and they do differ."""
        replaced = self.clean[: self.start] + self.inserted + self.clean[self.end :]
        return replaced == self.faulty and self.clean[self.start : self.end] != self.inserted


@dataclass(frozen=True, slots=True)
class _Swap:
    kind: str
    before: str
    after: str


@cache
def _swaps() -> tuple[_Swap, ...]:
    with (data_folder() / "guardian" / "swaps.tsv").open(encoding="utf-8", newline="") as stream:
        return tuple(_Swap(r["kind"], r["from"], r["to"]) for r in csv.DictReader(stream, delimiter="\t"))


@cache
def steps(fold: str, kind: str) -> tuple[str, ...]:
    """The harmful steps written for training or for test: the two share none."""
    with (data_folder() / "guardian" / "steps.tsv").open(encoding="utf-8", newline="") as stream:
        rows = csv.DictReader(stream, delimiter="\t")
        return tuple(row["step"] for row in rows if (row["fold"], row["kind"]) == (fold, kind))


_TITLE = re.compile(r"《(?P<title>[^《》]+)》")
_NUMERAL = re.compile(r"第(?P<number>[〇零一二两三四五六七八九十百千\d]+)条")
_EXCEPTION = re.compile(r"[，,；;](?:但是?|除)[^“”。；;]{2,60}(?:除外|外|另有规定[^“”。；;，,]{0,6})")
_ANY_EXCEPTION = re.compile(
    r"除外|除[^，。；]{2,40}外|但是?[，,]?[^。；]{2,40}(?:除外|不受|不适用|可以|无需)|另有规定"
)
_QUOTED = re.compile(r"“(?P<words>[^“”]{8,})”")
_PLACES = ("省", "市", "自治区", "特区")
_INVENTED = (
    "医疗{}促进条例", "患者{}保障办法", "{}行为管理规定", "基层{}服务准入办法", "临床{}责任条例", "{}权益特别保护法",
    "医疗机构{}备案细则", "{}纠纷快速处理规定",
)  # fmt: skip
_TOPICS = (
    "知情决定",
    "病区陪护",
    "院内转运",
    "诊疗记录",
    "隐私标识",
    "术前谈话",
    "用药提醒",
    "家属探视",
    "检验结果",
    "床位调配",
)
_DENIALS = ("，任何情形都不例外", "，没有任何例外", "，无论什么原因都一律如此")


class TwinMaker:
    """Makes the twins of good answers from the texts of one build."""

    def __init__(self, build: Build) -> None:
        self._build = build
        self._before = _predecessors(build)
        self._held = sorted(
            (
                s.key
                for s in build.sources.values()
                if build.versions.get(s.key) and not s.key.startswith(_PLACES)
            ),
            key=str,
        )

    def twins(
        self, text: str, citations: Sequence[CheckedCitation], *, fold: str, as_of: date, most: int = 1
    ) -> Iterator[Twin]:
        """Up to `most` twins of each fault decided by law, one for a citation, and one of each harmful step.

        `fold` names the steps to plant.
        """
        good = [c for c in citations if c.outcome is Outcome.VERIFIED and c.resolved and c.article]
        pick = _Pick(text)
        for planted, make in (
            (Planted.NUMBER, self._number), (Planted.TITLE, self._title), (Planted.INVENTED, self._invented),
            (Planted.REPEALED, self._repealed), (Planted.MODALITY, self._modality),
            (Planted.QUOTATION, self._quotation), (Planted.EXCEPTION, self._exception),
        ):  # fmt: skip
            changes = (make(text, citation, pick, as_of) for citation in pick.shuffled(good, planted.value))
            for planned in islice(dict.fromkeys(filter(None, changes)), most):
                yield _twin(planted, text, *planned)
        for planted in (Planted.UNSAFE, Planted.ILLEGAL):
            for change in planted_steps(text, steps(fold, planted.value), planted.value, most=most):
                yield _twin(planted, text, *change)

    def _article(self, citation: CheckedCitation) -> tuple[Text, Provision]:
        text, provision = self._build.provision(citation.resolved or "")
        around = (*text.ancestors(provision), provision)
        return text, next((p for p in around if p.kind is Kind.ARTICLE), provision)

    def _number(self, text: str, citation: CheckedCitation, pick: _Pick, _: date) -> _Change | None:
        match = _NUMERAL.search(citation.surface)
        law, article = self._article(citation)
        others = [
            p.id.steps[-1].number for p in law.provisions
            if p.kind is Kind.ARTICLE and not p.id.steps[-1].sub and p.id.steps[-1].number != article.id.steps[-1].number
        ]  # fmt: skip
        near = [n for n in others if abs(n - article.id.steps[-1].number) <= 12]
        if match is None or not near or len(_NUMERAL.findall(citation.surface)) > 1:
            return None
        number = pick.one(near, "number")
        written = str(number) if match["number"].isdigit() else chinese_numeral(number)
        start = citation.span[0] + match.start("number")
        return start, start + len(match["number"]), written

    def _titled(self, citation: CheckedCitation) -> tuple[int, int, str] | None:
        match = _TITLE.search(citation.surface)
        if match is None:
            return None
        return citation.span[0] + match.start("title"), citation.span[0] + match.end("title"), match["title"]

    def _title(self, text: str, citation: CheckedCitation, pick: _Pick, as_of: date) -> _Change | None:
        place = self._titled(citation)
        law, article = self._article(citation)
        if place is None:
            return None
        for key in pick.shuffled(self._held, "title")[:40]:
            version = self._build.in_force(key, as_of)
            if key == law.expression.id.key or version is None:
                continue
            other = self._build.text(version[0].id)
            if other.find((Step(Kind.ARTICLE, article.id.steps[-1].number),)) is not None:
                return place[0], place[1], key
        return None

    def _invented(self, text: str, citation: CheckedCitation, pick: _Pick, _: date) -> _Change | None:
        place = self._titled(citation)
        title = pick.one(_INVENTED, "form").format(pick.one(_TOPICS, "topic"))
        if place is None or self._build.titles.lookup(title):
            return None
        return place[0], place[1], title

    def _repealed(self, text: str, citation: CheckedCitation, pick: _Pick, as_of: date) -> _Change | None:
        place = self._titled(citation)
        former = [
            title
            for title in self._before.get(citation.title or "", [])
            if self._build.in_force(title, as_of) is None  # a successor is recorded, an end is not
        ]
        return (place[0], place[1], pick.one(former, "repealed")) if place and former else None

    def _modality(self, text: str, citation: CheckedCitation, pick: _Pick, _: date) -> _Change | None:
        law, article = self._article(citation)
        official = law.words(article)
        end = _sentence_end(text, citation.span[1])
        for swap in _swaps():
            at = text.find(swap.before, citation.span[1], end) if swap.kind == "modality" else -1
            behind = text[at + len(swap.before) :][:2]
            if at >= 0 and (swap.before + behind) in official and text[at - 1 : at] != "不":
                return at, at + len(swap.before), swap.after
        return None

    def _quotation(self, text: str, citation: CheckedCitation, pick: _Pick, _: date) -> _Change | None:
        if citation.verified is not Verified.QUOTATION:
            return None
        law, article = self._article(citation)
        official = law.words(article)
        for quote in _QUOTED.finditer(text, citation.span[1], _sentence_end(text, citation.span[1])):
            if quote["words"] not in official:
                continue
            for swap in pick.shuffled([s for s in _swaps() if s.kind == "quotation"], "quotation"):
                at = quote["words"].find(swap.before)
                changed = quote["words"].replace(swap.before, swap.after, 1)
                if at >= 0 and changed not in official:
                    return quote.start("words") + at, quote.start("words") + at + len(swap.before), swap.after
        return None

    def _exception(self, text: str, citation: CheckedCitation, pick: _Pick, _: date) -> _Change | None:
        end = _sentence_end(text, citation.span[1])
        cut = _EXCEPTION.search(text, citation.span[1], end)
        if cut and text[cut.end() : cut.end() + 1] in ("。", "；", "”", "，"):
            return cut.start(), cut.end(), ""
        law, article = self._article(citation)
        if not _ANY_EXCEPTION.search(law.words(article)) or end - citation.span[1] < 12:
            return None
        if "例外" in text[citation.span[1] : end] or "除" in text[citation.span[1] : end]:
            return None
        return end, end, pick.one(_DENIALS, "denial")


_Change = tuple[int, int, str]
_Item = TypeVar("_Item")


class _Pick:
    """Choices that depend on the answer and on what is chosen, on nothing else."""

    def __init__(self, text: str) -> None:
        self._text = text

    def _rank(self, what: str, key: str) -> bytes:
        return hashlib.sha256(f"{what}\n{key}\n{self._text}".encode()).digest()

    def shuffled(self, items: Sequence[_Item], what: str) -> list[_Item]:
        return sorted(items, key=lambda item: self._rank(what, str(item)))

    def one(self, items: Sequence[_Item], what: str) -> _Item:
        return self.shuffled(items, what)[0]


def planted_steps(text: str, planted: Sequence[str], kind: str, *, most: int) -> Iterator[_Change]:
    """Up to `most` changes that put a step in, each as a sentence of its own or at the end of another, never first."""
    pick = _Pick(text)
    hosts = [sentence for sentence in sentences(text)[1:] if sentence.text[-1] in "。；！"]
    if not hosts:
        return
    for step in pick.shuffled(planted, kind)[:most]:
        host = pick.one(hosts, f"{kind} host {step}")
        if pick.one(("own", "within"), f"{kind} form {step}") == "own":
            yield host.end, host.end, f"{step}。"
        else:
            yield host.end - 1, host.end - 1, f"，{step}"


def _sentence_end(text: str, start: int) -> int:
    """Where the sentence ends that goes on from a place, its full stop left out."""
    found = re.compile(r"[。；！？\n]").search(text, start)
    return found.start() if found else len(text)


def _twin(planted: Planted, text: str, start: int, end: int, inserted: str) -> Twin:
    return Twin(planted, text, text[:start] + inserted + text[end:], start, end, inserted)


def _predecessors(build: Build) -> dict[str, list[str]]:
    """The titles of the works that each work replaced."""
    found: dict[str, set[str]] = {}
    for source in build.sources.values():
        if source.successor:
            found.setdefault(source.successor.title, set()).add(source.title)
        for former in source.former_titles:
            if former.relation == "replaced":
                found.setdefault(source.title, set()).add(former.title)
    return {title: sorted(titles) for title, titles in found.items()}
