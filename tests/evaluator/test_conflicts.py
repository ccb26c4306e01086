"""A norm broken and a norm kept by the same words: which yields is told by the rules of precedence, with reasons."""

from __future__ import annotations

from datetime import date

import pytest

from evaluator.explanation import explain
from evaluator.fact_words import shipped_fact_words
from evaluator.proof import VerdictFile
from evaluator.verdict import Reasoner
from evaluator.verify import verify
from kg.precedence import Outcome
from retrieval import Retriever
from tests.evaluator.small_corpus import Law, build_of

LAWS = (
    Law("甲病历法", "法律", "2020-06-01", "第一条 医院不得向保险公司提供病人的病历复印件。"),
    Law("甲保险规定", "部门规章", "2021-06-01", "第一条 医院应当向保险公司提供病人的病历复印件。"),
)
SCENARIO = "医院向保险公司提供了病人的病历复印件。"
DAY = date(2022, 1, 1)


@pytest.fixture(scope="module")
def verdict(tmp_path_factory: pytest.TempPathFactory) -> VerdictFile:
    build = build_of(tmp_path_factory.mktemp("conflict"), LAWS)
    return Reasoner(build, Retriever.over(build), weights=None, encoder=None).judge(SCENARIO, as_of=DAY)


def test_the_norm_of_lower_rank_yields_though_it_is_newer(verdict: VerdictFile) -> None:
    (conflict,) = verdict.conflicts
    assert conflict.broken.startswith("甲病历法@2020-06-01/art1")
    assert conflict.kept.startswith("甲保险规定@2021-06-01/art1")
    assert (conflict.answer, conflict.losing) == (Outcome.FIRST, conflict.kept)
    assert conflict.rule == "上位法优于下位法"
    assert conflict.basis[0].startswith("《中华人民共和国立法法》第九十九条")
    assert SCENARIO[conflict.fact.start : conflict.fact.end] == conflict.fact.text


def test_the_explanation_names_the_norm_that_yields(verdict: VerdictFile) -> None:
    told = "\n".join(explain(verdict))
    assert f"合乎：{verdict.conflicts[0].kept}（让位）" in told
    assert "前者优先，上位法优于下位法" in told


def test_a_forged_loser_is_seen(verdict: VerdictFile) -> None:
    words, words_digest = shipped_fact_words()
    assert verify(verdict, words=words, words_digest=words_digest, weights=None) == []
    forged = verdict.conflicts[0].model_copy(update={"losing": verdict.conflicts[0].broken})
    changed = verdict.model_copy(update={"conflicts": (forged,)}).signed()
    faults = verify(changed, words=words, words_digest=words_digest, weights=None)
    assert [fault.place for fault in faults] == ["conflicts[0].losing"]


def test_files_made_before_there_were_conflicts_keep_their_ids(verdict: VerdictFile) -> None:
    """The id is a digest of the content: an empty part that came later must not change it."""
    older = verdict.model_copy(update={"conflicts": ()}).signed()
    row = older.model_dump(mode="json")
    del row["conflicts"], row["llm"]
    assert VerdictFile.model_validate(row).content_digest() == older.id
