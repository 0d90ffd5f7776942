"""The middleware in front of a real FastAPI application: bodies pass untouched, and harmwatch is told of them."""

from __future__ import annotations

import asyncio
import gzip
import json
import random
import zlib
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from clients.python.tests.fake_model import WORDS, chunk, completion
from clients.python.tests.rig import QUICK, end, free_port, tapped
from fastapi import FastAPI, Request
from fastapi.middleware.gzip import GZipMiddleware
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse, StreamingResponse
from starlette.background import BackgroundTask

from harmwatch_client import Tap, TapMiddleware

TEXT = "".join(WORDS)
ASKED = {"model": "llama", "messages": [{"role": "user", "content": "help"}]}


def application() -> FastAPI:
    app = FastAPI()

    @app.post("/v1/chat/completions")
    async def chat(request: Request) -> Any:
        asked = await request.json()
        if not asked.get("stream"):
            return completion(content=TEXT)

        async def stream() -> AsyncIterator[str]:
            for word in WORDS:
                yield f"data: {json.dumps(chunk({'content': word}))}\n\n"
            yield "data: [DONE]\n\n"

        return StreamingResponse(stream(), media_type="text/event-stream")

    @app.post("/own")
    async def own(request: Request) -> Any:
        return {"answer": {"text": f"echo {(await request.json())['question']}", "n": 5}, "more": ["so"]}

    @app.post("/words")
    async def words(request: Request) -> Any:
        await request.body()
        return PlainTextResponse("plain words")

    @app.post("/page")
    async def page(request: Request) -> Any:
        await request.body()
        return HTMLResponse("<p>words</p>")

    @app.post("/error")
    async def error(request: Request) -> Any:
        await request.body()
        return JSONResponse({"error": {"message": "bad"}}, status_code=400)

    @app.post("/raises")
    async def raises(request: Request) -> Any:
        await request.body()
        raise KeyError("mine")

    @app.post("/late")
    async def late(request: Request) -> Any:
        await request.body()

        def fails() -> None:
            raise KeyError("behind the answer")

        return JSONResponse(completion(content=TEXT), background=BackgroundTask(fails))

    @app.post("/echo")
    async def echo(request: Request) -> Any:
        body = await request.body()

        async def pieces() -> AsyncIterator[bytes]:
            for place in range(0, len(body), 700):
                yield body[place : place + 700]

        return StreamingResponse(pieces(), media_type="application/json")

    @app.get("/health")
    async def health() -> Any:
        return {"status": "a text"}

    return app


def served(tap: Tap, **arguments: Any) -> httpx.AsyncClient:
    app = application()
    app.add_middleware(TapMiddleware, tap=tap, **arguments)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://model")


async def flushed(tap: Tap) -> None:
    assert await asyncio.to_thread(tap.flush, 30)


async def test_openai_pairs_whole_and_streamed() -> None:
    with tapped(source="chat") as (tap, ingest):
        async with served(tap) as client:
            trace = {"traceparent": f"00-{'ab' * 16}-{'cd' * 8}-01", "x-request-id": "chosen by the user"}
            assert (await client.post("/v1/chat/completions", json=ASKED, headers=trace)).json() == completion(
                content=TEXT
            )
            streamed = await client.post("/v1/chat/completions", json={**ASKED, "stream": True})
            assert streamed.text.endswith("data: [DONE]\n\n")
            await client.get("/health")
        await flushed(tap)
    whole, stream = ingest.events
    for event in (whole, stream):
        assert event["input"] == {"messages": ASKED["messages"]} and event["model"] == "llama"
        assert event["output"]["messages"] == [{"role": "assistant", "content": TEXT}] and event["source"] == "chat"
        assert "truncated" not in event and "failed" not in event
    assert whole["trace_id"] == "ab" * 16 and whole["id"] != "chosen by the user"


async def test_what_fails_behind_a_whole_answer_does_not_take_it_away() -> None:
    with tapped() as (tap, ingest):
        async with served(tap) as client:
            with pytest.raises(KeyError):
                await client.post("/late", json=ASKED)
        await flushed(tap)
        (event,) = ingest.events
        assert event["output"]["messages"] == [{"role": "assistant", "content": TEXT}]
        assert "failed" not in event and "truncated" not in event


