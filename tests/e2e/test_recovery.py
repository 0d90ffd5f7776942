"""Every scenario of `recovery`, small."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.brokers.base import BrokerCluster, LayerAbsent
from tests.brokers.plugin import not_run
from tests.brokers.select import start_real_kafka

from .recovery import SCENARIOS, TINY, run_scenario

pytestmark = [pytest.mark.layer("kafka"), pytest.mark.slow]


@pytest.fixture(scope="module")
def breakable(pytestconfig: pytest.Config) -> Iterator[BrokerCluster]:
    """One broker for this file, that may be stopped."""
    try:
        cluster = start_real_kafka(1, can_break=True)
    except LayerAbsent as absent:
        not_run(pytestconfig, "kafka", f"no Kafka that may be stopped: {absent}")
    try:
        yield cluster
    finally:
        cluster.close()


@pytest.mark.parametrize("name", SCENARIOS)
def test_nothing_is_lost_and_nothing_counts_twice(name: str, breakable: BrokerCluster) -> None:
    outcome = run_scenario(name, breakable, TINY, seed=7)
    assert not outcome.problems, outcome.numbers
