"""Norms that came, went or changed, and what rests on a change. The texts are invented."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest

from ingestion.parse import parse
from kg.build import Text
from kg.dates import Validity
from kg.diff import diff
from kg.identity import ExpressionId
from kg.model import Expression, Origin
from kg.norm import Modality, Norm, Span
from kg.norm_diff import norm_changes
from kg.problem import InputError
from kg.text import LayeredText
from kg.touch import Touched, touched_rows
from kg.vocabulary import Kind

OLD = """甲办法

第一条　医师应当尊重患者。

医师应当保护隐私。

第二条　医疗机构应当公示收费标准。

第三条　医疗机构应当建立病历管理制度，病历保存三十年。
"""
MODALS = {"应当": Modality.OBLIGATION, "不得": Modality.PROHIBITION}


def text(body: str, year: int) -> Text:
    identity = ExpressionId("甲办法", date(year, 1, 1))
    expression = Expression(identity, "甲办法", Validity(date(year, 1, 1)), "", Origin("例", "甲", ""))
    return Text(expression, LayeredText(body), parse(body, identity).provisions)


def norms(found: Text) -> list[Norm]:
    """One norm for each 款: who, modal, what."""
    made = []
    for provision in found.provisions:
        if provision.kind is not Kind.PARAGRAPH:
            continue
        words = found.words(provision)
        start = found.official.index(words, provision.start)
        cue = next(modal for modal in MODALS if modal in words)
        at = start + words.index(cue)
        end = start + len(words) - 1
        made.append(
            Norm(
                f"{provision.id}#n1", provision.id, MODALS[cue],
                bearer=Span.cut(found.official, start, at), cue=Span.cut(found.official, at, at + 2),
                action=Span.cut(found.official, at + 2, end), bearers=(found.official[start:at],),
            )
        )  # fmt: skip
    return made


def told(body: str) -> list[str]:
    before, after = text(OLD, 2010), text(body, 2020)
    found = norm_changes(diff(before, after), norms(before), norms(after))
    lines = []
    for change in found:
        ends = [n.action.text if n and n.action else "-" for n in (change.old, change.new)]
        lines.append(f"{change.kind.value} {ends[0]} > {ends[1]} {','.join(change.fields)}".strip())
    return lines


@pytest.mark.parametrize(
    ("edits", "expected", "why"),
    [
        ([], [], "nothing"),
        ([("公示", "公 示")], [], "form"),
        ([("尊重患者", "尊重、关心患者")], ["changed 尊重患者 > 尊重、关心患者 action"], "what must be done"),
        (
            [("医师应当保护", "医务人员应当保护")],
            ["changed 保护隐私 > 保护隐私 bearer,bearers"],
            "who is bound",
        ),
        (
            [("应当公示收费标准", "不得公示收费标准")],
            ["changed 公示收费标准 > 公示收费标准 modality,cue"],
            "a duty became a prohibition",
        ),
        ([("\n医师应当保护隐私。\n", "")], ["removed 保护隐私 > -"], "a norm went"),
        (
            [("第二条　", "第二条　医师不得收受财物。\n\n")],
            ["added - > 收受财物"],
            "a norm came; the one behind it only has another number",
        ),
        (
            [("第三条", "第四条"), ("第二条　", "第二条　医师不得收受财物。\n\n第三条　")],
            ["added - > 收受财物"],
            "articles behind a new one are renumbered, their norms are not touched",
        ),
        (
            [("\n医师应当保护隐私。\n", ""), ("三十年。\n", "三十年。\n\n医师应当保护隐私。\n")],
            [],
            "a 款 went to another article: the norm is the same",
        ),
    ],
)
def test_norm_changes(edits: Sequence[tuple[str, str]], expected: list[str], why: str) -> None:
    body = OLD
    for before, after in edits:
        assert before in body
        body = body.replace(before, after)
    assert told(body) == expected, why


# -- what rests on a change ----------------------------------------------------------------------------

A, B = "甲办法@2010-01-01", "甲办法@2020-01-01"


def touched() -> Touched:
    body = OLD.replace("尊重患者", "尊重、关心患者").replace(
        "第三条　医疗机构应当建立病历管理制度，病历保存三十年。\n", ""
    )
    return Touched.of(diff(text(OLD, 2010), text(body, 2020)).changes)


@pytest.mark.parametrize(
    ("identifier", "hit", "why"),
    [
        (f"{A}/art1/p1", True, "the 款 that changed"),
        (f"{B}/art1/p1", True, "on either side"),
        (f"{A}/art1/p1#n1", True, "a norm of it"),
        (f"{A}/art1/p1/i2", True, "what lies in it"),
        (f"{A}/art1", True, "who names the article means all of it"),
        (f"{A}/art1/p2", False, "another 款 of it"),
        (f"{A}/art2/p1", False, "another article"),
        (f"{A}/art3/p1", True, "removed"),
        (f"{A}/art33", False, "a number that only begins so"),
        (A, False, "a whole text"),
        ("第一条", False, "no id"),
    ],
)
def test_what_a_change_hits(identifier: str, hit: bool, why: str) -> None:
    assert touched().hits(identifier) is hit, why


def test_a_renumbered_provision_says_what_it_said() -> None:
    body = OLD.replace("第三条", "第四条").replace("第二条　", "第二条　医师不得收受财物。\n\n第三条　")
    found = Touched.of(diff(text(OLD, 2010), text(body, 2020)).changes)
    assert not found.hits(f"{A}/art2/p1")
    assert found.hits(f"{B}/art2")


def test_rows_that_rest_on_it(tmp_path: Path) -> None:
    rows = [
        {"id": "v1", "governing": [{"id": f"{A}/art1/p1", "quote": "医师应当尊重患者。"}]},
        {"id": "v2", "governing": [{"id": f"{A}/art2/p1"}]},
        {"messages": [{"content": "…", "clauses": [f"{A}/art3", f"{A}/art1/p2"]}]},
        ["a list", f"{A}/art1#n1"],
    ]
    path = tmp_path / "verdicts.jsonl"
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n", encoding="utf-8")
    assert [(row.line, row.id, row.provisions) for row in touched_rows(path, touched())] == [
        (1, "v1", (f"{A}/art1/p1",)),
        (3, "", (f"{A}/art3",)),
        (4, "", (f"{A}/art1#n1",)),
    ]


def test_a_file_that_is_no_jsonl(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("{}\n{", encoding="utf-8")
    with pytest.raises(InputError, match=r"a\.jsonl:2"):
        list(touched_rows(path, touched()))
