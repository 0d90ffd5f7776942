"""What a scrape of `harmwatch ingest` sees of the courier, as of now."""

from __future__ import annotations

from agent.clock import Clock
from agent.metrics.edge import EdgeMetrics
from agent.metrics.frozen import FrozenMetrics
from streams.courier.courier import Courier
from streams.ingest.config import IngestConfig

__all__ = ["gauges"]


def gauges(
    metrics: EdgeMetrics, courier: Courier, body_bytes: int, config: IngestConfig, clock: Clock
) -> FrozenMetrics:
    """A copy of all metrics, after the gauges were set."""
    state, counts = courier.state(), courier.counts
    metrics.set("harmwatch_ingest_body_bytes", body_bytes)
    metrics.set("harmwatch_ingest_pending_bytes", state.pending_bytes)
    metrics.set("harmwatch_ingest_kafka_connected", float(state.connected))
    metrics.set("harmwatch_ingest_drained_total", counts.drained)
    for reason, count in counts.refused.items():
        metrics.set("harmwatch_ingest_refused_total", count, reason)
    spool = state.spool
    metrics.set("harmwatch_ingest_spool_records", spool.records if spool else 0)
    metrics.set("harmwatch_ingest_spool_bytes", spool.bytes if spool else 0)
    metrics.set("harmwatch_ingest_spool_limit_bytes", config.spool_max_bytes if spool else 0)
    age = clock.now() - spool.oldest if spool and spool.oldest is not None else 0.0
    metrics.set("harmwatch_ingest_spool_age_seconds", max(age, 0.0))
    metrics.set("harmwatch_ingest_spool_damaged_total", spool.damaged_segments if spool else 0, "segment")
    metrics.set("harmwatch_ingest_spool_damaged_total", spool.set_aside_records if spool else 0, "record")
    return metrics.freeze()
