"""agent.clock: time stamps, whatever comes."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.clock import LAST_SECOND, iso_time, sane_time


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "1970-01-01T00:00:00.000Z"),
        (1_700_000_000.25, "2023-11-14T22:13:20.250Z"),
        (-1.0, "1970-01-01T00:00:00.000Z"),
        (-1e300, "1970-01-01T00:00:00.000Z"),
        (math.nan, "1970-01-01T00:00:00.000Z"),
        (-math.inf, "1970-01-01T00:00:00.000Z"),
        (LAST_SECOND, "9999-12-31T23:59:59.000Z"),
        (math.inf, "9999-12-31T23:59:59.000Z"),
        (1e300, "9999-12-31T23:59:59.000Z"),
        (9_223_372_036_854_775.807, "9999-12-31T23:59:59.000Z"),  # the largest time stamp of a Kafka record
    ],
)
def test_iso_time(seconds: float, text: str) -> None:
    assert iso_time(seconds) == text


@given(st.floats() | st.integers())
def test_iso_time_never_raises(seconds: float) -> None:
    stamp = datetime.fromisoformat(iso_time(seconds))
    assert datetime.fromtimestamp(0, UTC) <= stamp
    assert 0.0 <= sane_time(seconds) <= LAST_SECOND
