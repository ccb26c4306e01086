"""A few hundred hostile inputs for each reader; `make soak` gives them a million."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.hostile.generated import CHECKS


@pytest.mark.parametrize("name", sorted(CHECKS))
@settings(max_examples=250, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(source=st.integers(0, 2**48).map(random.Random))
def test_nothing_raises_and_nothing_is_hidden(name: str, source: random.Random) -> None:
    CHECKS[name](source)
