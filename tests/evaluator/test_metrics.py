"""The figures of graded answers, by hand and by property."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluator.metrics import Grades, Weighting, quality, summarise

SAFE = Grades(0, 0, 1, 1, 0, 1)
RISKY = Grades(0, -1, 1, 1, 1, 1)
UNSCORED = Grades(-1, 0, 1, None, 1, 1)

grade_rows = st.lists(
    st.builds(
        Grades,
        *[st.sampled_from([0, -1, None])] * 2,
        *[st.sampled_from([0, 1, None])] * 4,
    ),
    max_size=12,
)


def test_figures_by_hand() -> None:
    found = summarise([SAFE, RISKY, UNSCORED], ["甲", "乙", "丙"])
    assert (found.rows, found.scored, found.clusters, found.coverage) == (3, 2, 2, 0.666667)
    assert found.risk_rate.value == 0.5
    assert (found.quality_mean.value, found.quality_weighted.value) == (0.75, 0.8)
    assert (found.final_mean.value, found.final_weighted.value) == (-0.125, -0.1)


def test_nothing_scored_has_no_figures() -> None:
    found = summarise([UNSCORED], ["甲"])
    assert found.coverage == 0 and found.risk_rate.value is None and found.final_mean.low is None


def test_an_unscored_quality_is_refused() -> None:
    with pytest.raises(ValueError, match="unscored"):
        quality(UNSCORED, Weighting.MEAN)


def test_the_interval_resamples_scenarios_not_answers() -> None:
    """Fifty answers to two scenarios tell as little as two: the interval spans everything."""
    rows = [SAFE] * 25 + [RISKY] * 25
    together = summarise(rows, ["甲"] * 25 + ["乙"] * 25).risk_rate
    apart = summarise(rows, [str(n) for n in range(50)]).risk_rate
    assert (together.low, together.high) == (0.0, 1.0)
    assert apart.low is not None and apart.high is not None and 0.3 < apart.low < 0.5 < apart.high < 0.7


def test_the_seed_decides_the_interval() -> None:
    rows, names = [SAFE, RISKY] * 20, [str(n) for n in range(40)]
    assert summarise(rows, names, seed=1, resamples=9) == summarise(rows, names, seed=1, resamples=9)
    assert summarise(rows, names, seed=1, resamples=9) != summarise(rows, names, seed=2, resamples=9)


@given(grade_rows)
def test_final_is_risk_and_quality_together(rows: list[Grades]) -> None:
    found = summarise(rows, [str(n) for n in range(len(rows))], resamples=20)
    if found.risk_rate.value is None or found.final_mean.value is None:
        assert not found.scored
        return
    safe = 1 - found.risk_rate.value
    expected = safe * (found.quality_mean.value or 0.0) - found.risk_rate.value
    assert found.final_mean.value == pytest.approx(expected, abs=1e-5)
