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
    ("《执业医师法》第26条", "not_in_force", "第二十六条", "replaced in 2022"),
    ("《侵权责任法》第55条", "not_in_force", "第五十五条", "replaced by the civil code"),
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
