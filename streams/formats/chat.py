"""OpenAI's shapes, shared by every format that carries them: messages, requests, whole answers. Pure functions.

Source: OpenAI API reference (chat completions, completions, responses), and what vLLM, TGI and LiteLLM add to it.
Streams are put together in `streams.formats.chat_stream`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass, replace

import msgspec

from agent.errors import DecodeError
from agent.events import Direction, InferenceEvent, PartKind, Payload, Role, TextPart
from streams.formats.base import (
    MAX_DEPTH,
    UNKNOWN_MODEL,
    as_list,
    as_object,
    bounded_id,
    bounded_name,
    mend_surrogates,
    parse_time,
)
from streams.formats.go_names import PLAIN, has_odd_names, views_of_go
from streams.formats.own_forms import asks_tokens, other_texts, own_questions
from streams.formats.passages import request_passages, response_passages
from streams.formats.prompts import prompt_texts
from streams.formats.said import said

__all__ = [
    "Half",
    "add_text",
    "argument_text",
    "choice_parts",
    "content_parts",
    "is_request",
    "is_response",
    "join_halves",
    "message_parts",
    "model_name",
    "request_half",
    "response_half",
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
_REQUEST_KEYS = ("messages", "prompt", "input", "inputs", "instructions")
#: Of an item that calls a tool, where what it is called with stands.
_GIVEN = ("arguments", "input", "code")
#: What came of a call, where it stands beside it.
_RESULTS = ("output", "outputs", "results", "error")
_RESPONSE_KEYS = ("choices", "output", "error", "generated_text")


@dataclass(frozen=True, slots=True)
class Half:
    """One direction of a call, before it is known which event it belongs to."""

    direction: Direction
    payload: Payload | None
    model: str = ""
    ident: str = ""
    time: float | None = None
    version: str = ""
    truncated: bool = False
    failed: bool = False
    context: tuple[str, ...] = ()


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
            _add_message(parts, as_object(message, where), default, where, choice)
    return parts


def _add_message(parts: list[TextPart], message: dict[str, object], default: Role, path: str, choice: int) -> None:
    """The texts of a message, and what it holds besides for Go's servers (`go_names`)."""
    before = len(parts)
    _add_as_it_is(parts, message, default, path, choice)
    if (message.keys() <= PLAIN and isinstance(message.get("content"), str)) or not has_odd_names(message):
        return  # nearly every one
    read = dict.fromkeys(parts[before:])
    for view in views_of_go(message):
        others: list[TextPart] = []
        with contextlib.suppress(DecodeError):
            _add_as_it_is(others, view, default, path, choice)
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


def model_name(value: object) -> str:
    """The model as a body names it, "" when that is no name: servers of one model pass over what stands there."""
    try:
        return bounded_name(value, "model")
    except DecodeError:
        return ""


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
            _add_message(parts, as_object(message, f"{where}.message"), "assistant", f"{where}.message", choice)
        else:
            add_text(parts, item.get("text"), "assistant", f"{where}.text", "text", choice)
    return parts


def is_request(body: dict[str, object]) -> bool:
    """Whether an object looks like a request: it has messages, a prompt or an input, and no answer."""
    return any(key in body for key in _REQUEST_KEYS) and not is_response(body)


def is_response(body: dict[str, object]) -> bool:
    """Whether an object looks like an answer or an error."""
    if "choices" in body or "generated_text" in body or body.get("object") in ("response", "error"):
        return True
    if isinstance(body.get("output"), list) and "messages" not in body:
        return True
    return "error" in body and "messages" not in body and "prompt" not in body and "input" not in body


def request_half(body: dict[str, object], path: str = "") -> Half:
    """A request: chat completions, legacy completions, responses, embeddings, or TGI's ``inputs``.

    Token ids hold no text that anybody could look at: a prompt of them gives an empty payload, and is ``truncated``.
    """
    prefix = f"{path}." if path else ""
    parts: list[TextPart] = []
    content_parts(parts, body.get("instructions"), "system", f"{prefix}instructions")
    # Anthropic's place for it, passed through by gateways.
    content_parts(parts, body.get("system"), "system", f"{prefix}system")
    for key in ("template", "tool_prompt"):  # what stands around the prompt: Ollama, TGI
        if isinstance(body.get(key), str):
            add_text(parts, body[key], "system", f"{prefix}{key}")
    own, tokens = own_questions(body), asks_tokens(body)
    if not own and not tokens and not any(key in body for key in _REQUEST_KEYS):
        raise DecodeError("missing_field", f"{prefix}messages")
    messages = body.get("messages")
    if messages is not None:
        parts += message_parts(as_list(messages, f"{prefix}messages"), "user", f"{prefix}messages")
    for key, prompt in {"prompt": body.get("prompt"), "inputs": body.get("inputs"), **own}.items():
        if prompt is None:
            continue
        texts, among = prompt_texts(prompt, f"{prefix}{key}")
        for text, number in texts:
            add_text(parts, text, "user", key, "text", number)
        tokens = tokens or among
    if isinstance(body.get("suffix"), str):  # of a text that is to be filled in
        add_text(parts, body["suffix"], "user", f"{prefix}suffix")
    given = body.get("input")
    _add_items(parts, given, "user", f"{prefix}input")
    tokens = tokens or (isinstance(given, list) and any(isinstance(item, (int, list)) for item in given))
    model = model_name(body.get("model"))
    return Half("input", Payload(tuple(parts)), model, truncated=tokens, context=request_passages(body))


