"""Messages and their parts as OpenAI, Anthropic and their like write them, read into texts. Pure functions.

Source: OpenAI API reference (chat completions, completions), Anthropic's Messages API (content blocks).
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable

import msgspec

from agent.errors import DecodeError
from agent.events import PartKind, Role, TextPart
from streams.formats.base import MAX_DEPTH, as_list, as_object, mend_surrogates
from streams.formats.go_names import PLAIN, has_odd_names, views_of_go
from streams.formats.said import said

__all__ = [
    "add_message",
    "add_text",
    "argument_text",
    "as_go_reads",
    "choice_parts",
    "content_parts",
    "message_parts",
    "role_of",
]

_ROLES: dict[str, Role] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "human": "user",
    "assistant": "assistant",
    "model": "assistant",
    "ai": "assistant",
    "tool": "tool",
    "function": "tool",
}


def role_of(value: object, default: Role) -> Role:
    """The role by any of the names in use; ``default`` when it is missing or strange."""
    return _ROLES.get(value, default) if isinstance(value, str) else default


def add_text(
    parts: list[TextPart], value: object, role: Role, path: str, kind: PartKind = "text", choice: int = 0
) -> None:
    """Append a text unless it is null or empty; anything but a string is ``wrong_type``."""
    if value is None or value == "":
        return
    if not isinstance(value, str):
        raise DecodeError("wrong_type", path)
    parts.append(TextPart(mend_surrogates(value), role, kind, choice))


def argument_text(value: object) -> str:
    """A tool call's arguments as text: a string as it came, anything else as compact JSON."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    try:
        return msgspec.json.encode(value).decode("utf-8")
    except (UnicodeError, RecursionError, ValueError, OverflowError):
        raise DecodeError("wrong_type", "arguments") from None


def message_parts(messages: Iterable[object], default: Role, path: str, choice: int = 0) -> list[TextPart]:
    """The texts of a list of messages, in order; a message may also be a bare string."""
    parts: list[TextPart] = []
    for number, message in enumerate(messages):
        where = f"{path}[{number}]"
        if isinstance(message, str):
            add_text(parts, message, default, where)
        elif message is not None:  # Go takes null for an empty one
            add_message(parts, as_object(message, where), default, where, choice)
    return parts


def add_message(parts: list[TextPart], message: dict[str, object], default: Role, path: str, choice: int = 0) -> None:
    """The texts of a message, and what it holds besides for Go's servers (`go_names`)."""
    if message.keys() <= PLAIN and isinstance(message.get("content"), str):  # nearly every one
        _add_as_it_is(parts, message, default, path, choice)
    else:
        as_go_reads(parts, message, lambda into, view: _add_as_it_is(into, view, default, path, choice))


def as_go_reads(
    parts: list[TextPart], fields: dict[str, object], add: Callable[[list[TextPart], dict[str, object]], None]
) -> None:
    """What `add` finds in an object, and what it finds in it besides with the names that Go takes it to have."""
    before = len(parts)
    add(parts, fields)
    if not has_odd_names(fields):
        return
    read = dict.fromkeys(parts[before:])
    for view in views_of_go(fields):
        others: list[TextPart] = []
        with contextlib.suppress(DecodeError):
            add(others, view)
        read |= dict.fromkeys(others)
    parts[before:] = read


