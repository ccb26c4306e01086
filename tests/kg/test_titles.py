"""Titles: exact lookup, editions, former titles, and known titles in running text."""

from __future__ import annotations

import itertools
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.model import RelatedTitle, Source, Successor
from kg.titles import (
    TitleIndex,
    TitleRelation,
    TitleSpan,
    fold_width,
    is_instrument,
    normal_title,
    stands_free,
)
from kg.vocabulary import Level

JUDICIAL = Level.JUDICIAL_INTERPRETATION
SOURCES = (
    Source("民法典", "中华人民共和国民法典", Level.LAW, short_titles=("民法典",)),
    Source(
        "医师法",
        "中华人民共和国医师法",
        Level.LAW,
        former_titles=(RelatedTitle("中华人民共和国执业医师法", "replaced", "医师法第六十七条"),),
    ),
    Source("药品管理法", "中华人民共和国药品管理法", Level.LAW),
    Source(
        "人体器官捐献和移植条例",
        "人体器官捐献和移植条例",
        Level.ADMINISTRATIVE_REGULATION,
        former_titles=(RelatedTitle("人体器官移植条例", "replaced", "第四十九条"),),
    ),
    Source(
        "人体器官移植条例",
        "人体器官移植条例",
        Level.ADMINISTRATIVE_REGULATION,
        successor=Successor("人体器官捐献和移植条例", None, "第四十九条"),
    ),
    Source(
        "治安管理处罚法",
        "中华人民共和国治安管理处罚法",
        Level.LAW,
        former_titles=(RelatedTitle("中华人民共和国治安管理处罚条例", "renamed", "invented"),),
    ),
    Source(
        "医疗损害解释",
        "最高人民法院关于审理医疗损害责任纠纷案件适用法律若干问题的解释",
        JUDICIAL,
        aliases=("医疗损害责任解释",),
    ),
    Source(
        "侵权责任编解释",
        "最高人民法院关于适用《中华人民共和国民法典》侵权责任编的解释（一）",
        JUDICIAL,
    ),
    Source(
        "两高药品解释",
        "最高人民法院、最高人民检察院关于办理危害药品安全刑事案件适用法律若干问题的解释",
        JUDICIAL,
    ),
    Source("病历管理规定", "医疗机构病历管理规定（2013年版）", Level.NORMATIVE_DOCUMENT),
    Source("人工智能规范", "医疗机构人工智能应用规范（试行）", Level.NORMATIVE_DOCUMENT),
    Source("修正案十一", "中华人民共和国刑法修正案（十一）", Level.LAW),
    Source("宪法修正案1993", "中华人民共和国宪法修正案（1993年）", Level.LAW),
    Source("宪法修正案2018", "中华人民共和国宪法修正案（2018年）", Level.LAW),
    Source("甲省献血条例", "甲省献血条例", Level.LOCAL_REGULATION, aliases=("献血条例",)),
    Source("乙省献血条例", "乙省献血条例", Level.LOCAL_REGULATION, aliases=("献血条例",)),
    Source("药品管理办法甲", "甲药品管理办法", Level.DEPARTMENTAL_RULE, aliases=("药品管理法",)),
)  # short titles of one word and the works of 甲 and 乙 are invented
INDEX = TitleIndex.build(SOURCES)


def hits(surface: str) -> list[tuple[str, str, int | None]]:
    return [(hit.key, hit.relation.value, hit.year) for hit in INDEX.lookup(surface)]


