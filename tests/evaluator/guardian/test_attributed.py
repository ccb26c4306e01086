"""Deontic words attributed to a clause: which differences are faults and which are only other words."""

from __future__ import annotations

import pytest

from evaluator.guardian.attributed import flipped

HARASSED = "违背他人意愿，以言语、行为等方式对他人实施性骚扰的，受害人有权依法请求行为人承担民事责任。"
LEAVES = "自愿住院治疗的精神障碍患者可以随时要求出院，医疗机构应当同意。"
MASS = "任何单位和个人不得擅自进行群体性预防接种。"
RECORDS = "有接种禁忌不能接种的，应当提出医学建议，并如实记录提出医学建议情况。"


@pytest.mark.parametrize(
    ("said", "official", "word", "note"),
    [
        ("受害人无权依法请求行为人承担民事责任", HARASSED, "无权", "a right denied"),
        ("受害人有权依法请求行为人承担民事责任", HARASSED, None, "the right as it stands"),
        ("医院可以同意", LEAVES, "可以", "two characters of action, word for word"),
        ("医院应当同意", LEAVES, None, "the duty as it stands"),
        ("患者可以随时要求出院", LEAVES, None, "another command of the same article"),
        ("任何单位和个人可以擅自进行群体性预防接种", MASS, "可以", "a prohibition lifted"),
        ("有禁忌不能接种的应提出医学建议", RECORDS, None, "不能接种的 is a condition, no command"),
        ("允许家属陪同", "医疗机构应当准许家属陪同。", None, "允许 narrates"),
        ("要说清风险，再请本人决定", "医务人员应当及时具体说明医疗风险。", None, "no deontic word at all"),
    ],
)
def test_flipped(said: str, official: str, word: str | None, note: str) -> None:
    found = flipped(said, official)
    assert (found.said if found else None) == word, note
