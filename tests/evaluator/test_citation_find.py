"""Which citations are found, with their spans; and what is left alone."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from evaluator.citation_find import FoundCitation, find_citations
from kg.citation import Place
from tests.evaluator.packaged import packaged_build


class Cited(NamedTuple):
    """A surface, the title it counts from, and its place as in an id."""

    surface: str
    title: str
    place: str


def _path(path: tuple[Place, ...]) -> str:
    return "/".join(f"{p.kind.code}{p.number}" + (f"-{p.sub}" if p.sub else "") for p in path)


def _cited(one: FoundCitation) -> Cited:
    until = f"…{_path(one.target.until)}" if one.target.until else ""
    return Cited(one.surface, one.works[0].title if one.works else "", _path(one.target.path) + until)


FOUND = [
    # spelling of numbers
    ("民法典第1219条", [("民法典第1219条", "民法典", "art1219")], "Arabic, no 《》"),
    ("《民法典》第一千二百一十九条", [("《民法典》第一千二百一十九条", "民法典", "art1219")], "Chinese"),
    ("《民法典》第１２１９条", [("《民法典》第１２１９条", "民法典", "art1219")], "full width"),
    ("民法典1219条要求", [("民法典1219条", "民法典", "art1219")], "no 第"),
    ("《民法典》第一二一九条", [("《民法典》第一二一九条", "民法典", "art1219")], "digit by digit"),
    ("《刑法》第一百三十三条之一", [("《刑法》第一百三十三条之一", "刑法", "art133-1")], "之一"),
    # several at once
    (
        "医师法第21、25条",
        [("医师法第21", "医师法", "art21"), ("25条", "医师法", "art25")],
        "one unit for two numbers",
    ),
    (
        "《医师法》第三条和第五条",
        [("《医师法》第三条", "医师法", "art3"), ("第五条", "医师法", "art5")],
        "each with its own unit",
    ),
    (
        "民法典第1218-1220条",
        [("民法典第1218-1220条", "民法典", "art1218…art1220")],
        "a range is one citation",
    ),
    (
        "《民法典》第1219条第一款、第二款",
        [("《民法典》第1219条第一款", "民法典", "art1219/p1"), ("第二款", "民法典", "art1219/p2")],
        "paragraphs of one article",
    ),
    # titles
    ("《执业医师法》第26条", [("《执业医师法》第26条", "执业医师法", "art26")], "a replaced law"),
    (
        "药品管理法实施条例第5条",
        [("药品管理法实施条例第5条", "药品管理法实施条例", "art5")],
        "never the parent law",
    ),
    (
        "《民法典》侵权责任编第1219条",
        [("《民法典》侵权责任编第1219条", "民法典", "part7/art1219")],
        "a part named outside 《》",
    ),
    ("《醫師法》第二十五條", [("《醫師法》第二十五條", "医师法", "art25")], "traditional characters"),
    (
        "民\u200b法典第1219条",
        [("民\u200b法典第1219条", "民法典", "art1219")],
        "an invisible character inside",
    ),
    ("《执\n业医\n师法》第\n26条", [("《执\n业医\n师法》第\n26条", "执业医师法", "art26")], "broken lines"),
    (
        "依基本\n医疗卫生与健康促进法第32条",
        [("基本\n医疗卫生与健康促进法第32条", "基本医疗卫生与健康促进法", "art32")],
        "a line broken inside a title without 《》",
    ),
    (
        "《患者安全法》第七条",
        [("《患者安全法》第七条", "患者安全法", "art7")],
        "an invented law is a citation",
    ),
    # what a place counts from
    (
        "《医师法》第25条。该条第二款，该法第28条，同法第30条",
        [
            ("《医师法》第25条", "医师法", "art25"),
            ("该条第二款", "医师法", "art25/p2"),
            ("该法第28条", "医师法", "art28"),
            ("同法第30条", "医师法", "art30"),
        ],
        "anaphora",
    ),
    (
        "《民法典》第1219条第二款规定赔偿，前款规定说明义务",
        [("《民法典》第1219条第二款", "民法典", "art1219/p2"), ("前款", "民法典", "art1219/p1")],
        "the paragraph before the one cited",
    ),
    (
        "依据《医师法》：\n- 第23条：……\n- 第25条：……",
        [("《医师法》", "医师法", ""), ("第23条", "医师法", "art23"), ("第25条", "医师法", "art25")],
        "a list under one law",
    ),
    (
        "《民法典》第1032条保护隐私，病历也受保护（第1226条）。",
        [("《民法典》第1032条", "民法典", "art1032"), ("第1226条", "民法典", "art1226")],
        "in brackets",
    ),
    ("患者有权查阅病历（第1225条）。", [("第1225条", "", "art1225")], "no law named anywhere"),
]


@pytest.mark.parametrize(("text", "expected", "note"), FOUND, ids=[note for *_, note in FOUND])
def test_what_is_found(text: str, expected: list[tuple[str, str, str]], note: str) -> None:
    _, found = find_citations(text, packaged_build().titles)
    assert [tuple(_cited(one)) for one in found] == expected
    assert all(text[one.start : one.end] == one.surface for one in found)


LEFT_ALONE = [
    ("合同第3条约定了违约金", "a contract"),
    ("病历编号第12条", "a number in a file"),
    ("他断了第一条腿，第三条肋骨也裂了", "counting"),
    ("本院《章程》第三条", "a hospital's own charter"),
    ("《知情同意书》第3条", "a form"),
    ("我院《手术管理办法》第五条，该办法第六条", "a hospital's own rules, and what refers back to them"),
    ("HIPAA第164条，《HIPAA》第3条，GDPR第9条", "foreign law by its Latin name"),
    ("美国《医师法》第20条，《加州医疗法》第3条", "foreign law in Chinese"),
    ("其一，第一条，先救人；第二条，报告医生。", "points of a speaker"),
    ("劳动合同第5条", "a contract whose name begins like a law's"),
    ("微博第三条评论说，这款药第二条说明写着", "posts and leaflets"),
]


@pytest.mark.parametrize(("text", "note"), LEFT_ALONE, ids=[note for _, note in LEFT_ALONE])
def test_what_cites_no_law_is_left_alone(text: str, note: str) -> None:
    _, found = find_citations(text, packaged_build().titles)
    assert [one.surface for one in found] == []
