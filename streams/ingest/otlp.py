"""OTLP/HTTP 1.x: export requests that are larger than a record in parts, and the answers that exporters expect.

Source: opentelemetry-specification ``specification/protocol/exporter.md``, and opentelemetry-proto
``docs/specification.md``, section OTLP/HTTP: a success is an export response in the encoding of the request; errors are
a ``google.rpc.Status``; 429 and 503, with ``Retry-After``, are sent again, 400 is not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import Any, Final, NamedTuple, TypeAlias

import msgspec

from agent.errors import DecodeError
from streams.formats.base import MAX_EVENTS, as_object, parse_json
from streams.formats.otlp.items import MAX_ITEMS
from streams.formats.otlp.wire import embedded, identity, others, span_request

__all__ = ["Copies", "Piece", "Where", "is_json", "split_export", "split_singly", "status_body", "success_body"]

#: What resource and scope may take beside the records of one part.
_SHELL_SHARE: Final = 0.5
#: Every part has its resource and scope, so that parts together are larger than their request: so much larger at most.
_COPIED_BYTES: Final = 8 * 1024 * 1024
_COPIED_TIMES: Final = 4
#: Of what an exporter is told; its people read it in a log.
_MOST_MESSAGE: Final = 500


class Where(NamedTuple):
    """Where the records of a piece stand in the request: in which list, and there at which places."""

    listed: str
    numbers: Sequence[int]

    @property
    def first(self) -> str:
        return f"{self.listed}[{self.numbers[0]}]"

    def within(self, outer: Where | None) -> Where:
        """The same as seen from the request, of a piece of a piece of it."""
        if outer is None:
            return self
        if "." not in outer.listed or "." not in self.listed:  # not down to records: one thing that is none
            return outer
        return Where(outer.listed, [outer.numbers[number] for number in self.numbers])


class Piece(NamedTuple):
    """A request of some of another's records."""

    value: bytes
    where: Where | None = None


class _Sized(NamedTuple):
    """A log record or span, at which place of its scope, about how many bytes it takes, and which span it is of."""

    record: Any
    number: int
    size: int
    span: object


#: Which records go together, of those of one scope; told how large resource and scope are.
_Divide: TypeAlias = Callable[[Sequence[_Sized], int], Iterator[Sequence[_Sized]]]
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
    inner = b"\x08" + _varint(rejected) + _field(0x12, reason[:_MOST_MESSAGE].encode("utf-8", "replace"))
    return _field(0x0A, inner)


def status_body(content_type: str, code: int, message: str) -> bytes:
    """``google.rpc.Status``; its codes are gRPC's."""
    if is_json(content_type):
        return msgspec.json.encode({"code": code, "message": message})
    return bytes((0x08, code)) + _field(0x12, message[:_MOST_MESSAGE].encode("utf-8", "replace"))


class Copies:
    """How many bytes the parts of one request of ``size`` may have together, also when they are made again and again.

    A kilobyte of gzip holds a resource of half a megabyte and a hundred thousand empty records: in parts, 50 GB.
    """

    def __init__(self, size: int) -> None:
        self._left = _COPIED_BYTES + _COPIED_TIMES * size

    def kept(self, parts: Iterator[Piece]) -> list[Piece]:
        """The parts; each is looked at before the next is made.

        Raises
        ------
        DecodeError
            ``too_large`` when they are too many, or too much.
        """
        kept: list[Piece] = []
        for part in parts:
            self._left -= len(part.value)
            if self._left < 0 or len(kept) >= MAX_EVENTS:
                raise DecodeError("too_large", "parts of a batch, each with its resource and scope")
            kept.append(part)
        return kept


def split_export(body: bytes, content_type: str, most: int) -> Sequence[Piece]:
    """The request as it is, or in several of at most ``most`` bytes, each with its resource and scope.

    A part is larger only for one log record or span that is: whoever takes the parts leaves that one out. Log records
    of one span, which may be the messages of one call, stay together where they fit.

    Raises
    ------
    DecodeError
        When it has to be taken apart and cannot be; ``too_large`` for too many parts.
    """
    if len(body) <= most:
        return [Piece(body)]
    return Copies(len(body)).kept(_split(body, content_type, partial(_fitting, most)))


def split_singly(body: bytes, content_type: str, copies: Copies, *, by_span: bool = False) -> Sequence[Piece]:
    """A request in as many as it has log records or spans; itself where that cannot be told, or is too much.

    Parameters
    ----------
    by_span
        Log records of one span and scope stay together: they may be the messages of one call.
    """
    try:
        return copies.kept(_split(body, content_type, _by_span if by_span else _singly)) or [Piece(body)]
    except DecodeError:
        return [Piece(body)]


def _split(body: bytes, content_type: str, divide: _Divide) -> Iterator[Piece]:
    return _split_json(body, divide) if is_json(content_type) else _split_proto(body, divide)


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes((*out, number))


def _field(tag: int, content: bytes) -> bytes:
    return bytes((tag,)) + _varint(len(content)) + content