async def test_other_shapes_by_their_strings_or_by_a_reader() -> None:
    with tapped(model="own-model") as (tap, ingest):
        async with served(tap) as client:
            await client.post("/own", json={"question": "why?", "n": 1})
            await client.post("/words", json={"question": "why?"})
            await client.post("/page", json={"question": "why?"})
            await client.post("/words", content=b"not json", headers={"content-type": "text/plain"})
        await flushed(tap)
        assert [(event["input"]["text"], event["output"]["text"]) for event in ingest.events] == [
            ("why?", "echo why?\nso"),
            ("why?", "plain words"),
        ]
        assert ingest.events[0]["model"] == "own-model"

        def reader(asked: Any, answered: Any) -> Any:
            if asked["question"] == "secret":
                return None
            if asked["question"] == "broken":
                raise KeyError(asked)
            return {"input": asked["question"], "output": answered["answer"]["text"], "decision": "yes", "odd": 1}

        async with served(tap, reader=reader, paths=["/own"], model="read", id_header="X-Request-Id") as client:
            for question in ("why?", "secret", "broken"):
                answer = await client.post("/own", json={"question": question}, headers={"x-request-id": "r-7"})
                assert answer.json()["answer"]["text"] == f"echo {question}"
            await client.post("/words", json={"question": "why?"})
        await flushed(tap)
        assert (tap.stats.skipped, tap.stats.dropped_malformed) == (1, 1)
    event = ingest.events[2]
    assert (event["id"], event["model"], event["output"]) == ("r-7", "read", {"text": "echo why?", "decision": "yes"})
    assert len(ingest.events) == 3


async def test_errors_pass_and_are_told_as_failed() -> None:
    with tapped() as (tap, ingest):
        async with served(tap) as client:
            assert (await client.post("/error", json=ASKED)).status_code == 400
            with pytest.raises(KeyError, match="mine"):
                await client.post("/raises", json=ASKED)
        await flushed(tap)
    assert [(event["failed"], "output" in event) for event in ingest.events] == [(True, False)] * 2


async def test_bodies_pass_untouched_whatever_becomes_of_the_tap() -> None:
    chance = random.Random(8)
    away = Tap(f"http://127.0.0.1:{free_port()}", limits=QUICK)
    with tapped() as (tap, ingest):
        for each in (tap, away, Tap.disabled()):
            async with served(each, max_body_bytes=10_000) as client:
                for number in range(60):
                    body = chance.randbytes(chance.choice([0, 1, 700, 5000, 60_000]))
                    if number % 3 == 0:
                        body = json.dumps({"prompt": body.hex()}).encode()
                    answer = await client.post("/echo", content=body, headers={"content-type": "application/json"})
                    assert answer.content == body and answer.status_code == 200
        await flushed(tap)
        assert tap.stats.logged == 60 and ingest.events
        cut = [event for event in ingest.events if event.get("truncated")]
        assert cut and len(cut) < len(ingest.events)
    end(away, 0.01)


async def test_compressed_bodies_are_read() -> None:
    app = application()
    app.add_middleware(GZipMiddleware, minimum_size=1)
    with tapped() as (tap, ingest):
        app.add_middleware(TapMiddleware, tap=tap)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://model") as client:
            answer = await client.post("/v1/chat/completions", json=ASKED)
            assert answer.headers["content-encoding"] == "gzip" and answer.json() == completion(content=TEXT)
            packed = {"content-type": "application/json", "content-encoding": "gzip"}
            await client.post("/words", content=gzip.compress(json.dumps(ASKED).encode()), headers=packed)
            await client.post("/words", content=b"\x1f\x8bbroken", headers=packed)
        await flushed(tap)
    assert ingest.events[0]["output"]["messages"][0]["content"] == TEXT
    assert ingest.events[1]["input"] == {"messages": ASKED["messages"]} and tap.stats.skipped == 0
    assert ingest.events[2]["output"] == {"text": "plain words"} and ingest.events[2]["truncated"] is True


