"""/metrics says what the verdict topic says, to the last event."""

from __future__ import annotations

import pytest

from tests.brokers.base import BrokerCluster

from .totals import measure
from .traffic import make_traffic
from .workbench import Workbench


@pytest.mark.slow
def test_counters_equal_a_recount_of_the_verdicts(kafka: BrokerCluster) -> None:
    traffic = make_traffic(1500, seed=5)
    with Workbench(kafka) as bench:
        file = bench.folder / "events.jsonl"
        file.write_bytes(b"".join(record.value + b"\n" for record in traffic.records))
        result = measure(bench, file, traffic.ledger, patience_seconds=120.0)
    assert result["comparison"].unequal == []
    assert result["problems"] == []
    assert result["account"]["duplicate_verdicts"] == 0
    assert len(result["comparison"].rows) > 30
