"""Twins differ in the planted fault only, and the steps of training and test are apart."""

from __future__ import annotations

from datetime import date

from evaluator.citation_check import check_citations
from evaluator.twins import Planted, TwinMaker, steps
from tests.evaluator.packaged import packaged_build

DAY = date(2026, 11, 22)
ANSWER = (
    "您先别急。《中华人民共和国民法典》第一千二百一十九条规定，“医务人员应当及时向患者具体说明医疗风险、替代医疗方案等情况，"
    "并取得其明确同意”。建议复印病历，再书面投诉。"
)


def test_twins() -> None:
    build = packaged_build()
    citations = check_citations(ANSWER, build=build, as_of=DAY)
    found = list(TwinMaker(build).twins(ANSWER, citations, fold="test", as_of=DAY))
    kinds = {twin.planted for twin in found}
    assert kinds >= {
        Planted.NUMBER,
        Planted.TITLE,
        Planted.INVENTED,
        Planted.MODALITY,
        Planted.QUOTATION,
        Planted.UNSAFE,
    }
    assert all(twin.differs_only_there() for twin in found)
    assert found == list(TwinMaker(build).twins(ANSWER, citations, fold="test", as_of=DAY))


def test_no_step_is_written_for_both_folds() -> None:
    for kind in ("unsafe", "illegal"):
        train, test = set(steps("train", kind)), set(steps("test", kind))
        assert len(train) >= 20 and len(test) >= 20 and not train & test
