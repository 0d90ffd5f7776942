"""The core behind the proxy: what it has been handed is scored, also at the end."""

from __future__ import annotations

from agent.clock import SystemClock
from agent.config import validate
from streams.config import WorkerConfig
from streams.ports import Message
from streams.proxy.core_sink import CoreSink
from tests.builders import native

SCORERS = {"toxicity": {"kind": "ngrams"}, "pii": {"enabled": False}, "adversarial": {"enabled": False}}


async def test_what_waits_for_a_busy_core_when_it_ends_is_scored_first() -> None:
    config = validate(
        WorkerConfig, {"scorers": SCORERS, "tap": {"max_in_flight_records": 10, "max_poll_records": 100}}, "test"
    )
    sink = CoreSink(config, "tapped", SystemClock())
    await sink.start()
    handed = 0
    while handed < 300:
        handed += await sink.deliver([Message("tapped", b"chat", native(f"r-{handed}"))])
    await sink.stop()
    assert sink.status.snapshot()["pipeline"]["events"] == 300
