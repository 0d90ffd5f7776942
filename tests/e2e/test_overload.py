"""More than a worker can score, on real Kafka: the short form of ``python -m tests.e2e.overload``."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.brokers.base import BrokerCluster

from .overload import Size, overload, sections
from .workbench import Workbench


@pytest.mark.slow
def test_overload_is_sampled_within_the_lag_budget_and_ends(kafka_cluster: Callable[..., BrokerCluster]) -> None:
    size = Size(seconds=75.0, capacity=60.0, models=6, budget_seconds=20.0, calm_seconds=8.0)
    with Workbench(kafka_cluster(), config=sections(size)) as bench:
        outcome = overload(bench, size)
    assert outcome.problems == [], outcome.numbers
