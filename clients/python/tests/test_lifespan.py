"""Servers that end: what their taps hold is delivered, under real uvicorn and its signals."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from clients.python.tests.rig import CLIENT, QUICK, FakeIngest, end, free_port, tapped, wait_for
from fastapi import FastAPI, Request
from starlette.testclient import TestClient

from harmwatch_client import Limits, Tap, TapMiddleware

#: Nothing of it is sent by itself before the server ends.
SERVER = """
import os, signal, sys, uvicorn
from fastapi import FastAPI, Request
from harmwatch_client import Limits, Tap, TapMiddleware
tap = Tap(os.environ['TAP'], limits=Limits(linger_seconds=600.0, close_seconds=float(os.environ['CLOSE'])))
app = FastAPI()
@app.post('/say')
async def say(request: Request): return await request.json()
app.add_middleware(TapMiddleware, tap=tap)
app.add_middleware(TapMiddleware, tap=tap, paths=['/nowhere'])
async def without(scope, receive, send):
    if scope['type'] == 'lifespan': raise KeyError('no lifespan here')
    await app(scope, receive, send)
"""


@contextmanager
def server(folder: Path, url: str, *command: str, close_seconds: float = 20.0) -> Iterator[Any]:
    """A process of a server's, asked ten questions; the caller ends it."""
    port = free_port()
    (folder / "served.py").write_text(SERVER)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(CLIENT), str(folder)]), "TAP": url}
    environment["CLOSE"] = str(close_seconds)
    command = command or ("-m", "uvicorn", "served:app", "--log-level", "error", "--port", "PORT")
    full = [sys.executable, *(word.replace("PORT", str(port)) for word in command)]
    with subprocess.Popen(full, env=environment, stderr=subprocess.PIPE, text=True) as process:
        try:

            def answers(number: int) -> bool:
                body = json.dumps({"text": f"say {number}"}).encode()
                asked = urllib.request.Request(f"http://127.0.0.1:{port}/say", body)
                try:
                    return bool(urllib.request.urlopen(asked, timeout=30).read() == body.replace(b": ", b":"))
                except OSError:
                    return False

            wait_for(lambda: process.poll() is not None or answers(0))
            assert all(answers(number) for number in range(1, 10))
            yield process
        finally:
            process.kill()


def said(ingest: FakeIngest) -> list[str]:
    return [event["input"]["messages"][0]["content"] if "messages" in event["input"] else event["input"]["text"]
            for event in ingest.events]  # fmt: skip


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_uvicorn_that_is_ended_by_a_signal_leaves_nothing_behind(tmp_path: Path, sign: signal.Signals) -> None:
    with FakeIngest() as ingest, server(tmp_path, ingest.url) as process:
        assert not ingest.events
        process.send_signal(sign)
        assert "Traceback" not in process.communicate(timeout=60)[1]
        assert said(ingest) == [f"say {number}" for number in range(10)]


def test_uvicorn_with_workers_leaves_nothing_behind(tmp_path: Path) -> None:
    command = ("-m", "uvicorn", "served:app", "--log-level", "error", "--port", "PORT", "--workers", "2")
    with FakeIngest() as ingest, server(tmp_path, ingest.url, *command) as process:
        process.terminate()
        process.communicate(timeout=60)
        assert sorted(said(ingest)) == [f"say {number}" for number in range(10)]


def test_what_could_not_be_delivered_is_said_and_the_end_is_not_held_up(tmp_path: Path) -> None:
    """Two middlewares share the tap, and its time."""
    with server(tmp_path, f"http://127.0.0.1:{free_port()}", close_seconds=3.0) as process:
        begun = time.monotonic()
        process.terminate()
        log = process.communicate(timeout=60)[1]
        assert 2.5 < time.monotonic() - begun < 5.5
    assert "10 events are not delivered while the server ends; connection refused" in log and "say" not in log


