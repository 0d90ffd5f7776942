"""OpenTelemetry traces and logs of model calls, as the collector's ``kafkaexporter`` writes them.

Encodings ``otlp_proto`` and ``otlp_json``, signals logs and spans; content by the GenAI semantic conventions (current
and before 1.37) or OpenInference. One record holds many events, or none: other telemetry travels on the same topics.
"""

from __future__ import annotations

from typing import ClassVar

from agent.errors import DecodeError
from agent.events import InferenceEvent
from streams.formats.base import MAX_EVENTS, TOPIC_HEADER, header, parse_json
from streams.formats.otlp.events import events_of
from streams.formats.otlp.read_json import read_json
from streams.formats.otlp.read_proto import looks_like_otlp, read_proto
from streams.ports import Headers

__all__ = ["OtlpFormat"]


class OtlpFormat:
    """Decoder of OTLP."""

    name: ClassVar[str] = "otlp"

    def matches(self, headers: Headers, value: bytes) -> bool:
        if header(headers, TOPIC_HEADER) in ("otlp_logs", "otlp_spans"):
            return True
        if value[:1] == b"\n" and looks_like_otlp(value):
            return True
        if b'"resourceLogs"' not in value and b'"resourceSpans"' not in value:
            return False
        try:
            document = parse_json(value)
        except DecodeError:
            return False
        return isinstance(document, dict) and ("resourceLogs" in document or "resourceSpans" in document)

    def decode(self, value: bytes, headers: Headers) -> list[InferenceEvent]:
        items = read_json(value) if _is_json(value, headers) else read_proto(value)
        events = events_of(items, self.name)
        if len(events) > MAX_EVENTS:
            raise DecodeError("too_large", "events in a record")
        return events


def _is_json(value: bytes, headers: Headers) -> bool:
    """By content; and where a request said so, so that what is wrong with it is told as of JSON."""
    if value.lstrip()[:1] == b"{":
        return True
    media = header(headers, "content-type").partition(";")[0].strip().lower()
    return media == "application/json" and not looks_like_otlp(value)
