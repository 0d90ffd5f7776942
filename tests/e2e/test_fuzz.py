"""500 hostile records, in memory and through real Kafka."""

from __future__ import annotations

import pytest

from agent.pipeline import build_scorers
from streams.config import WorkerConfig
from tests.brokers.base import BrokerCluster

from .fuzz import KAFKA_CONFIG, fuzz_in_memory, fuzz_kafka
from .workbench import Workbench


@pytest.mark.slow
def test_every_hostile_record_is_decoded_or_a_dead_letter() -> None:
    report = fuzz_in_memory(500, seed=11, scorers=build_scorers(WorkerConfig().scorers))
    assert report.problems == []
    assert report.records == 500
    assert report.outcomes["decoded"] > 50
    assert report.outcomes["dead letter"] > 150
    assert len(report.reasons) >= 8, "the records are not hostile in enough ways"


@pytest.mark.slow
def test_so_it_is_through_real_kafka(kafka: BrokerCluster) -> None:
    with Workbench(kafka, config=KAFKA_CONFIG) as bench:
        report = fuzz_kafka(bench, 500, seed=12)
    assert report.problems == []
    assert report.records == 500
