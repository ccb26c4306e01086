"""Whom a prohibition protects: real clauses."""

from __future__ import annotations

import pytest

from ingestion.norms.extract import Extractor
from ingestion.norms.likeness import Kinship
from ingestion.norms.protection import protected
from kg.norm import Modality
from tests.ingestion.norms.laws import norms_of

CASES = [
    (
        "禁止任何组织或者个人威胁、危害医疗卫生人员人身安全，侵犯医疗卫生人员人格尊严。",
        ("医务人员",),
        "harm, not a dealing; 基本医疗卫生与健康促进法 57",
    ),
    ("医师不得对患者实施不必要的检查、治疗。", ("患者",), "a counterparty is protected too; 医师法 31"),
    ("任何组织和个人不得向他人非法提供公民个人信息。", (), "whom it is given to is not protected (虚构)"),
    ("医疗机构不得向受试者收取试验费用。", ("受试者",), "whom it is taken from is; 民法典 1008"),
    ("禁止虐待、遗弃残疾人。", ("残疾人",), "several verbs, one object; 残疾人保障法 9"),
    (
        "任何单位或者个人不得歧视传染病患者、病原携带者和疑似患者。",
        ("传染病患者", "患者"),
        "several objects; 传染病防治法 16",
    ),
    (
        "禁止伪造、变造、买卖、出租、出借医疗机构执业许可证。",
        (),
        "a licence is no person; 基本医疗卫生与健康促进法 38",
    ),
    ("任何个人和组织不得利用网络从事危害国家安全的活动。", (), "the state is no addressee; 网络安全法 12"),
    ("算法推荐服务提供者不得利用算法对其他互联网信息服务提供者进行不合理限制。", (), "提供者 holds 供者"),
    ("医师应当尊重患者的隐私。", (), "a duty is no prohibition (虚构)"),
    (
        "药品广告不得利用医师、药师、患者的名义或者形象作推荐、证明。",
        (),
        "a name that is used is not protected from harm; 药品管理法 90",
    ),
]


@pytest.mark.parametrize(("words", "parties", "note"), CASES, ids=[case[2] for case in CASES])
def test_whom_a_prohibition_protects(
    extractor: Extractor, words: str, parties: tuple[str, ...], note: str
) -> None:
    kinship = Kinship(extractor.lexicon)
    found = {p for norm in norms_of(extractor, words) for p in protected(norm, kinship)}
    assert found == set(parties), note


def test_the_bearer_is_not_protected_from_itself(extractor: Extractor) -> None:
    (norm,) = norms_of(extractor, "医师不得泄露患者隐私。")
    assert norm.modality is Modality.PROHIBITION
    assert protected(norm, Kinship(extractor.lexicon)) == ("患者",)
