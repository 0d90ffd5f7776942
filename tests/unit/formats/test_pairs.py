"""Pairs and batches as gateways log them: nothing of a call is lost by what stands beside it."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from agent.errors import DecodeError
from agent.events import InferenceEvent, Payload
from streams.formats import Decoder
from streams.formats.base import MAX_EVENTS
from streams.ports import Headers, Record

ASKED = {"model": "m", "messages": [{"role": "user", "content": "How do I reach Ann?"}]}
ANSWERED = {"choices": [{"message": {"role": "assistant", "content": "Ask the desk."}}]}


def decoded(value: Any, headers: Headers = ()) -> list[InferenceEvent]:
    return Decoder().decode(Record("calls", 0, 7, 1_790_000_000.0, None, json.dumps(value).encode(), headers))


def texts(payload: Payload | None) -> list[str] | None:
    return None if payload is None else [part.text for part in payload.texts]


@pytest.mark.parametrize(
    "answer",
    [
        "I am sorry.",
        "<html>",
        {"weather": 1},
        [1, 2],
        3,
        {"choices": None},
        {"choices": [{"message": {"content": 5}}]},
        'data: {"choices": [{"delta": {"content": "x"}}]}\n\ndata: oops\n\ndata: [DONE]\n\n',
        ": ping\n\n",
    ],
    ids=str,
)
def test_an_answer_that_cannot_be_read_costs_no_question(answer: object) -> None:
    (event,) = decoded({"id": "c", "request": ASKED, "response": answer})
    assert texts(event.input) == ["How do I reach Ann?"]
    assert event.output is None
    assert event.truncated


@pytest.mark.parametrize(
    "answer",
    [
        {"object": "list", "data": [{"object": "embedding", "embedding": [0.1], "index": 0}], "model": "e-1"},
        {"id": "modr-1", "results": [{"flagged": True}]},
        {"created": 1_790_000_000, "data": [{"url": "https://pictures.example/1"}]},
        {"results": [{"index": 0, "relevance_score": 0.5}]},
    ],
    ids=lambda answer: next(iter(answer)),
)
def test_what_is_asked_of_a_model_that_gives_no_text_is_read(answer: dict[str, object]) -> None:
    question = {"model": "e", "input": "How do I reach Ann?"}
    (event,) = decoded({"id": "c", "request": question, "response": answer})
    assert texts(event.input) == ["How do I reach Ann?"]
    assert texts(event.output) == []
    assert not event.truncated
    called = {"specversion": "1.0", "id": "c", "source": "s", "type": "org.kubeflow.serving.inference.response"}
    (half,) = decoded({**called, "data": answer})
    assert (half.inference_id, texts(half.output)) == ("c", [])


@pytest.mark.parametrize(
    "call",
    [
        {"call_type": "acompletion", "id": "c", "messages": ASKED["messages"], "response": {"choices": None}},
        {"call_type": "acompletion", "id": "c", "messages": ASKED["messages"], "response": [5]},
        "gen_ai",
        "openinference",
    ],
    ids=["litellm", "litellm list", "gen_ai", "openinference"],
)
def test_nor_does_it_in_logs_and_spans(call: Any) -> None:
    if isinstance(call, str):
        asked = json.dumps([{"role": "user", "parts": [{"type": "text", "content": "How do I reach Ann?"}]}])
        attributes = (
            {"gen_ai.operation.name": "chat", "gen_ai.input.messages": asked, "gen_ai.output.messages": 5}
            if call == "gen_ai"
            else {
                "openinference.span.kind": "LLM",
                "llm.input_messages.0.message.content": "How do I reach Ann?",
                "llm.output_messages.0.message.content": 5,
            }
        )
        listed = [
            {"key": key, "value": {"stringValue": value} if isinstance(value, str) else {"intValue": str(value)}}
            for key, value in attributes.items()
        ]
        span = {"traceId": "ab" * 16, "spanId": "cd" * 8, "attributes": listed}
        call = {"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}
    (event,) = decoded(call)
    assert texts(event.input) == ["How do I reach Ann?"]
    assert event.output is None
    assert event.truncated


def test_a_question_that_cannot_be_read_goes_to_the_dead_letters_whole() -> None:
    with pytest.raises(DecodeError, match="unknown_format"):
        decoded({"id": "c", "request": {"weather": 1}, "response": ANSWERED})


def tensor(*rows: str) -> dict[str, object]:
    return {"name": "text", "shape": [len(rows)], "datatype": "BYTES", "data": list(rows)}


@pytest.mark.parametrize(
    ("request_", "response"),
    [
        ({"instances": ["a", "b", "c"]}, {"predictions": ["x", "y", "z"]}),
        ({"id": "r", "inputs": [tensor("a", "b", "c")]}, {"id": "r", "outputs": [tensor("x", "y", "z")]}),
    ],
    ids=["v1", "v2"],
)
@pytest.mark.parametrize("ident", ["c", ""])
def test_every_row_of_a_batch_is_an_event(request_: Any, response: Any, ident: str) -> None:
    pair = {"id": ident, "request": request_, "response": response}
    events = decoded(pair)
    own = ident or request_.get("id", "calls-0-7")
    assert [event.inference_id for event in events] == [f"{own}#0", f"{own}#1", f"{own}#2"]
    assert [texts(event.input) for event in events] == [["a"], ["b"], ["c"]]
    assert all(event.output is not None for event in events)
    answered_fewer = decoded({**pair, "response": None})
    assert [texts(event.input) for event in answered_fewer] == [["a"], ["b"], ["c"]]
    failed = decoded({**pair, "response": {"status": 500, "body": "<html>"}})
    assert [(texts(event.input), event.failed) for event in failed] == [(["a"], True), (["b"], True), (["c"], True)]


def test_calls_of_one_record_do_not_share_the_records_request_id() -> None:
    headers: Headers = (("x-request-id", b"q"), ("harmwatch-format", b"openai"))
    pairs = [{"request": ASKED, "response": ANSWERED}] * 2
    assert [event.inference_id for event in decoded(pairs, headers)] == ["q#0", "q#1"]
    assert [event.inference_id for event in decoded(pairs[0], headers)] == ["q"]
    assert [event.inference_id for event in decoded({"instances": ["a", "b"]}, headers)] == ["q#0", "q#1"]


@pytest.mark.parametrize(("count", "rows"), [(100, 10), (12, 9000)])
def test_batches_of_batches_are_bounded(count: int, rows: int) -> None:
    called = {"specversion": "1.0", "id": "c", "source": "s", "type": "org.kubeflow.serving.inference.request"}
    calls: list[object] = [{**called, "data": {"instances": [0] * rows}}] * count
    pairs: list[object] = [{"request": {"instances": [0] * rows}, "response": None}] * count
    for batch in (calls, pairs):
        if rows * count <= MAX_EVENTS:
            assert len(decoded(batch)) == rows * count
        else:
            with pytest.raises(DecodeError, match="too_large"):
                decoded(batch)


def called(text: object, ident: str) -> dict[str, object]:
    """A call as a structured CloudEvent."""
    kind = "org.kubeflow.serving.inference.request"
    return {"specversion": "1.0", "id": ident, "source": "s", "type": kind, "data": asked(text)}


def asked(text: object) -> dict[str, object]:
    return {"model": "m", "messages": [{"role": "user", "content": text}]}


def logged(text: object, ident: str) -> dict[str, object]:
    return {"call_type": "acompletion", "id": ident, **asked(text)}


def paired(text: object, ident: str) -> dict[str, object]:
    return {"id": ident, "request": asked(text) if isinstance(text, str) else text}


def spans(*texts: object) -> dict[str, object]:
    found = []
    for number, text in enumerate(texts):
        messages = json.dumps([{"role": "user", "parts": [{"type": "text", "content": text}]}])
        shown: object = {"stringValue": messages}
        if not isinstance(text, str):
            shown = {"kvlistValue": {"values": []}}
        attributes = [
            {"key": "gen_ai.operation.name", "value": {"stringValue": "chat"}},
            {"key": "gen_ai.response.id", "value": {"stringValue": f"c-{number}"}},
            {"key": "gen_ai.input.messages", "value": shown},
        ]
        found.append({"traceId": "ab" * 16, "spanId": f"{number:016x}", "attributes": attributes})
    return {"resourceSpans": [{"scopeSpans": [{"spans": found}]}]}


def messages(*texts: object) -> dict[str, object]:
    """Log events before 1.37."""
    records = [
        {
            "eventName": "gen_ai.user.message",
            "traceId": "ab" * 16,
            "spanId": f"{number:016x}",
            "body": {"kvlistValue": {"values": [{"key": "content", "value": shown}]}},
        }
        for number, text in enumerate(texts)
        for shown in ({"stringValue": text} if isinstance(text, str) else {"intValue": "5"},)
    ]
    return {"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]}


@pytest.mark.parametrize(
    "batch",
    [
        lambda *texts: [called(text, f"c-{number}") for number, text in enumerate(texts)],
        lambda *texts: [logged(text, f"c-{number}") for number, text in enumerate(texts)],
        lambda *texts: [paired(text, f"c-{number}") for number, text in enumerate(texts)],
        spans,
        messages,
    ],
    ids=["cloudevents", "litellm", "openai", "otlp spans", "otlp messages"],
)
def test_one_call_that_cannot_be_read_hides_none_that_travel_with_it(batch: Any) -> None:
    whole = decoded(batch("one", "two", "three"))
    with pytest.raises(DecodeError) as caught:
        decoded(batch("one", 5, "three"))
    assert caught.value.rest == [whole[0], whole[2]]
    assert caught.value.reason == "wrong_type"
    assert caught.value.wire_format == whole[0].format
    assert "5" not in caught.value.detail
    with pytest.raises(DecodeError) as caught:
        decoded(batch(5, 5))
    assert not caught.value.rest


def test_what_is_nested_without_end_costs_a_collectors_batch_nothing() -> None:
    deep: dict[str, object] = {"stringValue": "x"}
    for _ in range(200):
        deep = {"arrayValue": {"values": [deep]}}
    record = messages("How do I reach Ann?")
    record["resourceLogs"][0]["scopeLogs"][0]["logRecords"][0]["attributes"] = [{"key": "x", "value": deep}]  # type: ignore[index]
    (event,) = decoded(record)
    assert texts(event.input) == ["How do I reach Ann?"]


def lines(*chunks: dict[str, object]) -> str:
    return "".join(json.dumps(chunk) + "\n" for chunk in chunks)


OLLAMA = lines(
    {"model": "m", "message": {"role": "assistant", "content": "Ask the "}, "done": False},
    {"model": "m", "message": {"role": "assistant", "content": "desk."}, "done": True},
)


@pytest.mark.parametrize(
    ("answer", "cut"),
    [
        (OLLAMA, False),
        (OLLAMA[:-20], True),
        (lines({"response": "Ask the ", "done": False}, {"response": "desk.", "done": True}), False),
        ({"model": "m", "response": "Ask the desk.", "done": True}, False),
    ],
    ids=["chat", "chat cut", "generate", "generate whole"],
)
def test_ollamas_answers_are_read_by_lines_too(answer: object, cut: bool) -> None:
    (event,) = decoded({"id": "c", "request": ASKED, "response": answer})
    assert texts(event.input) == ["How do I reach Ann?"]
    assert "".join(texts(event.output) or ()) == ("Ask the " if cut else "Ask the desk.")
    assert event.truncated is cut


def sse(*chunks: dict[str, object]) -> str:
    return "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks) + "data: [DONE]\n\n"


def tool_delta(text: str) -> dict[str, object]:
    return {"choices": [{"delta": {"tool_calls": [{"index": 0, "type": "custom", "custom": {"input": text}}]}}]}


@pytest.mark.parametrize(
    "answer",
    [
        {"choices": [{"message": {"content": None, "tool_calls": [{"type": "custom", "custom": {"input": "rm -r"}}]}}]},
        sse(tool_delta("rm "), tool_delta("-r")),
        {"object": "response", "output": [{"type": "code_interpreter_call", "code": "rm -r"}]},
        sse({"type": "response.custom_tool_call_input.delta", "delta": "rm -r"}, {"type": "response.done"}),
        sse(
            {"type": "response.output_text.delta", "delta": "rm -r"},
            {"type": "response.completed", "response": {"id": "r", "object": "response", "output": []}},
        ),
    ],
    ids=["custom tool", "its stream", "code", "its deltas", "an end without the answer"],
)
def test_of_an_output_everything_is_judged(answer: object) -> None:
    (event,) = decoded({"id": "c", "request": ASKED, "response": answer})
    assert texts(event.output) == ["rm -r"]


@pytest.mark.parametrize(
    "row",
    [
        {"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "How do I reach Ann?"}]},
        {"data": {"note": "x", "text": ["Be brief.", "How do I reach Ann?"]}},
        {"a": [[{"b": [{"prompt": "Be brief."}, {"prompt": "How do I reach Ann?"}]}]]},
    ],
    ids=["messages", "object", "deep"],
)
def test_texts_in_objects_of_a_row_are_read(row: dict[str, object]) -> None:
    answered = {"predictions": [{"message": {"role": "assistant", "content": "Ask the desk, not me."}}]}
    (event,) = decoded({"id": "c", "request": {"instances": [row]}, "response": answered})
    assert texts(event.input) == ["Be brief.", "How do I reach Ann?"]
    assert texts(event.output) == ["Ask the desk, not me."]


def test_objects_without_end_in_a_row_take_no_long_time() -> None:
    begun = time.process_time()
    deep = '{"a": ' * 100_000 + '"x"' + "}" * 100_000
    wide = json.dumps({"messages": [{"content": "x"}] * 100_000})
    for row in (deep, wide):
        value = f'{{"id": "c", "request": {{"instances": [{row}]}}}}'.encode()
        (event,) = Decoder().decode(Record("calls", 0, 7, 1.0, None, value, ()))
        assert event.input is not None
        assert len(event.input.texts) <= 1024
    assert time.process_time() - begun < 5