def test_a_handler_of_its_own_for_sigterm_saves_a_server_without_lifespan(tmp_path: Path) -> None:
    """As the page says."""
    script = (
        "import signal, sys; signal.signal(signal.SIGTERM, lambda *_: sys.exit(0)); "
        "import uvicorn; uvicorn.run('served:without', port=PORT, log_level='error')"
    )
    with FakeIngest() as ingest, server(tmp_path, ingest.url, "-c", script) as process:
        process.terminate()
        assert process.communicate(timeout=60)[1] == "" and process.returncode == 0
        assert said(ingest) == [f"say {number}" for number in range(10)]


def test_an_application_that_refuses_a_lifespan_looks_as_before(tmp_path: Path) -> None:
    """`on` says its error and ends the server, `auto` serves on."""
    script = (
        "import served, sys, uvicorn; "
        "uvicorn.run(served.TapMiddleware(served.without, served.tap), port=PORT, log_level='error', lifespan=LIFESPAN)"
    )
    with FakeIngest() as ingest, server(tmp_path, ingest.url, "-c", script.replace("LIFESPAN", "'auto'")) as process:
        process.send_signal(signal.SIGINT)
        assert "Exception in 'lifespan'" not in process.communicate(timeout=60)[1]
        assert len(ingest.events) == 20  # both middlewares have seen each
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(CLIENT), str(tmp_path)]), "TAP": ingest.url}
    command = [sys.executable, "-c", script.replace("PORT", str(free_port())).replace("LIFESPAN", "'on'")]
    done = subprocess.run(command, env={**environment, "CLOSE": "1"}, capture_output=True, text=True, timeout=60)
    assert done.returncode == 3 and "no lifespan here" in done.stderr


async def test_a_tap_goes_on_when_a_lifespan_has_ended() -> None:
    limits = Limits(linger_seconds=600.0, close_seconds=20.0)
    app = FastAPI()

    @app.post("/say")
    async def say(request: Request) -> Any:
        return await request.json()

    with tapped(limits=limits) as (tap, ingest):
        app.add_middleware(TapMiddleware, tap=tap)
        for times in (1, 2):

            def visit() -> None:
                with TestClient(app) as client:
                    assert client.post("/say", json={"text": "say it"}).json() == {"text": "say it"}
                    assert not tap.stats.dropped

            await asyncio.to_thread(visit)
            assert len(ingest.events) == times


@pytest.mark.parametrize("way", ["silent", "raises", "failed"])
async def test_an_end_without_an_answer_is_one_too(way: str) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert (await receive())["type"] == "lifespan.shutdown"
        if way == "raises":
            raise KeyError("mine")
        if way == "failed":
            await send({"type": "lifespan.shutdown.failed", "message": "mine"})

    async def receive() -> Any:
        return {"type": "lifespan.shutdown"}

    sent = []

    async def send(message: Any) -> None:
        assert tap.stats.pending == 0, "the server may end now"
        sent.append(message)

    with tapped(limits=Limits(linger_seconds=600.0, close_seconds=20.0)) as (tap, ingest):
        tap.log(model="m", input="q")
        middleware = TapMiddleware(app, tap)
        if way == "raises":
            with pytest.raises(KeyError, match="mine"):
                await middleware({"type": "lifespan"}, receive, send)
        else:
            await middleware({"type": "lifespan"}, receive, send)
        assert len(ingest.events) == 1
        assert sent == ([{"type": "lifespan.shutdown.failed", "message": "mine"}] if way == "failed" else [])


async def test_the_loop_serves_others_while_a_server_that_is_away_is_waited_for() -> None:
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0.02)
            ticks += 1

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "lifespan.shutdown.complete"})

    async def none() -> Any:
        raise AssertionError

    async def send(message: Any) -> None:
        return

    tap = Tap(f"http://127.0.0.1:{free_port()}", limits=Limits(close_seconds=1.0, retry_seconds=QUICK.retry_seconds))
    tap.log(model="m", input="q")
    ticking = asyncio.create_task(tick())
    await TapMiddleware(app, tap)({"type": "lifespan"}, none, send)
    ticking.cancel()
    assert ticks >= 5
    assert not end(tap, 0.01)
