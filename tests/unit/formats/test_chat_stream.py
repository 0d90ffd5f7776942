"""streams.formats.chat_stream: streamed answers put back together."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.errors import DecodeError
from streams.formats.chat_stream import Stream, is_chunk, looks_like_sse, read_sse, stream_half


def chunk(content: object = None, index: int = 0, finish: str | None = None, **delta: object) -> dict[str, object]:
    if content is not None:
        delta["content"] = content
    choice = {"index": index, "delta": delta, "finish_reason": finish}
    return {"id": "c", "object": "chat.completion.chunk", "created": 1_787_306_400, "model": "m", "choices": [choice]}


def events(*chunks: object, end: str = "data: [DONE]\n\n", newline: str = "\n") -> str:
    text = "".join(f"data: {json.dumps(c)}\n\n" for c in chunks) + end
    return text.replace("\n", newline)


def joined(text: str) -> list[tuple[str, str, int]]:
    half = stream_half(read_sse(text))
    assert half.payload is not None
    return [(part.text, part.kind, part.choice) for part in half.payload.texts]


@given(
    st.text(alphabet=st.characters(blacklist_categories=["Cs"]) | st.sampled_from("😀👩‍👧你"), min_size=1, max_size=40),
    st.data(),
)
def test_any_cut_into_utf16_units_gives_the_text_back(text: str, data: st.DataObject) -> None:
    units = text.encode("utf-16-le")
    cuts = sorted(data.draw(st.sets(st.integers(0, len(units) // 2), max_size=6)))
    edges = [0, *(2 * cut for cut in cuts), len(units)]
    pieces = [units[a:b].decode("utf-16-le", "surrogatepass") for a, b in pairwise(edges)]
    assert joined(events(*(chunk(piece) for piece in pieces), chunk(finish="stop"))) == [(text, "text", 0)]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_line_ends(newline: str) -> None:
    text = ": comment\n\nid: 3\nevent: message\n" + events(chunk("你"), chunk("好", finish="stop"))
    assert joined(text.replace("\n", newline)) == [("你好", "text", 0)]


def test_several_data_lines_are_one_document() -> None:
    lines = json.dumps(chunk("x"), indent=1).split("\n")
    assert joined("".join(f"data:{line}\n" for line in lines) + "\ndata: [DONE]") == [("x", "text", 0)]


def test_interleaved_choices_and_usage() -> None:
    usage = {"id": "c", "object": "chat.completion.chunk", "choices": [], "usage": {"total_tokens": 3}}
    text = events(chunk("b", 1), chunk("a", 0), chunk("B", 1, "stop"), chunk("A", 0, "stop"), usage)
    assert joined(text) == [("aA", "text", 0), ("bB", "text", 1)]


def test_tool_calls_reasoning_and_refusal() -> None:
    text = events(
        chunk(reasoning_content="想"),
        chunk(reasoning="一下"),
        chunk(tool_calls=[{"index": 1, "function": {"arguments": "{b"}}]),
        chunk(
            tool_calls=[{"index": 0, "function": {"arguments": "{a}"}}, {"index": 1, "function": {"arguments": "}"}}]
        ),
        chunk(refusal="no"),
    )
    assert joined(text) == [
        ("想一下", "reasoning", 0),
        ("no", "refusal", 0),
        ("{a}", "tool_arguments", 0),
        ("{b}", "tool_arguments", 0),
    ]


@pytest.mark.parametrize(
    ("text", "truncated"),
    [
        (events(chunk("x", finish="stop")), False),
        (events(chunk("x")), False),
        (events(chunk("x", finish="stop"), end=""), False),
        (events(chunk("x"), end=""), True),
        (events(chunk("x"), end='data: {"id": "c", "cho'), True),
        (events(chunk("x", 0, "stop"), chunk("y", 1), end=""), True),
    ],
)
def test_truncation(text: str, truncated: bool) -> None:
    assert stream_half(read_sse(text)).truncated is truncated


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('data: {"id": "c", "cho', "truncated_json"),
        ("data: {oops}\n\ndata: {}\n\n", "not_json"),
        ("data: 5\n\ndata: {}\n\n", "wrong_type"),
        (": only a comment\n\n", "not_json"),
        (events(chunk(5)), "wrong_type"),
        (events({"choices": 5}), "wrong_type"),
    ],
)
def test_damage(text: str, why: str) -> None:
    with pytest.raises(DecodeError) as caught:
        stream_half(read_sse(text))
    assert caught.value.reason == why


def test_an_error_in_the_stream() -> None:
    half = stream_half(read_sse(events({"error": {"message": "x"}}, end="")))
    assert half.failed and half.payload is None and not half.truncated


def test_the_responses_api() -> None:
    done = {
        "type": "response.completed",
        "response": {
            "id": "r",
            "model": "m",
            "output": [{"type": "message", "content": [{"type": "output_text", "text": "all"}]}],
        },
    }
    delta = {"type": "response.output_text.delta", "output_index": 0, "delta": "al"}
    whole = stream_half(Stream([delta, done]))
    assert whole.ident == "r" and not whole.truncated
    assert whole.payload is not None and whole.payload.texts[0].text == "all"
    cut = stream_half(Stream([delta]))
    assert cut.truncated and cut.payload is not None and cut.payload.texts[0].text == "al"


def test_looks() -> None:
    assert looks_like_sse("data: x") and looks_like_sse("\n: ping") and not looks_like_sse('{"data": 1}')
    assert is_chunk(chunk("x")) and not is_chunk({"choices": [{"message": {}}]}) and not is_chunk(5)
