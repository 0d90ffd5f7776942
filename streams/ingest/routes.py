"""Which path takes which format, and how its bodies fall into records."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple, TypeAlias
from urllib.parse import unquote

from agent.errors import DecodeError
from streams.formats.base import header
from streams.ingest.otlp import Where, is_json, split_export
from streams.ingest.parts import json_elements, json_lines
from streams.ports import Headers

__all__ = ["ROUTES", "Part", "TapRoute"]

_MOST_HEADERS: Final = 64
_CHUNK: Final = b'"chat.completion.chunk"'


class Part(NamedTuple):
    """What becomes a record, its headers, and which records of a request of OTLP it has, where it has not all."""

    value: bytes
    headers: Headers
    where: Where | None = None


#: Body, headers of the request by lower-case name, most bytes of a record.
Splitter: TypeAlias = Callable[[bytes, Mapping[str, str], int], Sequence[Part]]


class TapRoute(NamedTuple):
    """One path.

    Attributes
    ----------
    name
        In metrics and in the documentation.
    format
        A row of ``FORMATS``; None to let headers and content say.
    types
        Media types that are taken; empty for any.
    partial
        What is bad is left out and said so; else one bad part refuses the whole request.
    """

    name: str
    format: str | None
    split: Splitter
    types: frozenset[str] = frozenset()
    partial: bool = False


def _kept(headers: Mapping[str, str], *names: str) -> Headers:
    return tuple((name, headers[name].encode("utf-8", "replace")) for name in names if headers.get(name))


def _cloudevents(body: bytes, headers: Mapping[str, str], _most: int) -> Sequence[Part]:
    """HTTP's binding of CloudEvents 1.0 into that of Kafka: ``ce-`` becomes ``ce_``, without the percent encoding."""
    media = headers.get("content-type", "").partition(";")[0].strip().lower()
    if media.startswith("application/cloudevents-batch"):
        own: Headers = (("content-type", b"application/cloudevents+json; charset=UTF-8"),)
        return [Part(element, own) for element in json_elements(body)]
    if media.startswith("application/cloudevents"):
        return [Part(body, _kept(headers, "content-type"))]
    attributes = [(name, value) for name, value in headers.items() if name.startswith("ce-")]
    if len(attributes) > _MOST_HEADERS:
        raise DecodeError("too_large", "attributes of the event")
    if not attributes:
        # KServe's own client always says; this is somebody's by hand.
        return [Part(body, (("content-type", b"application/cloudevents+json"),))]
    own = tuple((f"ce_{name[3:]}", unquote(value).encode("utf-8", "replace")) for name, value in attributes)
    return [Part(body, (*own, *_kept(headers, "content-type")))]


def _openai(body: bytes, headers: Mapping[str, str], _most: int) -> Sequence[Part]:
    own = _kept(headers, "content-type", "x-request-id")
    if _CHUNK in body:
        return [Part(body, own)]  # a streamed answer is many objects, and one event
    parts = json_elements(body)
    parts = json_lines(body) if parts == [body] else parts
    if len(parts) > 1:
        own = _kept(headers, "content-type")  # an id for all of them is none
    return [Part(part, own) for part in parts]


def _documents(body: bytes, headers: Mapping[str, str], _most: int) -> Sequence[Part]:
    parts = json_elements(body)
    parts = json_lines(body) if parts == [body] else parts
    return [Part(part, _kept(headers, "content-type")) for part in parts]


def _anything(body: bytes, headers: Mapping[str, str], most: int) -> Sequence[Part]:
    if any(name.startswith("ce-") for name in headers) or "cloudevents" in headers.get("content-type", ""):
        return _cloudevents(body, headers, most)
    return _openai(body, headers, most) if _CHUNK in body else _documents(body, headers, most)


def _otlp(body: bytes, headers: Mapping[str, str], most: int) -> Sequence[Part]:
    own = _kept(headers, "content-type")
    media = header(own, "content-type")
    if not body and not is_json(media):
        return []  # a request of nothing, which in protobuf takes no bytes
    return [Part(piece.value, own, piece.where) for piece in split_export(body, media, most)]


_JSON: Final = frozenset({"application/json", "application/x-ndjson", "application/jsonl", "text/plain", ""})
_OTLP: Final = frozenset({"application/x-protobuf", "application/json"})

ROUTES: Final[Mapping[str, TapRoute]] = {
    "/v1/events": TapRoute("events", None, _anything),
    "/v1/cloudevents": TapRoute("cloudevents", "cloudevents", _cloudevents),
    "/v1/openai": TapRoute("openai", "openai", _openai),
    "/v1/litellm": TapRoute("litellm", "litellm", _documents, _JSON),
    "/v1/logs": TapRoute("otlp_logs", "otlp", _otlp, _OTLP, partial=True),
    "/v1/traces": TapRoute("otlp_traces", "otlp", _otlp, _OTLP, partial=True),
}