def _add_as_it_is(parts: list[TextPart], message: dict[str, object], default: Role, path: str, choice: int) -> None:
    role = role_of(message.get("role"), default)
    for key in ("reasoning_content", "reasoning", "thinking"):
        thought = message.get(key)
        if isinstance(thought, str) and thought:
            add_text(parts, thought, role, path, "reasoning", choice)
            break
    kind: PartKind = "tool_result" if role == "tool" else "text"
    content_parts(parts, message.get("content"), role, f"{path}.content", kind, choice)
    if isinstance(message.get("refusal"), str):
        add_text(parts, message["refusal"], role, path, "refusal", choice)
    audio = message.get("audio")
    if isinstance(audio, dict) and isinstance(audio.get("transcript"), str):
        add_text(parts, audio["transcript"], role, path, "text", choice)
    calls = message.get("tool_calls")
    if isinstance(calls, dict):  # llama.cpp goes through an object as well
        calls = list(calls.values())
    if role != "assistant" and not (isinstance(calls, list) and all(isinstance(call, dict) for call in calls)):
        calls = None  # servers look at those of an assistant alone: in a user's message anything may stand there
    if calls is not None:
        for number, call in enumerate(as_list(calls, f"{path}.tool_calls")):
            if call is not None:
                _add_call(parts, call, role, f"{path}.tool_calls[{number}]", choice)
    if isinstance(message.get("function_call"), dict):
        _add_call(parts, {"function": message["function_call"]}, role, f"{path}.function_call", choice)


def _add_call(parts: list[TextPart], call: object, role: Role, path: str, choice: int) -> None:
    call = as_object(call, path)
    for key, given in (("function", "arguments"), ("custom", "input")):
        called = call.get(key)
        if isinstance(called, dict):
            add_text(parts, argument_text(called.get(given)), role, path, "tool_arguments", choice)


def content_parts(
    parts: list[TextPart],
    content: object,
    role: Role,
    path: str,
    kind: PartKind = "text",
    choice: int = 0,
    depth: int = 0,
) -> None:
    """Append the texts of a message's ``content``: null, a string, one part, or a list of parts.

    Parts that hold no text (images, audio, files) are left out; of those of unknown types all that is said in them is
    read (`said`).
    """
    if depth > MAX_DEPTH // 8:
        deeper = said(content)
        if not deeper:  # cut by the parser, it may be
            raise DecodeError("too_deep", path)
        add_text(parts, deeper, role, path, kind, choice)
        return
    if content is None or isinstance(content, str):
        add_text(parts, content, role, path, kind, choice)
        return
    for number, part in enumerate([content] if isinstance(content, dict) else as_list(content, path)):
        where = f"{path}[{number}]"
        if part is None or isinstance(part, str):
            add_text(parts, part, role, where, kind, choice)
            continue
        part = as_object(part, where)
        kind_of_part = part.get("type", "text")
        if kind_of_part in ("text", "input_text", "output_text", "summary_text", "reasoning_text"):
            text = part.get("text", part.get("content"))
            if isinstance(text, dict):  # the assistants API wraps it: {"text": {"value": ...}}
                text = text.get("value")
            add_text(parts, text, role, f"{where}.text", kind, choice)
        elif kind_of_part == "refusal":
            add_text(parts, part.get("refusal"), role, f"{where}.refusal", "refusal", choice)
        elif kind_of_part == "thinking":
            content_parts(parts, part.get("thinking"), role, f"{where}.thinking", "reasoning", choice, depth + 1)
        elif kind_of_part in ("tool_use", "server_tool_use", "mcp_tool_use"):
            add_text(parts, argument_text(part.get("input")), role, where, "tool_arguments", choice)
        elif kind_of_part == "tool_result":
            content_parts(parts, part.get("content"), "tool", f"{where}.content", "tool_result", choice, depth + 1)
        elif isinstance(kind_of_part, str) and kind_of_part.endswith("_tool_result"):  # mcp_, web_search_, ...
            add_text(parts, said(part), "tool", where, "tool_result", choice)
        else:
            add_text(parts, said(part), role, where, kind, choice)


def choice_parts(choices: object, path: str) -> list[TextPart]:
    """The texts of ``choices``: chat messages, or the ``text`` of legacy completions."""
    parts: list[TextPart] = []
    for number, item in enumerate(as_list(choices, path)):
        where = f"{path}[{number}]"
        item = as_object(item, where)
        index = item.get("index")
        choice = index if isinstance(index, int) and 0 <= index < 1_000_000 else number
        message = item.get("message")
        if message is not None:
            add_message(parts, as_object(message, f"{where}.message"), "assistant", f"{where}.message", choice)
        else:
            add_text(parts, item.get("text"), "assistant", f"{where}.text", "text", choice)
    return parts
