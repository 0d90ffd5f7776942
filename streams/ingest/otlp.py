"""OTLP/HTTP 1.x: export requests that are larger than a record in parts, and the answers that exporters expect.

Source: opentelemetry-specification ``specification/protocol/exporter.md``, and opentelemetry-proto
``docs/specification.md``, section OTLP/HTTP: a success is an export response in the encoding of the request; errors are
a ``google.rpc.Status``; 429 and 503, with ``Retry-After``, are sent again, 400 is not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final, NamedTuple, TypeAlias

import msgspec

from agent.errors import DecodeError
from streams.formats.base import MAX_EVENTS, as_list, as_object, parse_json

__all__ = ["Copies", "is_json", "split_export", "split_singly", "status_body", "success_body"]

#: What resource and scope may take beside the records of one part.
_SHELL_SHARE: Final = 0.5
#: Every part has its resource and scope, so that parts together are larger than their request: so much larger at most.
_COPIED_BYTES: Final = 8 * 1024 * 1024
_COPIED_TIMES: Final = 4


class _Sized(NamedTuple):
    """A log record or span, about how many bytes it takes, and which span it is of."""

    record: Any
    size: int
    span: object


#: Which records go together, of those of one scope; told how large resource and scope are.
_Divide: TypeAlias = Callable[[Sequence[_Sized], int], Iterator[list[Any]]]
_SIGNALS: Final = (("resourceLogs", "scopeLogs", "logRecords"), ("resourceSpans", "scopeSpans", "spans"))


def is_json(content_type: str) -> bool:
    return content_type.partition(";")[0].strip().lower() == "application/json"


def success_body(content_type: str, *, spans: bool = False, rejected: int = 0, reason: str = "") -> bytes:
    """An export response: empty when all was taken, else how many log records or spans were not, and why."""
    if is_json(content_type):
        if not rejected:
            return b"{}"
        name = "rejectedSpans" if spans else "rejectedLogRecords"
        return msgspec.json.encode({"partialSuccess": {name: str(rejected), "errorMessage": reason}})
    if not rejected:
        return b""
    text = reason.encode()[:64]
    inner = b"\x08" + _varint(rejected) + bytes((0x12, len(text))) + text
    return bytes((0x0A, len(inner))) + inner


def status_body(content_type: str, code: int, message: str) -> bytes:
    """``google.rpc.Status``; its codes are gRPC's."""
    if is_json(content_type):
        return msgspec.json.encode({"code": code, "message": message})
    text = message.encode()[:127]
    return bytes((0x08, code, 0x12, len(text))) + text


class Copies:
    """How many bytes the parts of one request of ``size`` may have together, also when they are made again and again.

    A kilobyte of gzip holds a resource of half a megabyte and a hundred thousand empty records: in parts, 50 GB.
    """

    def __init__(self, size: int) -> None:
        self._left = _COPIED_BYTES + _COPIED_TIMES * size

    def kept(self, parts: Iterator[bytes]) -> list[bytes]:
        """The parts; each is looked at before the next is made.

        Raises
        ------
        DecodeError
            ``too_large`` when they are too many, or too much.
        """
        kept: list[bytes] = []
        for part in parts:
            self._left -= len(part)
            if self._left < 0 or len(kept) >= MAX_EVENTS:
                raise DecodeError("too_large", "parts of a batch, each with its resource and scope")
            kept.append(part)
        return kept


def split_export(body: bytes, content_type: str, most: int) -> Sequence[bytes]:
    """The request as it is, or in several of at most ``most`` bytes, each with its resource and scope.

    A part is larger only for one log record or span that is: whoever takes the parts leaves that one out. Log records
    of one span, which may be the messages of one call, stay together where they fit.

    Raises
    ------
    DecodeError
        When it has to be taken apart and cannot be; ``too_large`` for too many parts.
    """
    if len(body) <= most:
        return [body]
    return Copies(len(body)).kept(_split(body, content_type, partial(_fitting, most)))


def split_singly(body: bytes, content_type: str, copies: Copies, *, by_span: bool = False) -> Sequence[bytes]:
    """A request in as many as it has log records or spans; itself where that cannot be told, or is too much.

    Parameters
    ----------
    by_span
        Log records of one span and scope stay together: they may be the messages of one call.
    """
    try:
        return copies.kept(_split(body, content_type, _by_span if by_span else _singly)) or [body]
    except DecodeError:
        return [body]


