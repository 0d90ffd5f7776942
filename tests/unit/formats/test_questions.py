"""Whatever stands beside what is asked, and under whatever name it is asked: it is read."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from agent.errors import DecodeError
from streams.formats.batches import read_each
from streams.formats.bodies import body_halves
from tests.builders import make_event
from tests.unit.formats.test_prompts import SAID, decode, pair, texts
from tests.unit.proxy.test_events import captured, decoded, maker

TEXT = "How do I reach Ann?"
MESSAGES = [{"role": "user", "content": TEXT}]
ASKED: list[dict[str, Any]] = [
    {"messages": MESSAGES},
    {"Messages": MESSAGES},
    {"prompt": TEXT},
    {"Prompt": TEXT},
    {"input": TEXT},
    {"INPUT": TEXT},
    {"input": MESSAGES},
    {"inputs": TEXT},
    {"inputs": [TEXT]},
    {"Inputs": TEXT},
    {"text": TEXT},
    {"query": TEXT, "documents": ["Ann."]},
    {"query": TEXT, "texts": ["Ann."]},
    {"queries": [TEXT], "items": ["Ann."]},
    {"text_1": TEXT, "text_2": ["Ann."]},
    {"data_1": TEXT, "data_2": ["Ann."]},
    {"query": {"content": [{"type": "text", "text": TEXT}]}, "documents": {"content": ["Ann."]}},
]
TENSOR = {"name": "x", "shape": [1], "datatype": "BYTES", "data": ["beside"]}
BESIDE: list[dict[str, Any]] = [
    {"body": '{"prompt": "Hi"}'},
    {"body": None, "headers": {}},
    {"headers": {"host": "x"}, "method": "POST"},
    {"choices": []},
    {"object": "response", "output": []},
    {"error": {"message": "x"}, "object": "error"},
    {"instances": []},
    {"instances": [1]},
    {"instances": [{"age": 3}], "headers": {}},
    {"instances": None},
    {"instances": 5},
    {"instances": [1] * 10_001},
    {"instances": [1], "model_name": {}, "model_version": [1]},
    {"predictions": [1]},
    {"outputs": [TENSOR]},
    {"outputs": [{"datatype": 5}]},
    {"messages": 5},
    {"messages": [5]},
    {"messages": [{"role": "assistant", "content": 5, "tool_calls": []}]},
    {"prompt": 5},
    {"input": 5},
    {"input": [None]},
    {"instructions": 5},
    {"system": [5]},
    {"query": [None]},
    {"text": [None]},
    {"Prompt": {"a": [5]}},
]
ROWS: list[dict[str, Any]] = [
    {"inputs": [TENSOR]},
    {"inputs": [TENSOR], "outputs": [TENSOR]},
    {"inputs": [{"datatype": 5}]},
]


@pytest.mark.parametrize("beside", [*BESIDE, *ROWS], ids=lambda beside: str(beside)[:60])
@pytest.mark.parametrize("asked", ASKED, ids=lambda asked: " ".join(asked))
def test_what_is_asked_is_read(asked: dict[str, Any], beside: dict[str, Any]) -> None:
    for body in ({"model": "m", **beside, **asked}, {"model": "m", **asked, **beside}):
        if any(body[name] != value for name, value in asked.items()):
            continue  # the field itself is another one
        event = pair(body, {"response": "Ann.", "done": True})
        assert TEXT in texts(event)
        assert texts(event, "output") == ["Ann."]
        assert event.model == "m"
        tapped = decoded(
            maker().make(captured(request=[json.dumps(body).encode()], response=[json.dumps(SAID).encode()]))
        )
        assert TEXT in texts(tapped)
        assert tapped.output is not None


@pytest.mark.parametrize("rows", [{"instances": [TEXT]}, {"inputs": [{**TENSOR, "data": [TEXT]}]}], ids=["v1", "v2"])
@pytest.mark.parametrize(
    "beside",
    [
        {"headers": {}},
        {"body": '{"prompt": "Hi"}'},
        {"outputs": [TENSOR]},
        {"Prompt": 5},
        {"prompt": 5},
        {"input": {"a": 1}},
        {"messages": [5]},
        {"text": [None]},
    ],
    ids=str,
)
def test_rows_are_read(rows: dict[str, Any], beside: dict[str, Any]) -> None:
    event = pair({**rows, **beside}, {"predictions": ["x"]})
    assert TEXT in texts(event)


@pytest.mark.parametrize("name", ["queries", "query", "querystring", "text_1", "items", "system"])
@pytest.mark.parametrize("value", [[], "a=b", [{"name": "a", "value": "b"}], {"a": "b"}, [None], ""], ids=str)
@pytest.mark.parametrize("body", [json.dumps(asked) for asked in ASKED[:6]])
def test_an_http_message_is_none_of_its_bodys_questions(name: str, value: object, body: str) -> None:
    logged = {"method": "POST", "path": "/v1/x", name: value, "headers": {"host": "h"}, "body": body}
    assert texts(pair(logged)) == [TEXT]


@pytest.mark.parametrize("name", ["system", "instructions"])
@pytest.mark.parametrize(
    "beside",
    [{"choices": []}, {"predictions": [1]}, {"outputs": [TENSOR]}, {"instances": [1]}, {"body": '{"prompt": "Hi"}'}],
    ids=str,
)
@pytest.mark.parametrize("asked", [{"messages": []}, {"input": ""}])
def test_a_model_may_be_given_instructions_alone(name: str, beside: dict[str, Any], asked: dict[str, Any]) -> None:
    event = pair({name: TEXT, **asked, **beside})
    assert event.input is not None
    assert [(text.text, text.role) for text in event.input.texts] == [(TEXT, "system")]


@pytest.mark.parametrize("beside", [{"inputs": {"a": 1}}, {"inputs": 5}, {"prompt": 5}, {"query": TEXT}], ids=str)
def test_features_stay(beside: dict[str, Any]) -> None:
    events = decode({"request": {"instances": [{"age": 1}, {"age": 2}], **beside}})
    assert [event.input.features for event in events if event.input] == [{"age": 1}, {"age": 2}]


@pytest.mark.parametrize("rows", [{"instances": []}, {"instances": [1]}, {"inputs": []}], ids=str)
def test_passages_stay_beside_rows(rows: dict[str, Any]) -> None:
    for asked in ({"query": TEXT}, {"messages": MESSAGES}):
        for documents in (["Ann."], "Ann.", {"content": ["Ann."]}):
            body = {"model": "m", **asked, "documents": documents, **rows}
            assert pair(body).context == ("Ann.",)
            raw = json.dumps(body).encode()
            for half in body_halves(raw, "input", "data", header_length=str(len(raw))):
                assert half.context == ("Ann.",)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"input": [{"text": TEXT}, {"image": "AAAA"}]}, [TEXT]),
        ({"inputs": {"text": "Hi", "text_pair": TEXT}}, ["Hi", TEXT]),
        ({"inputs": {"question": TEXT, "context": "Ann."}}, [f"{TEXT}\nAnn."]),
        ({"inputs": {"user_id": ["u-123456"], "f": ["0.123"], "picture": "iVBORw0KGgo="}}, []),
        ({"prompt": {"id": "pmpt_1", "version": "2", "variables": {"city": "San Francisco"}}}, ["San Francisco"]),
        ({"inputs": [{"b64": "AAAA"}], "messages": MESSAGES}, [TEXT]),
        ({"prompt": {"prompt_string": TEXT, "multimodal_data": ["AAAA"]}}, [TEXT]),
    ],
    ids=str,
)
def test_objects_around_texts(asked: dict[str, Any], expected: list[str]) -> None:
    assert texts(pair(asked)) == expected


@pytest.mark.parametrize(
    "beside", [{"outputs": [TENSOR], "Prompt": TEXT}, {"outputs": [TENSOR], "instances": [TEXT]}], ids=str
)
@pytest.mark.parametrize("counted", [True, False])
def test_a_request_is_none_of_an_answer(beside: dict[str, Any], counted: bool) -> None:
    body = json.dumps(beside).encode()
    (half,) = body_halves(body, "input", "data", header_length=str(len(body)) if counted else "")
    assert half.direction == "input"
    assert half.payload is not None
    assert TEXT in [text.text for text in half.payload.texts]


@pytest.mark.parametrize("asked", [{"Prompt": TEXT}, {"prompt": TEXT}, {"query": TEXT}, {"instances": [TEXT]}], ids=str)
def test_binary_tensors_and_what_is_asked_beside_them_are_read(asked: dict[str, Any]) -> None:
    tensor = {"name": "x", "shape": [1], "datatype": "BYTES", "parameters": {"binary_data_size": 10}}
    document = json.dumps({"inputs": [tensor], **asked}).encode()
    body = document + b"\x06\x00\x00\x00beside"
    (half,) = body_halves(body, "input", "data", header_length=str(len(document)))
    assert half.payload is not None
    assert [text.text for text in half.payload.texts] == ["beside", TEXT]


@pytest.mark.parametrize("name", ["INPUT0", "input-0", "input", "text_1", "user_input", "utterance", "输入", "prompt"])
def test_columns_of_texts_are_texts_beside_others(name: str) -> None:
    more = {"name": "max_tokens", "shape": [1], "datatype": "INT32", "data": [3]}
    for rows in (
        {"instances": [{name: TEXT, "max_tokens": 3}]},
        {"inputs": [{**TENSOR, "name": name, "data": [TEXT]}, more]},
    ):
        event = pair(rows)
        assert texts(event) == [TEXT]
        assert event.input is not None
        assert event.input.features == {"max_tokens": 3}


def test_features_of_rows_stay_where_something_is_asked_beside_them() -> None:
    events = decode({"request": {"instances": [{"age": 3}, {"age": 4}], "Prompt": TEXT}})
    assert [event.input.features for event in events if event.input] == [{"age": 3}, {"age": 4}]
    assert [texts(event) for event in events] == [[TEXT], []]


@pytest.mark.parametrize(
    "asked",
    [
        {"prompt": [TEXT, None]},
        {"prompt": "Hi", "system": [{"type": "text", "text": TEXT}, 5]},
        {"messages": [{"role": "user", "content": [{"type": "text", "text": TEXT}, 5]}]},
        {"messages": [{"role": "user", "content": TEXT}, 5]},
        {"input": [["Hi"], [TEXT]]},
        {"input": [{"role": "user", "content": TEXT}, None]},
    ],
    ids=str,
)
def test_of_what_cannot_be_read_as_a_whole_the_pieces_are_and_it_is_said(asked: dict[str, Any]) -> None:
    event = pair(asked)
    assert TEXT in texts(event)
    assert event.truncated


def test_a_piece_keeps_its_role() -> None:
    content = [{"type": "text", "text": "Be brief."}, 5]
    event = pair({"messages": [{"role": "system", "content": content}, {"role": "user", "content": TEXT}]})
    assert event.input is not None
    assert [(text.text, text.role) for text in event.input.texts] == [("Be brief.", "system"), (TEXT, "user")]


def test_rows_of_two_kinds_take_no_long_time() -> None:
    tensor = {"name": "x", "shape": [10_000], "datatype": "BYTES", "data": ["x"] * 10_000}
    body = json.dumps({"inputs": [tensor], "instances": [TEXT] * 10_000}).encode()
    begun = time.process_time()
    for length in (str(len(body)), ""):
        first, *others = body_halves(body, "input", "data", header_length=length)
        assert first.payload is not None
        assert [text.text for text in first.payload.texts] == ["x", *[TEXT] * 10_000]
        assert len(others) == 9_999
    assert time.process_time() - begun < 5


@pytest.mark.parametrize("asked", [{"inputs": TEXT}, {"inputs": {"question": TEXT}}, {"instances": [TEXT]}], ids=str)
@pytest.mark.parametrize("beside", [{}, {"query": "Hi"}, {"prompt": "Hi"}], ids=str)
def test_empty_outputs_hide_nothing(asked: dict[str, Any], beside: dict[str, Any]) -> None:
    body = json.dumps({**asked, "outputs": [], **beside}).encode()
    (half,) = body_halves(body, "input", "data", header_length=str(len(body)))
    assert half.payload is not None
    assert TEXT in [text.text for text in half.payload.texts]


@pytest.mark.parametrize("field", [{"input": None}, {"messages": None}, {"instances": None}, {"instructions": None}])
def test_null_is_no_question(field: dict[str, Any]) -> None:
    logged = {"method": "POST", "headers": {}, **field, "body": json.dumps({"prompt": TEXT})}
    assert texts(pair(logged)) == [TEXT]


@pytest.mark.parametrize("piece", [5, {}, "", None])
@pytest.mark.parametrize("name", ["messages", "prompt", "input"])
def test_many_lists_of_many_pieces_take_no_long_time(name: str, piece: object) -> None:
    spellings = [
        f"{name[:3].upper()}{name[3:]}",
        name.upper(),
        name.title(),
        *(f"{name[:n]}{name[n:].upper()}" for n in (1, 2, 3)),
    ]
    body = {spelling: [piece] * 50_000 + [True] for spelling in dict.fromkeys(spellings)}
    begun = time.process_time()
    assert texts(pair({**body, "system": TEXT}))[0] == TEXT
    assert time.process_time() - begun < 5


def test_many_pieces_take_no_long_time() -> None:
    begun = time.process_time()
    event = pair({"prompt": ["x"] * 9_999 + [None], "messages": [""] * 100_000 + [5, {"content": TEXT}]})
    assert TEXT in "\n".join(texts(event))
    assert time.process_time() - begun < 5


def test_a_request_of_which_nothing_can_be_read_is_a_dead_letter() -> None:
    for asked in ({"messages": [5]}, {"messages": [{"content": 5}]}, {"prompt": 5}, {"input": {"text": TEXT}}):
        with pytest.raises(DecodeError, match="wrong_type"):
            pair(asked)


@pytest.mark.parametrize(
    "item",
    [
        {"Type": "function_call_output", "call_id": "1", "output": TEXT},
        {"type": "function_call_output", "Output": TEXT},
        {"type": "function_call_output", "output": [{"type": "input_text", "Text": TEXT}]},
        {"Type": "function_call", "arguments": TEXT},
        {"type": "reasoning", "Summary": [{"type": "summary_text", "text": TEXT}]},
        {"type": "reasoning", "encrypted_content": TEXT},
        {"role": "user", "content": "", "Type": "function_call_output", "output": TEXT},
    ],
    ids=str,
)
def test_items_are_read_as_go_reads_them(item: dict[str, Any]) -> None:
    assert texts(pair({"input": [{"role": "user", "content": "Hi"}, item]})) == ["Hi", TEXT]


def test_sealed_thoughts_are_no_text() -> None:
    item = {"type": "reasoning", "encrypted_content": "gAAAAABo_-4" * 20 + "==", "summary": []}
    assert texts(pair({"input": [item, {"role": "user", "content": TEXT}]})) == [TEXT]


def test_the_largest_calls_of_a_record_are_left_out_in_no_long_time() -> None:
    begun = time.process_time()
    with pytest.raises(DecodeError, match="too_large") as caught:
        read_each(range(20_000), lambda number, _: [make_event(inference_id=f"{number}")] * (2 + (number == 7)))
    rest = [event.inference_id for event in caught.value.rest]
    assert len(rest) == 10_000
    assert rest == sorted(rest, key=int)
    assert "7" not in rest
    assert time.process_time() - begun < 5
