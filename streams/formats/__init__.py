"""Wire formats: one file each, one line each in `FORMATS`, and the `Decoder` that picks among them."""

from __future__ import annotations

from collections.abc import Mapping
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Final, cast

import msgspec

from agent.clock import LAST_SECOND, sane_time
from agent.errors import ConfigError, DecodeError
from agent.events import InferenceEvent
from streams.formats.base import (
    FORMAT_HEADER,
    ID_HEADER,
    MAX_BYTES,
    MAX_ID,
    TIME_HEADER,
    TOPIC_HEADER,
    Format,
    gunzip,
    header,
    parse_json,
    parse_time,
)
from streams.formats.many_texts import has_many_texts, with_few_texts
from streams.ports import Headers, Record

if TYPE_CHECKING:
    from streams.formats.native import NativeFormat

__all__ = ["FORMATS", "Decoder", "load"]

#: Name -> class, in the order of detection: the hot path first, the format with the loosest outline last.
FORMATS: Final[Mapping[str, str]] = {
    "native": "streams.formats.native:NativeFormat",
    "cloudevents": "streams.formats.cloudevents:CloudEventsFormat",
    "oip": "streams.formats.oip:OipFormat",
    "otlp": "streams.formats.otlp:OtlpFormat",
    "litellm": "streams.formats.litellm:LiteLLMFormat",
    "openai": "streams.formats.openai:OpenAIFormat",
}


def load(name: str) -> Format:
    """The decoder of one format.

    Raises
    ------
    ConfigError
        When there is no such row.
    """
    try:
        target = FORMATS[name]
    except KeyError:
        raise ConfigError(f"unknown format {name!r}; known are: {', '.join(FORMATS)}") from None
    return cast(Format, resolve_name(target)())


class Decoder:
    """From a record to its events: by the topic's pinned format, else by what a tap of ours says, headers, content.

    Parameters
    ----------
    pinned
        Topic to format; other topics are detected record by record.
    max_bytes
        Largest value, and largest value after decompression.

    Raises
    ------
    ConfigError
        When a pinned format does not exist.
    """

    def __init__(self, pinned: Mapping[str, str] | None = None, max_bytes: int = MAX_BYTES) -> None:
        self._formats = [load(name) for name in FORMATS]
        by_name = {format_.name: format_ for format_ in self._formats}
        for name in (pinned or {}).values():
            if name not in by_name:
                load(name)
        self._by_name = by_name
        self._native = cast("NativeFormat", by_name["native"])
        #: What a topic's name alone says; filled as topics appear.
        self._by_topic: dict[str, Format | None] = {t: by_name[n] for t, n in (pinned or {}).items()}
        self._max_bytes = max_bytes

    def decode(self, record: Record) -> list[InferenceEvent]:
        """The events of one record; none when it is well formed and holds no inference.

        Every event has an id and a time: a missing id becomes ``<topic>-<partition>-<offset>`` (with ``#i`` when the
        record holds several), the same at every replay; a missing time becomes the record's. So does one that is no
        number or outside of the years 1970 to 9999; the record's own time is moved into those bounds. Where one of our
        own taps brought the record, its headers name id and time instead, which are the same if it came twice.

        Raises
        ------
        DecodeError
            And nothing else. The reason ``internal`` means a bug in a format.
        """
        value = record.value
        if not value:
            raise DecodeError("empty")
        if len(value) > self._max_bytes:
            raise DecodeError("too_large", "value")
        try:
            if value[:2] == b"\x1f\x8b":
                value = gunzip(value, self._max_bytes)
            events = self._decode(record, value)
        except DecodeError as error:
            count = len(error.rest)
            error.rest = [_complete(event, number, count, record) for number, event in enumerate(error.rest)]
            raise
        except RecursionError:
            raise DecodeError("too_deep") from None
        except Exception as error:
            # Not chained: the message of a stranger's exception may quote the payload.
            raise DecodeError("internal", _place(error)) from None
        if len(events) == 1:
            event = events[0]
            whole = event.inference_id and event.time is not None and 0.0 <= event.time <= LAST_SECOND
            if whole and not has_many_texts(event):
                return events
        return [_complete(event, number, len(events), record) for number, event in enumerate(events)]

    def _decode(self, record: Record, value: bytes) -> list[InferenceEvent]:
        topic = record.topic
        if topic not in self._by_topic:
            self._learn(topic)
        known = self._by_topic.get(topic)
        if known is self._native:
            return _as(known, value, record.headers)
        headers = record.headers
        if known is None and headers:
            known = self._by_name.get(header(headers, FORMAT_HEADER))
        if known is None and headers:
            known = next((format_ for format_ in self._formats if format_.matches(headers, b"")), None)
        if known is None:
            event = self._native.attempt(value)
            if event is not None:
                return [event]
        headers = (*headers, (TOPIC_HEADER, topic.encode("utf-8", "replace")))
        if known is None:
            known = next((format_ for format_ in self._formats if format_.matches(headers, value)), None)
        if known is None:
            raise _unknown(value)
        return _as(known, value, headers)

    def _learn(self, topic: str) -> None:
        """Remember what the topic's name alone says, for as many topics as a cluster may sensibly have."""
        if len(self._by_topic) < 10_000:
            named: Headers = ((TOPIC_HEADER, topic.encode("utf-8", "replace")),)
            self._by_topic[topic] = next((f for f in self._formats if f.matches(named, b"")), None)


def _as(wire_format: Format, value: bytes, headers: Headers) -> list[InferenceEvent]:
    """Decode as one format; an error says which."""
    try:
        return wire_format.decode(value, headers)
    except DecodeError as error:
        error.wire_format = wire_format.name
        raise


def _unknown(value: bytes) -> DecodeError:
    """Why no format took the value: damaged JSON, or whole JSON of no known shape."""
    if value.lstrip()[:1] in (b"{", b"["):
        try:
            parse_json(value)
        except DecodeError as error:
            return error
        return DecodeError("unknown_format")
    return DecodeError("not_json", "and no other known format")


def _place(error: Exception) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return type(error).__name__
    return f"{type(error).__name__} in {trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}"


def _complete(event: InferenceEvent, number: int, count: int, record: Record) -> InferenceEvent:
    if has_many_texts(event):
        event = with_few_texts(event)
    ident, time = event.inference_id, event.time
    if time is None or not 0.0 <= time <= LAST_SECOND:  # the comparison is false for NaN as well
        taken = parse_time(header(record.headers, TIME_HEADER)) if record.headers else None
        time = sane_time(record.time if taken is None else taken)
    elif ident:
        return event
    if not ident:
        ident = header(record.headers, ID_HEADER)[:MAX_ID] if record.headers else ""
        ident = ident or f"{record.topic}-{record.partition}-{record.offset}"
        if count > 1:
            ident = f"{ident}#{number}"
    return msgspec.structs.replace(event, inference_id=ident, time=time)
