from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.limits import LimitError, Limits, TokenBuckets
from kg.problem import InputError

STEPS = st.lists(st.tuples(st.floats(0, 5), st.integers(1, 4)), max_size=40)


@given(STEPS)
def test_no_caller_gets_more_than_the_burst_and_the_rate(steps: list[tuple[float, int]]) -> None:
    now = [0.0]
    buckets = TokenBuckets(rate=2, burst=5, clock=lambda: now[0])
    taken = 0
    for pause, tokens in steps:
        now[0] += pause
        if not buckets.take("caller", tokens):
            taken += tokens
    assert taken <= 5 + 2 * now[0] + 1e-6


@given(STEPS)
def test_who_waits_as_long_as_told_is_served(steps: list[tuple[float, int]]) -> None:
    now = [0.0]
    buckets = TokenBuckets(rate=2, burst=5, clock=lambda: now[0])
    for pause, tokens in steps:
        now[0] += pause
        if wait := buckets.take("caller", tokens):
            now[0] += wait + 1e-6
            assert not buckets.take("caller", tokens)


def test_callers_are_forgotten_before_memory_runs_out() -> None:
    buckets = TokenBuckets(rate=1, burst=1, clock=lambda: 0.0, callers=2)
    assert buckets.take("a") == 0
    assert buckets.take("a") == 1
    assert [buckets.take("b"), buckets.take("c")] == [0, 0]
    assert buckets.take("a") == 0  # forgotten, so its bucket is full again
    assert buckets.take("c") == 1


@pytest.mark.parametrize(
    ("check", "code", "place"),
    [
        (lambda limits: limits.check_query("长" * 5, place="query"), "query_too_long", "query"),
        (lambda limits: limits.check_text("长" * 6, place="text"), "text_too_long", "text"),
        (lambda limits: limits.check_reference("长" * 7, place="ref"), "reference_too_long", "ref"),
        (lambda limits: limits.check_batch(4, place="queries"), "batch_too_large", "queries"),
        (lambda limits: limits.check_k(8), "k_too_large", "k"),
    ],
)
def test_each_limit_has_its_code(check: object, code: str, place: str) -> None:
    limits = Limits(query=4, text=5, reference=6, batch=3, k=7)
    with pytest.raises(LimitError) as caught:
        check(limits)  # type: ignore[operator]
    assert (caught.value.code, caught.value.place) == (code, place)
    assert "最多" in str(caught.value)


def test_what_is_at_the_limit_passes() -> None:
    limits = Limits(query=4, text=5, reference=6, batch=3, k=7)
    limits.check_query("长" * 4, place="query")
    limits.check_batch(3, place="queries")
    limits.check_k(7)


def test_a_batch_that_could_never_be_served_is_no_setting() -> None:
    with pytest.raises(InputError, match="不少于一批"):
        Limits(batch=100, burst=50)
