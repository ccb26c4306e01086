"""Terms, BM25 against a slow reference, and fusion."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.text import Canonical
from retrieval.fusion import Ranking, fuse
from retrieval.lexical import BM25, LexicalIndex, Scored, write_lexical
from retrieval.tokens import term_code, tokens

TERMS = [
    ("医师应当", ["医师", "师应", "应当"], "bigrams of one run"),
    ("医师，应当", ["医师", "应当"], "nothing joins across punctuation"),
    ("自 愿", ["自愿"], "blanks inside words, as PDF extraction leaves them, do not count"),
    ("药", ["药"], "a lone Hanzi is a term"),
    ("用AI诊断", ["用", "ai", "诊断"], "Latin is lower-cased and kept whole"),
    ("ＣＯＶＩＤ－１９", ["covid-19"], "full width folds; a hyphen inside a word stays"),
    ("3.5毫克", ["3.5", "毫克"], "decimals stay whole"),
    ("第（一）项", ["第", "一", "项"], "brackets part runs"),
    ("〇", ["零"], "the two zeros are one"),
    ("α-干扰素β", ["α", "干扰", "扰素", "β"], "Greek is no Hanzi"),
    ("", [], "empty"),
    ("。！——", [], "punctuation alone"),
]


@pytest.mark.parametrize(("text", "expected", "note"), TERMS, ids=[note for *_, note in TERMS])
def test_terms(text: str, expected: list[str], note: str) -> None:
    assert tokens(text) == expected


@given(st.text(max_size=60))
def test_terms_fold_as_the_canonical_layer_does(text: str) -> None:
    assert tokens(text) == tokens(Canonical.of(text).text)


# NUL stands in no term: tokens are words.
@given(
    st.sets(
        st.text(st.characters(min_codepoint=1, exclude_categories=("Cs",)), min_size=1, max_size=4),
        max_size=30,
    )
)
def test_different_terms_have_different_codes(terms: set[str]) -> None:
    assert len({term_code(term) for term in terms}) == len(terms)
    assert all(0 <= term_code(term) < 1 << 64 for term in terms)


def _slow_scores(documents: list[list[str]], query: set[str], bm25: BM25) -> list[float]:
    """BM25 straight from its definition."""
    count = len(documents)
    average = sum(map(len, documents)) / (sum(map(bool, documents)) or 1) or 1.0
    scores = []
    for document in documents:
        times, score = Counter(document), 0.0
        for term in query:
            holding = sum(term in other for other in documents)
            rarity = math.log(1 + (count - holding + 0.5) / (holding + 0.5))
            norm = bm25.k1 * (1 - bm25.b + bm25.b * len(document) / average)
            score += rarity * times[term] * (bm25.k1 + 1) / (times[term] + norm) if times[term] else 0.0
        scores.append(score)
    return scores


_WORDS = st.sampled_from(["医师", "患者", "说明", "同意", "药", "covid-19"])


@given(
    st.lists(st.lists(_WORDS, max_size=8), min_size=1, max_size=8),
    st.sets(_WORDS, max_size=4),
    st.sampled_from([BM25(), BM25(1.5, 0.75), BM25(2.0, 0.0)]),
)
def test_bm25_against_its_definition(
    tmp_path_factory: pytest.TempPathFactory, documents: list[list[str]], query: set[str], bm25: BM25
) -> None:
    folder = tmp_path_factory.mktemp("bm25")
    count = write_lexical(documents, folder, bm25=bm25)
    index = LexicalIndex.open(folder, count)
    found = index.scores("。".join(sorted(query))) / 1000
    # Each term's share is rounded to a thousandth.
    assert np.allclose(found, _slow_scores(documents, query, bm25), atol=0.0006 * max(1, len(query)))


def test_bm25_search_orders_ties_by_row_and_keeps_to_the_allowed(tmp_path: Path) -> None:
    count = write_lexical([["医师"], ["患者"], ["医师"], ["医师", "患者"]], tmp_path)
    index = LexicalIndex.open(tmp_path, count)
    assert [hit.row for hit in index.search("医师", 10)] == [0, 2, 3]
    assert [hit.row for hit in index.search("医师", 1)] == [0]
    assert [hit.row for hit in index.search("医师", 10, allowed=np.array([False, True, True, False]))] == [2]
    assert index.search("急救", 10) == []


def test_bm25_of_nothing(tmp_path: Path) -> None:
    assert LexicalIndex.open(tmp_path, write_lexical([], tmp_path)).search("医师", 3) == []


def test_an_unknown_term_is_as_rare_as_one_that_stands_once(tmp_path: Path) -> None:
    index = LexicalIndex.open(tmp_path, write_lexical([["医师"], ["医师", "患者"]], tmp_path))
    rarity = index.rarity(["医师", "患者", "急救"])
    assert rarity["急救"] == rarity["患者"] > rarity["医师"]


_FOUND = st.lists(
    st.tuples(st.integers(0, 9), st.floats(-5, 50, allow_nan=False)), max_size=8, unique_by=lambda x: x[0]
).map(lambda pairs: tuple(Scored(*p) for p in sorted(pairs, key=lambda p: (-p[1], p[0]))))


@given(st.lists(_FOUND, max_size=4), st.randoms(use_true_random=False))
def test_fusion_does_not_depend_on_order(found: list[tuple[Scored, ...]], random: object) -> None:
    rankings = [Ranking(f"system{n}", 0.5 + n, one) for n, one in enumerate(found)]
    shuffled = sorted(rankings, key=lambda _: random.random())  # type: ignore[attr-defined]  # a Random
    fused = fuse(rankings)
    assert fused == fuse(shuffled) == fuse(reversed(rankings))
    assert [(-hit.score, hit.row) for hit in fused] == sorted((-hit.score, hit.row) for hit in fused)
    assert {hit.row for hit in fused} == {hit.row for one in found for hit in one}
    assert all(0 <= hit.score <= 1 and hit.score == round(hit.score, 6) for hit in fused)


def test_a_system_that_found_nothing_takes_no_part() -> None:
    alone = fuse([Ranking("bm25", 1.0, (Scored(1, 4.0), Scored(2, 1.0)))])
    assert fuse([Ranking("bm25", 1.0, (Scored(1, 4.0), Scored(2, 1.0))), Ranking("dense", 0.5, ())]) == alone
    assert [hit.score for hit in alone] == [1.0, 0.0]
