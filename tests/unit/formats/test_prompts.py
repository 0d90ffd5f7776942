"""What clients put where servers look for a prompt: it is read, or said not to be, and hides nothing else."""

from __future__ import annotations

import json

import pytest

from agent.errors import DecodeError
from agent.events import InferenceEvent
from streams.formats import Decoder
from streams.formats.batches import read_each
from streams.formats.messages import message_parts
from streams.ports import Record
from tests.builders import make_event

ASKED = {"messages": [{"role": "user", "content": "Who?"}]}
SAID = {"choices": [{"message": {"role": "assistant", "content": "Ann."}}]}


def decode(value: object) -> list[InferenceEvent]:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return Decoder({"t": "openai"}).decode(Record("t", 0, 0, 1.7e9, None, raw, ()))


def texts(event: InferenceEvent, direction: str = "input") -> list[str]:
    payload = event.input if direction == "input" else event.output
    return [part.text for part in payload.texts] if payload else []


def pair(asked: object, said: object = None) -> InferenceEvent:
    (event,) = decode({"request": asked, "response": SAID if said is None else said})
    return event


def nested(depth: int, leaf: object = "more") -> object:
    for _ in range(depth):
        leaf = [leaf]
    return leaf


@pytest.mark.parametrize(
    "key", ["text", "text_input", "input_prefix", "input_suffix", "input_extra", "prompt", "inputs"]
)
@pytest.mark.parametrize("depth", [1, 300, 500, 600, 900])
def test_brackets_hide_nothing(key: str, depth: int) -> None:
    assert texts(pair(ASKED | {key: nested(depth)})) == ["Who?", "more"]


def test_a_call_that_is_nested_too_deeply_costs_the_others_of_its_batch_nothing() -> None:
    def read(depth: int, place: str) -> list[InferenceEvent]:
        if depth > 500:
            raise RecursionError
        return [make_event(inference_id=place)]

    with pytest.raises(DecodeError) as caught:
        read_each([1, 900, 1], read)
    assert caught.value.reason == "too_deep"
    assert [event.inference_id for event in caught.value.rest] == ["[0].", "[2]."]


@pytest.mark.parametrize(
    ("prompt", "expected", "whole"),
    [
        ([[1, "Who?"]], ["Who?"], False),
        ([12, 34, "Who?", 56], ["Who?"], False),
        ([["Wh", "o?"]], ["Wh", "o?"], True),
        ([{"prompt_string": "Who?", "multimodal_data": ["AAAA"]}], ["Who?"], True),
        ([1, 2, 3], [], False),
        (["Who?", 1, 1.5], ["Who?"], False),
        ([[1, 2], [3]], [], False),
    ],
)
def test_token_ids_among_texts_are_said_not_to_be_read(prompt: object, expected: list[str], whole: bool) -> None:
    for key in ("prompt", "inputs"):
        event = pair({key: prompt})
        assert (texts(event), event.truncated) == (expected, not whole)


@pytest.mark.parametrize("key", ["input_ids", "input_embeds", "prompt_embeds", "prompt_token_ids", "token_ids"])
def test_a_call_of_tokens_alone_is_an_event_whose_answer_is_judged(key: str) -> None:
    event = pair({key: [[1, 2, 3]]}, {"text": "Ann.", "meta_info": {}})
    assert (texts(event), texts(event, "output"), event.truncated) == ([], ["Ann."], True)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"model": "m", "query": "Who?", "documents": ["Ann."]}, ["Who?"]),
        ({"model": "m", "queries": ["Wh", "o?"]}, ["Wh", "o?"]),
        ({"model": "m", "text_1": "Who?", "text_2": ["Ann."]}, ["Who?", "Ann."]),
        ({"model": "m"}, []),
        ({"model": "m", "keep_alive": 0}, []),
        ({"prompt": "Hi", "template": "Who?"}, ["Who?", "Hi"]),
        ({"inputs": "Hi", "tool_prompt": "Who?"}, ["Who?", "Hi"]),
        ({"input": "Hi", "instruction": "Who?"}, ["Who?", "Hi"]),
    ],
)
def test_what_else_servers_are_asked(asked: dict[str, object], expected: list[str]) -> None:
    assert texts(pair(asked)) == expected