@pytest.mark.parametrize(
    ("surface", "expected", "why"),
    [
        ("中华人民共和国民法典", [("民法典", "full", None)], "the title"),
        ("《中华人民共和国民法典》", [("民法典", "full", None)], "in its brackets"),
        ("《民法典》", [("民法典", "short", None)], "the recorded short title"),
        ("民 法\n典", [("民法典", "short", None)], "a PDF broke the word"),
        ("医师法", [("医师法", "short", None)], "without the state, by rule"),
        ("执业医师法", [("医师法", "former", None)], "a replaced law that is not in the index itself"),
        ("人体器官移植条例", [("人体器官移植条例", "full", None)], "a replaced work that is: never its successor"),
        ("治安管理处罚条例", [("治安管理处罚法", "former", None)], "a renamed work"),
        ("药品管理法（2019年修订）", [("药品管理法", "short", 2019)], "the edition comes back as the year"),
        ("药品管理法(2019修正)", [("药品管理法", "short", 2019)], "half-width, without 年"),
        ("《药品管理法》（２０１９年修订版）", [("药品管理法", "short", 2019)], "full-width digits"),
        ("药品管理法（2001年2月28日修订）", [("药品管理法", "short", 2001)], "a whole date"),
        ("药品管理法（2000年国务院令第276号）", [("药品管理法", "short", 2000)], "an order number that says the year"),
        ("药品管理法（修订）", [("药品管理法", "short", None)], "an edition without its year"),
        ("药品管理法2019年修订", [("药品管理法", "short", 2019)], "an edition without brackets"),
        ("医疗机构病历管理规定", [("病历管理规定", "full", None)], "an edition in the recorded title"),
        ("医疗机构病历管理规定（2013年版）", [("病历管理规定", "full", 2013)], "the same, written in full"),
        ("宪法修正案（2018年）", [("宪法修正案2018", "short", 2018)], "only the year tells two works apart"),
        ("医疗机构人工智能应用规范", [("人工智能规范", "short", None)], "（试行） may be left out"),
        ("刑法修正案（十一）", [("修正案十一", "short", None)], "the number belongs to the title"),
        (
            "关于审理医疗损害责任纠纷案件适用法律若干问题的解释",
            [("医疗损害解释", "short", None)],
            "without the court that issued it",
        ),
        (
            "关于办理危害药品安全刑事案件适用法律若干问题的解释",
            [("两高药品解释", "short", None)],
            "without two issuers",
        ),
        (
            "最高人民法院关于适用〈民法典〉侵权责任编的解释(一)",
            [("侵权责任编解释", "short", None)],
            "inner brackets and inner state name do not count",
        ),
        ("民法典侵权责任编", [("民法典", "short", None)], "a part of the code is the code"),
        ("《民法典·人格权编》", [("民法典", "short", None)], "with a middle dot"),
        ("药品管理法 ", [("药品管理法", "short", None)], "a law's own derived name, see the alias below"),
        ("献血条例", [("乙省献血条例", "alias", None), ("甲省献血条例", "alias", None)], "ambiguous: both"),
    ],
)  # fmt: skip
def test_lookup(surface: str, expected: list[tuple[str, str, int | None]], why: str) -> None:
    index = TitleIndex.build(s for s in SOURCES if s.key != "药品管理办法甲")
    assert [(h.key, h.relation.value, h.year) for h in index.lookup(surface)] == expected, why


@pytest.mark.parametrize(
    ("surface", "why"),
    [
        ("", "nothing"),
        ("药品管理法实施条例", "never the parent law"),
        ("药品管理法实施细则", "never the parent law"),
        ("民法典侵权责任编司法解释", "never the code"),
        ("民法典侵权责任编解释（二）", "the number belongs to the title"),
        ("民法典知识产权编", "the code has no such part"),
        ("刑法修正案（十二）", "another amendment"),
        ("刑法修正案", "which one?"),
        ("医疗机构病历管理", "a prefix is not a title"),
        ("管理规定", "nor is a suffix"),
        ("医疗机构病历管理规定（征求意见稿）", "a draft is another document"),
        ("醫師法", "traditional characters are left as they are"),
    ],
)
def test_lookup_knows_nothing_else(surface: str, why: str) -> None:
    assert hits(surface) == [], why


def test_a_year_that_no_work_has_leaves_the_ambiguity() -> None:
    assert {key for key, _, _ in hits("宪法修正案（1999年）")} == {"宪法修正案1993", "宪法修正案2018"}


def test_a_recorded_alias_outranks_a_derived_name() -> None:
    assert hits("药品管理法") == [("药品管理办法甲", "alias", None)]
    assert hits("中华人民共和国药品管理法") == [("药品管理法", "full", None)]


def test_every_surface_answers_and_is_normal() -> None:
    for surface in INDEX.surfaces():
        assert INDEX.lookup(surface)
        assert normal_title(surface).text == surface


@given(st.permutations(SOURCES))
def test_the_order_of_the_sources_does_not_matter(sources: list[Source]) -> None:
    index = TitleIndex.build(sources)
    assert index.surfaces() == INDEX.surfaces()
    assert all(index.lookup(s) == INDEX.lookup(s) for s in INDEX.surfaces())


