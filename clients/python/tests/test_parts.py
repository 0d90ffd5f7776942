"""Answers that break off: what was said until then is told, and that it is not all."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from clients.python.tests.fake_model import chunk
from clients.python.tests.rig import tapped
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route

from harmwatch_client import TapMiddleware, wrap

WORDS = ["one ", "two ", "three ", "four"]
ASKED = {"model": "m", "messages": [{"role": "user", "content": "q"}]}
JSON_HEADER = [(b"content-type", b"application/json")]


def application(fails_after: int | None = None, media_type: str = "text/event-stream") -> Starlette:
    async def chat(request: Request) -> StreamingResponse:
        await request.json()

        async def stream() -> AsyncIterator[str]:
            for number, word in enumerate(WORDS):
                if number == fails_after:
                    raise KeyError("mine")
                yield f"data: {json.dumps(chunk({'content': word}))}\n\n" if media_type.endswith("stream") else word

        return StreamingResponse(stream(), media_type=media_type)

    return Starlette(routes=[Route("/v1/chat/completions", chat, methods=["POST"])])


async def served_until(app: Any, messages: int, spec_version: str) -> list[Any]:
    """What a server sent until its client hung up: from ASGI 2.4 on ``send`` raises then."""
    sent: list[Any] = []
    gone = asyncio.Event()
    bodies = [{"type": "http.request", "body": json.dumps(ASKED).encode(), "more_body": False}]

    async def receive() -> Any:
        if bodies:
            return bodies.pop()
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        if len(sent) >= messages:
            gone.set()
            await asyncio.sleep(0)
            if spec_version >= "2.4":
                raise OSError("gone")
            return
        sent.append(message)

    scope = {
        "type": "http", "asgi": {"version": "3.0", "spec_version": spec_version}, "http_version": "1.1",
        "method": "POST", "path": "/v1/chat/completions", "root_path": "", "scheme": "http", "query_string": b"",
        "headers": JSON_HEADER, "client": None, "server": None,
    }  # fmt: skip
    try:
        await app(scope, receive, send)
    except Exception:
        assert spec_version >= "2.4"
    return sent


@pytest.mark.parametrize("spec_version", ["2.3", "2.4"])
async def test_a_client_that_hangs_up_does_not_hide_what_it_was_told(spec_version: str) -> None:
    with tapped() as (tap, ingest):
        sent = await served_until(TapMiddleware(application(), tap), 4, spec_version)
        assert len(sent) == 4
        assert await asyncio.to_thread(tap.flush, 30)
    (event,) = ingest.events
    assert event["input"] == {"messages": ASKED["messages"]} and event["truncated"] is True
    assert event["output"]["messages"][0]["content"].startswith("one two three ")
    assert ("failed" in event) is (spec_version == "2.4")


@pytest.mark.parametrize("media_type", ["text/event-stream", "application/json"])
async def test_a_stream_that_raises_in_its_middle_is_told_as_far_as_it_came(media_type: str) -> None:
    with tapped() as (tap, ingest):
        for fails_after in (3, 0):
            app = TapMiddleware(application(fails_after, media_type), tap)
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://m") as client:
                with pytest.raises(KeyError, match="mine"):
                    await client.post("/v1/chat/completions", json=ASKED)
        assert await asyncio.to_thread(tap.flush, 30)
    part, nothing = ingest.events
    output = part["output"]
    assert (output["text"] if "text" in output else output["messages"][0]["content"]) == "one two three "
    assert part["failed"] is part["truncated"] is True
    assert nothing["failed"] is True and "output" not in nothing and "truncated" not in nothing


async def test_a_reader_that_knows_no_part_of_an_answer_is_asked_of_the_question() -> None:
    given: list[Any] = []

    def reader(asked: Any, answered: Any) -> Any:
        given.append(answered)
        return {"input": asked["messages"], "output": None if answered is None else answered["choices"]}

    with tapped() as (tap, ingest):
        app = TapMiddleware(application(2, "application/json"), tap, reader=reader)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://m") as client:
            with pytest.raises(KeyError):
                await client.post("/v1/chat/completions", json=ASKED)
        assert await asyncio.to_thread(tap.flush, 30)
    (event,) = ingest.events
    assert given == ["one two ", None] and event["failed"] is event["truncated"] is True
    assert event["input"] == {"messages": ASKED["messages"]}


def test_pieces_that_came_before_an_error_are_no_whole_answer() -> None:
    with tapped() as (tap, ingest):
        with pytest.raises(KeyError), tap.call(model="m", input="q") as call:
            call.add("half of an ans")
            raise KeyError("mine")
        with pytest.raises(KeyError), tap.call(model="m", input="q") as call:
            call.output("all of it")
            raise KeyError("mine")
        assert tap.flush(30)
    part, whole = ingest.events
    assert part["failed"] is part["truncated"] is True and part["output"] == {"text": "half of an ans"}
    assert whole["failed"] is True and "truncated" not in whole and whole["output"] == {"text": "all of it"}


def test_a_generator_that_is_left_early_tells_what_it_gave() -> None:
    with tapped() as (tap, ingest):

        def answer() -> Any:
            with tap.call(model="m", input="q") as call:
                for word in WORDS:
                    call.add(word)
                    yield word

        generator = answer()
        next(generator)
        generator.close()
        assert tap.flush(30)
    assert ingest.events[0]["output"] == {"text": "one "} and ingest.events[0]["truncated"] is True


async def test_streams_of_a_wrapped_client_that_raise_or_are_left_tell_what_they_gave() -> None:
    def words() -> Iterator[Any]:
        for word in WORDS[:2]:
            yield chunk({"content": word})
        raise KeyError("mine")

    async def words_later() -> AsyncIterator[Any]:
        for each in words():
            yield each

    def create(**asked: Any) -> Any:
        return words_later() if asked["later"] else words()

    with tapped() as (tap, ingest):
        completions = SimpleNamespace(create=create)
        client = wrap(SimpleNamespace(chat=SimpleNamespace(completions=completions)), tap)
        with pytest.raises(KeyError, match="mine"):
            list(client.chat.completions.create(**ASKED, later=False))
        with pytest.raises(KeyError, match="mine"):
            [each async for each in client.chat.completions.create(**ASKED, later=True)]
        left = client.chat.completions.create(**ASKED, later=True)
        async for _ in left:
            break
        await left.aclose()
        del left
        assert await asyncio.to_thread(tap.flush, 30)
    texts = [event["output"]["messages"][0]["content"] for event in ingest.events]
    assert texts == ["one two ", "one two ", "one "] and all(event["truncated"] for event in ingest.events)
    assert [event.get("failed") for event in ingest.events] == [True, True, None]
