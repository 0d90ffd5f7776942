"""streams.formats.chat: OpenAI's shapes as texts."""

from __future__ import annotations

from typing import Any

import pytest

from agent.errors import DecodeError
from agent.events import InferenceEvent, Payload, TextPart
from streams.formats.batches import without_hidden
from streams.formats.chat import is_request, is_response, join_halves, request_half, response_half
from streams.formats.messages import choice_parts, message_parts


def texts(half: Any) -> list[tuple[str, str, str]]:
    assert half.payload is not None
    return [(part.text, part.role, part.kind) for part in half.payload.texts]


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        ("developer", "system"),
        ("function", "tool"),
        ("model", "assistant"),
        ("human", "user"),
        ("robot", "user"),
        (5, "user"),
    ],
)
def test_roles(role: object, expected: str) -> None:
    assert message_parts([{"role": role, "content": "x"}], "user", "m")[0].role == expected


def test_parts_of_a_message_in_order() -> None:
    message = {
        "role": "assistant",
        "reasoning": "先想一想",
        "content": [
            {"type": "text", "text": "one"},
            "two",
            {"type": "image_url"},
            {"type": "thinking", "thinking": "hm"},
        ],
        "refusal": "no",
        "audio": {"transcript": "spoken"},
        "tool_calls": [{"function": {"name": "f", "arguments": {"键": 1}}}],
        "function_call": {"arguments": "{}"},
    }
    assert [(p.text, p.kind) for p in message_parts([message], "user", "m", choice=2)] == [
        ("先想一想", "reasoning"),
        ("one", "text"),
        ("two", "text"),
        ("hm", "reasoning"),
        ("no", "refusal"),
        ("spoken", "text"),
        ('{"键":1}', "tool_arguments"),
        ("{}", "tool_arguments"),
    ]


def test_tool_results() -> None:
    parts = message_parts([{"role": "tool", "content": "42"}, {"role": "user", "content": [{"type": "tool_result",
                          "content": [{"type": "text", "text": "43"}]}]}], "user", "m")  # fmt: skip
    assert parts == [TextPart("42", "tool", "tool_result"), TextPart("43", "tool", "tool_result")]


def test_empty_contents_give_no_parts() -> None:
    assert message_parts([{"role": "user", "content": ""}, {"role": "user", "content": None}, {}], "user", "m") == []


@pytest.mark.parametrize(
    ("messages", "path"),
    [
        ([7], "m[0]"),
        ([{"content": 7}], "m[0].content"),
        ([{"content": [{"type": "text", "text": []}]}], "m[0].content[0].text"),
        ([{"role": "assistant", "content": "x", "tool_calls": 7}], "m[0].tool_calls"),
        ([{"content": "x"}, {"role": "assistant", "tool_calls": [3]}], "m[1].tool_calls[0]"),
    ],
)
def test_wrong_types_name_the_place_and_not_the_value(messages: list[object], path: str) -> None:
    with pytest.raises(DecodeError) as caught:
        message_parts(messages, "user", "m")
    assert (caught.value.reason, caught.value.detail) == ("wrong_type", path)


@pytest.mark.parametrize("depth", [5, 50, 5_000])
def test_nested_tool_results_are_read_without_recursion(depth: int) -> None:
    content: Any = "x"
    for _ in range(depth):
        content = [{"type": "tool_result", "content": content}]
    assert [part.text for part in message_parts([{"role": "user", "content": content}], "user", "m")] == ["x"]


def test_choices_keep_their_index() -> None:
    parts = choice_parts([{"index": 3, "text": "a"}, {"message": {"content": "b"}}, {"index": True, "text": "c"}], "c")
    assert [(p.text, p.choice) for p in parts] == [("a", 3), ("b", 1), ("c", 1)]


def test_requests() -> None:
    assert texts(request_half({"model": "m", "prompt": "从前"})) == [("从前", "user", "text")]
    assert texts(request_half({"inputs": "tgi"})) == [("tgi", "user", "text")]
    assert texts(request_half({"instructions": "be kind", "input": "hi"})) == [
        ("be kind", "system", "text"),
        ("hi", "user", "text"),
    ]
    assert texts(request_half({"prompt": [[1, 2], [3]]})) == []
    with pytest.raises(DecodeError, match="missing_field"):
        request_half({"model": "m"})


def test_responses() -> None:
    half = response_half({"id": "c", "model": "m", "created": 1_787_306_400, "choices": []})
    assert (half.ident, half.model, half.time, half.failed) == ("c", "m", 1787306400.0, False)
    failed = response_half({"error": {"message": "x"}})
    assert failed.failed and failed.payload is None
    with pytest.raises(DecodeError, match="missing_field"):
        response_half({"id": "c"})
    assert response_half({"id": "r", "object": "response", "status": "failed", "output": []}).failed


def test_requests_and_answers_are_told_apart() -> None:
    assert is_request({"messages": []}) and not is_response({"messages": []})
    assert is_response({"error": {}}) and not is_request({"error": {}})
    assert is_response({"output": []}) and not is_request({"output": [], "input": []})
    assert is_request({"input": "x"}) and not is_request({"foo": 1})


def test_joining_prefers_what_the_caller_knows() -> None:
    question = request_half({"model": "asked", "messages": [{"role": "user", "content": "q"}]})
    answer = response_half({"id": "a", "model": "answered", "created": 5, "choices": [{"text": "t"}]})
    event = join_halves("openai", question, answer)
    assert (event.inference_id, event.model, event.time) == ("a", "asked", 5.0)
    event = join_halves("openai", question, answer, ident="i", model="known", time=9.0)
    assert (event.inference_id, event.model, event.time) == ("i", "known", 9.0)
    assert join_halves("openai", None, None).model == "unknown"


def test_hidden_directions() -> None:
    whole = InferenceEvent(inference_id="1", model="m", input=Payload(), output=Payload((TextPart("x"),)))
    assert without_hidden(whole, set()) == [whole]
    (both,) = without_hidden(whole, {"input", "output"})
    assert both.redacted
    first, second = without_hidden(whole, {"input"})
    assert first.redacted and first.output is None
    assert not second.redacted and second.input is None and second.output == whole.output
