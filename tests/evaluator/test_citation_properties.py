"""Any provision in any spelling is found, resolved and verified; any changed character of a quotation is seen."""

from __future__ import annotations

import re
from datetime import date
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluator.citation_check import check_citations
from evaluator.citation_find import find_citations
from kg.build import Text
from kg.model import Provision
from kg.numerals import chinese_numeral
from kg.vocabulary import Kind
from tests.evaluator.packaged import packaged_build

TODAY = date(2026, 11, 22)
TRADITIONAL = str.maketrans("条医师疗执业国华护药传规实责权卫", "條醫師療執業國華護藥傳規實責權衛")


@cache
def _articles() -> tuple[tuple[Text, Provision], ...]:
    """Every article of the version of each work that applies, where its full title means that work alone."""
    build = packaged_build()
    found = []
    for key in sorted(build.versions):
        applied = build.in_force(key, TODAY)
        if applied and len(build.titles.lookup(applied[0].title)) == 1:
            text = build.text(applied[0].id)
            found += [(text, p) for p in text.provisions if p.kind is Kind.ARTICLE and len(p.id.steps) == 1]
    return tuple(found)


def _wide(number: int) -> str:
    return str(number).translate(str.maketrans("0123456789", "０１２３４５６７８９"))


NUMBERS = (chinese_numeral, str, _wide, lambda n: f" {n} ", lambda n: f"\u200b{n}")
TITLES = (
    lambda title: f"《{title}》",
    lambda title: f"《{title.removeprefix('中华人民共和国')}》",
    lambda title: title,
    lambda title: f"《{title[:2]}\n{title[2:]}》",
    lambda title: f"《{title.translate(TRADITIONAL)}》",
    lambda title: f"**《{title}》**",
)


@settings(max_examples=100, deadline=None)
@given(
    place=st.integers(0, 10**6),
    number=st.sampled_from(NUMBERS),
    title=st.sampled_from(TITLES),
    around=st.sampled_from(["{}", "依照{}处理。", "患者投诉（{}）。", "见{}"]),
)
def test_any_article_in_any_spelling_is_verified(place: int, number, title, around: str) -> None:  # type: ignore[no-untyped-def]  # callables of two tables
    text, article = _articles()[place % len(_articles())]
    step = article.id.steps[0]
    sub = f"之{chinese_numeral(step.sub)}" if step.sub else ""
    written = f"{title(text.expression.title)}第{number(step.number)}条{sub}"
    (checked,) = check_citations(around.format(written), build=packaged_build(), as_of=TODAY)
    assert (checked.resolved, checked.outcome.value) == (str(article.id), "verified"), checked
    assert checked.surface == written.strip("*")


@settings(max_examples=100, deadline=None)
@given(
    place=st.integers(0, 10**6), start=st.integers(0, 10**4), length=st.integers(10, 60), at=st.integers(0, 59),
    other=st.sampled_from("医患手药病法人院诊护说明取得报告书面同意权责"),
)  # fmt: skip
def test_any_changed_character_of_a_quotation_is_seen(
    place: int, start: int, length: int, at: int, other: str
) -> None:
    text, article = _articles()[place % len(_articles())]
    words = re.sub(r"\s", "", text.words(article))
    start = start % max(1, len(words) - length)
    quoted = words[start : start + length]
    at = at % len(quoted)
    usable = not re.search('[“”「」『』"…《》]|\\.{3}', quoted) and re.match(r"[\u4e00-\u9fff]", quoted[at])
    changed = quoted[:at] + other + quoted[at + 1 :]
    if not usable or len(re.findall(r"\w", quoted)) < 10 or changed in words or quoted[at] == other:
        return
    sentence = f"《{text.expression.title}》{article.id.display()}规定：“{{}}”"
    same, *_ = check_citations(sentence.format(quoted), build=packaged_build(), as_of=TODAY)
    seen, *_ = check_citations(sentence.format(changed), build=packaged_build(), as_of=TODAY)
    assert same.outcome == "verified", same
    assert seen.outcome in ("quote_mismatch", "wrong_number"), (quoted, changed, seen)


HOSTILE = [
    "第" * 20_000, "第一" * 20_000, "第1条" * 5_000, "《" * 20_000, "《》" * 10_000, "《民法典" * 4_000, "“" * 20_000,
    "“《民法典》第1219条" * 2_000, "(" * 20_000, "第（" * 10_000, "第三条、" * 5_000, "第一条至" * 5_000, "前" * 20_000,
    "民法典" * 7_000, "民 法 典 " * 4_000, "\u200b" * 20_000, "1千2百" * 5_000, "第1千2百" * 4_000, "\n" * 20_000,
    "《民法典》第1219条规定：“" + "医务人员" * 5_000 + "”", "关于" * 10_000 + "的规定第三条", "，" * 20_000,
    "2020年5月" * 4_000, "以下简称" * 5_000, "《甲》（以下简称《乙》）" * 1_500,
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_texts_end(text: str) -> None:
    """Each of these ends at once; what is read at one place has a bounded length."""
    _, found = find_citations(text, packaged_build().titles)
    assert all(text[one.start : one.end] == one.surface for one in found)
    check_citations(text, build=packaged_build(), as_of=TODAY)
