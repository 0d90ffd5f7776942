"""Streamed answers put back together: server-sent events, and lists of chunks. Pure functions.

Source: the HTML standard's event stream format, OpenAI's ``chat.completion.chunk`` and ``response.*`` events.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from agent.errors import DecodeError
from agent.events import PartKind, Payload, TextPart
from streams.formats.base import as_list, as_object, bounded_id, mend_surrogates, parse_json, parse_time
from streams.formats.chat import Half, model_name, response_half
from streams.formats.messages import argument_text
from streams.formats.own_forms import choice_of, increments

__all__ = ["Stream", "is_chunk", "looks_like_sse", "read_lines", "read_sse", "stream_half"]

_SSE_START = re.compile(r"\s{0,16}(?:data|event|id|retry|):")
_LINE_END = re.compile(r"\r\n|\n|\r")


@dataclass(frozen=True, slots=True)
class Stream:
    """The data of an event stream.

    Attributes
    ----------
    chunks
        In order of arrival; lone surrogates are kept, for `stream_half` joins them.
    done
        ``[DONE]`` was seen.
    cut
        The last chunk ends in the middle.
    """

    chunks: list[dict[str, object]]
    done: bool = False
    cut: bool = False


def looks_like_sse(text: str) -> bool:
    """Whether the text begins with a field of an event stream (JSON never does)."""
    return _SSE_START.match(text) is not None


def is_chunk(value: object) -> bool:
    """Whether an object is a piece of a streamed answer."""
    if not isinstance(value, dict):
        return False
    kind = value.get("object")
    if isinstance(kind, str) and kind.endswith(".chunk"):
        return True
    if isinstance(value.get("type"), str) and value["type"].startswith("response."):
        return True
    choices = value.get("choices")
    return isinstance(choices, list) and any(isinstance(c, dict) and "delta" in c for c in choices)


def read_sse(text: str, path: str = "") -> Stream:
    """Parse an event stream of JSON objects.

    Raises
    ------
    DecodeError
        ``not_json`` for a damaged chunk in the middle, ``truncated_json`` when not one chunk is whole.
    """
    documents: list[str] = []
    data: list[str] = []
    for line in _LINE_END.split(text):
        if not line:
            if data:
                documents.append("\n".join(data))
                data = []
            continue
        key, colon, value = line.strip("\ufeff").partition(":")
        if key.strip() == "data" and colon:
            data.append(value.removeprefix(" "))
    if data:
        documents.append("\n".join(data))
    chunks: list[dict[str, object]] = []
    done = cut = False
    last = len(documents) - 1
    for number, document in enumerate(documents):
        if document.strip() == "[DONE]":
            done = True
            continue
        if not document.strip():
            continue
        where = f"{path}data[{number}]"
        try:
            chunks.append(as_object(parse_json(document, where, keep_surrogates=True), where))
        except DecodeError as error:
            if number != last or done or error.reason not in ("truncated_json", "not_json"):
                raise
            cut = True
    if cut and not chunks:
        raise DecodeError("truncated_json", f"{path}data[{last}]")
    if not chunks and not done:
        raise DecodeError("not_json", f"{path}event stream without data")
    return Stream(chunks, done, cut)


def read_lines(text: str) -> Stream | None:
    """Chunks of an answer one a line, as Ollama streams them; None when it is none."""
    lines = [line for line in text.split("\n") if line.strip()]
    chunks: list[dict[str, object]] = []
    for number, line in enumerate(lines):
        try:
            chunk = parse_json(line, keep_surrogates=True)
        except DecodeError as error:
            if chunks and number == len(lines) - 1 and error.reason == "truncated_json":
                return Stream(chunks, cut=True)
            return None
        if not isinstance(chunk, dict) or (choice_of(chunk) is None and not (chunks and "error" in chunk)):
            return None
        chunks.append(chunk)
    return Stream(chunks) if len(chunks) > 1 else None


@dataclass(slots=True)
class _Choice:
    text: list[str] = field(default_factory=list)
    reasoning: list[str] = field(default_factory=list)
    refusal: list[str] = field(default_factory=list)
    calls: dict[int, list[str]] = field(default_factory=dict)
    finished: bool = False

    def parts(self, index: int) -> Iterable[TextPart]:
        pieces: list[tuple[PartKind, list[str]]] = [
            ("reasoning", self.reasoning),
            ("text", self.text),
            ("refusal", self.refusal),
        ]
        pieces += [("tool_arguments", self.calls[number]) for number in sorted(self.calls)]
        for kind, strings in pieces:
            whole = mend_surrogates("".join(strings))
            if whole:
                yield TextPart(whole, "assistant", kind, index)


def stream_half(stream: Stream, path: str = "") -> Half:
    """The answer that a stream adds up to.

    ``truncated`` when the stream broke off: no ``[DONE]``, and a choice without ``finish_reason``.
    """
    if any(_type(chunk).startswith("response.") for chunk in stream.chunks):
        return _responses_half(stream, path)
    choices: dict[int, _Choice] = {}
    ident = model = ""
    time: float | None = None
    failed = False
    for number, chunk in enumerate(increments(stream.chunks)):
        where = f"{path}chunk[{number}]"
        ident = ident or bounded_id(chunk.get("id"), f"{where}.id")
        model = model or model_name(chunk.get("model"))
        if time is None:
            time = parse_time(chunk.get("created"))
        failed = failed or chunk.get("error") is not None
        listed = chunk.get("choices")
        if listed is None and (own := choice_of(chunk)) is not None:
            listed = [own]
        for item in as_list(listed, f"{where}.choices") if listed is not None else ():
            _add_delta(choices, as_object(item, f"{where}.choices"), f"{where}.choices")
    parts = tuple(part for index in sorted(choices) for part in choices[index].parts(index))
    whole = stream.done or (bool(choices) and all(choice.finished for choice in choices.values()))
    payload = None if failed and not parts else Payload(parts)
    return Half("output", payload, model, ident, time, truncated=stream.cut or not (whole or failed), failed=failed)


def _type(chunk: dict[str, object]) -> str:
    kind = chunk.get("type")
    return kind if isinstance(kind, str) else ""


def _index(value: object) -> int:
    return value if isinstance(value, int) and 0 <= value < 1_000_000 else 0


def _add_delta(choices: dict[int, _Choice], item: dict[str, object], path: str) -> None:
    choice = choices.setdefault(_index(item.get("index")), _Choice())
    choice.finished = choice.finished or item.get("finish_reason") is not None
    _add(choice.text, item.get("text"), f"{path}.text")
    delta = item.get("delta", item.get("message"))
    if delta is None:
        return
    delta = as_object(delta, f"{path}.delta")
    content = delta.get("content")
    if isinstance(content, list):  # some gateways stream parts
        content = "".join(p["text"] for p in content if isinstance(p, dict) and isinstance(p.get("text"), str))
    _add(choice.text, content, f"{path}.delta.content")
    thought = delta.get("reasoning_content")
    thought = delta.get("reasoning") if thought is None else thought
    if isinstance(thought, str):
        choice.reasoning.append(thought)
    _add(choice.refusal, delta.get("refusal"), f"{path}.delta.refusal")
    function = delta.get("function_call")
    if isinstance(function, dict):
        _add(choice.calls.setdefault(0, []), function.get("arguments"), f"{path}.delta.function_call")
    calls = delta.get("tool_calls")
    for call in as_list(calls, f"{path}.delta.tool_calls") if calls is not None else ():
        call = as_object(call, f"{path}.delta.tool_calls")
        for key, given in (("function", "arguments"), ("custom", "input")):
            called = call.get(key)
            if isinstance(called, dict) and called.get(given) is not None:
                choice.calls.setdefault(_index(call.get("index")), []).append(argument_text(called[given]))


def _add(strings: list[str], value: object, path: str) -> None:
    if value is None:
        return
    if not isinstance(value, str):
        raise DecodeError("wrong_type", path)
    strings.append(value)


_DELTAS: dict[str, PartKind] = {
    "response.output_text.delta": "text",
    "response.refusal.delta": "refusal",
    "response.reasoning_text.delta": "reasoning",
    "response.reasoning_summary_text.delta": "reasoning",
    "response.function_call_arguments.delta": "tool_arguments",
    "response.custom_tool_call_input.delta": "tool_arguments",
    "response.mcp_call_arguments.delta": "tool_arguments",
    "response.code_interpreter_call_code.delta": "tool_arguments",
}


def _responses_half(stream: Stream, path: str) -> Half:
    """The Responses API ends with the whole answer; when that is missing, or holds nothing, the deltas must do."""
    strings: dict[tuple[int, int, PartKind], list[str]] = {}
    ident = model = ""
    time: float | None = None
    whole: Half | None = None
    for number, chunk in enumerate(stream.chunks):
        response = chunk.get("response")
        if isinstance(response, dict):
            if _type(chunk) in ("response.completed", "response.incomplete", "response.failed"):
                whole = response_half(response, f"{path}chunk[{number}].response")
                break
            ident = ident or bounded_id(response.get("id"), f"{path}chunk[{number}].response.id")
            model = model or model_name(response.get("model"))
            time = parse_time(response.get("created_at")) if time is None else time
        kind = _DELTAS.get(_type(chunk))
        if kind is not None:
            key = (_index(chunk.get("output_index")), _index(chunk.get("content_index")), kind)
            _add(strings.setdefault(key, []), chunk.get("delta"), f"{path}chunk[{number}].delta")
    parts = [TextPart(mend_surrogates("".join(s)), "assistant", key[2]) for key, s in sorted(strings.items())]
    said = Payload(tuple(part for part in parts if part.text))
    if whole is None:
        return Half("output", said, model, ident, time, truncated=True)
    return whole if (whole.payload and whole.payload.texts) or not said.texts else replace(whole, payload=said)
