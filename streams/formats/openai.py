"""OpenAI-compatible traffic as gateways log it: requests, answers, pairs of both, streams, and legacy completions.

Also Apache APISIX's ``kafka-logger``, whose default record is such a pair with the HTTP message around each body
(arrays of them when it batches), and whose ``max_req_body_bytes`` cuts bodies in the middle.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import ClassVar

from agent.errors import DecodeError
from agent.events import Direction, InferenceEvent
from streams.formats.base import (
    MAX_EVENTS,
    as_object,
    bounded_id,
    bounded_name,
    header,
    parse_json,
    parse_time,
)
from streams.formats.batches import read_each, row_id
from streams.formats.bodies import body_halves, object_halves
from streams.formats.chat import Half, is_request, is_response, join_halves
from streams.formats.chat_stream import is_chunk, looks_like_sse, read_sse, stream_half
from streams.formats.encodings import body_characters
from streams.formats.questions import is_question
from streams.ports import Headers

__all__ = ["OpenAIFormat"]

_ID_KEYS = ("id", "request_id", "requestId", "x-request-id", "inference_id")
_TIME_KEYS = ("time", "timestamp", "start_time", "created")


class OpenAIFormat:
    """Decoder of OpenAI-compatible bodies.

    The id is the envelope's own, else the ``x-request-id`` header's, which both halves of a call share, else the
    answer's ``id``.
    """

    name: ClassVar[str] = "openai"

    def matches(self, headers: Headers, value: bytes) -> bool:
        if not value or value[:1] == b"\0":
            return False
        if value[:1] not in (b"{", b"[", b" ", b"\n", b"\r", b"\t", b"\xef"):
            return looks_like_sse(value[:64].decode("utf-8", "replace"))
        try:
            document = parse_json(body_characters(value))
        except DecodeError:
            return looks_like_sse(value[:64].decode("utf-8", "replace"))
        if isinstance(document, list):
            # One that is known is enough: what another client sent must not make the batch unknown.
            return any(isinstance(item, dict) and _known(item) for item in document[:8])
        return isinstance(document, dict) and _known(document)

    def decode(self, value: bytes, headers: Headers) -> list[InferenceEvent]:
        request_id = bounded_id(header(headers, "x-request-id"), "x-request-id")
        text = body_characters(value).lstrip(" \t\r\n\ufeff")
        if looks_like_sse(text):
            return [self._join(None, stream_half(read_sse(text)), request_id)]
        document = parse_json(text)
        if isinstance(document, list):
            if not document:
                return []
            if all(is_chunk(item) for item in document):
                # Once more: the first parse has already replaced the halves of a split surrogate pair.
                chunks = parse_json(text, keep_surrogates=True)
                return [self._join(None, object_halves(chunks, "output", "")[0], request_id)]
            if len(document) > MAX_EVENTS:
                raise DecodeError("too_large", "records in a batch")
            ids = (row_id(request_id, number, len(document)) for number in range(len(document)))
            return read_each(zip(document, ids, strict=True), lambda each, place: self._one(each[0], place, each[1]))
        return self._one(document, "", request_id)

    def _one(self, document: object, prefix: str, request_id: str) -> list[InferenceEvent]:
        body = as_object(document, prefix or "top level")
        if "request" in body or "response" in body:
            return list(self._pairs(body, prefix, request_id))
        direction: Direction = "input" if is_request(body) or "instances" in body else "output"
        if "text" in body and direction == "output" and not is_response(body) and "meta_info" not in body:
            raise DecodeError("unknown_format", prefix.rstrip("."))  # a question, or an answer
        halves = object_halves(body, direction, prefix.rstrip("."))
        return [
            self._join(*_sides(half), row_id(request_id or half.ident, number, len(halves)))
            for number, half in enumerate(halves)
        ]

    def _join(self, question: Half | None, answer: Half | None, ident: str) -> InferenceEvent:
        return join_halves(self.name, question, answer, ident=ident)

    def _pairs(self, envelope: dict[str, object], prefix: str, request_id: str) -> Iterator[InferenceEvent]:
        """One event, or one for each row where a batch was asked."""
        halves: dict[Direction, list[Half]] = {"input": [], "output": []}
        # Not the errors themselves: in a frame of their traceback they would be a cycle.
        problems: dict[Direction, tuple[str, str]] = {}
        failed = False
        found_id = ""
        keys: tuple[tuple[str, Direction], ...] = (("request", "input"), ("response", "output"))
        for key, direction in keys:
            body = envelope.get(key)
            if isinstance(body, dict) and _is_http_message(body):
                message, body = body, body.get("body")
                found_id = found_id or bounded_id(_http_header(message, "x-request-id"), f"{prefix}{key}.headers")
                status = message.get("status")
                failed = failed or (isinstance(status, int) and status >= 400)
            if body is None or (isinstance(body, str) and not body.strip()):
                continue  # blanks may be all that a copy holds of a body: what else there is of the call is read
            try:
                plain = failed and direction == "output"
                halves[direction] = body_halves(body, direction, f"{prefix}{key}", plain_text=plain)
            except DecodeError as error:
                problems[direction] = error.reason, error.detail
        questions, answers = halves["input"], halves["output"]
        # What was asked is looked at whatever came back for it: who has a server answer strangely must not go unseen.
        unread = problems.get("input", ("truncated_json", ""))[0] != "truncated_json"
        if problems and (unread or not (questions or answers)):
            raise DecodeError(*next(iter(problems.values())))
        if not questions and not answers and not failed:
            raise DecodeError("missing_field", f"{prefix}request or {prefix}response")
        if failed:
            answers = [Half("output", None, failed=True)] * max(1, len(questions))
        ident = next((bounded_id(envelope[k], f"{prefix}{k}") for k in _ID_KEYS if envelope.get(k)), "")
        ident = (
            ident or found_id or request_id or next((half.ident for half in (*answers, *questions) if half.ident), "")
        )
        time = next((t for k in _TIME_KEYS if (t := parse_time(envelope.get(k))) is not None), None)
        source = envelope.get("source", envelope.get("service_id", envelope.get("route_id")))
        count = max(len(questions), len(answers))
        for number, (question, answer) in enumerate(zip_longest(questions, answers)):
            yield join_halves(
                self.name,
                question,
                answer,
                ident=row_id(ident, number, count),
                model=bounded_name(envelope.get("model"), f"{prefix}model"),
                source=bounded_name(source, f"{prefix}source"),
                time=time,
                tenant=bounded_name(envelope.get("tenant"), f"{prefix}tenant"),
                trace_id=bounded_name(envelope.get("trace_id"), f"{prefix}trace_id"),
                truncated=bool(problems) or envelope.get("truncated") is True,
            )


def _sides(half: Half) -> tuple[Half | None, Half | None]:
    return (half, None) if half.direction == "input" else (None, half)


def _known(body: dict[str, object]) -> bool:
    if isinstance(body.get("request"), (dict, str)) or isinstance(body.get("response"), (dict, str, list)):
        return True
    return is_chunk(body) or is_response(body) or is_request(body)


def _is_http_message(body: dict[str, object]) -> bool:
    """An HTTP message around a body, as gateways log it, and not a body itself."""
    if is_question(body):
        return False
    return "body" in body or ("headers" in body and not is_request(body) and not is_response(body))


def _http_header(message: dict[str, object], name: str) -> object:
    headers = message.get("headers")
    if isinstance(headers, dict):
        for key, value in headers.items():
            if key.lower() == name:
                return value[0] if isinstance(value, list) and value else value
    return None