def _add_items(parts: list[TextPart], items: object, default: Role, path: str) -> None:
    """Items of the Responses API: messages, function calls and their outputs, reasoning."""
    if items is None or isinstance(items, str):
        add_text(parts, items, default, path)
        return
    for number, item in enumerate(as_list(items, path)):
        where = f"{path}[{number}]"
        if isinstance(item, str):
            add_text(parts, item, default, where)
        elif isinstance(item, dict):
            kind = item.get("type", "message")
            if kind == "message":
                _add_message(parts, item, default, where, 0)
            elif kind in ("function_call_output", "custom_tool_call_output"):
                content_parts(parts, item.get("output"), "tool", f"{where}.output", "tool_result")
            elif kind == "reasoning":
                for key in ("summary", "content"):
                    content_parts(parts, item.get(key), "assistant", f"{where}.{key}", "reasoning")
            else:
                _add_other(parts, item, kind, default, where)
        elif not isinstance(item, (int, list)):  # token ids and batches of them hold no text
            raise DecodeError("wrong_type", where)


def _add_other(parts: list[TextPart], item: dict[str, object], kind: object, default: Role, path: str) -> None:
    """A call of a tool and what came of it, or an item of a type that is not known."""
    named = kind if isinstance(kind, str) else ""
    if named.endswith("_output"):
        add_text(parts, said(item), "tool", path, "tool_result")
    elif not named.endswith("_call"):
        add_text(parts, said(item), default, path)
    else:
        given = next((argument_text(item[name]) for name in _GIVEN if item.get(name) is not None), None)
        if given is None:
            given = said({name: value for name, value in item.items() if name not in _RESULTS})
        add_text(parts, given, "assistant", path, "tool_arguments")
        # What a search of files found are passages, of `response_passages`.
        results = {name: item[name] for name in _RESULTS if name in item and named != "file_search_call"}
        add_text(parts, said(results), "tool", path, "tool_result")


def response_half(body: dict[str, object], path: str = "") -> Half:
    """A whole answer, or an error body: then ``failed`` and no payload."""
    prefix = f"{path}." if path else ""
    half = Half(
        "output",
        None,
        model_name(body.get("model")),
        bounded_id(body.get("id"), f"{prefix}id"),
        parse_time(body.get("created", body.get("created_at"))),
    )
    parts: list[TextPart] = []
    if body.get("choices") is not None:
        parts = choice_parts(body["choices"], f"{prefix}choices")
    elif isinstance(body.get("output"), (list, str)):
        _add_items(parts, body["output"], "assistant", f"{prefix}output")
    elif body.get("generated_text") is not None:
        add_text(parts, body["generated_text"], "assistant", f"{prefix}generated_text")
        for number, text in enumerate(other_texts(body), start=1):
            add_text(parts, text, "assistant", f"{prefix}details", "text", number)
    elif body.get("error") is None and body.get("object") != "error":
        if not any(key in body for key in _RESPONSE_KEYS):
            raise DecodeError("missing_field", f"{prefix}choices")
        raise DecodeError("wrong_type", f"{prefix}choices")
    failed = body.get("error") is not None or body.get("object") == "error" or body.get("status") == "failed"
    if failed and not parts:
        return replace(half, failed=True)
    return replace(half, payload=Payload(tuple(parts)), failed=failed, context=response_passages(body))


def join_halves(
    name: str,
    question: Half | None,
    answer: Half | None,
    *,
    ident: str = "",
    model: str = "",
    source: str = "",
    time: float | None = None,
    tenant: str = "",
    trace_id: str = "",
    truncated: bool = False,
) -> InferenceEvent:
    """One event out of its halves. What the caller knows goes before what the bodies say.

    The request's model goes before the answer's, which may be a resolved name that the other half cannot know.
    """
    halves = [half for half in (question, answer) if half is not None]
    said = next((half.model for half in halves if half.model), "")
    return InferenceEvent(
        inference_id=ident or next((half.ident for half in reversed(halves) if half.ident), ""),
        model=model or said or UNKNOWN_MODEL,
        format=name,
        source=source,
        time=time if time is not None else next((half.time for half in halves if half.time is not None), None),
        input=question.payload if question else None,
        output=answer.payload if answer else None,
        context=tuple(passage for half in halves for passage in half.context),
        model_version=next((half.version for half in halves if half.version), ""),
        tenant=tenant,
        trace_id=trace_id,
        truncated=truncated or any(half.truncated for half in halves),
        failed=any(half.failed for half in halves),
    )