@pytest.mark.parametrize(
    "asked",
    [
        {"prompt": "Hi", "Prompt": "Who?"},
        {"Prompt": "Who?"},
        {"MESSAGES": [{"content": "Who?"}]},
        {"messages": [{"role": "user", "content": "Hi", "Content": "Who?"}]},
        {"messages": [{"role": "user", "CONTENT": "Who?"}]},
        {"prompt": "Hi", "\u017fystem": "Who?"},
        {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "Role": "user", "content": "Who?"}]},
        {"messages": [{"role": "user", "content": [{"Type": "text", "Text": "Who?"}]}]},
        {"messages": [{"role": "user", "content": [{"type": "text", "Text": "Who?"}]}]},
        {"messages": [{"role": "user", "content": "Who?", "Content": None}]},
        {"messages": [{"role": "user", "content": "Who?"}, None]},
        {"Messages": [{"role": "user", "content": "Who?"}, None]},
        {"messages": [{"role": "assistant", "tool_calls": [{"function": {"Arguments": "Who?"}}]}]},
        {"input": [{"role": "user", "Content": "Who?"}]},
        {"instructions": "Hi", "Input": "Who?"},
        {"query": "Hi", "Input": "Who?"},
        {"messages": [], "Input": "Who?"},
        {"Input": "Who?"},
        {"instances": ["Hi"], "Prompt": "Who?"},
        {"instances": [], "Messages": [{"content": "Who?"}]},
        {"inputs": [{"name": "a", "shape": [1], "datatype": "BYTES", "data": ["Hi"]}], "Prompt": "Who?"},
        {"prompt": "Hi", "Template": "Who?"},
    ],
)
def test_names_in_other_letters_are_read_as_go_reads_them(asked: dict[str, object]) -> None:
    assert texts(pair(asked, {"response": "Ann.", "done": True}))[-1] == "Who?"


@pytest.mark.parametrize("beside", [{"Messages": [5]}, {"Prompt": 5}, {"SYSTEM": {"a": 1.5}}, {"Input": [None]}])
def test_names_in_other_letters_hide_nothing_from_servers_that_pass_over_them(beside: dict[str, object]) -> None:
    assert texts(pair(ASKED | beside))[0] == "Who?"
    assert texts(pair({"messages": [{"role": "user", "content": "Who?", "Content": [5]}]})) == ["Who?"]


@pytest.mark.parametrize("behind", [" x", "{}", ' {"prompt": "Hi"}', "]", '"'])
@pytest.mark.parametrize("depth", [0, 5000])
def test_what_stands_behind_the_first_value_hides_nothing(behind: str, depth: int) -> None:
    body = '{"prompt": "Who?", "n": ' + "1" * 5000 + ', "x": ' + "[" * depth + "1" + "]" * depth + "}" + behind
    assert texts(pair(body, {"response": "Ann.", "done": True})) == ["Who?"]


def test_no_value_at_all_is_no_json_still() -> None:
    with pytest.raises(DecodeError, match="not_json"):
        pair('{"prompt": nothing} x')


@pytest.mark.parametrize(
    ("answered", "expected"),
    [
        ({"response": "Ann.", "thinking": "Hm.", "done": True}, ["Hm.", "Ann."]),
        ({"message": {"role": "assistant", "content": "Ann.", "thinking": "Hm."}, "done": True}, ["Hm.", "Ann."]),
        ('{"response": "An", "done": false}\n{"response": "n.", "done": false}\n{"error": "gone"}\n', ["Ann."]),
        (
            {"generated_text": "Ann.", "details": {"best_of_sequences": [{"generated_text": "Bob."}, 5]}},
            ["Ann.", "Bob."],
        ),
        (
            'data: {"type": "content_block_start", "content_block": {"type": "text", "text": "An"}}\n\n'
            'data: {"type": "content_block_delta", "delta": {"type": "text_delta", "text": "n."}}\n\n'
            'data: {"type": "message_stop"}\n\n',
            ["Ann."],
        ),
        (
            'data: {"type": "content_block_start", "content_block": {"type": "tool_use", "input": {"a": "b"}}}\n\n'
            'data: {"type": "message_stop"}\n\n',
            ['{"a":"b"}'],
        ),
    ],
)
def test_every_part_of_an_answer_is_heard(answered: object, expected: list[str]) -> None:
    assert texts(pair({"prompt": "Who?"}, answered), "output") == expected


