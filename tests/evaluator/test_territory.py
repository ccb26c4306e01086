"""A local text is law only where it was made: the places that a scenario names tell."""

from __future__ import annotations

import pytest

from evaluator.fact_words import shipped_fact_words
from evaluator.territory import Reach, reach

PLACES = shipped_fact_words()[0].places


@pytest.mark.parametrize(
    ("territory", "scenario", "found", "note"),
    [
        ("", "郑州一家医院", Reach.NATIONAL, "a national text"),
        ("北京市", "北京一家民营医院", Reach.WITHIN, "the place itself"),
        ("广东省", "东莞一栋写字楼里", Reach.WITHIN, "a city of the province"),
        ("郑州市", "北京早高峰", Reach.ELSEWHERE, "another place"),
        ("河南省", "广州一家生殖中心", Reach.ELSEWHERE, "a city of another province"),
        ("深圳市", "广东一家公司", Reach.UNTOLD, "only the province is named"),
        ("深圳市", "广东一家公司把样本寄往北京", Reach.ELSEWHERE, "and another place"),
        ("上海市", "县里的医院", Reach.UNTOLD, "no place is named"),
    ],
)
def test_reach(territory: str, scenario: str, found: Reach, note: str) -> None:
    assert reach(territory, scenario, PLACES) is found, note


def test_a_place_lies_in_one_province() -> None:
    words = [word for own in PLACES.values() for word in own]
    assert len(words) == len(set(words))
    assert len(PLACES) == 31
