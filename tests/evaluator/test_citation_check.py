"""Outcomes of citations against the packaged laws."""

from __future__ import annotations

from datetime import date

import pytest

from evaluator.citation_check import check_citations
from tests.evaluator.packaged import packaged_build

TODAY = date(2026, 11, 22)

EXISTENCE = [
    ("《民法典》第1219条", "verified", "第一千二百一十九条", "exists"),
    ("《民法典》第1261条", "not_found", "第一千二百六十一条", "one beyond the last article"),
    ("《民法典》第1219条第三款", "wrong_level", "第一千二百一十九条", "has two paragraphs"),
    ("《民法典》合同编第1219条", "wrong_level", "第一千二百一十九条", "stands in another part"),
    ("《执业医师法》第26条", "not_in_force", "第二十六条", "replaced in 2022, its text not held"),
    ("《侵权责任法》第55条", "not_in_force", "第五十五条", "replaced by the civil code, its text not held"),
    ("《患者安全法》第7条", "out_of_corpus", "第七条", "nobody's law"),
    ("《护士条例》第18条", "out_of_corpus", "第十八条", "in the ledger, not among the packaged laws"),
    ("《药品管理法》（2001年修订）第5条", "out_of_corpus", "第五条", "an edition that is not held"),
    ("《药品管理法》（2019年修订）第98条", "verified", "第九十八条", "the edition that is held"),
    ("病历可以查阅（第1225条）", "ambiguous", "第一千二百二十五条", "no law named"),
]


@pytest.mark.parametrize(("text", "outcome", "article", "note"), EXISTENCE, ids=[n for *_, n in EXISTENCE])
def test_existence(text: str, outcome: str, article: str, note: str) -> None:
    (checked,) = check_citations(text, build=packaged_build(), as_of=TODAY)
    assert (checked.outcome, checked.article) == (outcome, article)
    assert text[slice(*checked.span)] == checked.surface
    assert outcome == "verified" or outcome in checked.faults


def test_the_law_of_the_day() -> None:
    """The physicians' law of 2021 took effect on 1 March 2022."""
    build = packaged_build()
    (before,) = check_citations("《医师法》第25条", build=build, as_of=date(2022, 2, 28))
    (after,) = check_citations("《医师法》第25条", build=build, as_of=date(2022, 3, 1))
    assert (before.outcome, after.outcome) == ("not_in_force", "verified")
    assert "not_yet" in before.faults


SAID = [
    (
        "《民法典》第1219条规定，需要实施手术的，医务人员应当及时向患者具体说明医疗风险、替代医疗方案等情况。",
        "verified", [], "the claim stands in the article",
    ),
    (
        "《民法典》第1221条规定，需要实施手术的，医务人员应当及时向患者具体说明医疗风险、替代医疗方案等情况。",
        "wrong_number", ["第一千二百一十九条"], "another article says it",
    ),
    ("依《民法典》第1219条，开刀前要把风险和别的办法讲清楚。", "verified", [], "everyday words prove nothing"),
    (
        "《民法典》第1219条规定：“医务人员在诊疗活动中应当向患者说明病情和医疗措施。”",
        "verified", [], "an exact quotation",
    ),
    (
        "《民法典》第1219条规定：“医务人员在诊疗活动中可以向患者说明病情和医疗措施。”",
        "quote_mismatch", [], "one word of a quotation is another",
    ),
    (
        "《民法典》第1220条规定：“医务人员在诊疗活动中应当向患者说明病情和医疗措施。”",
        "wrong_number", ["第一千二百一十九条"], "a quotation from another article",
    ),
    (
        "“医务人员在诊疗活动中應當向患者說明病情和醫療措施”（《民法典》第1219条）。",
        "verified", [], "a quotation before the citation, in traditional characters",
    ),
    (
        "《民法典》第1219条第二款规定：“医务人员在诊疗活动中应当向患者说明病情和医疗措施。”",
        "wrong_level", ["第一千二百一十九条第一款"], "a quotation from another paragraph",
    ),
    (
        "《民法典》第1225条规定，患者要求查阅病历资料的，医疗机构可以及时提供。",
        "unsupported", [], "可以 for 应当",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("text", "outcome", "suggested", "note"), SAID, ids=[n for *_, n in SAID])
def test_what_is_said(text: str, outcome: str, suggested: list[str], note: str) -> None:
    (checked,) = check_citations(text, build=packaged_build(), as_of=TODAY)
    assert (checked.outcome, [s.article for s in checked.suggested]) == (outcome, suggested), checked.evidence