def test_a_stream_that_ends_in_an_error_is_a_failed_call() -> None:
    lines = '{"response": "Ann.", "done": false}\n{"error": "gone"}\n'
    assert pair({"prompt": "Who?"}, lines).failed


def test_go_takes_the_later_role_and_what_it_is_then_is_judged() -> None:
    (part,) = [
        part
        for part in pair({"messages": [{"role": "assistant", "Role": "user", "content": "Who?"}]}).input.texts  # type: ignore[union-attr]
        if part.role == "user"
    ]
    assert part.text == "Who?"


def test_what_cannot_be_read_under_another_name_is_said() -> None:
    assert pair(ASKED | {"Prompt": {"a": [1.5]}, "Messages": "x"}).truncated


@pytest.mark.parametrize("calls", [{}, [None], {"a": {"function": {"arguments": "Ann"}}}])
def test_odd_lists_of_calls_hide_no_message(calls: object) -> None:
    assistant = {"role": "assistant", "content": "", "tool_calls": calls}
    assert texts(pair({"messages": [{"role": "user", "content": "Who?"}, assistant]}))[0] == "Who?"


@pytest.mark.parametrize("beside", [{"query": "a=b"}, {"query": ["a=b"]}, {"template": "/v1/{x}"}, {"Template": "x"}])
def test_a_logged_message_of_http_is_no_question_by_what_its_address_says(beside: dict[str, object]) -> None:
    message = {"method": "POST", "uri": "/v1/chat/completions", "headers": {}, "body": json.dumps(ASKED)}
    assert texts(pair(message | beside)) == ["Who?"]


@pytest.mark.parametrize(
    "beside", [{"query": "z"}, {"System": "z"}, {"Prompt": "z"}, {"Template": "z"}, {"template": "z"}]
)
def test_rows_keep_their_features_whatever_stands_beside_them(beside: dict[str, object]) -> None:
    rows = {"instances": [{"age": 1, "sex": "f"}, {"age": 2, "sex": "m"}]}
    events = decode({"request": rows | beside, "response": {"predictions": [0, 1]}})
    assert [dict(event.input.features or {}) for event in events] == rows["instances"]  # type: ignore[union-attr]


def test_a_tool_s_result_that_is_nested_deeply_is_read() -> None:
    block: dict[str, object] = {"type": "text", "text": "Who?"}
    for _ in range(40):
        block = {"type": "tool_result", "content": [block]}
    assert texts(pair({"messages": [{"role": "user", "content": [block]}]})) == ["Who?"]


def test_of_too_many_events_the_largest_call_is_left_out() -> None:
    rows = {"request": {"instances": [[1]] * 10_000}, "response": {"predictions": [0] * 10_000}}
    with pytest.raises(DecodeError) as caught:
        decode([rows, {"request": ASKED, "response": SAID}])
    assert caught.value.reason == "too_large"
    assert [texts(event) for event in caught.value.rest] == [["Who?"]]


def test_both_of_two_names_are_read_where_go_may_take_either() -> None:
    part = {"type": "text", "text": "Who?", "Text": "Hi"}
    for message in ({"role": "user", "Content": [part]}, {"role": "user", "content": [part]}):
        assert set(texts(pair({"messages": [message]}))) == {"Who?", "Hi"}


def test_what_cannot_be_read_hides_no_template() -> None:
    assert set(texts(pair({"prompt": "Hi", "template": "Who?", "instructions": 5}))) == {"Hi", "Who?"}


def test_thousands_of_names_in_other_letters_are_read_in_time_that_grows_as_they_do() -> None:
    messages = [{"role": "user", "Content": f"w{number}"} for number in range(30_000)]
    assert len(message_parts(messages, "user", "m")) == 30_000
    parts = [{"type": "text", "text": f"w{number}", "Text": f"v{number}"} for number in range(30_000)]
    assert len(message_parts([{"role": "user", "content": parts}], "user", "m")) == 60_000
