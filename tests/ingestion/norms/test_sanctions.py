"""Which duty a liability sanctions, and what goes on from it: real clauses, those marked 虚构 invented."""

from __future__ import annotations

from datetime import date

import pytest

from ingestion.compile import Compiled, compile_build
from ingestion.document import read_document
from ingestion.ledger import Ledger
from ingestion.norms.extract import Extractor
from ingestion.norms.likeness import LEAST_LIKENESS
from ingestion.readers.acquired import Acquired, Acquisition, Claim, Form
from kg.model import Origin
from kg.norm import NormLink, TieMethod
from kg.schema import RelationType
from kg.text import digest


def _compiled(extractor: Extractor, *articles: str) -> Compiled:
    numerals = "一二三四五六七八九"
    raw = "# 试法\n\n" + "\n\n".join(f"第{numerals[i]}条　{words}" for i, words in enumerate(articles)) + "\n"
    claims = {"title": "试法", "level": "法律", "version_date": "2020-01-01", "effective_date": "2020-03-01"}
    stated = tuple(Claim(field, value, "INDEX:1") for field, value in claims.items())
    text = Acquired(Origin("虚构", "试法.md", digest(raw)), raw, Form.MARKDOWN, stated)
    return compile_build(
        Acquisition((text,), ()), Ledger({}, {}), (), selector="all", as_of=date(2026, 1, 1),
        read=read_document, norms=extractor, progress=lambda *_: None,
    )  # fmt: skip


def _sanctions(extractor: Extractor, *articles: str) -> list[NormLink]:
    return [t for t in _compiled(extractor, *articles).ties if t.type is RelationType.SANCTIONED_BY]


def _short(tie: NormLink) -> tuple[str, str]:
    """试法@2020-01-01/art2/p1#n1 as art2/p1#n1."""
    return tie.source.partition("/")[2], tie.target.partition("/")[2]


