"""Numerals: every value of a statute reads back, and nothing else is read."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.numerals import chinese_numeral, parse_numeral


@pytest.mark.parametrize(
    ("written", "value", "why"),
    [
        ("一千二百一十九", 1219, "the form of statutes"),
        ("1219", 1219, "the form of answers"),
        ("１２１９", 1219, "full-width digits"),
        ("一二一九", 1219, "read digit by digit"),
        ("二〇二四", 2024, "a year"),
        ("二○二四", 2024, "a geometric circle for the zero, frequent in older texts"),
        ("十", 10, "ten alone"),
        ("十二", 12, "no 一 before 十"),
        ("一百一十", 110, "一 before 十 inside a number"),
        ("一百零一", 101, "a gap is written"),
        ("一千零五", 1005, "one 零 for a gap of two places"),
        ("两", 2, "in 前两款"),
        ("零", 0, "zero is a numeral"),
    ],
)
def test_reads_what_statutes_and_answers_write(written: str, value: int, why: str) -> None:
    assert parse_numeral(written) == value, why


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("", "nothing"),
        ("第", "no numeral"),
        ("1百", "two scripts in one number"),
        ("百二", "a unit without its digit"),
        ("一十百", "units out of order"),
        ("十十", "a unit twice"),
        ("二十二十", "two numbers run together"),
        ("一二十", "two digits before one unit"),
        ("零百", "zero hundreds"),
        ("-1", "no sign"),
    ],
)
def test_refuses_everything_else(written: str, why: str) -> None:
    with pytest.raises(ValueError):
        parse_numeral(written)


@given(st.integers(0, 9999))
def test_a_statute_numeral_reads_back(value: int) -> None:
    assert parse_numeral(chinese_numeral(value)) == value
    assert parse_numeral(str(value)) == value
    assert parse_numeral("".join(chr(ord(d) + 0xFEE0) for d in str(value))) == value


@given(st.text(alphabet="〇零一二三四五六七八九十百千两0１ 第", max_size=8))
def test_anything_is_a_number_or_a_value_error(written: str) -> None:
    with suppress(ValueError):
        assert parse_numeral(written) >= 0


@pytest.mark.parametrize("value", [-1, 10_000])
def test_no_statute_numeral_beyond_four_digits(value: int) -> None:
    with pytest.raises(ValueError):
        chinese_numeral(value)