async def test_nobody_goes_unseen_by_asking_for_an_answer_that_cannot_be_unpacked() -> None:
    with tapped() as (tap, ingest):

        async def app(scope: Any, receive: Any, send: Any) -> None:
            await receive()
            headers = [(b"content-type", b"application/json"), (b"content-encoding", b"br")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": b"\x8b\x02\x80packed"})

        transport = httpx.ASGITransport(TapMiddleware(app, tap))
        async with (
            httpx.AsyncClient(transport=transport, base_url="http://model") as client,
            client.stream("POST", "/v1/chat/completions", json=ASKED) as answer,
        ):
            assert answer.status_code == 200
        await flushed(tap)
    (event,) = ingest.events
    assert event["input"] == {"messages": ASKED["messages"]} and "output" not in event and event["truncated"] is True


async def test_nobody_goes_unseen_by_how_a_body_is_packed() -> None:
    plain = json.dumps(ASKED).encode()
    bare = zlib.compressobj(wbits=-15)
    sent = [
        ("gzip", gzip.compress(b"") + gzip.compress(plain)),
        ("gzip", gzip.compress(plain[:20]) + gzip.compress(plain[20:])),
        ("gzip", gzip.compress(plain) + b"what no server reads"),
        ("deflate", zlib.compress(plain)),
        ("deflate", bare.compress(plain) + bare.flush()),
    ]
    with tapped() as (tap, ingest):
        async with served(tap) as client:
            for encoding, body in sent:
                packed = {"content-type": "application/json", "content-encoding": encoding}
                await client.post("/words", content=body, headers=packed)
            many = gzip.compress(b"") * 40_000 + gzip.compress(plain)
            await client.post("/words", content=many, headers=packed | {"content-encoding": "gzip"})
        await flushed(tap)
    *found, last = ingest.events
    assert [event["input"] for event in found] == [{"messages": ASKED["messages"]}] * len(sent)
    assert last["truncated"] is True


async def test_nobody_goes_unseen_by_what_servers_do_not_look_at() -> None:
    plain = json.dumps(ASKED).encode()
    sent: list[tuple[bytes, list[tuple[str, str]]]] = [
        (plain, [("content-type", "text/plain")]),
        (plain, []),
        (b" \r\n" + plain, [("content-type", "image/png")]),
        (plain, [("content-type", "application/json"), ("content-type", "text/plain")]),
        *((plain, [("content-type", "application/json"), ("content-encoding", e)]) for e in ("br", "gzip", "deflate")),
        *((json.dumps(ASKED).encode(e), [("content-type", "application/json")]) for e in ("utf-16", "utf-16-be")),
        (json.dumps(ASKED).encode("utf-32"), [("content-type", "text/plain"), ("content-encoding", "x")]),
    ]
    with tapped() as (tap, ingest):
        async with served(tap) as client:
            for body, headers in sent:
                answer = await client.post("/v1/chat/completions", content=body, headers=headers)
                assert answer.json() == completion(content=TEXT)
            form = await client.post("/words", content=b"--x\r\n{", headers={"content-type": "multipart/form-data"})
            assert form.status_code == 200
        await flushed(tap)
        assert tap.stats.skipped == tap.stats.dropped == 0
    assert [event["input"] for event in ingest.events] == [{"messages": ASKED["messages"]}] * len(sent)


async def test_a_server_of_its_own_form_is_not_hidden_from_by_a_field_of_openais() -> None:
    with tapped(model="own-model") as (tap, ingest):
        async with served(tap) as client:
            for field in ({"messages": ASKED["messages"]}, {"prompt": "help"}, {"input": "help"}):
                await client.post("/own", json={"question": "why?", "n": 1, **field})
            await client.post("/v1/chat/completions", json={**ASKED, "note": "not read by OpenAI's"})
        await flushed(tap)
    hidden = [{"role": "user", "content": "help"}, {"role": "user", "content": "why?"}]
    assert [event["input"]["messages"] for event in ingest.events] == [*[hidden] * 3, ASKED["messages"]]


async def test_a_client_that_goes_away_leaves_a_cut_answer() -> None:
    with tapped() as (tap, ingest):

        async def app(scope: Any, receive: Any, send: Any) -> None:
            await receive()
            await send(
                {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]}
            )
            data = f"data: {json.dumps(chunk({'content': 'so far'}))}\n\n".encode()
            await send({"type": "http.response.body", "body": data, "more_body": True})
            raise asyncio.CancelledError

        async def receive() -> Any:
            return {"type": "http.request", "body": json.dumps(ASKED).encode(), "more_body": False}

        async def send(message: Any) -> None:
            return

        scope = {"type": "http", "method": "POST", "path": "/", "headers": [(b"content-type", b"application/json")]}
        with pytest.raises(asyncio.CancelledError):
            await TapMiddleware(app, tap)(scope, receive, send)
        await flushed(tap)
    (event,) = ingest.events
    assert event["truncated"] is True and event["output"]["messages"][0]["content"] == "so far"


async def test_scopes_and_messages_of_other_kinds_pass() -> None:
    seen = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["type"])
        if scope["type"] == "http":
            assert (await receive())["type"] == "http.disconnect"
            await send({"type": "http.response.pathsend", "path": "/x"})
            await send({"strange": True})

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        seen.append(message)

    middleware = TapMiddleware(app, Tap.disabled())
    http = {"type": "http", "method": "POST", "path": "/", "headers": [(b"content-type", b"application/json")]}
    for scope in ({"type": "lifespan"}, {"type": "websocket"}, http):
        await middleware(scope, receive, send)
    path = {"type": "http.response.pathsend", "path": "/x"}
    assert seen == ["lifespan", "websocket", "http", path, {"strange": True}]


async def test_a_body_that_the_application_never_reads_is_not_seen() -> None:
    """Reading it would be touching it."""
    with tapped() as (tap, ingest):

        async def app(scope: Any, receive: Any, send: Any) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
            await send({"type": "http.response.body", "body": b"words"})

        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(TapMiddleware(app, tap)), base_url="http://model"
        ) as client:
            assert (await client.post("/", json=ASKED)).text == "words"
        await flushed(tap)
    assert ingest.events[0]["output"] == {"text": "words"} and "input" not in ingest.events[0]
