"""LiteLLM's ``StandardLoggingPayload``, from a custom callback or the ``generic_api`` callback: one, an array, NDJSON.

Source: BerriAI/litellm ``docs/my-website/docs/proxy/logging_spec.md`` and ``litellm_core_utils/redact_messages.py``,
whose sentinel stands where a text was removed. That sentinel is no text and is never scored.
"""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from agent.errors import DecodeError
from agent.events import Direction, InferenceEvent, Payload, TextPart
from streams.formats.base import (
    MAX_EVENTS,
    as_list,
    as_object,
    bounded_id,
    bounded_name,
    parse_json,
    parse_time,
)
from streams.formats.batches import read_answer, read_each, without_hidden
from streams.formats.chat import Half, join_halves, request_half, response_half
from streams.formats.messages import message_parts
from streams.formats.passages import vector_store_passages
from streams.ports import Headers

__all__ = ["REDACTED", "LiteLLMFormat"]

REDACTED = "redacted-by-litellm"
#: Stands in the middle of a string that LiteLLM shortened before logging it.
_TRUNCATED = "litellm_truncated"


class LiteLLMFormat:
    """Decoder of LiteLLM's standard log."""

    name: ClassVar[str] = "litellm"

    def matches(self, headers: Headers, value: bytes) -> bool:
        if b'"call_type"' not in value:
            return False
        try:
            documents = _documents(value)
        except DecodeError:
            return False
        first = documents[0] if documents else None
        return isinstance(first, dict) and "call_type" in first and ("messages" in first or "response" in first)

    def decode(self, value: bytes, headers: Headers) -> list[InferenceEvent]:
        documents = _documents(value)
        if len(documents) > MAX_EVENTS:
            raise DecodeError("too_large", "payloads in a batch")
        if len(documents) == 1:
            return self._events(documents[0], "")
        return read_each(documents, self._events)

    def _events(self, document: object, prefix: str) -> list[InferenceEvent]:
        log = as_object(document, prefix.rstrip(".") or "top level")
        if "messages" not in log and "response" not in log:
            raise DecodeError("missing_field", f"{prefix}messages")
        question, hidden_question = _without_sentinel(_question(log.get("messages"), f"{prefix}messages"))
        found, unread = read_answer(
            lambda: _without_sentinel(_answer(log.get("response"), f"{prefix}response")), asked=question is not None
        )
        answer, hidden_answer = found or (None, False)
        failed = log.get("status") == "failure"
        if failed:
            payload = answer.payload if answer and answer.payload and answer.payload.texts else None
            answer = Half("output", payload, failed=True)
        metadata = log.get("metadata")
        metadata = metadata if isinstance(metadata, dict) else {}
        passages = vector_store_passages(metadata)
        if passages and question is not None:
            question = replace(question, context=question.context + passages)
        tenant = metadata.get("user_api_key_team_alias") or metadata.get("user_api_key_team_id")
        event = join_halves(
            self.name,
            question,
            answer,
            ident=bounded_id(log.get("id"), f"{prefix}id"),
            model=bounded_name(log.get("model_group") or log.get("model"), f"{prefix}model"),
            source="litellm",
            time=parse_time(log.get("startTime")),
            tenant=bounded_name(tenant, f"{prefix}metadata.user_api_key_team_id"),
            trace_id=bounded_name(log.get("trace_id"), f"{prefix}trace_id"),
            truncated=unread or _is_shortened(question) or _is_shortened(answer),
        )
        hidden: set[Direction] = set()
        if hidden_question:
            hidden.add("input")
        if hidden_answer:
            hidden.add("output")
        return without_hidden(event, hidden)


def _documents(value: bytes) -> list[object]:
    try:
        document = parse_json(value)
    except DecodeError as error:
        lines = [line for line in value.split(b"\n") if line.strip()]
        if error.reason != "not_json" or not 1 < len(lines) <= MAX_EVENTS:
            raise
        return [parse_json(line, f"line {number}") for number, line in enumerate(lines)]
    return document if isinstance(document, list) else [document]


def _question(messages: object, path: str) -> Half | None:
    if messages is None:
        return None
    if isinstance(messages, dict):
        if "role" in messages:
            messages = [messages]
        else:
            return request_half(messages, path) if messages else Half("input", Payload())
    elif isinstance(messages, str):
        messages = [messages]
    return Half("input", Payload(tuple(message_parts(as_list(messages, path), "user", path))))


def _answer(response: object, path: str) -> Half | None:
    if response is None or response == "":
        return None
    if isinstance(response, str):
        return Half("output", Payload((TextPart(response, "assistant"),)))
    if isinstance(response, list):
        return Half("output", Payload(tuple(message_parts(response, "assistant", path))))
    body = as_object(response, path)
    if not body:
        return None
    text = body.get("text", body.get("content"))
    if "choices" not in body and isinstance(text, str):
        return Half("output", Payload((TextPart(text, "assistant"),) if text else ()))
    if "choices" not in body and "output" not in body and "error" not in body:
        return Half("output", Payload(), bounded_name(body.get("model"), f"{path}.model"))  # embeddings, images
    return response_half(body, path)


def _without_sentinel(half: Half | None) -> tuple[Half | None, bool]:
    """The half without the sentinel's texts, and whether that leaves nothing."""
    if half is None or half.payload is None:
        return half, False
    kept = tuple(part for part in half.payload.texts if part.text.strip() != REDACTED)
    if len(kept) == len(half.payload.texts):
        return half, False
    return replace(half, payload=Payload(kept)), not kept


def _is_shortened(half: Half | None) -> bool:
    if half is None or half.payload is None:
        return False
    return any(_TRUNCATED in part.text for part in half.payload.texts)
