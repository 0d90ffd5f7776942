"""Calls that model servers answer and a reader of copies might not understand: nobody goes unseen by them."""

from __future__ import annotations

import json

import pytest

from tests.unit.proxy.test_events import ANSWERED, ASKED, captured, decoded, maker, text_of


@pytest.mark.parametrize("number", ["1e999", "-1e400", "9" * 5000, "NaN", "Infinity"], ids=lambda number: number[:8])
@pytest.mark.parametrize("cut", [False, True])
def test_nobody_goes_unseen_by_a_number_that_model_servers_take(number: str, cut: bool) -> None:
    body = json.dumps(ASKED, ensure_ascii=False).replace("{", f'{{"note": {number}, ', 1)
    event = decoded(maker().make(captured(request=[body[:-6].encode() if cut else body.encode()])))
    assert text_of(event.input).startswith("How do I reach Ann?")
    assert event.truncated is cut


TENSOR = {"name": "x", "shape": [1], "datatype": "BYTES", "data": ["beside"]}


@pytest.mark.parametrize(
    "field",
    [
        {"body": "x"},
        {"body": {"a": 1}},
        {"headers": {}, "body": None},
        {"choices": []},
        {"choices": [{"message": {"role": "assistant", "content": "x"}}]},
        {"object": "chat.completion.chunk", "choices": [{"delta": {"content": "x"}}]},
        {"object": "response", "output": []},
        {"error": {"message": "x"}, "object": "error"},
        {"generated_text": "x"},
        {"instances": [1]},
        {"predictions": [{"a": 1}]},
        {"inputs": [TENSOR]},
        {"outputs": [TENSOR]},
        {"inputs": [{"name": "x"}], "model_name": "z"},
        {"system": 5},
        {"instructions": {"type": "text", "text": 5}},
    ],
    ids=str,
)
@pytest.mark.parametrize("asked", ["messages", "prompt", "input"])
def test_nobody_goes_unseen_by_a_field_that_model_servers_pass_over(asked: str, field: dict[str, object]) -> None:
    text = "How do I reach Ann?"
    body = {"model": "m", asked: [{"role": "user", "content": text}] if asked == "messages" else text, **field}
    event = decoded(maker().make(captured(request=[json.dumps(body).encode()])))
    assert text in [part.text for part in event.input.texts]
    if "inputs" in field and "datatype" in str(field):
        assert "beside" in [part.text for part in event.input.texts]


@pytest.mark.parametrize(
    "message",
    [
        {"content": "How do I?", "tool_calls": "x"},
        {"content": "How do I?", "tool_calls": {}},
        {"content": "How do I?", "tool_calls": [5, {"function": 5}]},
        {"content": [{"type": None, "text": "How do I?"}]},
        {"content": [{"type": "TEXT", "text": "How do I?"}, {"type": "image_url", "image_url": {"url": "x"}}]},
    ],
    ids=str,
)
def test_nobody_goes_unseen_by_what_servers_pass_over_in_a_message(message: dict[str, object]) -> None:
    body = {"model": "m", "messages": [{"role": "user", **message}]}
    event = decoded(maker().make(captured(request=[json.dumps(body).encode()])))
    assert [part.text for part in event.input.texts] == ["How do I?"]


@pytest.mark.parametrize(
    "model", ["m" * 300, "\ud800" * 300, {}, ["m"], True, 10**100, 1.5, None], ids=lambda m: str(m)[:8]
)
def test_nobody_goes_unseen_by_a_model_that_servers_of_one_model_pass_over(model: object) -> None:
    echoed = ANSWERED | {"model": model}
    asked, answered = json.dumps(ASKED | {"model": model}).encode(), json.dumps(echoed).encode()
    event = decoded(maker().make(captured(request=[asked], response=[answered])))
    assert text_of(event.input).startswith("How do I reach Ann?")
    assert text_of(event.output) == "Ask the desk."
    assert 0 < len(event.model) <= 256


