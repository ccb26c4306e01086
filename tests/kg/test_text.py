"""Three layers of text: maps between them, folding for matching, quotations."""

from __future__ import annotations

import hashlib
from itertools import pairwise

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from kg.text import REASONS, Canonical, LayeredText, Quote, Repair, canonical, digest

chars = st.text(alphabet="甲乙丙第一条 　\n*#（）\U00020000é", max_size=40)


@st.composite
def layered(draw: st.DrawFn) -> LayeredText:
    raw = draw(chars)
    cuts = sorted(draw(st.lists(st.integers(0, len(raw)), max_size=8)))
    pairs = list(zip(cuts[::2], cuts[1::2], strict=False))
    replacements = draw(
        st.lists(st.text(alphabet="子丑\n", max_size=3), min_size=len(pairs), max_size=len(pairs))
    )
    repairs = [Repair(a, b, word, "markup") for (a, b), word in zip(pairs, replacements, strict=True)]
    return LayeredText(raw, tuple(repairs))


@settings(max_examples=200, deadline=None)
@given(layered(), st.data())
def test_any_partition_of_official_gives_back_raw(text: LayeredText, data: st.DataObject) -> None:
    assume(text.official or not text.raw)  # an empty official text has no provision to carry raw
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text.official)), max_size=10)))
    bounds = [0, *cuts, len(text.official)]
    pieces = [text.raw[text.to_raw(a) : text.to_raw(b)] for a, b in pairwise(bounds)]
    assert "".join(pieces) == text.raw


@settings(max_examples=200, deadline=None)
@given(layered())
def test_maps_are_monotone_and_agree_outside_repairs(text: LayeredText) -> None:
    there = [text.to_raw(offset) for offset in range(len(text.official) + 1)]
    back = [text.to_official(offset) for offset in range(len(text.raw) + 1)]
    assert there == sorted(there)
    assert back == sorted(back)
    assert there[0] == 0
    assert there[-1] == len(text.raw) or not text.official
    assert all(0 <= offset <= len(text.official) for offset in back)
    touched = {i for r in text.repairs for i in range(r.start, r.end)}
    for offset, char in enumerate(text.raw):
        if offset not in touched:
            assert text.official[text.to_official(offset)] == char


@settings(max_examples=200, deadline=None)
@given(layered())
def test_official_is_raw_with_the_repairs_made(text: LayeredText) -> None:
    made = text.raw
    for repair in reversed(text.repairs):
        made = made[: repair.start] + repair.replacement + made[repair.end :]
    assert text.official == made


@pytest.mark.parametrize(
    "repairs",
    [
        (Repair(2, 3, "", "markup"), Repair(0, 1, "", "markup")),  # not sorted
        (Repair(0, 2, "", "markup"), Repair(1, 3, "", "markup")),  # overlapping
        (Repair(2, 1, "", "markup"),),
        (Repair(0, 9, "", "markup"),),
    ],
)
def test_repairs_that_cannot_be_made_are_refused(repairs: tuple[Repair, ...]) -> None:
    with pytest.raises(ValueError, match="repair"):
        LayeredText("甲乙丙", repairs)


def test_removed_text_goes_to_the_left() -> None:
    text = LayeredText("**第一条**　甲", (Repair(0, 2, "", "markup"), Repair(5, 7, "", "markup")))
    assert [text.to_raw(n) for n in range(len(text.official) + 1)] == [0, 3, 4, 7, 8, 9]
    assert [text.to_official(n) for n in range(len(text.raw) + 1)] == [0, 0, 0, 1, 2, 3, 3, 3, 4, 5]


def test_every_reason_is_said_in_chinese() -> None:
    assert all(code.isascii() and not words.isascii() for code, words in REASONS.items())


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("第（１）项， 自 愿", "第(1)项,自愿"),
        ("“甲”、〔2020〕〇", "\"甲\",(2020)零"),
        ("《某〈甲〉法》", "《某《甲》法》"),
        ("甲\u200b乙\n丙\u3000", "甲乙丙"),
        ("e\u0301", "e"),
        ("㎎", "mg"),
    ],
)  # fmt: skip
def test_canonical(a: str, b: str) -> None:
    assert canonical(a) == b


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60))
@example("ﷺ 甲①㈠")
def test_canonical_knows_the_way_back(text: str) -> None:
    folded = Canonical.of(text)
    assert folded.text == canonical(text)
    assert len(folded.offsets) == len(folded.text) + 1
    assert list(folded.offsets) == sorted(folded.offsets)
    assert folded.offsets[-1] == len(text)
    for position, char in enumerate(folded.text):
        assert char in canonical(text[folded.offsets[position]])


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60))
def test_canonical_is_stable(text: str) -> None:
    once = canonical(text)
    assert canonical(once) == once


def test_a_quotation_holds_until_its_characters_change() -> None:
    quote = Quote.cut("应当告知患者", 2, 4)
    assert quote.sha256 == hashlib.sha256("告知".encode()).hexdigest() == digest("告知")
    assert quote.holds("必须告知家属")
    assert not quote.holds("应当通知患者")
    assert not quote.holds("应当")


@pytest.mark.parametrize(("start", "end"), [(1, 1), (2, 1), (-1, 2), (0, 4)])
def test_no_quotation_of_nothing(start: int, end: int) -> None:
    with pytest.raises(ValueError, match="no text"):
        Quote.cut("甲乙丙", start, end)


def test_lone_surrogates_have_a_digest() -> None:
    assert len(digest("\ud800")) == 64
