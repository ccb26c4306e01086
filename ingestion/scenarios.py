"""The pack's cases as the graph sees them: which clause, in which version, governs which scenario."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from ingestion.ledger import read_rows
from kg.build import Text
from kg.identity import Step
from kg.model import Provision
from kg.numerals import parse_numeral
from kg.problem import Problem, Report, Severity, refuse
from kg.titles import TitleIndex, TitleRelation
from kg.vocabulary import Kind, Status, Topic


class GoldClause(BaseModel):
    """A clause that the author of a case says governs it; never checked by a lawyer."""

    model_config = ConfigDict(extra="ignore")
    title: str
    article: str
    paragraph: int | None = None
    item: int | None = None
    role: str


class Case(BaseModel):
    """The part of a case that the graph holds; answers and their grades stay in the file."""

    model_config = ConfigDict(extra="ignore")
    id: str
    scene: Topic
    scenario: str
    stance: str
    gold: list[GoldClause]
    principles: list[str] = []


@dataclass(frozen=True, slots=True)
class Binding:
    """A gold clause bound to a provision of the version current on the pack's date."""

    scenario: str
    provision: Provision
    role: str


@dataclass(frozen=True)
class Bound:
    """What binding the cases gave; `counts` has bound, unbound (text not in this build) and problem."""

    bindings: tuple[Binding, ...]
    problems: tuple[Problem, ...]
    counts: Counter[str]


def read_cases(folder: Path, topics: Collection[Topic], report: Report = refuse) -> list[Case]:
    """Every case of a pack, by id. A bad or repeated one, or one whose scene is none of the pack's topics, is
    reported with file and line and left out; by default the first one raises DamagedError."""
    cases: dict[str, Case] = {}
    for path in sorted(folder.glob("*.jsonl")):
        for place, case in read_rows(path, Case, report):
            if case.scene not in topics:
                told = f"案例 {case.id} 的 scene“{case.scene}”不是数据包的场景"
            elif case.id in cases:
                told = f"案例 {case.id} 已在前面出现"
            else:
                cases[case.id] = case
                continue
            report(Problem(Severity.ERROR, "bad_row", place, told))
    return [cases[key] for key in sorted(cases)]


_ARTICLE = re.compile(r"第(?P<number>[^条]+)条(?:之(?P<sub>.+))?")


def bind(case: Case, titles: TitleIndex, texts: Mapping[str, Sequence[Text]], as_of: date) -> Bound:
    """Bind each gold clause of a case to a provision of the version that applies on `as_of`."""
    bindings: list[Binding] = []
    problems: list[Problem] = []
    counts: Counter[str] = Counter()
    for gold in case.gold:
        place = f"case:{case.id}"
        keys = sorted({h.key for h in titles.lookup(gold.title) if h.relation is not TitleRelation.FORMER})
        if not keys:
            counts["unbound"] += 1
            text = f"依据《{gold.title}》{gold.article}：该文件不在台账，也不在此构建中"
            problems.append(Problem(Severity.NOTE, "gold_unlisted", place, text))
            continue
        if len(keys) > 1:
            counts["problem"] += 1
            text = f"依据《{gold.title}》{gold.article}：名称可指 {'、'.join(keys)}"
            problems.append(Problem(Severity.WARNING, "gold_title", place, text))
            continue
        current = _current(texts.get(keys[0], ()), as_of)
        if current is None:
            counts["unbound"] += 1
            continue
        provision = _find(current, gold)
        if provision is None:
            counts["problem"] += 1
            text = f"依据《{gold.title}》{gold.article} 款{gold.paragraph} 项{gold.item}：{current.expression.id} 中没有"
            problems.append(Problem(Severity.WARNING, "gold_clause", place, text))
            continue
        counts["bound"] += 1
        bindings.append(Binding(case.id, provision, gold.role))
    return Bound(tuple(bindings), tuple(problems), counts)


def _current(held: Sequence[Text], as_of: date) -> Text | None:
    """The version in force on a day; else the newest that may be; else the newest of all."""

    def rank(text: Text) -> tuple[int, date, int]:
        status = text.expression.validity.status(as_of)
        order = {Status.IN_FORCE: 2, Status.UNKNOWN: 1}.get(status, 0)
        return order, text.expression.id.version or date.min, -text.expression.id.nth

    return max(held, key=rank, default=None)


def _find(text: Text, gold: GoldClause) -> Provision | None:
    match = _ARTICLE.fullmatch(gold.article.strip())
    if not match:
        return None
    try:
        number, sub = parse_numeral(match["number"]), parse_numeral(match["sub"]) if match["sub"] else 0
    except ValueError:
        return None
    current = text.find((Step(Kind.ARTICLE, number, sub),))
    if current is None:
        return None
    if gold.paragraph is not None:
        current = _below(text, current, Kind.PARAGRAPH, gold.paragraph)
    if current is not None and gold.item is not None:
        current = _below(text, current, Kind.ITEM, gold.item)
    return current


def _below(text: Text, provision: Provision, kind: Kind, number: int) -> Provision | None:
    found = [p for p in text.below(provision) if p.kind is kind and p.id.steps[-1].number == number]
    return found[0] if len(found) == 1 else None
