"""What is said in parts, items and messages of types that nobody has thought of is told, and bytes are not."""

from __future__ import annotations

import json
from types import MappingProxyType, SimpleNamespace
from typing import Any

import pytest
from clients.python.tests.test_events import MAX_BYTES, NOW, decoded, texts

from harmwatch_client.events import Facts, build_event
from harmwatch_client.pieces import Pieces
from harmwatch_client.shapes import answer_output, request_input

TEXT = [{"type": "text", "text": "HIDDEN"}]
PARTS: dict[str, dict[str, Any]] = {
    "text document": {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "HIDDEN"}},
    "document of parts": {"type": "document", "source": {"type": "content", "content": TEXT}},
    "search result": {"type": "search_result", "source": "s", "title": "t", "content": TEXT},
    "web search": {"type": "web_search_tool_result", "content": [{"type": "web_search_result", "title": "HIDDEN"}]},
    "MCP result": {"type": "mcp_tool_result", "content": TEXT},
    "server's tool": {"type": "server_tool_use", "input": {"query": "HIDDEN"}},
    "code's result": {"type": "code_execution_tool_result", "content": {"stdout": "HIDDEN"}},
    "document in a result": {
        "type": "tool_result", "content": [{"type": "document", "source": {"type": "text", "data": "HIDDEN"}}],
    },
    "result elsewhere": {"type": "tool_result", "output": "HIDDEN"},
    "thoughts": {"type": "thinking", "thinking": TEXT},
    "unknown": {"type": "no_such_type", "body": {"pages": [["HIDDEN"]]}},
    "text of parts": {"type": "text", "content": TEXT},
    "written down": {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}, "transcript": "HIDDEN"},
    "long name": {"type": "no_such_type", "name": "HIDDEN" * 60},
}  # fmt: skip
ITEMS: dict[str, dict[str, Any]] = {
    "mcp_call": {"name": "x", "arguments": "{}", "output": "HIDDEN"},
    "code_interpreter_call": {"code": "HIDDEN", "outputs": []},
    "local_shell_call": {"action": {"command": ["HIDDEN"]}},
    "local_shell_call_output": {"output": "HIDDEN"},
    "computer_call": {"action": {"type": "type", "text": "HIDDEN"}},
    "apply_patch_call": {"operation": {"diff": "HIDDEN"}},
    "web_search_call": {"action": {"query": "HIDDEN"}},
    "file_search_call": {"queries": [], "results": [{"text": "HIDDEN"}]},
    "image_generation_call": {"revised_prompt": "HIDDEN", "result": "AAAA"},
}
BYTES: list[dict[str, Any]] = [
    {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}},
    {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "AAAA"}},
    {"type": "document", "source": {"type": "url", "url": "https://AAAA"}},
    {"type": "resource", "data": "AAAA", "mimeType": "application/pdf"},
    {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
    {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}},
    {"type": "file", "file": {"file_data": "AAAA", "filename": "AAAA"}},
    {"type": "input_file", "file_data": "AAAA", "file_id": "AAAA"},
    {"type": "redacted_thinking", "data": "AAAA"},
    {"type": "no_such_type", "body": "data:image/png;base64,AAAA", "picture_id": "AAAA", "picture": b"AAAA"},
]


@pytest.mark.parametrize("kind", PARTS)
def test_a_part_of_any_type_tells_what_is_said_in_it(kind: str) -> None:
    event = decoded(input=[{"role": "user", "content": [PARTS[kind]]}], output=[SimpleNamespace(content=[PARTS[kind]])])
    for direction in ("input", "output"):
        (text,) = texts(event, direction)
        assert "HIDDEN" in text and "AAAA" not in text
    assert not event.truncated


@pytest.mark.parametrize("kind", ITEMS)
def test_an_item_of_any_type_tells_what_is_said_in_it(kind: str) -> None:
    item = {"type": kind, "id": "AAAA", **ITEMS[kind]}
    for given in (item, SimpleNamespace(**item)):
        event = decoded(input=request_input({"input": [given]}), output=answer_output(answer(given)))
        for direction in ("input", "output"):
            said = "\n".join(texts(event, direction))
            assert "HIDDEN" in said and "AAAA" not in said
        assert not event.truncated


def answer(*items: object) -> dict[str, object]:
    return {"object": "response", "output": [*items]}


@pytest.mark.parametrize("part", BYTES)
def test_bytes_and_addresses_are_no_text(part: dict[str, Any]) -> None:
    event = build_event(Facts(input=[{"role": "user", "content": [part]}]), NOW, MAX_BYTES)
    assert b"AAAA" not in event.value and not event.cut


def test_items_that_say_nothing_are_no_messages() -> None:
    assert request_input({"input": [{"type": "item_reference", "id": "1"}]}) is None