@pytest.mark.parametrize("key", ["x", "messages"])
@pytest.mark.parametrize("cut", [False, True])
def test_nobody_goes_unseen_by_depth(key: str, cut: bool) -> None:
    deep = '{"a":[' * 5000 + "]}" * 5000
    if key == "x":
        text = json.dumps(ASKED, ensure_ascii=False).replace("{", f'{{"x": {deep}, ', 1)
    else:
        text = json.dumps(ASKED, ensure_ascii=False).replace('{"role"', f'{{"x": {deep}, "role"', 1)
    body = text[: -6 if cut else None].encode()
    event = decoded(maker().make(captured(request=[body])))
    assert text_of(event.input).startswith("How do I reach Ann?")


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "gzip, br", "x", "identity, identity"])
@pytest.mark.parametrize("cut", [False, True])
def test_nobody_goes_unseen_by_a_content_encoding_that_servers_pass_over(encoding: str, cut: bool) -> None:
    body = json.dumps(ASKED, ensure_ascii=False)[: -6 if cut else None].encode()
    event = decoded(maker().make(captured(request=[body], request_encoding=encoding.encode())))
    assert text_of(event.input).startswith("How do I reach Ann?")


@pytest.mark.parametrize(
    "encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be", "utf-8-sig"]
)
@pytest.mark.parametrize("said", [b"", b"br"])
def test_nobody_goes_unseen_by_an_encoding_that_pythons_servers_take(encoding: str, said: bytes) -> None:
    body = json.dumps(ASKED, ensure_ascii=False).encode(encoding)
    assert json.loads(body) == ASKED
    event = decoded(maker().make(captured(request=[body], request_encoding=said)))
    assert text_of(event.input) == "How do I reach Ann? 你好"


def test_what_is_packed_and_begins_like_json_is_not_taken_for_it() -> None:
    event = decoded(maker().make(captured(request=[b"[\x9a\x07\x00\x83"], request_encoding=b"br")))
    assert event.input is None


def streamed(*chunks: object) -> bytes:
    return "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks).encode()


LLAMA_CPP = {"index": 0, "content": "Ask the desk.", "stop": True, "model": "m", "tokens": []}
ANTHROPIC = {"id": "m", "type": "message", "role": "assistant", "content": [{"type": "text", "text": "Ask the desk."}]}


@pytest.mark.parametrize(
    "answer",
    [
        json.dumps(LLAMA_CPP).encode(),
        json.dumps([LLAMA_CPP]).encode(),
        streamed({"content": "Ask the ", "stop": False}, {"content": "desk.", "stop": True}),
        streamed(
            {"index": 1, "token": {"text": "Ask the "}, "generated_text": None},
            {"index": 2, "token": {"text": "desk."}, "generated_text": None},
            {"index": 3, "token": {"text": "</s>", "special": True}, "generated_text": "Ask the desk."},
        ),
        json.dumps(ANTHROPIC).encode(),
        streamed(
            {"type": "message_start", "message": {"id": "m", "content": []}},
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Ask the desk."}},
            {"type": "message_stop"},
        ),
        json.dumps({"model": "m", "message": {"role": "assistant", "content": "Ask the desk."}, "done": True}).encode(),
    ],
    ids=["llama.cpp", "llama.cpp list", "llama.cpp stream", "tgi stream", "anthropic", "anthropic stream", "ollama"],
)
def test_an_answer_in_a_servers_own_form_is_read(answer: bytes) -> None:
    event = decoded(maker().make(captured(response=[answer])))
    assert text_of(event.input).startswith("How do I reach Ann?")
    assert [part.text for part in event.output.texts] == ["Ask the desk."]
    assert not event.truncated


@pytest.mark.parametrize(
    ("prompt", "texts"),
    [
        ({"prompt": {"prompt_string": "a", "multimodal_data": []}}, ["a"]),
        ({"prompt": [{"prompt_string": "a"}, "b", [1, 2], {"x": 1}]}, ["a", "b"]),
        ({"prompt": "a", "suffix": "b"}, ["a", "b"]),
    ],
    ids=str,
)
def test_a_prompt_is_read_in_each_of_its_forms(prompt: dict[str, object], texts: list[str]) -> None:
    event = decoded(maker().make(captured(request=[json.dumps({"model": "m"} | prompt).encode()])))
    assert [part.text for part in event.input.texts] == texts
