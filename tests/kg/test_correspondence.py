"""Which unit of one list is which of another: words first, then likeness, then the neighbours."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.correspondence import Match, Unit, Weights, correspond, in_order

INFORM = "医务人员应当向患者说明病情、医疗风险和替代方案，并取得其明确同意。"
INFORM_NEW = (
    "医务人员在诊疗活动中应当向患者说明病情；需要手术的，应当说明医疗风险和替代方案，并取得其明确同意。"
)
RECORD = "医疗机构应当妥善保管病历资料，不得隐匿、篡改或者销毁。"
FEES = "医疗机构不得违反规定收取费用。"
PURPOSE = "为了保护患者的合法权益，制定本办法。"


def units(*words: str) -> list[Unit]:
    return [Unit(f"art{n}", each) for n, each in enumerate(words, 1)]


def pairs(old: list[Unit], new: list[Unit]) -> list[tuple[int, int]]:
    weights = Weights.of(u.words for u in (*old, *new))
    return [(m.old, m.new) for m in correspond(old, new, weights)]


@pytest.mark.parametrize(
    ("old", "new", "expected", "why"),
    [
        ([INFORM, RECORD], [INFORM, RECORD], [(0, 0), (1, 1)], "the same words"),
        ([INFORM, RECORD], [PURPOSE, INFORM, RECORD], [(0, 1), (1, 2)], "one was put before them"),
        ([INFORM, RECORD], [RECORD, INFORM], [(0, 1), (1, 0)], "they changed places"),
        ([INFORM, FEES], [PURPOSE, INFORM_NEW, FEES], [(0, 1), (1, 2)], "amended and renumbered"),
        ([INFORM], [FEES], [], "two other things under one number"),
        ([FEES, FEES, INFORM], [INFORM, FEES], [(1, 1), (2, 0)], "of twins the one with the same number"),
        ([], [FEES], [], "nothing to match"),
    ],
)
def test_pairs(old: list[str], new: list[str], expected: list[tuple[int, int]], why: str) -> None:
    assert pairs(units(*old), units(*new)) == expected, why


def test_the_rival_is_the_next_best() -> None:
    old, new = units(INFORM), units(INFORM_NEW, RECORD)
    (match,) = correspond(old, new, Weights.of(u.words for u in (*old, *new)))
    assert 0.3 < match.similarity < 1
    assert match.rival < 0.2


WORDS = st.lists(st.text("甲乙丙丁患者医师应当不得", min_size=1, max_size=12), max_size=8)


@settings(deadline=None)
@given(WORDS, WORDS)
def test_no_unit_is_in_two_pairs(old: list[str], new: list[str]) -> None:
    found = pairs(units(*old), units(*new))
    assert len({i for i, _ in found}) == len({j for _, j in found}) == len(found)


@settings(deadline=None)
@given(WORDS, st.randoms())
def test_shuffled_units_find_their_words(words: list[str], chance: random.Random) -> None:
    shuffled = list(words)
    chance.shuffle(shuffled)
    old, new = units(*words), units(*shuffled)
    found = pairs(old, new)
    assert len(found) == len(words)
    assert all(old[i].words == new[j].words for i, j in found)


@pytest.mark.parametrize(
    ("places", "kept"),
    [([0, 1, 2], {0, 1, 2}), ([2, 0, 1], {1, 2}), ([1, 0], {1}), ([], set()), ([0, 3, 1, 2], {0, 2, 3})],
)
def test_in_order(places: list[int], kept: set[int]) -> None:
    assert in_order([Match(i, j, 1.0) for i, j in enumerate(places)]) == kept
