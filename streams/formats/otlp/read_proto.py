"""OTLP's protobuf encoding, the default of the collector's Kafka exporter.

protobuf and opentelemetry-proto are imported when the first such record arrives.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from agent.errors import DecodeError
from streams.formats.base import MAX_DEPTH, bounded_name
from streams.formats.otlp.items import Item, bounded, unreadable
from streams.formats.otlp.wire import embedded, hand_read, service_of, span_request

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
    """Every span or log record of an export request; those that protobuf refuses are read by hand.

    Logs and traces are told apart by the ids that a span must have: the messages have the same outline, and bytes of
    the one parse as the other with unknown fields.

    Raises
    ------
    DecodeError
        ``bad_protobuf`` when not even the outline can be read.
    """
    from google.protobuf.message import DecodeError as ProtobufError
    from opentelemetry.proto.collector.logs.v1 import logs_service_pb2
    from opentelemetry.proto.collector.trace.v1 import trace_service_pb2

    parsing_errors = (ProtobufError, UnicodeError, RecursionError)
    if span_request(value):
        try:
            traces = trace_service_pb2.ExportTraceServiceRequest.FromString(value)
        except parsing_errors:
            return _read_apart(value, parsing_errors, span=True)
        return bounded(
            _span(span, service)
            for resource in traces.resource_spans
            for service in (_service(resource.resource),)
            for scope in resource.scope_spans
            for span in scope.spans
        )
    try:
        logs = logs_service_pb2.ExportLogsServiceRequest.FromString(value)
    except parsing_errors:
        return _read_apart(value, parsing_errors, span=False)
    return bounded(
        _log(record, service)
        for resource in logs.resource_logs
        for service in (_service(resource.resource),)
        for scope in resource.scope_logs
        for record in scope.log_records
    )


def _read_apart(value: bytes, parsing_errors: tuple[type[Exception], ...], *, span: bool) -> list[Item]:
    """Record by record, when protobuf refuses the whole."""
    from opentelemetry.proto.logs.v1 import logs_pb2
    from opentelemetry.proto.trace.v1 import trace_pb2

    kind: Any = trace_pb2.Span if span else logs_pb2.LogRecord

    def read(at: int, end: int, service: str) -> Item:
        try:
            record = kind.FromString(value[at:end])
        except parsing_errors:
            return hand_read(value, at, end, service, span=span)
        return _span(record, service) if span else _log(record, service)

    def items() -> Iterator[Item]:
        for resource in embedded(value, 0, len(value), 1):
            service = ""
            for described in embedded(value, resource.at, resource.end, 1):
                service = service_of(value, described.at, described.end)
            for scope in embedded(value, resource.at, resource.end, 2):
                for field in embedded(value, scope.at, scope.end, 2):
                    try:
                        yield read(field.at, field.end, service)
                    except DecodeError as error:
                        yield unreadable(error)

    try:
        return bounded(items())
    except DecodeError as error:
        if error.reason != "bad_protobuf":
            raise
    raise DecodeError("bad_protobuf", "ExportTraceServiceRequest" if span else "ExportLogsServiceRequest")


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
