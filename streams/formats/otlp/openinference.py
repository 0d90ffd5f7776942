"""OpenInference spans: Phoenix, Envoy AI Gateway, Arthur.

Source: Arize-ai/openinference ``spec/semantic_conventions.md``. ``OPENINFERENCE_HIDE_INPUTS`` and its kin put a
sentinel where the text was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from agent.errors import DecodeError
from agent.events import Direction, InferenceEvent, Payload, TextPart
from streams.formats.base import bounded_name, parse_json
from streams.formats.batches import read_answer, without_hidden
from streams.formats.chat import Half, is_request, is_response, join_halves, request_half, response_half
from streams.formats.messages import add_text, message_parts
from streams.formats.otlp.flat import unflatten
from streams.formats.otlp.items import Item, nothing_captured
from streams.formats.passages import documents

__all__ = ["REDACTED", "events", "is_call"]

REDACTED = "__REDACTED__"
_KIND = "openinference.span.kind"


def is_call(item: Item) -> bool:
    """Whether a span is a model's: chains, agents and tools repeat the texts of the calls inside them."""
    kind = item.attributes.get(_KIND)
    if isinstance(kind, str):
        return kind == "LLM"
    return any(key.startswith(("llm.input_messages.", "llm.output_messages.")) for key in item.attributes) or (
        "llm.model_name" in item.attributes
    )


def events(item: Item, name: str) -> list[InferenceEvent]:
    """The event of one call, or its halves when only one of them is hidden."""
    attributes = item.attributes
    question, hidden_question = _half(attributes, "input")
    found, unread = read_answer(lambda: _half(attributes, "output"), asked=question is not None)
    answer, hidden_answer = found or (None, False)
    passages = documents(unflatten(attributes, "retrieval.documents."))
    if passages and question is not None:
        question = replace(question, context=question.context + passages)
    if item.failed:
        answer = Half("output", answer.payload if answer else None, failed=True)
    model = attributes.get("llm.model_name")
    whole = join_halves(
        name,
        question,
        answer,
        ident=f"{item.trace_id}-{item.span_id}" if item.trace_id and item.span_id else "",
        model=bounded_name(model, "llm.model_name") if isinstance(model, str) else "",
        source=item.service,
        time=item.time,
        trace_id=item.trace_id,
        truncated=unread,
    )
    if question is None and (answer is None or answer.payload is None):
        return [nothing_captured(whole)]
    hidden: set[Direction] = set()
    if hidden_question:
        hidden.add("input")
    if hidden_answer:
        hidden.add("output")
    return without_hidden(whole, hidden)


def _half(attributes: Mapping[str, object], direction: Direction) -> tuple[Half | None, bool]:
    """One direction, without the sentinel's texts, and whether that leaves nothing."""
    parts: list[TextPart] = []
    messages = unflatten(attributes, f"llm.{direction}_messages.")
    for number, message in enumerate(messages):
        if isinstance(message, dict):
            content = message.get("content", message.get("contents"))
            choice = number if direction == "output" else 0
            default = "user" if direction == "input" else "assistant"
            path = f"llm.{direction}_messages[{number}]"
            shaped = {**message, "content": content}
            parts += message_parts([shaped], "user" if default == "user" else "assistant", path, choice)
    half = Half(direction, Payload(tuple(parts))) if messages else _value_half(attributes, direction)
    if half is None or half.payload is None:
        return half, False
    kept = tuple(part for part in half.payload.texts if part.text != REDACTED)
    if len(kept) == len(half.payload.texts):
        return half, False
    return replace(half, payload=Payload(kept)), not kept


def _value_half(attributes: Mapping[str, object], direction: Direction) -> Half | None:
    """``input.value`` / ``output.value``: the HTTP body when it is JSON of a known shape, else a text."""
    value = attributes.get(f"{direction}.value")
    if not isinstance(value, str) or not value:
        return None
    if value[:1] == "{":
        try:
            body = parse_json(value)
            if isinstance(body, dict):
                if direction == "input" and is_request(body):
                    return request_half(body, "input.value")
                if direction == "output" and is_response(body):
                    return response_half(body, "output.value")
        except DecodeError:
            pass  # not a body of OpenAI's after all: a text that begins with a brace
    parts: list[TextPart] = []
    add_text(parts, value, "user" if direction == "input" else "assistant", f"{direction}.value")
    return Half(direction, Payload(tuple(parts)))
