"""CloudEvents of the KServe logger, by Knative on Kafka: structured, batched and binary mode.

Source: CloudEvents 1.0 and its Kafka binding; kserve/kserve ``pkg/logger/{worker,handler}.go`` at aaac4e294. The
logger gives both halves the same id, sends them unordered, copies the request's content type to the answer, and
buffers a streamed answer whole. The id is the caller's, so it is unique only within one inference service: the
source names that service.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import ClassVar

from agent.errors import DecodeError
from agent.events import Direction, InferenceEvent
from streams.formats.base import (
    MAX_BYTES,
    MAX_EVENTS,
    as_object,
    bounded_id,
    bounded_name,
    gunzip,
    header,
    parse_json,
    parse_time,
)
from streams.formats.batches import read_each, row_id
from streams.formats.bodies import body_halves
from streams.formats.chat import join_halves
from streams.ports import Headers

__all__ = ["CloudEventsFormat"]


class CloudEventsFormat:
    """Decoder of KServe's request and response events."""

    name: ClassVar[str] = "cloudevents"

    def matches(self, headers: Headers, value: bytes) -> bool:
        for key, content in headers:
            key = key.lower()
            if key in ("ce_specversion", "ce_type", "ce-specversion", "ce-type"):
                return True
            if key == "content-type" and (content or b"").lower().startswith(b"application/cloudevents"):
                return True
        if b'"specversion"' not in value:
            return False
        try:
            document = parse_json(value)
        except DecodeError:
            return False
        if isinstance(document, list):
            document = document[0] if document else None
        return isinstance(document, dict) and "specversion" in document and "type" in document

    def decode(self, value: bytes, headers: Headers) -> list[InferenceEvent]:
        attributes = _binary_attributes(headers)
        if "type" in attributes:
            attributes["datacontenttype"] = header(headers, "content-type")
            encoding = header(headers, "content-encoding")
            return self._events(attributes, value, encoding, "")
        document = parse_json(gunzip(value))
        if not isinstance(document, list):
            return self._structured(document, "")
        if len(document) > MAX_EVENTS:
            raise DecodeError("too_large", "events in a batch")
        return read_each(document, self._structured)

    def _structured(self, document: object, prefix: str) -> list[InferenceEvent]:
        event = as_object(document, prefix or "top level")
        body = event.get("data")
        if "data_base64" in event:
            body = _unbase64(event["data_base64"], f"{prefix}data_base64")
        return self._events(event, body, "", prefix)

    def _events(
        self, attributes: Mapping[str, object], body: object, encoding: str, prefix: str
    ) -> list[InferenceEvent]:
        direction = _direction(attributes.get("type"), f"{prefix}type")
        if body is None or body in ("", b""):
            raise DecodeError("missing_field", f"{prefix}data")
        content_type = str(attributes.get("datacontenttype") or "").lower()
        if isinstance(body, str) and encoding == "base64":
            body = _unbase64(body, f"{prefix}data")
        metadata = _metadata(attributes.get("metadata"))
        halves = body_halves(
            body,
            direction,
            f"{prefix}data",
            plain_text=content_type.startswith("text/"),
            header_length=metadata.get("inference-header-content-length", "") if direction == "input" else "",
        )
        ident = bounded_id(attributes.get("id"), f"{prefix}id")
        model = bounded_name(attributes.get("inferenceservicename"), f"{prefix}inferenceservicename")
        namespace = bounded_name(attributes.get("namespace"), f"{prefix}namespace")
        time = parse_time(attributes.get("time"))
        source = _source(attributes, namespace, model, prefix)
        events = []
        for number, half in enumerate(halves):
            given = ident or half.ident
            sides = (half, None) if half.direction == "input" else (None, half)
            event = join_halves(
                self.name,
                *sides,
                ident=row_id(given, number, len(halves)),
                model=model,
                source=source,
                time=time,
                tenant=namespace,
                trace_id=_trace_id(attributes, metadata),
            )
            events.append(event)
        return events


def _binary_attributes(headers: Headers) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in headers:
        if key[:3].lower() in ("ce_", "ce-"):
            found[key[3:].lower()] = (value or b"").decode("utf-8", "replace")
    return found


def _direction(kind: object, path: str) -> Direction:
    if isinstance(kind, str):
        if kind.endswith(".request"):
            return "input"
        if kind.endswith(".response"):
            return "output"
    raise DecodeError("missing_field" if kind is None else "unknown_format", path)


def _unbase64(value: object, path: str) -> bytes:
    if not isinstance(value, str):
        raise DecodeError("wrong_type", path)
    try:
        return gunzip(base64.b64decode(value, validate=True), MAX_BYTES)
    except (binascii.Error, ValueError):
        raise DecodeError("wrong_type", path) from None


def _source(attributes: Mapping[str, object], namespace: str, model: str, prefix: str) -> str:
    """The service's place in the cluster; the logger's own URI is ``http://localhost:9081/`` for all of them."""
    if not model:
        return bounded_name(attributes.get("source"), f"{prefix}source")
    steps = [namespace, model]
    for key in ("component", "endpoint"):
        step = bounded_name(attributes.get(key), f"{prefix}{key}")
        if step:
            steps.append(step)
    return "/".join(steps)


def _metadata(value: object) -> dict[str, str]:
    """The HTTP headers that the logger copies, as a JSON string of lists; {} when there are none to be read."""
    if isinstance(value, str) and value:
        try:
            value = parse_json(value)
        except DecodeError:
            return {}
    if not isinstance(value, dict):
        return {}
    found = {}
    for key, content in value.items():
        content = content[0] if isinstance(content, list) and content else content
        if isinstance(content, str):
            found[str(key).lower()] = content
    return found


def _trace_id(attributes: Mapping[str, object], metadata: Mapping[str, str]) -> str:
    """The trace of W3C's ``traceparent``: an extension of the event, or a header of the call."""
    parent = attributes.get("traceparent") or metadata.get("traceparent")
    fields = parent.split("-") if isinstance(parent, str) and len(parent) < 128 else []
    return fields[1] if len(fields) >= 4 and len(fields[1]) == 32 else ""
