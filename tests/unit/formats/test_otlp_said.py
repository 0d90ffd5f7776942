"""What a part of a message says is read, whatever its type is called: a verdict that says clean has seen it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agent.events import InferenceEvent, Payload
from streams.formats import load

SAID = "mail ann.lee@example.org"


def event(asked: list[Any], answered: list[Any], role: str = "assistant") -> InferenceEvent:
    """The event of a call, its parts as an exporter writes them on a span."""
    attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.input.messages": json.dumps([{"role": "user", "parts": asked}]),
        "gen_ai.output.messages": json.dumps([{"role": role, "parts": answered}]),
    }
    record = {"attributes": [{"key": key, "value": {"stringValue": value}} for key, value in attributes.items()]}
    (found,) = load("otlp").decode(
        json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]}).encode(), ()
    )
    return found


def texts(payload: Payload | None) -> list[tuple[str, str, str]]:
    assert payload is not None
    return [(part.role, part.kind, part.text) for part in payload.texts]


PARTS: list[tuple[dict[str, Any], tuple[str, str, str]]] = [
    (
        {"type": "server_tool_call", "id": "1", "name": "f", "server_tool_call": {"type": "code", "code": SAID}},
        ("assistant", "tool_arguments", f'{{"type":"code","code":"{SAID}"}}'),
    ),
    (
        {"type": "server_tool_call_response", "id": "1", "server_tool_call_response": {"found": [SAID]}},
        ("tool", "tool_result", f'{{"found":["{SAID}"]}}'),
    ),
    ({"type": "tool_use", "name": "f", "input": {"to": SAID}}, ("assistant", "tool_arguments", f'{{"to":"{SAID}"}}')),
    ({"type": "tool_call", "name": "f", "input": SAID}, ("assistant", "tool_arguments", SAID)),
    ({"type": "tool_call_response", "response": None, "result": SAID}, ("tool", "tool_result", SAID)),
    ({"type": "thinking", "content": SAID}, ("assistant", "reasoning", SAID)),
    ({"type": "thinking", "thinking": SAID}, ("assistant", "reasoning", SAID)),
    ({"type": "reasoning", "content": SAID}, ("assistant", "reasoning", SAID)),
    ({"type": "refusal", "content": SAID}, ("assistant", "refusal", SAID)),
    ({"type": "refusal", "refusal": SAID}, ("assistant", "refusal", SAID)),
    ({"type": "text", "text": SAID}, ("assistant", "text", SAID)),
    ({"type": "text", "content": {"of": SAID}}, ("assistant", "text", f'{{"of":"{SAID}"}}')),
    ({"content": SAID}, ("assistant", "text", SAID)),
    ({"type": {"of": "no"}, "content": SAID}, ("assistant", "text", SAID)),
    ({"type": "TEXT", "content": SAID}, ("assistant", "text", SAID)),
    (
        {"type": "poem", "id": "p", "lines": ["a", SAID], "title": "b", "number": 5},
        ("assistant", "text", f'["a","{SAID}"]\nb'),
    ),
    ({"type": "audio", "data": "AAAA", "transcript": SAID}, ("assistant", "text", SAID)),
]


@pytest.mark.parametrize(("part", "read"), PARTS, ids=[str(part)[:40] for part, _ in PARTS])
def test_what_a_part_says_is_read_of_answers_and_of_questions(part: dict[str, Any], read: tuple[str, str, str]) -> None:
    found = event([part], [part])
    assert texts(found.output) == [read]
    role, kind, text = read
    assert texts(found.input) == [("user" if role == "assistant" else role, kind, text)]


def test_a_part_that_is_a_bare_string_is_a_text_and_null_is_none() -> None:
    assert texts(event(["hi"], [None, SAID]).output) == [("assistant", "text", SAID)]


def test_a_part_of_a_tools_message_is_what_a_tool_gave() -> None:
    assert texts(event(["hi"], [{"type": "poem", "said": SAID}], "tool").output) == [("tool", "tool_result", SAID)]


@pytest.mark.parametrize(
    "part",
    [
        {"type": "blob", "modality": "image", "mime_type": "image/png", "content": "AAAA"},
        {"type": "uri", "modality": "image", "uri": "https://a.example/b"},
        {"type": "file", "modality": "image", "file_id": "f-1"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
        {"type": "tool_call", "id": "1", "name": "f"},
        {"type": "text", "content": ""},
        {},
    ],
)
def test_what_is_no_text_is_not_read_as_one(part: dict[str, Any]) -> None:
    assert texts(event(["hi"], [part]).output) == []


def test_calls_of_tools_beside_the_message_of_a_choice_are_read() -> None:
    call = {"type": "function", "function": {"name": "f", "arguments": SAID}}

    def shown(value: Any) -> Any:
        if isinstance(value, dict):
            return {"kvlistValue": {"values": [{"key": key, "value": shown(inner)} for key, inner in value.items()]}}
        return (
            {"arrayValue": {"values": [shown(inner) for inner in value]}}
            if isinstance(value, list)
            else {"stringValue": value}
        )

    record = {"eventName": "gen_ai.choice", "body": shown({"message": {"role": "assistant"}, "tool_calls": [call]})}
    (found,) = load("otlp").decode(
        json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]}).encode(), ()
    )
    assert texts(found.output) == [("assistant", "tool_arguments", SAID)]
