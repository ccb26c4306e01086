"""Search: citations, 款 and 项, versions, filters, and what a hit says."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from clause_samples import CLAUSES, DOCTORS, TODAY, PlainEncoder, clause, sample_build

from kg.problem import InputError, MissingBuildError
from kg.vocabulary import Level, Status
from retrieval import Filters, Retriever
from retrieval.refine import best_part


@pytest.fixture(scope="module")
def retriever(tmp_path_factory: pytest.TempPathFactory) -> Retriever:
    folder, encoder = tmp_path_factory.mktemp("build"), PlainEncoder()
    return Retriever.over(sample_build(folder, encoder=encoder), cache=folder / "cache", encoder=encoder)


CITED = [
    ("《医师法》第二十五条", [f"{DOCTORS}@2021-08-20/art25"], "short title"),
    ("《中华人民共和国医师法》第25条", [f"{DOCTORS}@2021-08-20/art25"], "full title, Arabic numeral"),
    ("民法典1219条", ["中华人民共和国民法典@2020-05-28/art1219"], "as people type it"),
    ("民法典第1219条第2款", ["中华人民共和国民法典@2020-05-28/art1219/p2"], "款"),
    ("民法典１２１９条第二款", ["中华人民共和国民法典@2020-05-28/art1219/p2"], "full-width numeral"),
    ("《护士条例》第三十一条第（二）项", ["护士条例@2020-01-01/art31/p1/i2"], "项 of a sole 款"),
    ("护士条例31条第一款第2项", ["护士条例@2020-01-01/art31/p1/i2"], "项 with its 款 named"),
    ("刑法第一百三十三条之一", ["中华人民共和国刑法@2020-01-01/art133-1"], "之一 is another article"),
    ("刑法第一百三十三条", ["中华人民共和国刑法@2020-01-01/art133"], "and not found without it"),
    (
        "医师法第二十五条和《民法典》第一千二百一十九条第一款",
        [f"{DOCTORS}@2021-08-20/art25", "中华人民共和国民法典@2020-05-28/art1219/p1"],
        "two citations",
    ),
    ("《医师法》第二十五条怎么规定的？", [f"{DOCTORS}@2021-08-20/art25"], "a question about nothing else"),
    ("《传染病防治法》第十二条", ["中华人民共和国传染病防治法@2025-04-30/art12"], "the version of the day"),
    ("《传染病防治法》（2013年修订）第十二条", ["中华人民共和国传染病防治法@2013-06-29/art12"], "named year"),
]


@pytest.mark.parametrize(("query", "expected", "note"), CITED, ids=[note for *_, note in CITED])
def test_a_citation_goes_straight_there(
    retriever: Retriever, query: str, expected: list[str], note: str
) -> None:
    hits = retriever.search(query, as_of=TODAY)
    assert [hit.id for hit in hits] == expected
    assert all(hit.score == 1 and hit.why.startswith("引文直达") for hit in hits)
    assert hits == retriever.search(query, as_of=TODAY, system="exact")


def test_the_version_follows_the_day(retriever: Retriever) -> None:
    (hit,) = retriever.search("《传染病防治法》第十二条", as_of=date(2024, 5, 1))
    assert hit.id == "中华人民共和国传染病防治法@2013-06-29/art12"
    (named,) = retriever.search("《传染病防治法》（2013年修订）第十二条", as_of=TODAY)
    assert named.status is Status.ENDED


def test_an_item_is_quoted_alone(retriever: Retriever) -> None:
    (hit,) = retriever.search("《护士条例》第三十一条第（二）项", as_of=TODAY)
    assert (hit.paragraph, hit.item, hit.text) == (None, 2, "（二）泄露患者隐私的。")


def test_a_citation_with_a_question_is_followed_by_similar_clauses(retriever: Retriever) -> None:
    hits = retriever.search("《医师法》第二十五条 未说明医疗风险造成患者损害的赔偿责任", 3, as_of=TODAY)
    assert hits[0].id == f"{DOCTORS}@2021-08-20/art25"
    assert hits[1].id == "中华人民共和国民法典@2020-05-28/art1219/p2"
    assert len(hits) == 3 and len({hit.title + hit.article for hit in hits}) == 3


@pytest.mark.parametrize(
    "query", ["《医师法》第九百条", "《护士条例》第三十一条第（九）项", "《不存在的办法》第三条"]
)
def test_a_citation_that_leads_nowhere_is_said_to(retriever: Retriever, query: str) -> None:
    assert retriever.search(query, as_of=TODAY, system="exact") == []
    assert all("未找到所引" in hit.why for hit in retriever.search(query, as_of=TODAY))


@pytest.mark.parametrize("query", ["《侵权责任法》第一千二百一十九条", "侵权责任法1219条"])
def test_a_replaced_law_is_not_answered_with_its_successors_number(retriever: Retriever, query: str) -> None:
    assert retriever.search(query, as_of=TODAY, system="exact") == []
    for hit in retriever.search(query, as_of=TODAY):
        assert "今为中华人民共和国民法典，条号不能照搬" in hit.why and "引文直达" not in hit.why


def test_words_find_the_clause_and_its_paragraph(retriever: Retriever) -> None:
    query = "没有尽到义务造成损害，医院要承担赔偿责任吗"
    for system in ("bm25", "gloss", "default"):
        best = retriever.search(query, 3, as_of=TODAY, system=system)[0]
        assert (best.title, best.article, best.paragraph) == ("中华人民共和国民法典", "第一千二百一十九条", 2)
        assert best.text == CLAUSES[0].paragraphs[1].text
        assert "词面第 1" in best.why
    hits = retriever.search("护士泄露隐私", 1, as_of=TODAY)
    assert (hits[0].title, hits[0].item, hits[0].id) == ("护士条例", 2, "护士条例@2020-01-01/art31/p1/i2")


def test_what_has_ended_is_left_out_and_unknown_is_labelled(retriever: Retriever) -> None:
    hits = retriever.search("传染病调查 急救站值守", 20, as_of=TODAY)
    assert "中华人民共和国传染病防治法@2013-06-29/art12" not in {hit.id for hit in hits}
    assert {hit.status for hit in hits} == {Status.IN_FORCE, Status.UNKNOWN}
    (unknown,) = [hit for hit in hits if hit.status is Status.UNKNOWN]
    assert unknown.effective_from is None and unknown.id.startswith("某市急救条例@2018")


def test_levels_filter(retriever: Retriever) -> None:
    hits = retriever.search("应当", 20, as_of=TODAY, filters=Filters(levels=[Level.LOCAL_REGULATION]))
    assert [hit.title for hit in hits] == ["某市急救条例"]


@pytest.mark.parametrize(
    ("query", "item"),
    [
        ("护士把病人的隐私说给同事听", 2),
        ("病情危急，护士没有马上叫医师", 1),
        ("护士归谁管", None),
    ],
)
def test_an_item_that_answers_is_shown_under_its_lead_in(
    retriever: Retriever, query: str, item: int | None
) -> None:
    (hit,) = [hit for hit in retriever.search(query, as_of=TODAY) if hit.title == "护士条例"]
    assert hit.item == item
    if item:
        assert hit.id == f"护士条例@2020-01-01/art31/p1/i{item}"
        assert hit.lead_in.startswith("护士在执业活动中有下列情形之一的") and hit.lead_in.endswith("：")
        assert hit.text.startswith("（") and "\n" not in hit.text
    else:
        assert hit.lead_in == "" and hit.id == "护士条例@2020-01-01/art31"


def test_scores_never_rise(retriever: Retriever) -> None:
    for system in retriever.systems:
        scores = [
            hit.score for hit in retriever.search("患者隐私 医师法第二十五条", 9, as_of=TODAY, system=system)
        ]
        assert scores == sorted(scores, reverse=True)


def test_a_row_is_the_contract(retriever: Retriever) -> None:
    (hit,) = retriever.search("《民法典》第一千二百一十九条第二款", as_of=TODAY)
    assert json.loads(json.dumps(hit.as_row(), ensure_ascii=False)) == {
        "id": "中华人民共和国民法典@2020-05-28/art1219/p2",
        "title": "中华人民共和国民法典",
        "article": "第一千二百一十九条",
        "paragraph": 2,
        "item": None,
        "lead_in": "",
        "text": CLAUSES[0].paragraphs[1].text,
        "score": 1.0,
        "status": "in_force",
        "effective_from": "2021-01-01",
        "why": "引文直达",
    }


def test_without_vectors_search_is_lexical_and_says_so(tmp_path: Path) -> None:
    retriever = Retriever.over(sample_build(tmp_path))
    assert retriever.systems == ("exact", "bm25", "gloss", "default")
    hits = retriever.search("泄露患者隐私", as_of=TODAY)
    assert hits[0].title == "护士条例" and all("仅按词面检索" in hit.why for hit in hits)
    with pytest.raises(InputError, match="dense"):
        retriever.search("泄露患者隐私", as_of=TODAY, system="dense")


@pytest.mark.parametrize(("query", "k"), [("", 3), ("。", 3), ("x" * 5000, 3), ("第条款《》（", 3)])
def test_odd_queries_do_no_harm(retriever: Retriever, query: str, k: int) -> None:
    assert len(retriever.search(query, k, as_of=TODAY)) <= k


@pytest.mark.parametrize("query", ["", " ", "\x00\x01\x02", "。？！", "\u200b\ufeff", "\ud800", "😀"])
@pytest.mark.parametrize("system", ["bm25", "gloss", "dense", "default"])
def test_a_query_without_a_word_finds_nothing(retriever: Retriever, query: str, system: str) -> None:
    assert retriever.search(query, 3, as_of=TODAY, system=system) == []


def test_wrong_arguments_are_told(retriever: Retriever, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="k = 0"):
        retriever.search("隐私", 0, as_of=TODAY)
    with pytest.raises(InputError, match="exact、bm25"):
        retriever.search("隐私", as_of=TODAY, system="magic")
    with pytest.raises(MissingBuildError, match="yilun build"):
        Retriever.open(tmp_path)


def test_the_best_part_is_the_paragraph_that_shares_the_telling_terms() -> None:
    both = clause("甲法", 1, "应当说明。", "应当赔偿损失。", "另有规定的除外。")
    assert best_part(both, {"赔偿": 2.0, "应当": 0.1}).paragraph == 2
    assert best_part(both, {"应当": 1.0}).paragraph == 1
    assert best_part(both, {"急救": 1.0}).paragraph is None
    sole = clause("甲法", 2, "应当赔偿。")
    assert best_part(sole, {"赔偿": 1.0}).id == str(sole.id)


def test_langchain_gets_documents(retriever: Retriever) -> None:
    from retrieval.langchain import ClauseRetriever

    (document,) = ClauseRetriever(retriever=retriever, as_of=TODAY).invoke("民法典1219条第2款")
    assert document.page_content == CLAUSES[0].paragraphs[1].text
    assert document.metadata["article"] == "第一千二百一十九条" and document.metadata["status"] == "in_force"

    narrowed = ClauseRetriever(
        retriever=retriever, as_of=TODAY, k=1, filters=Filters(levels=[Level.ADMINISTRATIVE_REGULATION])
    )
    (item,) = narrowed.invoke("护士把病人的隐私说给同事听")
    lead_in = item.metadata["lead_in"]
    assert item.page_content.startswith(f"{lead_in}\n（二）") and item.id.endswith("/i2")


def test_importing_the_package_is_cheap() -> None:
    heavy = ("numpy", "faiss", "onnxruntime", "tokenizers", "pydantic", "langchain_core", "jieba", "bm25s")
    code = f"import sys, retrieval; print([m for m in {heavy!r} if m in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_a_missing_langchain_names_the_extra() -> None:
    code = "import sys; sys.modules['langchain_core'] = None; import retrieval.langchain"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode and "yilun[llm]" in run.stderr


def test_sources_are_named_as_people_name_them(retriever: Retriever) -> None:
    hits = retriever.search("患者", 10, as_of=TODAY, filters=Filters(sources=["医师法"]))
    assert hits and {hit.title for hit in hits} == {DOCTORS}
    with pytest.raises(InputError, match="没有的法"):
        retriever.search("患者", as_of=TODAY, filters=Filters(sources=["没有的法"]))


def test_texts_of_unknown_status_can_be_left_out(retriever: Retriever) -> None:
    shown = retriever.search("应当", 20, as_of=TODAY)
    kept = retriever.search("应当", 20, as_of=TODAY, filters=Filters(only_in_force=True))
    assert {hit.status for hit in kept} == {Status.IN_FORCE}
    assert len(kept) <= len(shown)


def test_neighbours_stand_in_the_order_of_the_text(tmp_path: Path) -> None:
    clauses = [
        clause("某法", number, f"第{number}处应当如此", sub=sub)
        for number, sub in ((9, 0), (10, 0), (10, 1), (11, 0))
    ]
    build = sample_build(tmp_path, [*clauses, clause("某法之外", 10, "另一部")])
    found = Retriever.over(build)
    (hit, *_) = found.search("第10处应当如此", 1, as_of=TODAY)
    near = [one.article for one in found.neighbours(hit, as_of=TODAY, distance=1)]
    assert near in (["第九条", "第十条之一"], ["第十条", "第十一条"])