@pytest.mark.parametrize("thing", [object(), iter(["HIDDEN"])])
def test_what_cannot_be_read_marks_the_event(thing: object) -> None:
    event = build_event(Facts(input=[{"content": [{"type": "no_such_type", "body": [thing]}]}]), NOW, MAX_BYTES)
    assert json.loads(event.value)["truncated"] is True


def test_no_more_is_gathered_than_there_is_room_for() -> None:
    endless: list[Any] = []
    endless.append({"a": endless, "b": endless})
    beginning_and_end = {"type": "x", "texts": ["FIRST", *["middle"] * 100_000, "LAST"]}
    large = {"type": "x", "texts": ["FIRST", *["middle" * 1000] * 100, "LAST"]}
    for part in (endless[0], beginning_and_end, large):
        for given in ([{"content": [part] * 100}], request_input({"input": [part] * 100})):
            event = build_event(Facts(input=given), NOW, 10_000)
            assert event.cut and len(event.value) <= 10_000
    (text,) = texts(decoded(10_000, input=[{"content": [large]}]), "input")
    assert text.startswith("FIRST\nmiddle") and text.endswith("middle\nLAST")


def test_a_message_of_another_shape_tells_what_is_said_in_it() -> None:
    parts = [{"text": "HIDDEN"}]
    given = [{"role": "user", "parts": parts}, {"parts": parts}, SimpleNamespace(parts=parts)]
    event = decoded(input=given)
    assert texts(event, "input") == ["HIDDEN"] * 3 and not event.truncated


class Raising(dict[str, Any]):
    """A mapping that raises when it is looked at."""

    def get(self, key: object, default: object = None) -> Any:
        raise RuntimeError

    def items(self) -> Any:
        raise RuntimeError


def called(arguments: object) -> list[object]:
    return [{"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": arguments}}]}]


@pytest.mark.parametrize(
    "messages",
    [
        [Raising(x="HIDDEN")],
        [object()],
        called(object()),
        called({"a": [object()]}),
        called(MappingProxyType({"a": Raising(x=iter(["HIDDEN"]))})),
        [{"role": "assistant", "reasoning_content": [iter(["HIDDEN"])]}],
        [{"role": "assistant", "content": "", "tool_calls": "HIDDEN"}],
    ],
)
def test_a_message_that_cannot_be_told_marks_the_event(messages: list[object]) -> None:
    event = build_event(Facts(input="q", output=messages), NOW, MAX_BYTES)
    assert json.loads(event.value)["truncated"] is True and event.mended | event.cut


@pytest.mark.parametrize(
    "message",
    [
        *called(MappingProxyType({"a": MappingProxyType({"b": "HIDDEN"})})),
        *called({"a": {"HIDDEN"}}),
        *called({"a": {"b": "HIDDEN"}.values()}),
        {"tool_calls": [{"name": "f", "args": {"a": "HIDDEN"}}]},
        {"role": "assistant", "content": "", "reasoning_content": ["HIDDEN"]},
        {"role": "assistant", "content": "", "reasoning": {"text": "HIDDEN"}},
        {"role": "assistant", "content": "", "refusal": [{"text": "HIDDEN"}]},
    ],
)
def test_a_message_of_other_types_is_told(message: dict[str, Any]) -> None:
    event = decoded(output=[message])
    assert "HIDDEN" in "".join(texts(event, "output")) and not event.truncated


def test_passages_of_no_known_shape_are_told_or_marked() -> None:
    event = decoded(input="q", context=[{"passages": ["HIDDEN"]}])
    assert event.context == ("HIDDEN",) and not event.truncated
    assert decoded(input="q", context=object()).truncated


def test_mappings_that_are_copied_are_looked_at_no_further_than_there_is_room_for() -> None:
    inner: dict[str, Any] = {}
    proxy = MappingProxyType(inner)
    inner.update({str(number): proxy for number in range(100_000)})
    event = build_event(Facts(input="q", output=called(proxy)), NOW, 100_000)
    assert event.cut and len(event.value) <= 100_000


@pytest.mark.parametrize(
    "chunk",
    [
        {"choices": [{"delta": {"content": [{"type": "thinking", "thinking": TEXT}]}}]},
        {"type": "content_block_start", "content_block": PARTS["MCP result"]},
        {"type": "content_block_start", "content_block": {"type": "text", "text": "HIDDEN"}},
    ],
)
def test_a_streamed_piece_of_any_shape_is_told(chunk: dict[str, Any]) -> None:
    pieces = Pieces(1000)
    pieces.add(chunk)
    assert "HIDDEN" in json.dumps(pieces.output()) and not pieces.cut


def test_pieces_that_say_nothing_end_as_well() -> None:
    pieces = Pieces(10_000)
    for _ in range(1000):
        pieces.add({"choices": [{"delta": {"content": [{}] * 1000}}]})
    assert pieces.output() is None and pieces.cut
