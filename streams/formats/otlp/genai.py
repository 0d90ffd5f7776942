"""The GenAI semantic conventions: current ones on spans and events, and the log events before 1.37.

Source: open-telemetry/semantic-conventions-genai (development status); the ``gen_ai.prompt.<i>`` attributes that
OpenLLMetry wrote before it adopted them. Content is opt-in there: a call without it gives a redacted event, so that
a dashboard shows what it cannot judge.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import msgspec

from agent.errors import DecodeError
from agent.events import InferenceEvent, Payload, Role, TextPart
from streams.formats.base import as_list, as_object, bounded_id, bounded_name, parse_json
from streams.formats.batches import read_answer
from streams.formats.bodies import close_truncated
from streams.formats.chat import Half, join_halves
from streams.formats.messages import add_text, choice_parts, message_parts, role_of
from streams.formats.otlp.flat import unflatten
from streams.formats.otlp.items import Item, nothing_captured
from streams.formats.otlp.parts import add_parts
from streams.formats.passages import documents

__all__ = ["Conversation", "call_id", "event", "is_call", "is_message"]

#: Operations whose texts are one call's; agents' and tools' spans repeat the texts of the calls inside them.
_CALLS = frozenset({"chat", "text_completion", "generate_content", "completion"})
_LEGACY: dict[str, Role] = {
    "gen_ai.system.message": "system",
    "gen_ai.user.message": "user",
    "gen_ai.assistant.message": "assistant",
    "gen_ai.tool.message": "tool",
}
_CHOICE = "gen_ai.choice"
_CONTENT = (
    "gen_ai.input.messages",
    "gen_ai.output.messages",
    "gen_ai.system_instructions",
    "gen_ai.prompt",
    "gen_ai.completion",
)


def call_id(item: Item) -> str:
    """The answer's id, else the span's place in its trace; "" when the item has neither."""
    response = item.attributes.get("gen_ai.response.id")
    if isinstance(response, str) and response:
        return bounded_id(response, "gen_ai.response.id")
    return f"{item.trace_id}-{item.span_id}" if item.trace_id and item.span_id else ""


def is_message(item: Item) -> bool:
    """Whether a log record is one message of a conversation, by the conventions before 1.37."""
    return item.name == _CHOICE or item.name in _LEGACY


def is_call(item: Item) -> bool:
    """Whether a span or record is a call of a model."""
    operation = item.attributes.get("gen_ai.operation.name")
    # Of another kind, it names no operation: what was said is read all the same.
    if isinstance(operation, str):
        return operation in _CALLS
    if any(key in item.attributes for key in _CONTENT):
        return True
    return "gen_ai.request.model" in item.attributes or "gen_ai.prompt.0.content" in item.attributes


def event(item: Item, name: str) -> InferenceEvent:
    """The event of one call."""
    attributes = item.attributes
    parts = _instructions(attributes)
    asked = _messages(attributes, "gen_ai.input.messages", "user", in_choices=False)
    question = None if asked is None and not parts else Half("input", Payload((*parts, *(asked or ()))))
    given, unread = read_answer(
        lambda: _messages(attributes, "gen_ai.output.messages", "assistant", in_choices=True),
        asked=question is not None,
    )
    answer = None if given is None else Half("output", Payload(given))
    if question is None:
        question = _old_half(attributes, "gen_ai.prompt", "input")
    if answer is None:
        answer = _old_half(attributes, "gen_ai.completion", "output")
    passages = documents(attributes.get("gen_ai.retrieval.documents"))
    if passages and question is not None:
        question = replace(question, context=question.context + passages)
    failed = item.failed or bool(attributes.get("error.type"))
    if failed:
        answer = Half("output", answer.payload if answer else None, failed=True)
    whole = _join(item, question, answer, name, truncated=unread)
    if question is None and (answer is None or answer.payload is None):
        return nothing_captured(whole)
    return whole


def _join(
    item: Item, question: Half | None, answer: Half | None, name: str, *, truncated: bool = False
) -> InferenceEvent:
    asked = bounded_name(_string(item.attributes, "gen_ai.request.model"), "gen_ai.request.model")
    answered = bounded_name(_string(item.attributes, "gen_ai.response.model"), "gen_ai.response.model")
    whole = join_halves(
        name,
        question,
        answer,
        ident=call_id(item),
        model=asked or answered,
        source=item.service,
        time=item.time,
        trace_id=item.trace_id,
        truncated=truncated or any(_is_cut(item.attributes.get(key)) for key in _CONTENT),
    )
    if asked and answered and asked != answered:  # the answer names the exact release, e.g. with its date
        return msgspec.structs.replace(whole, model_version=answered)
    return whole


def _string(attributes: Mapping[str, object], key: str) -> str | None:
    value = attributes.get(key)
    return value if isinstance(value, str) else None


def _structured(value: object, key: str) -> object:
    """An attribute that is structured on events and may be a JSON string on spans.

    Exporters cut long strings, in the middle of JSON too: what is left is read. Whoever writes much must not go unseen.
    """
    if isinstance(value, str) and value[:1] in ("[", "{"):
        try:
            return parse_json(value, key)
        except DecodeError as error:
            if error.reason == "truncated_json":
                return close_truncated(value, key)
            return value  # a text that begins so
    return value


def _is_cut(value: object) -> bool:
    """Whether an attribute is JSON without its end."""
    if not isinstance(value, str) or value[:1] not in ("[", "{") or value.rstrip()[-1:] in ("]", "}"):
        return False
    return not isinstance(_structured(value, ""), str)


def _legible(value: object, key: str, role: Role, read: Callable[[object], list[TextPart]]) -> list[TextPart]:
    """What ``read`` makes of a structured value. A string that is none of that structure is a text.

    Raises
    ------
    DecodeError
        ``truncated_json`` when a cut string holds no text, and what ``read`` raises for what is no string.
    """
    try:
        structured = _structured(value, key)
        if not isinstance(structured, str):
            parts = read(structured)
            if parts or not _is_cut(value):
                return parts
            raise DecodeError("truncated_json", key)
    except DecodeError as error:
        if not isinstance(value, str) or error.reason == "truncated_json":
            raise
    parts = []
    add_text(parts, value, role, key)
    return parts


def _instructions(attributes: Mapping[str, object]) -> list[TextPart]:
    key = "gen_ai.system_instructions"
    if attributes.get(key) is None:
        return []

    def read(value: object) -> list[TextPart]:
        parts: list[TextPart] = []
        add_parts(parts, value, "system", key, 0)
        return parts

    return _legible(attributes[key], key, "system", read)


def _messages(
    attributes: Mapping[str, object], key: str, default: Role, *, in_choices: bool
) -> tuple[TextPart, ...] | None:
    if attributes.get(key) is None:
        return None

    def read(value: object) -> list[TextPart]:
        parts: list[TextPart] = []
        for number, message in enumerate(as_list(value, key)):
            path = f"{key}[{number}]"
            message = as_object(message, path)
            role = role_of(message.get("role"), default)
            choice = number if in_choices else 0
            if "parts" in message:
                add_parts(parts, message["parts"], role, f"{path}.parts", choice)
            else:  # instrumentations that keep OpenAI's form
                parts += message_parts([message], default, key, choice)
        return parts

    return tuple(_legible(attributes[key], key, default, read))


def _old_half(attributes: Mapping[str, object], prefix: str, direction: str) -> Half | None:
    """``gen_ai.prompt``: a JSON string of messages on a span's event, or one attribute per field."""
    default: Role = "user" if direction == "input" else "assistant"
    value = attributes.get(prefix)
    if value is None:
        value = unflatten(attributes, f"{prefix}.")
    if not value:
        return None

    def read(messages: object) -> list[TextPart]:
        listed = [messages] if isinstance(messages, dict) else as_list(messages, prefix)
        if direction == "input":
            return message_parts(listed, default, prefix)
        parts: list[TextPart] = []
        for number, message in enumerate(listed):
            parts += message_parts([message], default, prefix, number)
        return parts

    parts = _legible(value, prefix, default, read)
    return Half("input" if direction == "input" else "output", Payload(tuple(parts)))


