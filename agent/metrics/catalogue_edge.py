"""Metrics of the processes that bring traffic to Kafka: each exposes its own, on its own port, and the worker none."""

from __future__ import annotations

from agent.metrics.catalogue import MetricSpec

__all__ = ["INGEST_METRICS"]

_SECONDS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)


def _spec(name: str, kind: str, labels: str, text: str, *preset: str) -> MetricSpec:
    sets = tuple((value,) for value in preset)
    buckets = _SECONDS if kind == "histogram" else ()
    return MetricSpec(name, kind, tuple(labels.split()), text, buckets, sets)  # type: ignore[arg-type]


_INGEST = (
    _spec("harmwatch_ingest_build_info", "gauge", "version python", "Always 1; the labels say what runs."),
    _spec("harmwatch_ingest_start_time_seconds", "gauge", "", "When the receiver, and its counters, began, Unix time."),
    _spec(
        "harmwatch_ingest_requests_total",
        "counter",
        "route result",
        "Requests by what became of them: taken, ignored, bad, too_large, slow, denied, busy, unavailable or failed.",
    ),
    _spec(
        "harmwatch_ingest_records_total",
        "counter",
        "held",
        "Records acknowledged, by who had them then: kafka or spool.",
        "kafka",
        "spool",
    ),
    _spec(
        "harmwatch_ingest_events_total",
        "counter",
        "format",
        "Inference events in the records that were acknowledged.",
    ),
    _spec("harmwatch_ingest_bad_bodies_total", "counter", "reason", "Bodies of which nothing was taken, by why."),
    _spec(
        "harmwatch_ingest_refused_total",
        "counter",
        "reason",
        "Requests told to come again: busy (too much in memory), spool (it is full), away (Kafka is, and no spool).",
        "busy",
        "spool",
        "away",
    ),
    _spec("harmwatch_ingest_request_seconds", "histogram", "route", "From a request's head to its acknowledgement."),
    _spec("harmwatch_ingest_body_bytes", "gauge", "", "Bodies of requests that are held in memory."),
    _spec("harmwatch_ingest_pending_bytes", "gauge", "", "Records in memory that neither Kafka nor the disk has yet."),
    _spec("harmwatch_ingest_kafka_connected", "gauge", "", "1 while Kafka takes records, 0 otherwise."),
    _spec("harmwatch_ingest_drained_total", "counter", "", "Records that Kafka has got by way of the spool."),
    _spec("harmwatch_ingest_spool_records", "gauge", "", "Acknowledged records that wait on the disk."),
    _spec("harmwatch_ingest_spool_bytes", "gauge", "", "Size of the spool's files."),
    _spec("harmwatch_ingest_spool_limit_bytes", "gauge", "", "Size from which the spool refuses; 0 without a spool."),
    _spec("harmwatch_ingest_spool_age_seconds", "gauge", "", "How long the oldest record has waited on the disk."),
    _spec(
        "harmwatch_ingest_spool_damaged_total",
        "counter",
        "kind",
        "Files kept for people since they cannot be read to their end, and records that Kafka refuses for ever.",
        "segment",
        "record",
    ),
)

#: What `harmwatch ingest` exposes. Its own names also for what a worker has: rules that count workers do not see it.
INGEST_METRICS: dict[str, MetricSpec] = {spec.name: spec for spec in _INGEST}