@given(st.text(max_size=40))
def test_normalising_is_stable_and_never_raises(surface: str) -> None:
    text = normal_title(surface).text
    assert normal_title(f"《{surface}》").text == text
    INDEX.lookup(surface)


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("中华人民共和国医师法", True),
        ("医疗器械临床试验质量管理规范（试行）", True),
        ("刑法修正案（十一）", True),
        ("知情同意书", False),
        ("医疗机构执业许可证", False),
        ("柳叶刀", False),
    ],
)
def test_titles_of_normative_documents_are_told_from_other_titles(title: str, expected: bool) -> None:
    assert is_instrument(title) is expected


FINDABLE = TitleIndex.build(
    (
        *SOURCES,
        Source("刑法", "中华人民共和国刑法", Level.LAW),
        Source("GCP", "药物临床试验质量管理规范", Level.DEPARTMENTAL_RULE, aliases=("GCP", "办法")),
        Source("中医药法", "中华人民共和国中医药法", Level.LAW),
        Source("实施条例", "中华人民共和国中医药法实施条例", Level.ADMINISTRATIVE_REGULATION),
    )
)


@pytest.mark.parametrize(
    ("text", "expected", "why"),
    [
        ("依照医师法第二条", ["医师法"], "after a citing verb"),
        ("医师法规定", ["医师法"], "at the beginning"),
        ("某某修订后的《执业医师法》", ["执业医师法"], "brackets do not disturb"),
        ("违反执业医师法的", ["执业医师法"], "the longest title wins over 医师法 inside it"),
        ("兽医师法第二条", [], "an unknown word before it makes it another title"),
        ("乡村医师法第二条", [], "the same"),
        ("依照中华人民共和国刑法", ["中华人民共和国刑法"], "the full title, not the short one inside"),
        (
            "刑法修正案（十一）",
            ["刑法修正案（十一）"],
            "a longer title that begins with a shorter one; wide brackets",
        ),
        ("中医药法实施条例", ["中医药法实施条例"], "likewise"),
        ("刑法、民法典和医师法", ["刑法", "民法典", "医师法"], "a list"),
        ("违反GCP要求", ["GCP"], "a Latin alias"),
        ("GCPS和ICHGCP", [], "not inside a Latin word"),
        ("本办法", [], "a noun alone is never a title"),
    ],
)
def test_finder(text: str, expected: list[str], why: str) -> None:
    assert [text[span.start : span.end] for span in FINDABLE.finder().find(text)] == expected, why


WORDS = st.sampled_from(
    [*FINDABLE.surfaces(), "依照", "和", "、", "执业", "实施条例", "兽", "第一条", "（", "\n", "中"]
)


@given(st.lists(WORDS, max_size=12).map("".join))
def test_the_finder_finds_what_a_slow_search_finds(text: str) -> None:
    surfaces = [s for s in FINDABLE.surfaces() if s not in ("办法",) and (len(s) > 2 or s.endswith("法"))]
    folded = fold_width(text)
    occurrences = [
        TitleSpan(at, at + len(surface))
        for surface in surfaces
        for at in range(len(folded))
        if folded.startswith(surface, at) and stands_free(folded, at, at + len(surface))
    ]
    found = FINDABLE.finder().find(text)
    assert set(found) <= set(occurrences)
    assert all(a.end <= b.start for a, b in itertools.pairwise(found))
    for span in occurrences:  # nothing known is left out except under something longer or earlier
        assert any(f.start < span.end and span.start < f.end for f in found)


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=30))
def test_folding_the_width_moves_nothing(text: str) -> None:
    folded = fold_width(text)
    assert len(folded) == len(text)
    assert fold_width(folded) == folded


def test_an_empty_index_finds_nothing() -> None:
    empty = TitleIndex.build(())
    assert empty.finder().find("依照刑法第一条") == []
    assert empty.lookup("刑法") == ()


def test_the_finder_is_linear() -> None:
    for text in ("中华人民共和国" * 15_000, "法" * 100_000, "医师" * 50_000):
        began = time.perf_counter()
        FINDABLE.finder().find(text)
        assert time.perf_counter() - began < 3


def test_relations_are_ranked_full_first() -> None:
    assert [r.value for r in TitleRelation] == ["full", "short", "alias", "former"]