class Conversation:
    """The messages of one call that arrived as separate log records."""

    def __init__(self, first: Item) -> None:
        self._first = first
        self._model_item = first
        self._asked: list[TextPart] = []
        self._given: list[TextPart] = []
        self._has_question = False
        self._has_answer = False

    @property
    def is_empty(self) -> bool:
        """Whether no message could be taken."""
        return not (self._has_question or self._has_answer)

    def add(self, item: Item) -> None:
        """Take one more message.

        Raises
        ------
        DecodeError
            When its body is not what the convention says.
        """
        if "gen_ai.request.model" in item.attributes:
            self._model_item = item
        body = item.body
        if isinstance(body, str) and body[:1] == "{":
            body = _structured(body, item.name)
        if body is None:
            body = {}
        if isinstance(body, str):
            body = {"content": body}
        message = as_object(body, f"{item.name}.body")
        if item.name == _CHOICE:
            inner = message.get("message")
            if inner is None and isinstance(message.get("content"), str):
                inner = {"content": message["content"]}
            if isinstance(inner, str):
                inner = {"content": inner}
            if message.get("tool_calls") is not None and (inner is None or isinstance(inner, dict)):
                # Where the first of those conventions had them: beside the message.
                inner = {"tool_calls": message["tool_calls"], **(inner or {})}
            if inner is not None:
                choice = {"index": message.get("index", 0), "message": inner}
                self._given += choice_parts([choice], f"{item.name}.body")
            self._has_answer = True
            return
        role = _LEGACY.get(item.name)
        if role is None:
            raise DecodeError("unknown_format", "event name")
        self._asked += message_parts([{"role": role, **message}], role, f"{item.name}.body")
        self._has_question = True

    def event(self, name: str) -> InferenceEvent:
        """The event of what has been taken."""
        question = Half("input", Payload(tuple(self._asked))) if self._has_question else None
        answer = Half("output", Payload(tuple(self._given))) if self._has_answer else None
        whole = _join(self._model_item, question, answer, name)
        if not self._asked and not self._given:
            return nothing_captured(whole)
        return whole
