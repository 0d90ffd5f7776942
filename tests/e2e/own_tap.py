"""A worker's own parts on real Kafka around scorers of the tests', which the command has no way to configure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from agent.clock import SystemClock
from agent.metrics import Metrics, new_registry
from agent.pipeline import Pipeline, build_pipeline
from agent.scoring.base import Scorer
from streams.config import WorkerConfig
from streams.contact import BrokerContact
from streams.formats import Decoder
from streams.kafka_sink import KafkaSink
from streams.kafka_source import KafkaSource
from streams.kafka_state import KafkaStateReader
from streams.tap import Tap
from streams.watchdog import Watchdog

__all__ = ["OwnTap", "own_tap"]


class OwnTap(NamedTuple):
    """Parts that a test looks at."""

    tap: Tap
    pipeline: Pipeline
    metrics: Metrics


def own_tap(config: WorkerConfig, scorers: Sequence[Scorer], source: KafkaSource | None = None) -> OwnTap:
    """Put a tap together, warm; nothing is connected. ``source`` stands in for the ordinary one."""
    clock = SystemClock()
    metrics = Metrics(new_registry(), clock=clock)
    box: list[Tap] = []
    most_bytes = config.tap.max_record_bytes
    pipeline = build_pipeline(
        config,
        metrics=metrics,
        clock=clock,
        scorers=scorers,
        max_records=config.tap.max_in_flight_records,
        on_done=lambda: box[0].wake(),
    )
    tap = Tap(
        config=config,
        source=source or KafkaSource(config.kafka, config.topics.events, max_record_bytes=most_bytes),
        sink=KafkaSink(config.kafka, patience_seconds=60.0, max_message_bytes=most_bytes, clock=clock),
        state_reader=KafkaStateReader(config.kafka),
        decoder=Decoder({}, most_bytes),
        pipeline=pipeline,
        metrics=metrics,
        watchdog=Watchdog(clock, 60.0),
        contact=BrokerContact(clock, metrics),
        clock=clock,
    )
    box.append(tap)
    pipeline.warm_up()
    return OwnTap(tap, pipeline, metrics)