def _split(body: bytes, content_type: str, divide: _Divide) -> Iterator[bytes]:
    return _split_json(body, divide) if is_json(content_type) else _split_proto(body, divide)


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes((*out, number))


def _split_proto(body: bytes, divide: _Divide) -> Iterator[bytes]:
    """Logs and traces have the same outline, field for field: what logs do not know of a span stays as it is."""
    from google.protobuf.message import DecodeError as ProtobufError
    from opentelemetry.proto.collector.logs.v1 import logs_service_pb2
    from opentelemetry.proto.collector.trace.v1 import trace_service_pb2

    kinds: tuple[tuple[Any, str, str, str], ...] = (
        (trace_service_pb2.ExportTraceServiceRequest, "resource_spans", "scope_spans", "spans"),
        (logs_service_pb2.ExportLogsServiceRequest, "resource_logs", "scope_logs", "log_records"),
    )
    for kind, resources, scopes, records in kinds:
        try:
            whole = kind.FromString(body)
        except (ProtobufError, UnicodeError, RecursionError):
            continue
        for resource in getattr(whole, resources):
            for scope in getattr(resource, scopes):
                shell = kind()
                outer = getattr(shell, resources).add()
                outer.resource.CopyFrom(resource.resource)
                inner = getattr(outer, scopes).add()
                inner.scope.CopyFrom(scope.scope)
                sized = [
                    _Sized(each, each.ByteSize() + 8, (each.trace_id, each.span_id) if each.span_id else None)
                    for each in getattr(scope, records)
                ]
                for group in divide(sized, shell.ByteSize()):
                    del getattr(inner, records)[:]
                    getattr(inner, records).extend(group)
                    yield shell.SerializeToString()
        return
    raise DecodeError("bad_protobuf", "export request")


def _split_json(body: bytes, divide: _Divide) -> Iterator[bytes]:
    document = as_object(parse_json(body), "")
    for resources, scopes, records in _SIGNALS:
        for resource in _objects(document, resources):
            for scope in _objects(resource, scopes):
                outer = {key: value for key, value in resource.items() if key != scopes}
                inner = {key: value for key, value in scope.items() if key != records}
                shell = len(msgspec.json.encode({resources: [{**outer, scopes: [inner]}]})) + 64
                listed = as_list(scope.get(records) or [], records)
                sized = [_Sized(each, len(msgspec.json.encode(each)) + 1, _span_of(each)) for each in listed]
                for group in divide(sized, shell):
                    yield msgspec.json.encode({resources: [{**outer, scopes: [{**inner, records: group}]}]})


def _objects(parent: Mapping[str, object], name: str) -> list[dict[str, object]]:
    return [as_object(each, name) for each in as_list(parent.get(name) or [], name)]


def _span_of(record: object) -> object:
    """The span of a log record in JSON; None where it names none."""
    if not isinstance(record, dict):
        return None
    place = record.get("traceId"), record.get("spanId")
    return place if all(isinstance(part, str) for part in place) and place[1] else None


def _singly(sized: Sequence[_Sized], shell: int) -> Iterator[list[Any]]:
    del shell
    return ([each.record] for each in sized)


def _by_span(sized: Sequence[_Sized], shell: int) -> Iterator[list[Any]]:
    del shell
    return ([each.record for each in group] for group in _spans(sized))


def _fitting(most: int, sized: Sequence[_Sized], shell: int) -> Iterator[list[Any]]:
    """As many as fit. A shell of most of a record would multiply the bytes by the number of parts."""
    if shell > most * _SHELL_SHARE:
        raise DecodeError("too_large", "resource and scope")
    room = most - shell - 64
    group: list[Any] = []
    used = 0
    for span in _spans(sized):
        size = sum(each.size for each in span)
        for unit, unit_size in [(span, size)] if size <= room else [([each], each.size) for each in span]:
            if group and used + unit_size > room:
                yield group
                group, used = [], 0
            group += (each.record for each in unit)
            used += unit_size
    if group:
        yield group


def _spans(sized: Sequence[_Sized]) -> Iterable[list[_Sized]]:
    """What belongs to one span, and each that belongs to none, in the order in which they begin."""
    found: dict[object, list[_Sized]] = {}
    for number, each in enumerate(sized):
        found.setdefault(number if each.span is None else each.span, []).append(each)
    return found.values()
