"""What changed between two texts. The short texts are invented; the tables of real works name what was amended."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path

import pytest

from ingestion.acquire import acquire
from ingestion.compile import compile_build
from ingestion.document import read_document
from ingestion.ledger import read_ledger
from ingestion.parse import parse
from kg.build import Text
from kg.dates import Validity
from kg.diff import Change, ChangeKind, Diff, diff, own_words
from kg.identity import ExpressionId
from kg.model import Expression, Origin
from kg.pack import data_folder
from kg.text import LayeredText

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"

OLD = """甲办法

第一章　总则

第一条　为了保护患者的合法权益，制定本办法。

第二条　医师应当尊重患者。

医师应当保护患者的隐私，不得泄露其病历资料。

第三条　有下列情形之一的，给予警告：

（一）泄露患者隐私的；

（二）违反规定收取费用的。

第四条　本办法由某部门负责解释。
"""


def text(body: str, day: date = date(2010, 1, 1)) -> Text:
    identity = ExpressionId("甲办法", day)
    expression = Expression(identity, "甲办法", Validity(day), "", Origin("例", "甲", ""))
    return Text(expression, LayeredText(body), parse(body, identity).provisions)


def compared(body: str, old: str = OLD) -> Diff:
    return diff(text(old), text(body, date(2020, 1, 1)))


def told(changes: Iterable[Change]) -> list[str]:
    """Each change in one line, parts in brackets: changed art2[added -/p3]."""
    lines = []
    for change in changes:
        old = "/".join(map(str, change.old.id.steps)) if change.old else "-"
        new = "/".join(map(str, change.new.id.steps)) if change.new else "-"
        ends = old if old == new else f"{old}>{new}"
        inner = f"[{', '.join(told(change.parts))}]" if change.parts else ""
        lines.append(f"{change.kind.value} {ends}{inner}")
    return lines


@pytest.mark.parametrize(
    ("edits", "expected", "why"),
    [
        ([], [], "nothing"),
        ([("，制定本办法", ",制定本办法")], [], "punctuation style is form"),
        ([("第二条　医师应当", "第二条 医师 应当")], [], "blanks are form"),
        ([("尊重患者。", "尊重、关心患者。")], ["changed art2[changed art2/p1]"], "one 款 amended"),
        (
            [("第二条　", "第二条　医师应当恪守职业道德，遵守执业规范。\n\n")],
            ["changed art2[added ->art2/p1, renumbered art2/p1>art2/p2, renumbered art2/p2>art2/p3]"],
            "a 款 put before the others",
        ),
        (
            [("（二）", "（三）"), ("（一）", "（一）拒绝抢救急危患者的；\n\n（二）")],
            [
                "changed art3[added ->art3/p1/i1, renumbered art3/p1/i1>art3/p1/i2,"
                " renumbered art3/p1/i2>art3/p1/i3]"
            ],
            "a 项 put before the others",
        ),
        (
            [("第四条", "第五条"), ("第三条　", "第三条　某部门应当公布收费标准。\n\n第四条　")],
            ["added ->art3", "renumbered art3>art4", "renumbered art4>art5"],
            "an article put in",
        ),
        ([("第四条　本办法由某部门负责解释。\n", "")], ["removed art4>-"], "an article left out"),
        ([("总则", "一般规定")], ["removed ch1>-", "added ->ch1"], "another heading"),
    ],
)
def test_changes(edits: list[tuple[str, str]], expected: list[str], why: str) -> None:
    body = OLD
    for before, after in edits:
        assert before in body
        body = body.replace(before, after)
    assert told(compared(body).changes) == expected, why


def test_form_is_counted_not_shown() -> None:
    found = compared(OLD.replace("，制定本办法", ",制定本办法").replace("尊重患者", "尊重 患者"))
    assert found.changes == ()
    assert (found.formatting, found.unchanged) == (2, 4)


def test_a_paragraph_that_another_article_took_over_is_moved() -> None:
    rest = "医师应当尊重、关心、爱护患者，恪守职业道德，遵守临床诊疗技术规范和医学伦理规范。"
    taken = "医师应当保护患者的隐私，不得泄露其病历资料。"
    old = OLD.replace("医师应当尊重患者。", rest)
    body = old.replace(f"\n{taken}\n", "").replace("第四条　本办法", f"第四条　{taken}\n\n第五条　本办法")
    assert told(compared(body, old).changes) == [
        "changed art2[moved art2/p2>art4/p1]",
        "added ->art4[moved art2/p2>art4/p1]",
        "renumbered art4>art5",
    ]


def test_articles_that_changed_places_are_moved() -> None:
    first, second = "为了保护患者的合法权益，制定本办法。", "本办法由某部门负责解释。"
    body = OLD.replace(first, "□").replace(second, first).replace("□", second)
    assert sorted(told(compared(body).changes)) == ["moved art1>art4", "moved art4>art1"]


def test_a_change_that_follows_from_renumbering_is_known() -> None:
    old = OLD.replace(
        "第四条　本办法由某部门负责解释。", "第四条　违反本办法第二条、《乙法》第三条的，依照第三条处理。"
    )
    body = old.replace("第二条　", "第二条　某部门应当公布标准。\n\n第三条　", 1).replace(
        "第三条　有", "第四条　有"
    )
    body = body.replace(
        "第四条　违反本办法第二条、《乙法》第三条的，依照第三条",
        "第五条　违反本办法第三条、《乙法》第三条的，依照第四条",
    )
    found = compared(body, old).changes
    last = found[-1]
    assert told([last]) == ["changed art4>art5"]
    assert last.follows
    assert last.says_the_same
    other = compared(body.replace("依照第四条处理", "依照第三条处理"), old).changes[-1]
    assert not other.follows  # it now cites another article


@pytest.mark.parametrize(
    ("before", "after", "follows", "why"),
    [
        ("依照第三条处理", "依照第四条处理", True, "bare"),
        ("依照本办法第三条处理", "依照本办法第四条处理", True, "of this text"),
        ("依照《乙法》第三条处理", "依照《乙法》第四条处理", False, "another law that was renumbered itself"),
        ("依照乙丙法第三条处理", "依照乙丙法第四条处理", False, "another law without 《》"),
        ("依照乙丙条例第三条处理", "依照乙丙条例第四条处理", False, "another regulation"),
        ("依照第三条处理", "依照第四条处罚", False, "another word too"),
    ],
)
def test_which_numbers_follow(before: str, after: str, follows: bool, why: str) -> None:
    filler = "违反前款规定，情节严重或者造成严重后果的，由某部门"
    old = OLD.replace("第四条　本办法由某部门负责解释。", f"第四条　{filler}{before}。")
    body = OLD.replace("第二条　", "第二条　某部门应当公布标准。\n\n第三条　", 1).replace(
        "第三条　有", "第四条　有"
    )
    body = body.replace("第四条　本办法由某部门负责解释。", f"第五条　{filler}{after}。")
    assert compared(body, old).changes[-1].follows is follows, why


def test_removed_articles_stand_where_they_were() -> None:
    body = OLD.replace("第一条　为了保护患者的合法权益，制定本办法。\n", "")
    assert told(compared(body).changes)[0] == "removed art1>-"


def test_no_text_is_lost() -> None:
    """Every article of either side is unchanged or in exactly one change."""
    found = compared(OLD.replace("尊重", "关心、爱护").replace("第四条　本办法由某部门负责解释。", ""))
    olds = [c.old.id for c in found.changes if c.old and c.old.kind.value == "article"]
    assert len(olds) == len(set(olds))
    assert found.unchanged + len(olds) == 4


@pytest.mark.parametrize(
    ("kind", "words"),
    [("art2", "医师应当尊重患者。\n\n医师应当保护患者的隐私，不得泄露其病历资料。"), ("ch1", "总则")],
)
def test_own_words(kind: str, words: str) -> None:
    found = text(OLD)
    provision = next(p for p in found.provisions if "/".join(map(str, p.id.steps)) == kind)
    assert own_words(found, provision) == words


# -- real works ----------------------------------------------------------------------------------------


def texts(titles: list[str], *, corpus: bool) -> dict[str, Text]:
    compiled = compile_build(
        acquire([CORPUS] if corpus else [], packaged=not corpus),
        read_ledger(data_folder() / "ledger"),
        [],
        selector=",".join(titles),
        as_of=date(2026, 11, 22),
        read=read_document,
        progress=lambda *_: None,
    )
    return {str(t.expression.id): t for t in compiled.texts if t.expression.id.key in titles}


def articles(found: Diff, kind: ChangeKind) -> set[str]:
    ends = [(c.old or c.new) for c in found.changes if c.kind is kind]
    return {p.id.steps[-1].display() for p in ends if p and p.kind.value == "article"}


def test_the_constitution_as_packaged() -> None:
    """The five articles on 监察委员会 of 2018 are new, and what followed them was renumbered, not replaced."""
    key = "中华人民共和国宪法"
    held = texts([key], corpus=False)
    found = diff(held[f"{key}@1982-12-04"], held[f"{key}@2018-03-11"])
    added = {"第一百二十三条", "第一百二十四条", "第一百二十五条", "第一百二十六条", "第一百二十七条"}
    assert articles(found, ChangeKind.ADDED) == added
    assert articles(found, ChangeKind.REMOVED) == set()
    courts = next(c for c in found.changes if c.old and c.old.id.steps[-1].display() == "第一百二十三条")
    assert courts.kind is ChangeKind.RENUMBERED
    assert courts.new is not None
    assert courts.new.id.steps[-1].display() == "第一百二十八条"


REAL: list[tuple[str, str, dict[ChangeKind, set[str]], str]] = [
    (
        "中华人民共和国刑法@2020-12-26", "中华人民共和国刑法@2023-12-29",
        {ChangeKind.CHANGED: {"第一百六十五条", "第一百六十六条", "第一百六十九条", "第三百八十七条", "第三百九十条",
                              "第三百九十一条", "第三百九十三条", "第四百五十二条"},
         ChangeKind.ADDED: set(), ChangeKind.REMOVED: set()},
        "the seven articles of 修正案（十二）, and a note that one origin glues to the last article",
    ),
    (
        "医疗器械监督管理条例@2021-02-09", "医疗器械监督管理条例@2024-12-06",
        {ChangeKind.CHANGED: {"第十九条", "第一百零三条"}, ChangeKind.ADDED: set(), ChangeKind.REMOVED: set()},
        "two articles named by the decision of 2024",
    ),
    (
        "医疗机构管理条例@2016-02-06", "医疗机构管理条例@2022-03-29",
        {ChangeKind.REMOVED: {"第十四条", "第五十四条"}, ChangeKind.ADDED: set()},
        "two articles left out, so that 25 others have new numbers and the same words",
    ),
    (
        "中华人民共和国人类遗传资源管理条例@2019-05-28", "中华人民共和国人类遗传资源管理条例@2024-03-10",
        {ChangeKind.REMOVED: set(), ChangeKind.ADDED: set(), ChangeKind.RENUMBERED: set()},
        "the department's name changed in 27 articles, no number did",
    ),
    (
        "中华人民共和国食品安全法@2021-04-29", "中华人民共和国食品安全法@2025-09-12",
        {ChangeKind.CHANGED: {"第四十一条", "第八十一条", "第八十二条", "第一百二十四条", "第一百三十二条"}},
        "liquid infant formula and transport: five articles",
    ),
]  # fmt: skip


@pytest.mark.corpus
@pytest.mark.skipif(not CORPUS.is_dir(), reason="../shared/corpus is not on this machine")
@pytest.mark.parametrize(("old", "new", "expected", "why"), REAL)
def test_real_works(old: str, new: str, expected: dict[ChangeKind, set[str]], why: str) -> None:
    held = texts([old.split("@")[0]], corpus=True)
    found = diff(held[old], held[new])
    assert {kind: articles(found, kind) for kind in expected} == expected, why


SUCCESSION = [
    ("第三条", "第六条", "no trade in organs: the same words"),
    ("第五条", "第七条", "reports to the departments"),
    ("第八条", "第九条", "the will to donate"),
    ("第十条", "第十一条", "who may receive an organ of the living"),
    ("第十三条", "第二十五条", "conditions no longer met"),
    ("第十九条", "第二十九条", "duties before an organ of the living is taken"),
    ("第二十二条", "第二十条", "the order of patients"),
    ("第二十六条", "第三十七条", "penalties for trade"),
    ("第三十一条", "第四十八条", "officials"),
]


@pytest.mark.corpus
@pytest.mark.skipif(not CORPUS.is_dir(), reason="../shared/corpus is not on this machine")
def test_a_successor_under_another_name_is_aligned() -> None:
    old, new = "人体器官移植条例", "人体器官捐献和移植条例"
    held = texts([old, new], corpus=True)
    found = diff(held[f"{old}@2007-03-31"], held[f"{new}@2023-12-04"])
    ends = {
        c.old.id.steps[-1].display(): c.new.id.steps[-1].display() for c in found.changes if c.old and c.new
    }
    for before, after, why in SUCCESSION:
        assert ends.get(before) == after, why
    assert "第四十七条" in articles(found, ChangeKind.ADDED)  # coordinators: there were none in 2007
