"""Rate, budget and waits, without waiting."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.clock import ManualClock
from agent.errors import BudgetSpent
from agent.probe.pace import Backoff, Budget, RateLimit


def test_requests_are_evenly_spaced() -> None:
    limit = RateLimit(4.0, ManualClock())
    assert [limit.reserve() for _ in range(4)] == [0.0, 0.25, 0.5, 0.75]


def test_a_pause_earns_no_burst() -> None:
    clock = ManualClock()
    limit = RateLimit(2.0, clock)
    limit.reserve()
    clock.advance(100.0)
    assert [limit.reserve(), limit.reserve()] == [0.0, 0.5]


@given(st.lists(st.floats(0.0, 3.0), max_size=50), st.floats(0.1, 20.0))
def test_never_two_closer_than_the_rate_allows(pauses: list[float], rate: float) -> None:
    clock = ManualClock()
    limit = RateLimit(rate, clock)
    moments = []
    for pause in pauses:
        clock.advance(pause)
        moments.append(clock.monotonic() + limit.reserve())
    assert all(later - earlier >= 1.0 / rate - 1e-9 for earlier, later in pairwise(moments))


def test_without_a_rate_nobody_waits() -> None:
    limit = RateLimit(None, ManualClock())
    assert [limit.reserve() for _ in range(3)] == [0.0, 0.0, 0.0]


def test_a_budget_is_never_exceeded() -> None:
    budget = Budget(2)
    budget.spend()
    budget.spend()
    for _ in range(2):
        with pytest.raises(BudgetSpent):
            budget.spend()
    assert budget.spent == 2


def test_waits_double_up_to_a_bound_and_end() -> None:
    backoff = Backoff(retries=5, first_seconds=1.0, longest_seconds=6.0)
    assert [backoff.wait(tries) for tries in range(1, 7)] == [1.0, 2.0, 4.0, 6.0, 6.0, None]


def test_what_the_server_asks_for_counts_up_to_the_bound() -> None:
    backoff = Backoff(retries=3, longest_seconds=30.0)
    assert backoff.wait(1, 7.0) == 7.0
    assert backoff.wait(3, 0.5) == 4.0
    assert backoff.wait(1, 86_400.0) == 30.0
