"""When a text is law: half-open intervals in which "unknown" is a value."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.dates import Validity, find_dates
from kg.vocabulary import Status

D = date
days = st.dates(date(1990, 1, 1), date(2030, 1, 1))
maybe = st.none() | days
validities = st.builds(Validity, maybe, maybe, maybe, maybe)


@pytest.mark.parametrize(
    ("validity", "day", "status"),
    [
        (Validity(D(2022, 3, 1)), D(2022, 2, 28), Status.NOT_YET),
        (Validity(D(2022, 3, 1)), D(2022, 3, 1), Status.IN_FORCE),
        (Validity(D(2022, 3, 1), ends=D(2025, 9, 1)), D(2025, 8, 31), Status.IN_FORCE),
        (Validity(D(2022, 3, 1), ends=D(2025, 9, 1)), D(2025, 9, 1), Status.ENDED),
        (Validity(None), D(1949, 10, 1), Status.UNKNOWN),
        (Validity(None, D(2018, 4, 27)), D(2018, 4, 26), Status.NOT_YET),
        (Validity(None, D(2018, 4, 27)), D(2018, 4, 27), Status.UNKNOWN),
        (Validity(None, ends=D(2020, 1, 1)), D(2020, 1, 1), Status.ENDED),
        (Validity(D(2010, 1, 1), contested_from=D(2019, 1, 1)), D(2018, 12, 31), Status.IN_FORCE),
        (Validity(D(2010, 1, 1), contested_from=D(2019, 1, 1)), D(2019, 1, 1), Status.UNKNOWN),
        (Validity(D(2010, 1, 1), ends=D(2021, 1, 1), contested_from=D(2019, 1, 1)), D(2021, 1, 1), Status.ENDED),
    ],
)  # fmt: skip
def test_status(validity: Validity, day: date, status: Status) -> None:
    assert validity.status(day) is status


@settings(max_examples=300, deadline=None)
@given(validities, days, days)
def test_nothing_revives(validity: Validity, a: date, b: date) -> None:
    """As days pass a text may become law and end, never the reverse."""
    early, late = sorted((a, b))
    order = [Status.NOT_YET, Status.IN_FORCE, Status.UNKNOWN, Status.ENDED]
    assert order.index(validity.status(early)) <= order.index(validity.status(late))


@settings(max_examples=300, deadline=None)
@given(validities, days)
def test_in_force_only_where_a_beginning_is_known(validity: Validity, day: date) -> None:
    if validity.status(day) is Status.IN_FORCE:
        assert validity.begins is not None
        assert validity.begins <= day


@settings(max_examples=300, deadline=None)
@given(validities, validities)
def test_overlap(a: Validity, b: Validity) -> None:
    assert a.overlap(b) == b.overlap(a)
    if shared := a.overlap(b):
        start, end = shared
        assert start < end
        for validity in (a, b):
            for day in (start, end - timedelta(days=1)):
                assert validity.status(day) not in (Status.NOT_YET, Status.ENDED)


def test_neighbours_do_not_overlap() -> None:
    assert Validity(D(2013, 6, 29), ends=D(2025, 9, 1)).overlap(Validity(D(2025, 9, 1))) is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("自2022年3月1日起施行", [D(2022, 3, 1)]),
        ("２０２２年３月１日", [D(2022, 3, 1)]),
        ("二〇二一年八月二十日", [D(2021, 8, 20)]),
        ("一九九三年十二月三十一日", [D(1993, 12, 31)]),
        ("2005 年 5 月 1 日", [D(2005, 5, 1)]),
        ("2013年6月29日修正，2025年4月30日修订", [D(2013, 6, 29), D(2025, 4, 30)]),
        ("2021年2月30日", []),
        ("2021年3月", []),
        ("0000年1月1日", []),
        ("二十年前的三月一日", []),
    ],
)
def test_find_dates(text: str, found: list[date]) -> None:
    assert [day for day, _, _ in find_dates(text)] == found


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="0123年月日〇一二十百 ２零", max_size=30))
def test_find_dates_never_fails(text: str) -> None:
    for _, start, end in find_dates(text):
        assert text[start:end].endswith("日")
