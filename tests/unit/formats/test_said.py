"""What is said in parts and items of any type is read, and what is no text is not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from streams.formats.chat import request_half, response_half
from streams.formats.said import said

PDF = {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0xLjQK"}
PARTS: list[tuple[dict[str, Any], str, str]] = [
    ({"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "LOOK"}}, "LOOK", "text"),
    (
        {"type": "document", "source": {"type": "content", "content": [{"type": "text", "text": "LOOK"}]}},
        "LOOK",
        "text",
    ),
    ({"type": "document", "title": "LOOK", "source": PDF}, "LOOK", "text"),
    ({"type": "search_result", "source": "s", "title": "t", "content": [{"text": "LOOK"}]}, "s\nt\nLOOK", "text"),
    ({"type": "server_tool_use", "id": "1", "name": "n", "input": {"q": "LOOK"}}, '{"q":"LOOK"}', "tool_arguments"),
    ({"type": "mcp_tool_result", "tool_use_id": "1", "content": [{"text": "LOOK"}]}, "LOOK", "tool_result"),
    ({"type": "tool_result", "content": [{"type": "document", "source": {"data": "LOOK"}}]}, "LOOK", "tool_result"),
    ({"type": "thinking", "thinking": [{"type": "text", "text": "LOOK"}]}, "LOOK", "reasoning"),
    ({"type": "of next year", "inner": {"deep": [["LOOK"]]}}, "LOOK", "text"),
    ({"type": ["no", "name"], "inner": "LOOK"}, "no\nname\nLOOK", "text"),
    ({"type": "x", "name": "n" * 257}, "n" * 257, "text"),
    ({"type": "image", "source": {**PDF, "media_type": "image/png"}}, "", ""),
    ({"type": "image_url", "image_url": {"url": "https://a.example/LOOK"}}, "", ""),
    ({"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}, "transcript": "LOOK"}, "LOOK", "text"),
    ({"type": "x", "content": "data:image/png;base64,AAAA"}, "", ""),
]
ITEMS: list[tuple[dict[str, Any], list[tuple[str, str]]]] = [
    ({"type": "mcp_call", "arguments": "{}", "output": "LOOK"}, [("{}", "tool_arguments"), ("LOOK", "tool_result")]),
    ({"type": "mcp_call", "input": "{}", "error": {"c": "LOOK"}}, [("{}", "tool_arguments"), ("LOOK", "tool_result")]),
    (
        {"type": "code_interpreter_call", "code": "LOOK", "outputs": [{"type": "logs", "logs": "well"}]},
        [("LOOK", "tool_arguments"), ("well", "tool_result")],
    ),
    (
        {"type": "local_shell_call", "call_id": "1", "action": {"type": "exec", "command": ["rm", "LOOK"]}},
        [("rm\nLOOK", "tool_arguments")],
    ),
    ({"type": "local_shell_call_output", "id": "1", "output": "LOOK"}, [("LOOK", "tool_result")]),
    ({"type": "web_search_call", "action": {"type": "search", "query": "LOOK"}}, [("LOOK", "tool_arguments")]),
    ({"type": "image_generation_call", "result": "AAAA", "revised_prompt": "LOOK"}, [("LOOK", "tool_arguments")]),
    ({"type": "of next year", "inner": "LOOK"}, [("LOOK", "text")]),
    ({"type": "reasoning", "encrypted_content": "AAAA", "summary": []}, []),
    ({"type": "item_reference", "id": "1"}, []),
]  # fmt: skip


@pytest.mark.parametrize(("part", "text", "kind"), PARTS)
def test_what_a_part_says_is_read_whatever_its_type(part: dict[str, Any], text: str, kind: str) -> None:
    half = request_half({"messages": [{"role": "user", "content": [part]}]})
    assert half.payload is not None
    assert [(each.text, each.kind) for each in half.payload.texts] == ([(text, kind)] if text else [])


@pytest.mark.parametrize(("item", "texts"), ITEMS)
def test_what_an_item_says_is_read_whatever_its_type(item: dict[str, Any], texts: list[tuple[str, str]]) -> None:
    for half in (request_half({"input": [item]}), response_half({"object": "response", "output": [item]})):
        assert half.payload is not None
        assert [(each.text, each.kind) for each in half.payload.texts] == texts


def test_no_more_is_read_than_there_is() -> None:
    deep: Any = "LOOK"
    for _ in range(100_000):
        deep = [deep]
    assert said(deep) == "LOOK"
    wide = {"a": [{"b": "x"}] * 1_000, "c": "y"}
    assert len(said(wide)) < len(json.dumps(wide))
