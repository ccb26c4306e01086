"""Definitions of terms, and the works that a text says it was made under. The short texts are invented."""

from __future__ import annotations

from datetime import date

import pytest

from ingestion.parse import parse
from ingestion.relations import find_bases, find_definitions
from ingestion.resolve import locate_mentions
from kg.build import Text
from kg.dates import Validity
from kg.identity import ExpressionId
from kg.model import Expression, Origin, Source
from kg.text import LayeredText
from kg.titles import TitleIndex
from kg.vocabulary import Level

TITLES = TitleIndex.build(
    Source(title, title, Level.LAW) for title in ("某办法", "丙法", "丁法", "中华人民共和国戊法")
)


def text(body: str) -> Text:
    official = f"某办法\n{body}"
    identity = ExpressionId("某办法", date(2020, 1, 1))
    expression = Expression(identity, "某办法", Validity(None), "", Origin("例", "a", ""))
    return Text(expression, LayeredText(official), parse(official, identity).provisions)


def defined(body: str) -> list[tuple[str, str]]:
    made = text(body)
    found = []
    for definition in find_definitions(made):
        assert made.official[definition.start : definition.end] == definition.term
        found.append(("/".join(map(str, definition.provision.id.steps)), definition.term))
    return found


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("第一条　本法所称医师，是指依法取得资格的人员。", [("art1/p1", "医师")]),
        ("第一条　本办法所称的临床研究，是指以甲为对象的活动。", [("art1/p1", "临床研究")]),
        ("第一条　甲。本条例所称人体器官移植，是指乙。", [("art1/p1", "人体器官移植")]),
        ("第一条　本解释中的“患者”系指甲。", [("art1/p1", "患者")]),
        ("第一条　本办法下列用语的含义：\n（一）病历，是指甲。\n（二）电子病历：指乙。\n（三）知情同意书是指丙。",
         [("art1/p1/i1", "病历"), ("art1/p1/i2", "电子病历"), ("art1/p1/i3", "知情同意书")]),
        ("第一条　人类遗传资源材料是指甲。人类遗传资源信息是指乙。", [("art1/p1", "人类遗传资源材料"), ("art1/p1", "人类遗传资源信息")]),
        ("第一条　前款规定，是指甲。", []),
        ("第一条　该是指甲。", []),
        ("第一条　医师应当指导患者。", []),
        ("第一条　由国务院指定的机构负责。", []),
        ("第一条　本条所称甲，包括乙。", [("art1/p1", "甲")]),
        # 药品管理法 98, 民法典 703 and 1045, 个人信息保护法 4
        ("第一条　禁止甲。\n有下列情形之一的，为假药：\n（一）乙；\n（二）丙。", [("art1/p2", "假药")]),
        ("第一条　租赁合同是出租人将租赁物交付承租人使用、收益，承租人支付租金的合同。", [("art1/p1", "租赁合同")]),
        ("第一条　个人信息是以电子或者其他方式记录的与自然人有关的各种信息，不包括匿名化处理后的信息。", [("art1/p1", "个人信息")]),
        ("第一条　亲属包括配偶。\n配偶、父母、子女为近亲属。\n配偶、父母、子女和其他共同生活的近亲属为家庭成员。",
         [("art1/p2", "近亲属"), ("art1/p3", "家庭成员")]),
        ("第一条　鼓励慈善组织、志愿者为老年人服务。", []),
        ("第一条　任何单位、个人对违法行为进行举报。", []),
        ("第一条　数据保密是研发中必须遵守的原则，应建立适当的程序以规范人员的行为。", []),
    ],
)  # fmt: skip
def test_definitions(body: str, expected: list[tuple[str, str]]) -> None:
    assert defined(body + "\n") == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("第一条　为了甲，根据《丙法》，制定本办法。\n", ["丙法"]),
        ("第一条　为了甲，根据《丙法》和《丁法》，制定本办法。\n", ["丙法", "丁法"]),
        ("为依法甲，根据《丙法》等法律规定，现就若干问题解释如下：\n第一条　依照《丁法》处罚。\n", ["丙法"]),
        ("第一条　为了贯彻实施《中华人民共和国戊法》，制定本办法。\n", ["中华人民共和国戊法"]),
        ("第一条　为了甲，制定本办法。依照《丙法》处罚。\n", []),
        ("第二条　根据《丙法》，制定本办法。\n", []),  # no opening
        ("第一条　《丙法》另有规定的除外。\n", []),
        ("第一条　根据《丙法》第三条，给予警告。\n", []),
    ],
)
def test_bases(body: str, expected: list[str]) -> None:
    made = text(body)
    assert [mention.title for mention in find_bases(made, locate_mentions(made, TITLES))] == expected
