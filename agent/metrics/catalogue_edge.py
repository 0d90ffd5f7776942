"""Metrics of the processes that bring traffic to Kafka: each exposes its own, on its own port, and the worker none."""

from __future__ import annotations

from agent.metrics.catalogue import MetricSpec

__all__ = ["INGEST_METRICS", "PROXY_METRICS"]

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

_PROXY = (
    _spec("harmwatch_proxy_build_info", "gauge", "version python", "Always 1; the labels say what runs."),
    _spec("harmwatch_proxy_start_time_seconds", "gauge", "", "When the tap's process began."),
    _spec(
        "harmwatch_proxy_requests_total",
        "counter",
        "outcome",
        "Requests that ended, by how; only complete ones have had the whole response.",
        "complete",
        "client_gone",
        "server_broke_off",
        "refused",
        "unreachable",
        "timeout",
    ),
    _spec(
        "harmwatch_proxy_responses_total",
        "counter",
        "class",
        "Responses passed on, by class of status.",
        "2xx",
        "3xx",
        "4xx",
        "5xx",
    ),
    _spec("harmwatch_proxy_response_bytes_total", "counter", "", "Bytes of bodies passed to clients."),
    _spec("harmwatch_proxy_taps_total", "counter", "", "Calls that were copied for scoring."),
    _spec(
        "harmwatch_proxy_taps_kept_total",
        "counter",
        "where",
        "Copies taken in charge, by who had them first: kafka, spool, or core.",
        "kafka",
        "spool",
        "core",
    ),
    _spec(
        "harmwatch_proxy_taps_dropped_total",
        "counter",
        "reason",
        "Copies given up. Their requests were answered all the same.",
        "backlog",
        "process",
        "sink_full",
        "too_large",
        "unreadable",
    ),
    _spec(
        "harmwatch_proxy_not_tapped_total",
        "counter",
        "reason",
        "Requests passed that are none to tap: by their method (no POST), their route, or the status of the response.",
        "method",
        "route",
        "status",
    ),
    _spec(
        "harmwatch_proxy_taps_truncated_total", "counter", "", "Copies without the end of a body, which passed whole."
    ),
    _spec(
        "harmwatch_proxy_taps_cut_total", "counter", "", "Copies of responses that the client or the server broke off."
    ),
    _spec("harmwatch_proxy_repeated_ids_total", "counter", "", "Calls whose id an earlier one had; they got another."),
    _spec("harmwatch_proxy_tap_restarts_total", "counter", "", "Times that the tap's process ended and began anew."),
    _spec("harmwatch_proxy_connections", "gauge", "side", "Open connections, of clients and to the server."),
    _spec("harmwatch_proxy_open_requests", "gauge", "", "Calls that are going on."),
    _spec(
        "harmwatch_proxy_held_bytes",
        "gauge",
        "where",
        "Copies of open calls, in the backlog between the processes, in the queue, in the spool.",
    ),
    _spec("harmwatch_proxy_spool_records", "gauge", "", "Copies that wait on the disk."),
    _spec(
        "harmwatch_proxy_spool_damaged_total",
        "counter",
        "kind",
        "Files kept for people since they cannot be read to their end, and copies that Kafka refuses for ever.",
        "segment",
        "record",
    ),
    _spec("harmwatch_proxy_spool_limit_bytes", "gauge", "", "Size from which the spool refuses; 0 without a spool."),
    _spec("harmwatch_proxy_kafka_connected", "gauge", "", "1 while Kafka takes records; absent without Kafka."),
    _spec(
        "harmwatch_proxy_slowest_turn_seconds", "gauge", "", "Longest that the loop was late in the last half second."
    ),
)

#: What `harmwatch ingest` exposes. Its own names also for what a worker has: rules that count workers do not see it.
INGEST_METRICS: dict[str, MetricSpec] = {spec.name: spec for spec in _INGEST}

#: What `harmwatch proxy` exposes; beside them, when it scores itself, a worker's own.
PROXY_METRICS: dict[str, MetricSpec] = {spec.name: spec for spec in _PROXY}
