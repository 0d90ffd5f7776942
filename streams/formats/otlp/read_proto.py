"""OTLP's protobuf encoding, the default of the collector's Kafka exporter.

protobuf and opentelemetry-proto are imported when the first such record arrives.
"""

from __future__ import annotations

from typing import Any

from agent.errors import DecodeError
from streams.formats.base import MAX_DEPTH, bounded_name
from streams.formats.otlp.items import Item, bounded

__all__ = ["looks_like_otlp", "read_proto"]

_STATUS_ERROR = 2


def looks_like_otlp(value: bytes) -> bool:
    """Whether the bytes are one or more length-prefixed fields number 1 to the very end, as an export request is."""
    position = fields = 0
    while position < len(value):
        if value[position] != 0x0A:
            return False
        length, shift = 0, 0
        while True:
            position += 1
            if position >= len(value) or shift > 28:
                return False
            length |= (value[position] & 0x7F) << shift
            shift += 7
            if value[position] < 0x80:
                break
        position += 1
        if not length or position + length > len(value) or value[position] not in (0x0A, 0x12, 0x1A):
            return False
        position += length
        fields += 1
    return fields > 0


def read_proto(value: bytes) -> list[Item]:
    """Every span or log record of an export request.

    Logs and traces are told apart by the ids that every span must have (16 and 8 bytes): the messages have the same
    outline, and bytes of the one parse as the other with unknown fields.

    Raises
    ------
    DecodeError
        ``bad_protobuf``.
    """
    from google.protobuf.message import DecodeError as ProtobufError
    from opentelemetry.proto.collector.logs.v1 import logs_service_pb2
    from opentelemetry.proto.collector.trace.v1 import trace_service_pb2

    parsing_errors = (ProtobufError, UnicodeError, RecursionError)
    traces: Any = None
    try:
        traces = trace_service_pb2.ExportTraceServiceRequest.FromString(value)
    except parsing_errors:
        pass
    if traces is not None:
        spans = [
            (span, resource.resource)
            for resource in traces.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]
        if spans and all(len(span.trace_id) == 16 and len(span.span_id) == 8 for span, _ in spans):
            return bounded(_span(span, _service(resource)) for span, resource in spans)
    try:
        logs = logs_service_pb2.ExportLogsServiceRequest.FromString(value)
    except parsing_errors:
        raise DecodeError("bad_protobuf", "ExportLogsServiceRequest") from None
    return bounded(
        _log(record, _service(resource.resource))
        for resource in logs.resource_logs
        for scope in resource.scope_logs
        for record in scope.log_records
    )


def _service(resource: Any) -> str:
    for pair in resource.attributes:
        if pair.key == "service.name":
            return bounded_name(pair.value.string_value, "resource.service.name")
    return ""


def _attributes(pairs: Any) -> dict[str, object]:
    return {pair.key: _value(pair.value, 0) for pair in pairs}


def _value(value: Any, depth: int) -> object:
    if depth > MAX_DEPTH:
        return None  # as of any JSON: what is nested without end must not cost the record's other calls
    kind = value.WhichOneof("value")
    if kind in ("string_value", "bool_value", "int_value", "double_value"):
        plain: object = getattr(value, kind)
        return plain
    if kind == "array_value":
        return [_value(item, depth + 1) for item in value.array_value.values]
    if kind == "kvlist_value":
        return {pair.key: _value(pair.value, depth + 1) for pair in value.kvlist_value.values}
    return None


def _time(nanoseconds: int) -> float | None:
    return nanoseconds / 1e9 if nanoseconds else None


def _log(record: Any, service: str) -> Item:
    attributes = _attributes(record.attributes)
    name = record.event_name or attributes.get("event.name")
    return Item(
        name=name if isinstance(name, str) else "",
        attributes=attributes,
        body=_value(record.body, 0),
        service=service,
        time=_time(record.time_unix_nano or record.observed_time_unix_nano),
        trace_id=record.trace_id.hex(),
        span_id=record.span_id.hex(),
    )


def _span(span: Any, service: str) -> Item:
    attributes = _attributes(span.attributes)
    for event in span.events:
        if event.name.startswith("gen_ai."):
            attributes.update(_attributes(event.attributes))
    return Item(
        name=span.name,
        attributes=attributes,
        service=service,
        time=_time(span.start_time_unix_nano),
        trace_id=span.trace_id.hex(),
        span_id=span.span_id.hex(),
        failed=span.status.code == _STATUS_ERROR,
    )
