"""Clients of the real openai package, tapped: what they give back is what they gave, and harmwatch is told of it."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import openai
import pytest
from clients.python.tests.fake_model import WORDS, fake_model
from clients.python.tests.rig import FakeIngest, tapped

from harmwatch_client import Tap, wrap

TEXT = "".join(WORDS)
MESSAGES: Any = [{"role": "system", "content": "be kind"}, {"role": "user", "content": "help"}]
ARGUMENTS = '{"to":"ann@example.org"}'


@pytest.fixture
def both() -> Iterator[tuple[Tap, FakeIngest, str]]:
    with fake_model() as url, tapped(source="chat") as (tap, ingest):
        yield tap, ingest, url


def client(url: str) -> openai.OpenAI:
    return openai.OpenAI(base_url=url, api_key="k", max_retries=0)


def test_a_whole_answer(both: tuple[Tap, FakeIngest, str]) -> None:
    tap, ingest, url = both
    with client(url) as plain, client(url) as wrapped:
        expected = plain.chat.completions.create(model="llama", messages=MESSAGES)
        assert wrap(wrapped, tap, tenant="acme") is wrapped
        extra = {"documents": [{"text": "a passage"}]}
        answer = wrapped.chat.completions.create(model="llama", messages=MESSAGES, extra_body=extra)
        assert answer == expected and type(answer) is type(expected)
        again = wrap(wrapped, tap).with_options(timeout=5).chat.completions.create(model="llama", messages=MESSAGES)
        assert again == expected
    assert tap.flush(30)
    first, second = ingest.events
    assert first["input"] == {"messages": MESSAGES} and first["context"] == ["a passage"] and first["tenant"] == "acme"
    assert first["output"]["messages"] == [{"role": "assistant", "content": TEXT}] and first["model"] == "llama"
    assert second["tenant"] == "acme" and first["id"] != second["id"]


def test_a_stream_gives_the_same_chunks_and_is_told_as_one_answer(both: tuple[Tap, FakeIngest, str]) -> None:
    tap, ingest, url = both
    with client(url) as plain, client(url) as wrapped:
        expected = list(plain.chat.completions.create(model="llama", messages=MESSAGES, stream=True))
        stream = wrap(wrapped, tap).chat.completions.create(model="llama", messages=MESSAGES, stream=True)
        assert isinstance(stream, openai.Stream) and stream.response.status_code == 200
        with stream:
            assert list(stream) == expected
    assert tap.flush(30)
    (event,) = ingest.events
    (message,) = event["output"]["messages"]
    assert message["content"] == TEXT and message["tool_calls"][0]["function"]["arguments"] == ARGUMENTS
    assert "truncated" not in event and "failed" not in event


def test_a_stream_that_is_left_is_told_as_cut(both: tuple[Tap, FakeIngest, str]) -> None:
    tap, ingest, url = both
    with client(url) as wrapped:
        wrap(wrapped, tap)
        stream = wrapped.chat.completions.create(model="llama", messages=MESSAGES, stream=True)
        for _, chunk in zip(range(3), stream, strict=False):
            assert chunk.choices
        stream.close()
        with wrapped.chat.completions.create(model="llama", messages=MESSAGES, stream=True) as thrown_away:
            next(thrown_away)
            next(thrown_away)
    assert tap.flush(30)
    assert [event["truncated"] for event in ingest.events] == [True, True]
    assert TEXT.startswith(ingest.events[0]["output"]["messages"][0]["content"])


def test_errors_are_those_of_the_client(both: tuple[Tap, FakeIngest, str]) -> None:
    tap, ingest, url = both
    with client(url) as wrapped:
        wrap(wrapped, tap)
        with pytest.raises(openai.NotFoundError):
            wrapped.chat.completions.create(model="broken", messages=MESSAGES)
        with pytest.raises(TypeError):
            wrapped.chat.completions.create(nonsense=1)  # type: ignore[call-overload]
    assert tap.flush(30)
    assert ingest.events[0]["failed"] is True and ingest.events[0]["input"] == {"messages": MESSAGES}


def test_responses_completions_and_helpers(both: tuple[Tap, FakeIngest, str]) -> None:
    tap, ingest, url = both
    with client(url) as wrapped:
        wrap(wrapped, tap)
        assert wrapped.responses.create(model="llama", input="help", instructions="be kind").output_text == TEXT
        events = list(wrapped.responses.create(model="llama", input=[{"role": "user", "content": "help"}], stream=True))
        assert events[-1].type == "response.completed"
        assert wrapped.completions.create(model="llama", prompt="help").choices[0].text == TEXT
        with wrapped.chat.completions.stream(model="llama", messages=MESSAGES) as helper:
            assert helper.get_final_completion().choices[0].message.content == TEXT
        raw = wrapped.chat.completions.with_raw_response.create(model="llama", messages=MESSAGES)
        assert raw.parse().choices[0].message.content == TEXT
    assert tap.flush(30)
    assert len(ingest.events) == 5
    for event in ingest.events[:4]:
        assert event["output"]["messages"][0]["content"] in (TEXT, [{"type": "text", "text": TEXT}])
        assert event["input"]["messages"][-1] == {"role": "user", "content": "help"}
    assert "output" not in ingest.events[4]  # a raw response is its reader's


def test_parse_and_the_resources_under_beta(both: tuple[Tap, FakeIngest, str]) -> None:
    tap, ingest, url = both
    with client(url) as wrapped:
        wrap(wrapped, tap)
        assert wrapped.responses.parse(model="llama", input="help").output_text == TEXT
        assert wrapped.chat.completions.parse(model="llama", messages=MESSAGES).choices[0].message.content == TEXT
        beta = wrapped.beta.chat.completions
        assert beta.create(model="llama", messages=MESSAGES).choices[0].message.content == TEXT
        assert beta.parse(model="llama", messages=MESSAGES).choices[0].message.content == TEXT
        with beta.stream(model="llama", messages=MESSAGES) as helper:
            assert helper.get_final_completion().choices[0].message.content == TEXT
    assert tap.flush(30)
    assert len(ingest.events) == 5


async def test_async_clients(both: tuple[Tap, FakeIngest, str]) -> None:
    tap, ingest, url = both
    async with openai.AsyncOpenAI(base_url=url, api_key="k", max_retries=0) as wrapped:
        wrap(wrapped, tap)
        answer = await wrapped.chat.completions.create(model="llama", messages=MESSAGES)
        assert answer.choices[0].message.content == TEXT
        stream = await wrapped.chat.completions.create(model="llama", messages=MESSAGES, stream=True)
        assert isinstance(stream, openai.AsyncStream)
        chunks = [chunk async for chunk in stream]
        assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == TEXT
        left = await wrapped.chat.completions.create(model="llama", messages=MESSAGES, stream=True)
        async with left:
            await left.__anext__()
        with pytest.raises(openai.NotFoundError):
            await wrapped.chat.completions.create(model="broken", messages=MESSAGES)
    assert await asyncio.to_thread(tap.flush, 30)
    whole, streamed, cut, failed = ingest.events
    assert whole["output"]["messages"][0]["content"] == streamed["output"]["messages"][0]["content"] == TEXT
    assert cut["truncated"] is True and failed["failed"] is True


def test_what_looks_like_a_client_is_enough_and_what_does_not_is_told_at_the_start() -> None:
    def create(**asked: Any) -> Any:
        return SimpleNamespace(choices=[SimpleNamespace(message=SimpleNamespace(role="assistant", content="hi"))])

    lookalike = SimpleNamespace(chat=SimpleNamespace(completions=SimpleNamespace(create=create)))
    with tapped() as (tap, ingest):
        assert wrap(lookalike, tap).chat.completions.create(model="m", messages=MESSAGES).choices
        assert tap.flush(30)
        assert ingest.events[0]["output"]["messages"] == [{"role": "assistant", "content": "hi"}]
        with pytest.raises(TypeError):
            wrap(object(), tap)


def test_a_tap_that_breaks_changes_nothing_for_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    strange = object()
    results: list[Any] = [strange, None, 5, iter([1, 2]), SimpleNamespace(choices=[object(), None, 5])]

    def create(**asked: Any) -> Any:
        return results[asked["number"]]

    lookalike = SimpleNamespace(chat=SimpleNamespace(completions=SimpleNamespace(create=create)))
    wrap(lookalike, Tap.disabled())
    for number in (0, 1, 2, 4):
        asked: Any = {"messages": object(), "model": object(), "input": 5, "documents": 5}
        assert lookalike.chat.completions.create(number=number, **asked) is results[number]
    assert list(lookalike.chat.completions.create(number=3)) == [1, 2]


def test_a_copy_of_a_stream_is_one_as_without_the_tap(both: tuple[Tap, FakeIngest, str]) -> None:
    tap, ingest, url = both
    with client(url) as wrapped:
        stream = wrap(wrapped, tap).chat.completions.create(model="llama", messages=MESSAGES, stream=True)
        copied = copy.copy(stream)
        assert isinstance(copied, openai.Stream) and copied.response is stream.response and list(copied)
    assert tap.flush(30)
    (event,) = ingest.events
    assert event["output"]["messages"][0]["content"] == TEXT and "truncated" not in event
