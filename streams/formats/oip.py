"""Seldon Core v2 and everyone who speaks the Open Inference Protocol (V2): protobuf or JSON, one topic per direction.

Source: SeldonIO/seldon-core at 7b77f8b78. Topics are ``<prefix>.<namespace>.model.<name>.{inputs,outputs}`` and the
same with ``pipeline``; the header ``seldon-infer-type`` names the message, ``x-request-id`` pairs the halves. A
pipeline's answer names its last step as the model, so the topic's name goes before the message's.
"""

from __future__ import annotations

import re
from typing import ClassVar

from agent.errors import DecodeError
from agent.events import Direction, InferenceEvent
from streams.formats.base import TOPIC_HEADER, as_object, bounded_id, bounded_name, header, parse_json
from streams.formats.batches import row_id
from streams.formats.chat import Half, join_halves
from streams.formats.oip_json import is_v2, split_binary, v2_halves
from streams.formats.oip_proto import read_proto, unframe
from streams.ports import Headers

__all__ = ["OipFormat"]

_TOPIC = re.compile(r"(.{1,200})\.(?:model|pipeline)\.([^.]{1,200})\.(inputs|outputs)")


class OipFormat:
    """Decoder of V2 requests and answers; a batch of n rows gives n events, ``<id>#0`` and on."""

    name: ClassVar[str] = "oip"

    def matches(self, headers: Headers, value: bytes) -> bool:
        if header(headers, "seldon-infer-type") or _TOPIC.fullmatch(header(headers, TOPIC_HEADER)):
            return True
        if value[:1] == b"\0":
            value = value[5:]
        if (b'"inputs"' not in value and b'"outputs"' not in value) or b'"datatype"' not in value:
            return False
        try:
            document = parse_json(_json_part(value, headers))
        except DecodeError:
            return False
        return isinstance(document, dict) and is_v2(document)

    def decode(self, value: bytes, headers: Headers) -> list[InferenceEvent]:
        kind = header(headers, "seldon-infer-type").lower()
        topic = _TOPIC.fullmatch(header(headers, TOPIC_HEADER))
        value = unframe(value)
        if kind.startswith("json/") or (not kind.startswith("proto/") and value.lstrip()[:1] == b"{"):
            text, binary = split_binary(value, header(headers, "inference-header-content-length"))
            halves = v2_halves(as_object(parse_json(text), "top level"), "", binary)
        else:
            halves = read_proto(value, _direction(kind, topic))
        return self._events(halves, headers, topic)

    def _events(self, halves: list[Half], headers: Headers, topic: re.Match[str] | None) -> list[InferenceEvent]:
        request_id = bounded_id(header(headers, "x-request-id"), "x-request-id")
        model = bounded_name(topic.group(2) if topic else None, "topic")
        source = bounded_name(topic.group(0).rpartition(".")[0] if topic else None, "topic")
        tenant = bounded_name(topic.group(1).rpartition(".")[2] if topic else None, "topic")
        failed = bool(header(headers, "seldon-pipeline-errors"))
        events = []
        for number, half in enumerate(halves):
            ident = row_id(request_id or half.ident, number, len(halves))
            sides: tuple[Half | None, Half | None] = (half, None) if half.direction == "input" else (None, half)
            if failed:
                sides = (sides[0], Half("output", sides[1].payload if sides[1] else None, failed=True))
            events.append(join_halves(self.name, *sides, ident=ident, model=model, source=source, tenant=tenant))
        return events


def _json_part(value: bytes, headers: Headers) -> bytes:
    return split_binary(value, header(headers, "inference-header-content-length"))[0]


def _direction(kind: str, topic: re.Match[str] | None) -> Direction:
    """Request and response cannot be told apart by their bytes alone."""
    if kind.endswith("request"):
        return "input"
    if kind.endswith("response"):
        return "output"
    if topic is None:
        raise DecodeError("missing_field", "header seldon-infer-type")
    return "input" if topic.group(3) == "inputs" else "output"