LIKE = [
    (
        "任何组织或者个人不得非法收集、使用、加工、传输公民个人健康信息。",
        "违反本法规定，非法收集、使用、加工、传输公民个人健康信息的，处一万元以下的罚款。",
        "非法收集、使用、加工、传输公民个人健康信息的",
        "what is done against what must not be; 基本医疗卫生与健康促进法 92, 105",
    ),
    (
        "托幼机构、学校在儿童入托、入学时应当查验预防接种证。",
        "违反本法规定，托幼机构、学校在儿童入托、入学时未按照规定查验预防接种证的，由教育行政部门责令改正。",
        "托幼机构、学校在儿童入托、入学时未按照规定查验预防接种证的",
        "what is left undone against what must be done; 疫苗管理法 48, 92",
    ),
    (
        "医疗机构依法取得执业许可证。禁止伪造、变造、买卖、出租、出借医疗机构执业许可证。",
        "违反本法规定，未取得医疗机构执业许可证擅自执业的，责令停止执业活动，没收违法所得。",
        "未取得医疗机构执业许可证擅自执业的",
        "a duty without 应当; 基本医疗卫生与健康促进法 38, 99",
    ),
    (
        "疾病预防控制机构应当按照规定报告传染病疫情。",
        "有下列情形之一的，责令改正：\n\n（一）采供血机构未按照规定报告传染病疫情；\n\n（二）隐瞒疫情的。",
        "",
        "the same words of another party (传染病防治法 45, 105)",
    ),
    (
        "卫生健康主管部门应当及时向社会公布医疗机构的校验结果和处罚情况。",
        "违反本法规定，未及时向社会公布医疗机构的校验结果和处罚情况的，责令改正，处一万元罚款。",
        "",
        "nobody is named, and an authority pays no fine (虚构)",
    ),
    (
        "医疗机构不得拒绝接诊急危患者。",
        "医疗机构拒绝接诊急危患者的，责令改正。",
        "医疗机构拒绝接诊急危患者的",
        "refusing is itself what is forbidden (虚构)",
    ),
    (
        "医疗机构应当接诊急危患者并给予紧急处置。",
        "医疗机构接诊急危患者并给予紧急处置的，处一万元罚款。",
        "",
        "doing what must be done breaks no duty (虚构)",
    ),
    (
        "未经批准，不得设置放射诊疗科目和购置大型医用设备。",
        "违反本法规定，设置放射诊疗科目和购置大型医用设备的，责令改正。",
        "",
        "the act does not say that the approval lacked (虚构)",
    ),
    (
        "任何组织和个人不得编造、散布虚假疫苗安全信息。",
        "违反本法规定，编造、散布虚假疫苗安全信息，造成他人损害的，依法承担民事责任。",
        "",
        "what any loss leads to sanctions no one duty (虚构)",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("duty", "liability", "act", "note"), LIKE, ids=[row[3][:40] for row in LIKE])
def test_a_liability_without_an_article_is_tied_by_its_words(
    extractor: Extractor, duty: str, liability: str, act: str, note: str
) -> None:
    found = _sanctions(extractor, duty, liability)
    assert [t.evidence for t in found] == ([act] if act else []), note
    for tie in found:
        assert _short(tie) == ("art1/p1#n1", "art2/p1#n1")
        assert tie.method is TieMethod.LIKENESS
        assert LEAST_LIKENESS <= tie.confidence <= 1


def test_words_of_two_articles_decide_nothing(extractor: Extractor) -> None:
    duty = "医疗机构应当按照规定保存病历资料和处方。"
    assert not _sanctions(extractor, duty, duty, "医疗机构未按照规定保存病历资料和处方的，责令改正。")


def test_a_duty_that_extends_the_paragraph_before_it_stands_for_the_article(extractor: Extractor) -> None:
    """传染病防治法 45, 104: 军队的医疗机构 report 依照前款规定; the breach is one of the article."""
    found = _sanctions(
        extractor,
        "疾病预防控制机构、医疗机构发现传染病疫情，应当遵循属地管理原则按照规定的内容、程序进行报告。\n\n"
        "军队的医疗机构向社会公众提供医疗服务的，应当依照前款规定报告传染病疫情。",
        "医疗机构未按照规定报告传染病疫情的，责令改正。",
    )
    assert [_short(t) for t in found] == [("art1", "art2/p1#n1")]


def test_a_named_article_leaves_nothing_to_likeness(extractor: Extractor) -> None:
    found = _sanctions(
        extractor,
        "医师应当亲自诊查患者。",
        "医师不得泄露患者的个人隐私。",
        "医师违反本法第一条规定，泄露患者的个人隐私的，给予警告；情节严重的，吊销执业证书。",
    )
    assert [(_short(t), t.method, t.confidence) for t in found] == [
        (("art1/p1#n1", "art3/p1#n1"), TieMethod.CITED, 1.0),
        (("art3/p1#n1", "art3/p1#n2"), TieMethod.SEQUENCE, 1.0),
    ]


def test_what_an_authority_must_do_is_not_sanctioned_by_a_fine_of_others(extractor: Extractor) -> None:
    """浙江省禁毒条例 20, 46, shortened; a 处分 of officials is tied to what the authority must do."""
    found = _sanctions(
        extractor,
        "企业不得向未取得备案证明的单位转让易制毒化学品。公安机关应当自收到备案申请之日起五个工作日内出具备案证明。",
        "违反本法第一条规定，转让易制毒化学品的，处一万元罚款。",
        "公安机关违反本法第一条规定的，对直接负责的主管人员依法给予处分。",
    )
    assert [_short(t) for t in found if t.method is TieMethod.CITED] == [
        ("art1/p1#n1", "art2/p1#n1"),
        ("art1/p1#n1", "art3/p1#n1"),
        ("art1/p1#n2", "art3/p1#n1"),
    ]


def test_each_item_is_an_act_of_its_own(extractor: Extractor) -> None:
    compiled = _compiled(
        extractor,
        "医师不得出具虚假医学证明文件。",
        "医师应当及时书写病历资料。",
        "医师有下列行为之一的，给予警告；情节严重的，吊销执业证书：\n\n（一）出具虚假医学证明文件；\n\n"
        "（二）未及时书写病历资料；\n\n（三）其他情形。",
    )
    ties = [t for t in compiled.ties if t.type is RelationType.SANCTIONED_BY]
    assert [(*_short(t), t.evidence) for t in ties] == [
        ("art1/p1#n1", "art3/p1#n1", "出具虚假医学证明文件"),
        ("art2/p1#n1", "art3/p1#n1", "未及时书写病历资料"),
        ("art3/p1#n1", "art3/p1#n2", "情节严重的"),
    ]
    official = compiled.texts[0].official
    assert all(official[t.start : t.end] == t.evidence for t in ties)


def test_a_chain_goes_to_what_is_referred_to_and_to_what_holds_for_the_whole_text(
    extractor: Extractor,
) -> None:
    found = _sanctions(
        extractor,
        "医疗机构应当公示收费标准。",
        "医疗机构违反本法第一条规定的，处一万元罚款。",
        "诊所违反本法第一条规定的，依照本法第二条的规定处罚。",
        "违反本法规定，构成犯罪的，依法追究刑事责任；造成人身、财产损害的，依法承担民事责任。",
    )
    assert {(*_short(t), t.method.value) for t in found} == {
        ("art1/p1#n1", "art2/p1#n1", "cited"),
        ("art1/p1#n1", "art3/p1#n1", "cited"),
        ("art3/p1#n1", "art2/p1#n1", "cited"),
        ("", "art4/p1#n1", "general"),
        ("art4/p1#n1", "art4/p1#n2", "sequence"),
    }


def test_what_is_not_punished_under_an_article_is_not_referred_to_it(extractor: Extractor) -> None:
    found = _sanctions(
        extractor,
        "不满十四周岁的人违反规定的，不予处罚，责令其监护人严加管教。",
        "对依照本法第一条规定不予处罚的未成年人，依法采取相应措施，责令其监护人接受教育。",
    )
    assert not [t for t in found if t.method is TieMethod.CITED]
