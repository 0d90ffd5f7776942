"""What a body costs is bounded by the room for its event, whatever its shape: by what is looked at, not by time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harmwatch_client import Tap
from harmwatch_client.events import Event, Facts, build_event
from harmwatch_client.exchange import Body, Exchange
from harmwatch_client.json_text import json_text
from harmwatch_client.pieces import Pieces
from harmwatch_client.shapes import gathered_text, request_context, request_input
from harmwatch_client.trimmer import Trimmer

MAX_BYTES = 20_000
#: So many are given, in each of two levels, of which there is room for some hundreds.
MANY = 1_000


class Part(dict[str, Any]):
    """Counts how often any part is looked at for the first of its fields."""

    seen = 0

    def get(self, key: str, default: Any = None) -> Any:
        Part.seen += key in ("type", "role", "function", "message", "index", "text", "data")
        return super().get(key, default)


class Items(list[Any]):
    """Counts what is taken of it, from either end."""

    def __iter__(self) -> Iterator[Any]:
        return self._counted(super().__iter__())

    def __reversed__(self) -> Iterator[Any]:
        return self._counted(super().__reversed__())

    @staticmethod
    def _counted(items: Iterator[Any]) -> Iterator[Any]:
        for item in items:
            Part.seen += 1
            yield item


def empty(number: int = MANY) -> list[Any]:
    return [Part()] * number


def nested(depth: int) -> list[Any]:
    """A tree of a thousand at each level."""
    return [Part(type="tool_result", content=nested(depth - 1) if depth else "")] * MANY


SHAPES: dict[str, Any] = {
    "messages": {"messages": empty(MANY * MANY)},
    "parts": {"messages": [{"role": "user", "content": empty()}] * MANY},
    "texts": {"messages": [{"role": "user", "content": [Part(type="text", text="")] * MANY}] * MANY},
    "calls": {"messages": [{"role": "assistant", "tool_calls": empty()}] * MANY},
    "results": {"messages": [{"role": "tool", "content": nested(3)}] * MANY},
    "items": {"input": empty(MANY * MANY)},
    "thoughts": {"input": [{"type": "reasoning", "summary": empty()}] * MANY},
    "unknown items": {"input": [Part(type="web_search_call")] * MANY * MANY},
    "arguments": {
        "messages": [{"tool_calls": [{"function": {"arguments": Items([Items([0] * MANY)] * MANY)}}]}] * MANY
    },
}


@pytest.mark.parametrize("shape", SHAPES)
def test_work_ends_where_the_room_does(shape: str) -> None:
    """It was done for each of a million parts, since those that hold nothing spent nothing."""
    half = request_input(SHAPES[shape])
    Part.seen = 0
    event = build_event(Facts(model="m", input=half), 1_795_000_000.0, MAX_BYTES)
    # Each costs at least four characters; three of its fields are counted, and smaller rooms may follow the first.
    assert Part.seen <= 3 * 2 * MAX_BYTES // 4
    assert event.cut and json.loads(event.value)["truncated"] is True and len(event.value) <= MAX_BYTES
    Part.seen = 0
    with_call = Tap.disabled().call(model="m", input=half)
    assert Part.seen <= 3 * 2 * with_call._tap.max_event_bytes // 4 and with_call._truncated


@pytest.mark.parametrize("shape", ["choices", "output", "content"])
def test_so_does_the_work_for_an_answer(shape: str) -> None:
    answers: dict[str, Any] = {
        "choices": {"choices": empty(MANY * MANY)},
        "output": {"object": "response", "output": empty(MANY * MANY)},
        "content": {"type": "message", "content": empty(MANY * MANY)},
    }
    Part.seen = 0
    event = build_event(Facts(model="m", output=answers[shape]), 1_795_000_000.0, MAX_BYTES)
    assert Part.seen <= 3 * 2 * MAX_BYTES and event.cut


def test_so_does_the_work_for_documents_passages_rows_and_prompts() -> None:
    Part.seen = 0
    context = request_context({"documents": empty(MANY * MANY)})
    event = build_event(Facts(model="m", input="q", context=context), 1_795_000_000.0, MAX_BYTES)
    assert Part.seen <= 10 * MANY and event.cut
    trimmer = Trimmer(MAX_BYTES)
    assert trimmer.passages([""] * MANY * MANY) == [] and trimmer.cut
    for row in (dict.fromkeys(range(MANY + 1)), dict.fromkeys(range(MANY * MANY))):
        trimmer = Trimmer(MAX_BYTES)
        assert trimmer.row(row, 256) == {} and trimmer.cut
    prompts = build_event(Facts(model="m", input=request_input({"prompt": [""] * MANY * MANY})), 0.0, MAX_BYTES)
    assert prompts.cut and len(prompts.value) <= MAX_BYTES


def test_strings_of_an_unknown_shape_are_looked_for_as_far_as_there_is_room_and_not_further() -> None:
    looked = iter([*[[]] * MAX_BYTES, *["behind"] * 5])

    class Holder(list[Any]):
        def __iter__(self) -> Any:
            return looked

    assert gathered_text(Holder(), MAX_BYTES) == ("", True)
    assert next(looked) == "behind"
    assert gathered_text({"a": ["b", {"c": "d"}], "e": 5, "f": ""}, 100) == ("b\nd", False)
    assert gathered_text(["x"] * 10_001, MAX_BYTES * 2)[1]


def test_a_streams_chunks_of_empty_choices_and_calls_are_bounded_together() -> None:
    pieces = Pieces(MAX_BYTES)
    Part.seen = 0
    for _ in range(MANY):
        pieces.add({"choices": empty()})
        pieces.add({"choices": [{"delta": {"tool_calls": empty()}}]})
    assert pieces.cut and Part.seen <= 4 * (MAX_BYTES // 16 + 2 * MANY)
    usual = Pieces(MAX_BYTES)
    for _ in range(MAX_BYTES):
        usual.add({"choices": [{"index": 0, "delta": {"content": "x"}}]})
    assert not usual.cut and usual.output() == {"messages": [{"role": "assistant", "content": "x" * MAX_BYTES}]}


def test_a_body_with_more_strings_than_are_gathered_is_a_truncated_one() -> None:
    """It said nothing of it."""
    strings = json.dumps({"own": ["x"] * 10_001}).encode()
    few = b'{"own": "y"}'
    for asked, answered, cut in ((strings, few, True), (few, strings, True), (few, few, False)):
        assert (b'"truncated":true' in exchange(asked, answered).value) is cut


def exchange(asked: bytes, answered: bytes) -> Event:
    bodies = [Body(1_000_000), Body(1_000_000)]
    for body, content in zip(bodies, (asked, answered), strict=True):
        body.add(content, True)
    return Exchange({}, "", "", None, 900_000, *bodies, status=200, kind="application/json").build()


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**9), 10**9)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=5), inner, max_size=5),
    max_leaves=20,
)


@given(JSON, st.integers(0, 200))
def test_arguments_are_written_as_json_from_both_ends(value: Any, room: int) -> None:
    whole = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    found = json_text(value, 100_000)
    assert (found.beginning, found.end) == (whole, None)
    part = json_text(value, room)
    if part.end is None:
        assert part.beginning == whole
        return
    assert whole.startswith(part.beginning[:room])
    third = room // 3
    assert whole.endswith(part.end[len(part.end) - third :] if len(part.end) > third else part.end)


def test_arguments_of_any_size_keep_their_beginning_and_their_end() -> None:
    def long(value: Any) -> str:
        return str(Trimmer(MAX_BYTES).messages([{"tool_calls": [{"function": {"arguments": value}}]}]))

    for middle in ("x" * 50_000, list(range(50_000)), dict.fromkeys(map(str, range(50_000)), "x")):
        text = long({"first": "BEGIN", "middle": middle, "last": "END"})
        assert "BEGIN" in text and "END" in text and len(text) <= MAX_BYTES + 200
    circle: list[Any] = ["round"]
    circle.append(circle)
    assert "round" in long(circle)
    odd = json_text({"a": object(), 5: float("inf"), None: True}, 100)
    assert odd.beginning == '{"a":null,"5":null,"null":true}' and odd.is_mended and odd.is_lost
    number = json_text({"a": float("inf")}, 100)
    assert number.beginning == '{"a":null}' and number.is_mended and not number.is_lost
