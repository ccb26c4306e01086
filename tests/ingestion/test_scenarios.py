"""Cases and their gold clauses: each is bound to a provision, counted as not held, or a problem."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ingestion.ledger import read_ledger
from ingestion.parse import parse
from ingestion.scenarios import Case, bind, read_cases
from kg.build import Text
from kg.dates import Validity
from kg.identity import ExpressionId
from kg.model import Expression, Origin, RelatedTitle, Source
from kg.pack import data_folder
from kg.problem import DamagedError
from kg.text import LayeredText
from kg.titles import TitleIndex
from kg.vocabulary import Level

TODAY = date(2026, 11, 22)
WORK, UNHELD = "丙条例", "丁条例"
TITLES = TitleIndex.build(
    [
        Source(WORK, "中华人民共和国丙条例", Level.LAW, short_titles=(WORK,), former_titles=(RelatedTitle("旧丙条例", "renamed", "x"),)),
        Source(UNHELD, UNHELD, Level.LAW),
        Source("甲", "甲献血条例", Level.LAW, aliases=("献血条例",)),
        Source("乙", "乙献血条例", Level.LAW, aliases=("献血条例",)),
    ]
)  # fmt: skip


def row(**gold: Any) -> dict[str, Any]:
    clause = {"title": WORK, "article": "第二条", "role": "primary", **gold}
    return {
        "id": "X-001", "scene": "医患关系", "scenario": "术前未说明替代方案。", "stance": "violation", "gold": [clause],
        "principles": ["尊重自主"], "answers": [{"text": "略"}],
    }  # fmt: skip


def version(body: str, day: date, begins: date | None, ends: date | None = None) -> Text:
    official = f"{WORK}\n{body}"
    identity = ExpressionId(WORK, day)
    expression = Expression(identity, WORK, Validity(begins, day, ends), "", Origin("例", "a", ""))
    return Text(expression, LayeredText(official), parse(official, identity).provisions)


BODY = "第一条　甲。\n第二条　乙：\n（一）子；\n（二）丑。\n丙。\n第二条之一　丁。\n"
CURRENT = version(BODY, date(2020, 1, 1), date(2020, 6, 1))


def bound(held: Sequence[Text] = (CURRENT,), **gold: Any) -> tuple[list[str], dict[str, int], list[str]]:
    found = bind(Case.model_validate(row(**gold)), TITLES, {WORK: held}, TODAY)
    return [str(b.provision.id) for b in found.bindings], dict(found.counts), [p.code for p in found.problems]


@pytest.mark.parametrize(
    ("gold", "place"),
    [
        ({}, "art2"),
        ({"title": "中华人民共和国丙条例"}, "art2"),
        ({"article": "第2条"}, "art2"),
        ({"article": "第二条之一"}, "art2-1"),
        ({"paragraph": 2}, "art2/p2"),
        ({"paragraph": 1, "item": 2}, "art2/p1/i2"),
        ({"item": 2}, "art2/p1/i2"),
    ],
)
def test_bound(gold: dict[str, Any], place: str) -> None:
    assert bound(**gold) == ([f"{WORK}@2020-01-01/{place}"], {"bound": 1}, [])


@pytest.mark.parametrize(
    ("gold", "count", "code"),
    [
        ({"article": "第九条"}, "problem", ["gold_clause"]),
        ({"article": "九"}, "problem", ["gold_clause"]),
        ({"article": "第百条"}, "problem", ["gold_clause"]),
        ({"paragraph": 3}, "problem", ["gold_clause"]),
        ({"item": 9}, "problem", ["gold_clause"]),
        ({"title": "献血条例"}, "problem", ["gold_title"]),
        ({"title": "没有的法"}, "unbound", ["gold_unlisted"]),
        ({"title": "旧丙条例"}, "unbound", ["gold_unlisted"]),  # a former title names another text
        ({"title": UNHELD}, "unbound", []),
    ],
)
def test_not_bound(gold: dict[str, Any], count: str, code: list[str]) -> None:
    assert bound(**gold) == ([], {count: 1}, code)


def test_the_version_current_on_the_day_of_the_pack() -> None:
    old = version(BODY, date(2010, 1, 1), date(2010, 6, 1), date(2020, 6, 1))
    future = version(BODY, date(2026, 8, 28), date(2027, 1, 1))
    unknown = version(BODY, date(2022, 1, 1), None)
    for held, day in (
        ((old, CURRENT, future), "2020-01-01"),
        ((future, CURRENT, old, unknown), "2020-01-01"),  # in force before unknown
        ((old, unknown), "2022-01-01"),
        ((old, future), "2026-08-28"),  # neither: the newest of all
    ):
        assert bound(held)[0] == [f"{WORK}@{day}/art2"]


def write(folder: Path, name: str, *rows: Any) -> None:
    lines = [r if isinstance(r, str) else json.dumps(r, ensure_ascii=False) for r in rows]
    (folder / name).write_text("\n".join(lines), encoding="utf-8")


def test_cases_are_read_in_order_of_their_ids(tmp_path: Path) -> None:
    write(tmp_path, "b.jsonl", {**row(), "id": "A-2"}, "", {**row(), "id": "A-1"})
    write(tmp_path, "a.jsonl", {**row(), "id": "B-1"})
    assert [case.id for case in read_cases(tmp_path, {"医患关系"})] == ["A-1", "A-2", "B-1"]


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        ("{", r"a\.jsonl:2"),
        ({**row(), "id": "A-1"}, r"a\.jsonl:2.*A-1"),
        ({**row(), "scene": "炒菜"}, r"a\.jsonl:2"),
        ({"id": "A-2"}, r"a\.jsonl:2"),
        ([1], r"a\.jsonl:2"),
    ],
)
def test_a_bad_case_is_named(tmp_path: Path, bad: Any, told: str) -> None:
    write(tmp_path, "a.jsonl", {**row(), "id": "A-1"}, bad)
    with pytest.raises(DamagedError, match=told):
        read_cases(tmp_path, {"医患关系"})


def test_the_packs_own_cases() -> None:
    ledger = read_ledger(data_folder() / "ledger")
    cases = read_cases(data_folder() / "cases", {topic.name for topic in ledger.topics})
    assert len(cases) >= 900
    assert all(case.gold for case in cases)
    assert len({case.scene for case in cases}) == 14
