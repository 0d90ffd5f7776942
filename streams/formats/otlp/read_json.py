"""OTLP's JSON encoding: lowerCamelCase, 64-bit integers as strings, ids in hexadecimal.

Source: OpenTelemetry protocol 1.x, "JSON Protobuf Encoding".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from agent.errors import DecodeError
from streams.formats.base import MAX_DEPTH, as_list, as_object, bounded_name, parse_json
from streams.formats.otlp.items import Item, bounded, unreadable

__all__ = ["read_json"]


def read_json(value: bytes) -> list[Item]:
    """Every span and log record of the document, in order; a span's own events are merged into its attributes."""
    document = as_object(parse_json(value), "top level")
    if document and "resourceLogs" not in document and "resourceSpans" not in document:
        raise DecodeError("missing_field", "resourceLogs or resourceSpans")
    return bounded(_items(document))


def _items(document: dict[str, object]) -> Iterator[Item]:
    for resources, scopes, records, read in _SIGNALS:
        for resource in _each(document, resources):
            if isinstance(resource, Item):
                yield resource
                continue
            try:
                service = _service(resource)
            except DecodeError as error:
                yield unreadable(error)
                continue
            for scope in _each(resource, scopes):
                if isinstance(scope, Item):
                    yield scope
                    continue
                for record in _each(scope, records):
                    yield record if isinstance(record, Item) else _read(read, record, service)


def _read(read: Callable[[dict[str, object], str], Item], record: dict[str, object], service: str) -> Item:
    try:
        return read(record, service)
    except DecodeError as error:
        return unreadable(error)


def _each(parent: dict[str, object], key: str) -> Iterator[dict[str, object] | Item]:
    """The objects of a list; in the place of what is none, and of what is no list, an item that says so."""
    children = parent.get(key)
    if children is None:
        return
    for child in children if isinstance(children, list) else (None,):
        yield child if isinstance(child, dict) else unreadable(DecodeError("wrong_type", key))


def _objects(parent: dict[str, object], key: str) -> Iterator[dict[str, object]]:
    children = parent.get(key)
    for child in as_list(children, key) if children is not None else ():
        yield as_object(child, key)


def _service(resource: dict[str, object]) -> str:
    described = resource.get("resource")
    attributes = _attributes(described) if isinstance(described, dict) else {}
    service = attributes.get("service.name")
    return bounded_name(service, "resource.service.name") if isinstance(service, str) else ""


def _attributes(parent: dict[str, object]) -> dict[str, object]:
    found = {}
    for pair in _objects(parent, "attributes"):
        key = pair.get("key")
        if isinstance(key, str):
            found[key] = _value(pair.get("value"), 0)
    return found


def _value(value: object, depth: int) -> object:
    """An ``AnyValue`` as a plain object; None for bytes and for kinds that are not known."""
    if depth > MAX_DEPTH:
        return None  # as of any JSON: what is nested without end must not cost the record's other calls
    if not isinstance(value, dict):
        return None
    for key in ("stringValue", "boolValue", "doubleValue"):
        if key in value:
            plain = value[key]
            return plain if isinstance(plain, (str, bool, int, float)) else None
    if "intValue" in value:
        number = value["intValue"]
        if isinstance(number, str):
            digits = number.removeprefix("-")
            return int(number) if len(number) <= 20 and digits.isascii() and digits.isdecimal() else None
        return number if isinstance(number, int) else None
    if isinstance(value.get("arrayValue"), dict):
        items = value["arrayValue"].get("values")
        return [_value(item, depth + 1) for item in as_list(items, "arrayValue")] if items is not None else []
    if isinstance(value.get("kvlistValue"), dict):
        pairs = {}
        for pair in _objects(value["kvlistValue"], "values"):
            if isinstance(pair.get("key"), str):
                pairs[str(pair["key"])] = _value(pair.get("value"), depth + 1)
        return pairs
    return None


def _time(*values: object) -> float | None:
    for value in values:
        if isinstance(value, str) and len(value) <= 20 and value.isdecimal():
            value = int(value)
        if isinstance(value, int) and 0 < value < 1 << 64:
            return value / 1e9
    return None


def _text(value: object) -> str:
    return value if isinstance(value, str) and len(value) <= 256 else ""


def _log(record: dict[str, object], service: str) -> Item:
    attributes = _attributes(record)
    return Item(
        name=_text(record.get("eventName")) or _text(attributes.get("event.name")),
        attributes=attributes,
        body=_value(record.get("body"), 0),
        service=service,
        time=_time(record.get("timeUnixNano"), record.get("observedTimeUnixNano")),
        trace_id=_text(record.get("traceId")).lower(),
        span_id=_text(record.get("spanId")).lower(),
    )


def _span(span: dict[str, object], service: str) -> Item:
    attributes = _attributes(span)
    for event in _objects(span, "events"):
        if _text(event.get("name")).startswith("gen_ai."):
            attributes.update(_attributes(event))
    status = span.get("status")
    return Item(
        name=_text(span.get("name")),
        attributes=attributes,
        service=service,
        time=_time(span.get("startTimeUnixNano")),
        trace_id=_text(span.get("traceId")).lower(),
        span_id=_text(span.get("spanId")).lower(),
        failed=isinstance(status, dict) and status.get("code") in (2, "STATUS_CODE_ERROR"),
    )


#: What stands in what, and what reads the innermost.
_SIGNALS: Final = (
    ("resourceLogs", "scopeLogs", "logRecords", _log),
    ("resourceSpans", "scopeSpans", "spans", _span),
)
