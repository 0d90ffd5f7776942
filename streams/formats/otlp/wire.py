"""OTLP's protobuf encoding by hand: down to the log records and spans, and into one that protobuf refuses.

protobuf refuses a message as a whole, for one record that nests deeper than a hundred messages (thirty objects in a
tool call's arguments are enough) or has a text that is no UTF-8. Whoever gets a model to call a tool so must not hide
the calls of others that travel in the same batch, nor its own.

Everything here looks at each byte a bounded number of times, and raises ``bad_protobuf`` and nothing else.

Source: protobuf's encoding guide; opentelemetry-proto ``logs.proto``, ``trace.proto`` and ``common.proto``.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

from agent.errors import DecodeError
from streams.formats.base import MAX_DEPTH, bounded_name
from streams.formats.otlp.items import Item

__all__ = ["Field", "embedded", "hand_read", "identity", "others", "service_of", "span_request"]

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_STATUS_ERROR: Final = 2


class Field(NamedTuple):
    """One field: where its tag begins, and where its content does and ends."""

    number: int
    kind: int
    begin: int
    at: int
    end: int


def _varint(data: bytes, at: int, end: int) -> tuple[int, int]:
    number = shift = 0
    while at < end and shift < 70:
        byte = data[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, at
        shift += 7
    raise DecodeError("bad_protobuf", "a number without an end")


def _fields(data: bytes, at: int, end: int) -> Iterator[Field]:
    """The fields of a message, in order; groups, which no message of OTLP has, are ``bad_protobuf``."""
    while at < end:
        begin, tag = at, data[at]
        if tag < 0x80:
            at += 1
        else:
            tag, at = _varint(data, at, end)
        number, kind = tag >> 3, tag & 7
        if not 0 < number < 1 << 29:
            raise DecodeError("bad_protobuf", "a field's number")
        if kind == _BYTES:
            if at < end and data[at] < 0x80:
                length, at = data[at], at + 1
            else:
                length, at = _varint(data, at, end)
            stop = at + length
        elif kind == _VARINT:
            stop = _varint(data, at, end)[1]
        elif kind in (_FIXED64, _FIXED32):
            stop = at + (8 if kind == _FIXED64 else 4)
        else:
            raise DecodeError("bad_protobuf", "a field's type")
        if stop > end:
            raise DecodeError("bad_protobuf", "a field without its end")
        yield Field(number, kind, begin, at, stop)
        at = stop


def embedded(data: bytes, at: int, end: int, number: int) -> Iterator[Field]:
    """The messages within a message that have this number."""
    return (field for field in _fields(data, at, end) if field.number == number and field.kind == _BYTES)


def others(data: bytes, at: int, end: int, number: int) -> bytes:
    """All fields of a message but those that have this number, as they came."""
    return b"".join(data[field.begin : field.end] for field in _fields(data, at, end) if field.number != number)


def span_request(value: bytes) -> bool:
    """Whether a request is of spans, by the first record that can be read: logs have the same outline.

    A span has ids of 16 and 8 bytes in fields 1 and 2, where a log record has a time and a severity.
    """
    try:
        for resource in embedded(value, 0, len(value), 1):
            for scope in embedded(value, resource.at, resource.end, 2):
                for record in embedded(value, scope.at, scope.end, 2):
                    try:
                        trace, ident = _ids(value, record.at, record.end, 1, 2)
                    except DecodeError:
                        continue
                    return len(trace) == 16 and len(ident) == 8
    except DecodeError:
        pass
    return False


def identity(data: bytes, at: int, end: int, *, span: bool) -> tuple[bytes, bytes] | None:
    """The ids of trace and span of a log record or span; None where it names no span, or cannot be read."""
    try:
        trace, ident = _ids(data, at, end, *((1, 2) if span else (9, 10)))
    except DecodeError:
        return None
    return (trace, ident) if ident else None


def _ids(data: bytes, at: int, end: int, trace: int, ident: int) -> tuple[bytes, bytes]:
    found = {trace: b"", ident: b""}
    for field in _fields(data, at, end):
        if field.number not in found:
            continue
        if field.kind != _BYTES:
            return b"", b""
        found[field.number] = data[field.at : field.end]
        if field.number == ident and found[trace]:
            break
    return found[trace], found[ident]


def service_of(data: bytes, at: int, end: int) -> str:
    """``service.name`` of a ``Resource``."""
    for field in embedded(data, at, end, 1):
        key, value = _pair(data, field, 0)
        if key == "service.name":
            return bounded_name(value, "resource.service.name") if isinstance(value, str) else ""
    return ""


def hand_read(data: bytes, at: int, end: int, service: str, *, span: bool) -> Item:
    """A log record or span that protobuf refuses. Deeper than `MAX_DEPTH` values are None, as of any JSON; what is no
    UTF-8 in a text becomes U+FFFD.
    """
    return _span(data, at, end, service) if span else _log(data, at, end, service)


def _log(data: bytes, at: int, end: int, service: str) -> Item:
    attributes: dict[str, object] = {}
    name, body, times, ids = "", None, {1: 0, 11: 0}, {9: "", 10: ""}
    for field in _fields(data, at, end):
        number, kind = field.number, field.kind
        if number in times and kind == _FIXED64:
            times[number] = int.from_bytes(data[field.at : field.end], "little")
        elif kind != _BYTES:
            continue
        elif number == 5:
            body = _value(data, field.at, field.end, 0)
        elif number == 6:
            key, value = _pair(data, field, 0)
            attributes[key] = value
        elif number in ids:
            ids[number] = data[field.at : field.end].hex()
        elif number == 12:
            name = _text(data, field)
    named = name or attributes.get("event.name")
    return Item(
        name=named if isinstance(named, str) else "",
        attributes=attributes,
        body=body,
        service=service,
        time=(times[1] or times[11]) / 1e9 or None,
        trace_id=ids[9],
        span_id=ids[10],
    )


def _span(data: bytes, at: int, end: int, service: str) -> Item:
    attributes: dict[str, object] = {}
    of_events: dict[str, object] = {}
    name, time, failed, ids = "", 0, False, {1: "", 2: ""}
    for field in _fields(data, at, end):
        number, kind = field.number, field.kind
        if number == 7 and kind == _FIXED64:
            time = int.from_bytes(data[field.at : field.end], "little")
        elif kind != _BYTES:
            continue
        elif number in ids:
            ids[number] = data[field.at : field.end].hex()
        elif number == 5:
            name = _text(data, field)
        elif number == 9:
            key, value = _pair(data, field, 0)
            attributes[key] = value
        elif number == 11:
            of_events |= _event(data, field)
        elif number == 15:
            failed = any(
                each.number == 3 and each.kind == _VARINT and _varint(data, each.at, each.end)[0] == _STATUS_ERROR
                for each in _fields(data, field.at, field.end)
            )
    return Item(
        name=name,
        attributes=attributes | of_events,
        service=service,
        time=time / 1e9 or None,
        trace_id=ids[1],
        span_id=ids[2],
        failed=failed,
    )


def _event(data: bytes, event: Field) -> dict[str, object]:
    """What an event of a span says of a call of a model."""
    named = [_text(data, field) for field in embedded(data, event.at, event.end, 2)]
    if not named or not named[-1].startswith("gen_ai."):
        return {}
    return dict(_pair(data, field, 0) for field in embedded(data, event.at, event.end, 3))


def _text(data: bytes, field: Field) -> str:
    return data[field.at : field.end].decode("utf-8", "replace")


def _pair(data: bytes, pair: Field, depth: int) -> tuple[str, object]:
    """A ``KeyValue``."""
    key, value = "", None
    for field in _fields(data, pair.at, pair.end):
        if field.kind == _BYTES and field.number == 1:
            key = _text(data, field)
        elif field.kind == _BYTES and field.number == 2:
            value = _value(data, field.at, field.end, depth)
    return key, value


def _value(data: bytes, at: int, end: int, depth: int) -> object:
    """An ``AnyValue`` as a plain object; None for bytes and for kinds that are not known."""
    if depth > MAX_DEPTH:
        return None
    found: object = None
    for field in _fields(data, at, end):
        match field.number, field.kind:
            case 1, 2:
                found = _text(data, field)
            case 2, 0:
                found = bool(_varint(data, field.at, field.end)[0])
            case 3, 0:
                number = _varint(data, field.at, field.end)[0] & 0xFFFF_FFFF_FFFF_FFFF
                found = number - (number >> 63 << 64)
            case 4, 1:
                found = struct.unpack_from("<d", data, field.at)[0]
            case 5, 2:
                inner = embedded(data, field.at, field.end, 1)
                found = [_value(data, item.at, item.end, depth + 1) for item in inner]
            case 6, 2:
                inner = embedded(data, field.at, field.end, 1)
                found = dict(_pair(data, pair, depth + 1) for pair in inner)
            case 7, 2:
                found = None
    return found
