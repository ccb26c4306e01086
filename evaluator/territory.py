"""Whether a local text is law where a scenario takes place, by the places that the scenario names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum


class Reach(StrEnum):
    """How a text's territory and the places of a scenario lie to one another."""

    NATIONAL = "national"  # the text is not local
    WITHIN = "within"  # the scenario names a place of the territory
    ELSEWHERE = "elsewhere"  # it names only other places: the text is not law there
    UNTOLD = "untold"  # it names no place


_SUFFIX = re.compile(r"(?:省|市|地区|自治州|(?:壮族|回族|维吾尔)?自治区)$")


def reach(territory: str, scenario: str, places: Mapping[str, tuple[str, ...]]) -> Reach:
    """The reach of a text over a scenario; `places` gives for each province the words for what lies in it.

    >>> reach("河南省", "郑州一家医院", {"河南省": ("河南", "郑州"), "北京市": ("北京",)}).value
    'within'
    >>> reach("郑州市", "河南一家医院", {"河南省": ("河南", "郑州"), "北京市": ("北京",)}).value
    'untold'
    >>> reach("北京市", "郑州一家医院", {"河南省": ("河南", "郑州"), "北京市": ("北京",)}).value
    'elsewhere'
    """
    if not territory:
        return Reach.NATIONAL
    short = _SUFFIX.sub("", territory)
    if any(word in scenario for word in (short, *places.get(territory, ()))):
        return Reach.WITHIN
    told = {word for words in places.values() for word in words if word in scenario}
    # Where only its province is named, a city's text may be law there or not.
    above = {_SUFFIX.sub("", province) for province, words in places.items() if short in words}
    return Reach.ELSEWHERE if told - above else Reach.UNTOLD