def _split_proto(body: bytes, divide: _Divide) -> Iterator[Piece]:
    """By the outline alone, which logs and traces have the same: protobuf refuses all for one bad record.

    Records, and whatever else stands beside them in resource and scope, stay as they came.
    """
    span = span_request(body)
    resources, scopes, records = _SIGNALS[span]
    left = MAX_ITEMS
    for number, resource in enumerate(embedded(body, 0, len(body), 1)):
        outer = others(body, resource.at, resource.end, 2)
        for place, scope in enumerate(embedded(body, resource.at, resource.end, 2)):
            inner = others(body, scope.at, scope.end, 2)
            found = enumerate(embedded(body, scope.at, scope.end, 2))
            sized = [
                _Sized(
                    body[each.begin : each.end], at, each.end - each.begin, identity(body, each.at, each.end, span=span)
                )
                for at, each in islice(found, left + 1)
            ]
            left = _left(left, len(sized))
            for group in divide(sized, len(outer) + len(inner)):
                whole = inner + b"".join(each.record for each in group)
                where = Where(f"{resources}[{number}].{scopes}[{place}].{records}", [each.number for each in group])
                yield Piece(_field(0x0A, outer + _field(0x12, whole)), where)


def _split_json(body: bytes, divide: _Divide) -> Iterator[Piece]:
    """What is no resource, scope or list of them is a piece by itself, and no more bad than one bad record."""
    document = as_object(parse_json(body), "")
    left = MAX_ITEMS
    for resources, scopes, records in _SIGNALS:
        if not _is_list(document, resources):
            yield Piece(msgspec.json.encode({resources: document[resources]}))
            continue
        for number, resource in enumerate(_listed(document, resources)):
            at = Where(resources, [number])
            if not isinstance(resource, dict) or not _is_list(resource, scopes):
                yield Piece(msgspec.json.encode({resources: [resource]}), at)
                continue
            outer = {key: value for key, value in resource.items() if key != scopes}
            for place, scope in enumerate(_listed(resource, scopes)):
                at = Where(f"{resources}[{number}].{scopes}", [place])
                if not isinstance(scope, dict) or not _is_list(scope, records):
                    yield Piece(msgspec.json.encode({resources: [{**outer, scopes: [scope]}]}), at)
                    continue
                listed = _listed(scope, records)
                left = _left(left, len(listed))
                if not listed:
                    continue  # whose shell need not be made
                inner = {key: value for key, value in scope.items() if key != records}
                shell = len(msgspec.json.encode({resources: [{**outer, scopes: [inner]}]})) + 64
                sized = [
                    _Sized(each, number, len(msgspec.json.encode(each)) + 1, _span_of(each))
                    for number, each in enumerate(listed)
                ]
                for group in divide(sized, shell):
                    held = {**inner, records: [each.record for each in group]}
                    where = Where(f"{at.first}.{records}", [each.number for each in group])
                    yield Piece(msgspec.json.encode({resources: [{**outer, scopes: [held]}]}), where)


def _left(left: int, records: int) -> int:
    """How many records a request may still have: what is far more than it can hold is not listed first.

    Raises
    ------
    DecodeError
        ``too_large``.
    """
    if records > left:
        raise DecodeError("too_large", "spans or log records")
    return left - records


def _is_list(parent: Mapping[str, object], name: str) -> bool:
    return isinstance(parent.get(name) or [], list)


def _listed(parent: Mapping[str, object], name: str) -> list[object]:
    listed = parent.get(name)
    return listed if isinstance(listed, list) else []


def _span_of(record: object) -> object:
    """The span of a log record in JSON; None where it names none."""
    if not isinstance(record, dict):
        return None
    place = record.get("traceId"), record.get("spanId")
    return place if all(isinstance(part, str) for part in place) and place[1] else None


def _singly(sized: Sequence[_Sized], shell: int) -> Iterator[Sequence[_Sized]]:
    del shell
    return ([each] for each in sized)


def _by_span(sized: Sequence[_Sized], shell: int) -> Iterator[Sequence[_Sized]]:
    del shell
    return iter(_spans(sized))


def _fitting(most: int, sized: Sequence[_Sized], shell: int) -> Iterator[Sequence[_Sized]]:
    """As many as fit. A shell of most of a record would multiply the bytes by the number of parts."""
    if shell > most * _SHELL_SHARE:
        raise DecodeError("too_large", "resource and scope")
    room = most - shell - 64
    group: list[_Sized] = []
    used = 0
    for span in _spans(sized):
        size = sum(each.size for each in span)
        for unit, unit_size in [(span, size)] if size <= room else [([each], each.size) for each in span]:
            if group and used + unit_size > room:
                yield group
                group, used = [], 0
            group += unit
            used += unit_size
    if group:
        yield group


def _spans(sized: Sequence[_Sized]) -> Iterable[list[_Sized]]:
    """What belongs to one span, and each that belongs to none, in the order in which they begin."""
    found: dict[object, list[_Sized]] = {}
    for number, each in enumerate(sized):
        found.setdefault(number if each.span is None else each.span, []).append(each)
    return found.values()
