"""The other side fails in every way; requests do not notice, and what was taken is not lost while the process lives."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest
from clients.python.tests.rig import QUICK, Answer, FakeIngest, end, free_port, holds, tapped, wait_for

from harmwatch_client import Limits, Tap

EVENTS = 200


def log_many(tap: Tap, count: int = EVENTS) -> list[str]:
    """Log, and say the ids. Each call returns while the other side is in whatever state."""
    ids = [f"r-{number}" for number in range(count)]
    for ident in ids:
        assert tap.log(model="m", input="q", output="a", id=ident)
    return ids


def ids_of(ingest: FakeIngest) -> list[str]:
    return [event["id"] for event in ingest.events]


@pytest.mark.parametrize(
    "answer",
    [
        Answer(429), Answer(503), Answer(500), Answer(502), Answer(401), Answer(403), Answer(404), Answer(408),
        Answer(301, {"Location": "http://elsewhere.example/"}), Answer(instead="close"), Answer(instead="half"),
        Answer(instead=b"\x00\xff garbage\r\n\r\n"), Answer(instead=b"HTTP/1.1 two hundred\r\n\r\n"),
        Answer(instead=b"HTTP/1.1 503 x\r\n" + b"X-Header: y\r\n" * 500 + b"\r\n"),
        Answer(503, {"Retry-After": "garbage"}), Answer(503, {"Retry-After": "-5"}), Answer(503, body=b"x" * 300_000),
    ],
    ids=lambda answer: str(answer.instead or answer.status)[:20],
)  # fmt: skip
def test_what_was_not_taken_is_sent_again_in_order(answer: Answer) -> None:
    with tapped(lambda number, events: answer if number < 5 else Answer()) as (tap, ingest):
        ids = log_many(tap)
        assert tap.flush(60)
        assert ids_of(ingest) == ids
        assert tap.stats.retries >= 3 and tap.stats.last_error and tap.stats.dropped == 0


def test_random_faults_lose_nothing() -> None:
    chance = random.Random(8)
    faults = [Answer(503), Answer(429), Answer(instead="close"), Answer(instead="half"), Answer(instead=b"?")]

    def behave(number: int, events: list[dict[str, Any]]) -> Answer:
        return chance.choice(faults) if chance.random() < 0.6 else Answer()

    with tapped(behave, limits=replace(QUICK, batch_events=7)) as (tap, ingest):
        ids = log_many(tap, 1000)
        assert tap.flush(120)
        assert ids_of(ingest) == ids and tap.stats.sent == 1000


def test_a_server_that_hangs_costs_a_request_nothing_and_the_tap_a_timeout() -> None:
    limits = replace(QUICK, timeout_seconds=0.3)
    with tapped(lambda number, events: Answer(instead="hang") if number < 2 else Answer(), limits=limits) as (
        tap,
        ingest,
    ):
        tap.log(model="m", input="q", id="first")
        wait_for(lambda: ingest.requests)
        ids = log_many(tap)
        assert tap.flush(60)
        assert ids_of(ingest) == ["first", *ids] and tap.stats.last_error == "no answer in time"


def test_a_port_that_takes_connections_and_never_answers() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=1) as silent:
        tap = Tap(f"http://127.0.0.1:{silent.getsockname()[1]}", limits=replace(QUICK, timeout_seconds=0.2))
        log_many(tap)
        wait_for(lambda: tap.stats.retries >= 2)
        assert not end(tap, 0.3)
    assert tap.stats.dropped_closed == EVENTS
    holds(tap)


def test_a_server_that_drips_its_answer_is_left() -> None:
    """Each byte comes in time, the answer never does: the time for an answer counts as a whole."""
    with socket.create_server(("127.0.0.1", 0)) as dripping:
        enough = threading.Event()

        def drip() -> None:
            connection, _ = dripping.accept()
            with connection, suppress(OSError):
                while not enough.wait(0.05):
                    connection.sendall(b"H")

        thread = threading.Thread(target=drip)
        thread.start()
        tap = Tap(f"http://127.0.0.1:{dripping.getsockname()[1]}", limits=replace(QUICK, timeout_seconds=0.3))
        try:
            tap.log(model="m", input="q")
            wait_for(lambda: tap.stats.retries >= 1)
        finally:
            enough.set()
            thread.join()
            end(tap, 0.01)


def test_a_pause_that_the_server_asks_for_is_kept() -> None:
    for seconds in (lambda: "1", lambda: formatdate(time.time() + 2, usegmt=True)):

        def behave(number: int, events: object, seconds: Callable[[], str] = seconds) -> Answer:
            return Answer(429, {"Retry-After": seconds()}) if number == 0 else Answer()

        with tapped(behave) as (tap, ingest):
            tap.log(model="m", input="q")
            assert tap.flush(60)
            assert len(ingest.requests) == 2 and ingest.times[1] - ingest.times[0] >= 0.9


def test_pauses_grow_and_are_never_the_same() -> None:
    limits = replace(QUICK, retry_seconds=0.02, max_retry_seconds=0.4)
    with tapped(lambda number, events: Answer(503) if number < 8 else Answer(), limits=limits) as (tap, ingest):
        tap.log(model="m", input="q")
        assert tap.flush(60)
        pauses = [later - earlier for earlier, later in zip(ingest.times, ingest.times[1:], strict=False)]
    for number, pause in enumerate(pauses):
        assert pause >= min(0.02 * 2**number, 0.4) / 2
    assert len({round(pause, 6) for pause in pauses}) == len(pauses)


@pytest.mark.parametrize("status", [400, 413, 422])
def test_an_event_that_is_refused_takes_no_other_with_it(status: int) -> None:
    def behave(number: int, events: list[dict[str, Any]]) -> Answer:
        return Answer(status) if any(event["id"] in ("r-3", "r-150") for event in events) else Answer()

    with tapped(behave) as (tap, ingest):
        ids = log_many(tap)
        assert tap.flush(60)
        assert ids_of(ingest) == [ident for ident in ids if ident not in ("r-3", "r-150")]
        assert tap.stats.dropped_refused == 2 and tap.stats.sent == EVENTS - 2


def test_a_refusal_that_does_not_wait_for_the_body_is_heard() -> None:
    """Gateways answer 413 to the head of a request, and close. Unheard, the same batch would be sent for ever."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
    taken: list[str] = []

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection, connection.makefile("rb") as stream:
                length = 0
                while (line := stream.readline()) not in (b"\r\n", b""):
                    length = int(line[16:]) if line.lower().startswith(b"content-length: ") else length
                if length <= 300_000:
                    taken.extend(json.loads(event)["id"] for event in stream.read(length).splitlines())
                status = b"200 OK" if length <= 300_000 else b"413 Too Large"
                connection.sendall(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    with listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(16)
        thread = threading.Thread(target=serve)
        thread.start()
        # More than the buffers of a connection hold, so that it is still being sent.
        tap = Tap(f"http://127.0.0.1:{listener.getsockname()[1]}", limits=replace(QUICK, batch_bytes=8_000_000))
        ids = [f"r-{number}" for number in range(120)]
        for ident in ids:
            assert tap.log(model="m", input="x" * 60_000, id=ident)
        assert tap.log(model="m", input="x" * 600_000, id="too large by itself")
        assert tap.flush(30)
        assert taken == ids and tap.stats.sent == len(ids) and tap.stats.dropped_refused == 1
        end(tap)
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


@pytest.mark.parametrize("status", [200, 204])
def test_an_answer_that_takes_what_was_not_sent_is_not_believed(status: int) -> None:
    hasty = f"HTTP/1.1 {status} Fine\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        listener.bind(("127.0.0.1", 0))
        listener.listen(16)
        # One batch, of more than the buffers of a connection hold.
        limits = replace(QUICK, batch_bytes=8_000_000, batch_events=120, linger_seconds=60.0)
        tap = Tap(f"http://127.0.0.1:{listener.getsockname()[1]}", limits=limits)
        for _ in range(120):
            assert tap.log(model="m", input="x" * 60_000)
        for _ in range(2):
            connection, _ = listener.accept()
            connection.recv(1000)
            connection.sendall(hasty)
            connection.close()
        wait_for(lambda: tap.stats.retries >= 1)
        assert tap.stats.sent == 0
    end(tap, 0.01)


def test_refusals_and_faults_together() -> None:
    def behave(number: int, events: list[dict[str, Any]]) -> Answer:
        if number % 3 == 1:
            return Answer(503)
        return Answer(400) if any(event["id"] == "r-77" for event in events) else Answer()

    with tapped(behave) as (tap, ingest):
        ids = log_many(tap)
        assert tap.flush(120)
        assert ids_of(ingest) == [ident for ident in ids if ident != "r-77"]


def test_a_connection_that_was_closed_while_idle_costs_no_pause() -> None:
    limits = replace(QUICK, retry_seconds=30.0, max_retry_seconds=30.0)
    with tapped(lambda number, events: Answer(headers={"Connection": "keep-alive"}), limits=limits) as (tap, ingest):
        port = ingest.port
        tap.log(model="m", input="q", id="before")
        assert tap.flush(60)
        ingest.close()
        with FakeIngest(port=port) as back:
            tap.log(model="m", input="q", id="after")
            assert tap.flush(20)
            assert ids_of(back) == ["after"] and tap.stats.retries == 0


def kill_9(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGKILL)
    process.communicate()


def test_kill_9_of_the_server_loses_nothing(tmp_path: Path) -> None:
    taken, script = tmp_path / "taken", Path(__file__).with_name("ingest_process.py")
    port = free_port()

    def start() -> subprocess.Popen[bytes]:
        process = subprocess.Popen([sys.executable, str(script), str(port), str(taken)], stdout=subprocess.PIPE)
        assert process.stdout is not None and int(process.stdout.readline()) == port
        return process

    tap = Tap(f"http://127.0.0.1:{port}", limits=replace(QUICK, batch_events=5))
    process = start()
    ids = []
    try:
        for kill in range(4):
            for number in range(300):
                ids.append(f"{kill}-{number}")
                assert tap.log(model="m", input="q", id=ids[-1])
                if number == 150:
                    kill_9(process)
            process = start()
            assert tap.flush(60)
    finally:
        kill_9(process)
    end(tap, 0.1)
    found = []
    for line in taken.read_bytes().splitlines():
        with suppress(ValueError):  # the line that it was writing when it was killed
            found.append(json.loads(line)["id"])
    assert set(found) == set(ids) and tap.stats.sent == len(ids)
    assert len(found) - len(ids) <= 4 * 5  # what was taken and not yet acknowledged comes twice, with the same id


def test_a_certificate_that_is_not_trusted_gets_no_event_and_no_token(tmp_path: Path) -> None:
    certificate = tmp_path / "both.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-days", "2",
         "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", tmp_path / "key.pem", "-out", tmp_path / "cert.pem"],
        check=True, capture_output=True,
    )  # fmt: skip
    certificate.write_bytes((tmp_path / "key.pem").read_bytes() + (tmp_path / "cert.pem").read_bytes())
    (tmp_path / "token").write_text("secret")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with FakeIngest() as ingest:
        ingest._server.socket = context.wrap_socket(ingest._server.socket, server_side=True)
        url = f"https://127.0.0.1:{ingest.port}"
        doubtful = Tap(url, token_file=tmp_path / "token", limits=QUICK)
        doubtful.log(model="m", input="q")
        wait_for(lambda: doubtful.stats.last_error == "the certificate is not trusted")
        end(doubtful, 0.01)
        assert not ingest.requests
        with Tap(url, token_file=tmp_path / "token", ca_file=str(tmp_path / "cert.pem"), limits=QUICK) as trusting:
            trusting.log(model="m", input="q")
            assert trusting.flush(60)
        assert len(ingest.events) == 1


def test_no_thread_can_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with FakeIngest() as ingest:
        tap = Tap(ingest.url, limits=QUICK)
        monkeypatch.setattr(threading.Thread, "start", refuse)
        assert tap.log(model="m", input="q") and tap.log(model="m", input="q")
        monkeypatch.undo()
        # At the end, where there is no thread, what is there is sent all the same.
        assert tap.close(30)
        assert len(ingest.events) == 2
        holds(tap)


def test_the_end_waits_no_longer_than_it_may() -> None:
    tap = Tap(f"http://127.0.0.1:{free_port()}", limits=Limits(close_seconds=0.2))
    log_many(tap)
    begun = time.monotonic()
    assert not tap.close()
    assert time.monotonic() - begun < 30
    assert tap.stats.dropped_closed == EVENTS and os.getpid() > 0
    holds(tap)
