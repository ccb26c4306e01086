"""Causes of error that were found on the tuning gold and in statutes, each with the smallest text that shows it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ingestion.norms.extract import Extractor
from tests.ingestion.norms.laws import norms_of, outline, text_of

CASES = [
    (
        "部门应当推广电子凭证，推动移动支付。",
        ["obligation|应当|部门|推广电子凭证，推动移动支付||"],
        "a policy verb in a row of duties makes none of them a liability",
    ),
    (
        "持有人应当进行持续研究，承担监测的责任，评估风险。",
        ["obligation|应当|持有人|进行持续研究，承担监测的责任，评估风险||"],
        "承担…的责任 is a duty like those before it",
    ),
    (
        "由建设单位与施工单位承担连带责任。",
        ["liability|承担|建设单位与施工单位|承担连带责任||"],
        "由 names who bears the loss, not an authority",
    ),
    (
        "受让方应当具备责任赔偿等能力。",
        ["obligation|应当|受让方|具备责任赔偿等能力||"],
        "受让方 is somebody; 责任赔偿等能力 is a noun",
    ),
    (
        "县级以上人民政府卫生健康部门负责人体器官捐献的监督管理工作。",
        ["power|负责|县级以上人民政府卫生健康部门|人体器官捐献的监督管理工作||"],
        "负责人 is no person in 负责人体器官",
    ),
    (
        "县级以上人民政府发展改革、公安、民政等部门应当做好有关工作。",
        ["obligation|应当|县级以上人民政府发展改革、公安、民政等部门|做好有关工作||"],
        "the departments of a government, counted up",
    ),
    (
        "市卫生行政部门是本市母婴保健工作的主管部门，负责本条例的实施。",
        ["power|负责|市卫生行政部门|本条例的实施||"],
        "who is in charge, and of what",
    ),
    (
        "市人民政府应当健全关爱服务体系，村民委员会协助做好探访工作。",
        [
            "obligation|应当|市人民政府|健全关爱服务体系||",
            "obligation||村民委员会|协助做好探访工作||",
        ],
        "somebody else is said to do something without a modal",
    ),
    (
        "发生食品安全事故，疾病预防控制机构应当进行卫生处理，有关部门应当予以协助。",
        [
            "obligation|应当|疾病预防控制机构|进行卫生处理|发生食品安全事故|",
            "obligation|应当|有关部门|予以协助|发生食品安全事故|",
        ],
        "a condition before the first bearer holds for those after it",
    ),
    (
        "经甄别属于救助对象的，民政部门可以移交救助管理站。",
        ["permission|可以|民政部门|移交救助管理站|经甄别属于救助对象的|"],
        "属于 in a condition defines nothing",
    ),
    (
        "被检查的医疗机构应当予以配合，如实反映情况，不得拒绝。",
        [
            "obligation|应当|被检查的医疗机构|予以配合，如实反映情况||",
            "prohibition|不得|被检查的医疗机构*|拒绝||",
        ],
        "如实 is no 如",
    ),
    (
        "制剂室应有防止污染的设施。软件风险均可接受。",
        ["obligation|应||有防止污染的设施||"],
        "应有 is a modal and a verb; 可接受 allows nobody anything",
    ),
    (
        "禁止医疗机构使用来源不明的人体器官实施移植。",
        ["prohibition|禁止|医疗机构|使用来源不明的人体器官实施移植||"],
        "who is forbidden stands behind 禁止",
    ),
    (
        "违反本法规定，侵犯医师人格尊严的，依法给予治安管理处罚。",
        ["liability|依法给予||依法给予治安管理处罚|违反本法规定，侵犯医师人格尊严的|"],
        "侵犯医师 is a deed, not somebody",
    ),
    (
        "乡镇人民政府应当将有关工作作为重要内容，落实人员具体负责本区域内的工作。",
        ["obligation|应当|乡镇人民政府|将有关工作作为重要内容，落实人员具体负责本区域内的工作||"],
        "落实人员 is a deed",
    ),
    (
        "造成严重后果的，处二十万元罚款，五年内禁止其从事医疗服务。",
        ["liability|处||处二十万元罚款，五年内禁止其从事医疗服务|造成严重后果的|"],
        "a ban for years is a consequence like the others",
    ),
    (
        "本市行政区域内的院前医疗急救服务适用本条例。",
        ["declaration|适用||适用本条例||"],
        "what is declared begins at 适用",
    ),
]


@pytest.mark.parametrize(("words", "expected", "note"), CASES, ids=[c[2] for c in CASES])
def test_the_norms_of_a_statement(extractor: Extractor, words: str, expected: list[str], note: str) -> None:
    assert [outline(n) for n in norms_of(extractor, words)] == expected, note


def test_an_interpretation_addresses_the_court_where_only_a_court_acts(extractor: Extractor) -> None:
    words = "当事人申请追加其他主体的，应予准许。人民法院可以通知鉴定人。"
    text = text_of(words)
    title = "最高人民法院关于审理医疗损害责任纠纷案件适用法律若干问题的解释"
    interpretation = replace(text, expression=replace(text.expression, title=title))
    assert outline(extractor.norms(interpretation)[0]).split("|")[2] == "人民法院*"
    assert outline(extractor.norms(text)[0]).split("|")[2] == "当事人"
