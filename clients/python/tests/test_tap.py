"""A tap in peace: what is logged arrives, once, and what a user may rely on."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from pathlib import Path
from typing import Any

import pytest
from clients.python.tests.rig import QUICK, Answer, FakeIngest, end, free_port, holds, tapped, wait_for

from harmwatch_client import ConfigurationError, Limits, Tap
from harmwatch_client.events import Event
from harmwatch_client.sender import Skip


def test_what_is_logged_arrives_with_what_the_tap_knows(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("tok-en\n")
    with tapped(token_file=tmp_path / "token", source="chat", tenant="acme", model="llama", model_version="7") as (
        tap,
        ingest,
    ):
        assert tap.log(input="q", output="a", context=["p"], attributes={"gender": "female"}, label="good")
        assert tap.log(model="other", input="q", source="else", id="r-2", time=5)
        assert tap.flush(30)
    first, second = ingest.events
    assert first["input"] == {"text": "q"} and first["output"] == {"text": "a"}
    assert (first["source"], first["tenant"], first["model"], first["model_version"]) == ("chat", "acme", "llama", "7")
    assert (second["model"], second["source"], second["id"], second["time"]) == ("other", "else", "r-2", 5.0)
    headers, path, _ = ingest.requests[0]
    assert headers["authorization"] == "Bearer tok-en" and path == "/v1/events"
    assert headers["content-type"] == "application/x-ndjson" and headers["user-agent"].startswith("harmwatch-client/")
    assert tap.stats.sent == 2


def test_a_token_that_is_rotated_is_taken_up(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("old")
    with tapped(token_file=token) as (tap, ingest):
        tap.log(input="q")
        assert tap.flush(30)
        token.write_text("new")
        tap.log(input="q")
        assert tap.flush(30)
        token.unlink()
        tap.log(input="q")
        assert not tap.flush(0.2) and tap.stats.last_error == "the token file cannot be read"
        token.write_text("back")
        assert tap.flush(30)
    assert [headers["authorization"] for headers, _, _ in ingest.requests] == [
        "Bearer old",
        "Bearer new",
        "Bearer back",
    ]


def test_a_call_joins_its_halves_and_messages_are_as_they_were() -> None:
    messages = [{"role": "user", "content": "q"}]
    with tapped() as (tap, ingest):
        with tap.call(model="m", input=messages, tenant="t") as call:
            messages.append({"role": "assistant", "content": "a"})
            call.output("a", decision="approved", score=0.5)
            call.set(label="approved", nonsense=1)
        with tap.call(model="m", input="q", id="r-9") as streamed:
            for piece in ("one ", "two", 3):
                streamed.add(piece)
        assert not call.end()
        assert tap.flush(30)
    first, second = ingest.events
    assert first["input"] == {"messages": [{"role": "user", "content": "q"}]} and first["id"] == call.id
    assert first["output"] == {"text": "a", "decision": "approved", "score": 0.5}
    assert (first["label"], first["tenant"]) == ("approved", "t")
    assert (second["id"], second["output"]) == ("r-9", {"text": "one two"})


def test_exceptions_of_the_block_pass_through_and_mark_the_call() -> None:
    with tapped() as (tap, ingest):
        with pytest.raises(KeyError, match="mine"), tap.call(model="m", input="q"):
            raise KeyError("mine")
        with pytest.raises(SystemExit), tap.call(model="m", input="q") as call:
            call.add("half of an ans")
            raise SystemExit
        assert tap.flush(30)
    failed, left = ingest.events
    assert failed["failed"] is True and "output" not in failed
    assert left["truncated"] is True and "failed" not in left and left["output"] == {"text": "half of an ans"}


async def test_in_asyncio_a_call_that_is_cancelled_is_told_as_cut() -> None:
    with tapped() as (tap, ingest):
        begun = asyncio.Event()

        async def serve() -> None:
            async with tap.call(model="m", input="q") as call:
                call.add("so far")
                begun.set()
                await asyncio.sleep(3600)

        task = asyncio.create_task(serve())
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await asyncio.to_thread(tap.flush, 30)
    assert ingest.events[0]["truncated"] is True and ingest.events[0]["output"] == {"text": "so far"}


async def test_a_thousand_tasks_log_while_nobody_listens() -> None:
    tap = Tap(f"http://127.0.0.1:{free_port()}", limits=QUICK)

    async def serve(number: int) -> bool:
        async with tap.call(model="m", input=str(number)) as call:
            await asyncio.sleep(0)
            call.output("a")
        return tap.stats.logged > 0

    assert all(await asyncio.gather(*(serve(number) for number in range(1000))))
    assert tap.stats.pending == 1000
    end(tap, 0.05)
    assert tap.stats.dropped_closed == 1000
    holds(tap)


def test_fifty_threads_lose_nothing_and_double_nothing() -> None:
    with tapped() as (tap, ingest):
        start = threading.Barrier(50)

        def serve(thread: int) -> None:
            start.wait()
            for number in range(100):
                assert tap.log(model="m", input=f"{thread}-{number}", id=f"{thread}-{number}")

        threads = [threading.Thread(target=serve, args=(thread,)) for thread in range(50)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert tap.flush(60)
    ids = [event["id"] for event in ingest.events]
    assert len(ids) == 5000 and len(set(ids)) == 5000
    for thread in range(50):
        of_thread = [ident for ident in ids if ident.startswith(f"{thread}-")]
        assert of_thread == [f"{thread}-{number}" for number in range(100)]
    assert max(number for _, _, number in ingest.requests) <= QUICK.batch_events


def test_a_full_buffer_takes_no_more_and_keeps_what_it_has() -> None:
    port = free_port()
    tap = Tap(f"http://127.0.0.1:{port}", limits=Limits(max_events=10, retry_seconds=0.01, max_retry_seconds=0.05))
    answers = [tap.log(model="m", input=str(number)) for number in range(25)]
    assert answers == [True] * 10 + [False] * 15
    assert (tap.stats.dropped_full, tap.stats.pending) == (15, 10)
    with FakeIngest(port=port) as ingest:
        assert tap.flush(60)
        assert [event["input"]["text"] for event in ingest.events] == [str(number) for number in range(10)]
        assert tap.log(model="m", input="again") and tap.close(30)
    holds(tap)


def test_bytes_are_bounded_too() -> None:
    tap = Tap(f"http://127.0.0.1:{free_port()}", limits=Limits(max_bytes=100_000))
    taken = sum(tap.log(model="m", input="x" * 10_000) for _ in range(50))
    assert taken == 9 and tap.stats.pending_bytes <= 100_000 and tap.stats.dropped_full == 41
    end(tap, 0.01)
    holds(tap)


def test_after_close_nothing_is_taken() -> None:
    with tapped() as (tap, ingest):
        assert tap.log(input="q") and tap.close(30)
        assert not tap.log(input="q")
        assert tap.close(1) and tap.flush(1)
        with tap.call(input="q") as call:
            call.output("a")
    assert len(ingest.events) == 1 and tap.stats.dropped_closed == 2


def test_a_disabled_tap_and_one_of_the_environment(caplog: pytest.LogCaptureFixture) -> None:
    off = Tap.from_environment({})
    assert not off.log(model="m", input="q") and off.stats.dropped == 1
    assert "HARMWATCH_TAP_URL" in caplog.text
    with FakeIngest() as ingest:
        environment = {"HARMWATCH_TAP_URL": ingest.url, "HARMWATCH_TAP_SOURCE": "chat", "HARMWATCH_TAP_MODEL": "m"}
        with Tap.from_environment(environment, limits=QUICK) as tap:
            assert tap.log(input="q")
        assert [(event["source"], event["model"]) for event in ingest.events] == [("chat", "m")]
    assert repr(Tap.from_environment({"HARMWATCH_TAP_KAFKA": "b:9092"})).startswith("Tap(kafka b:9092 inference.events")


def test_stats_are_plain_data() -> None:
    with tapped() as (tap, _):
        tap.log(input="q")
        tap.log()
        assert tap.flush(30)
        plain = tap.stats.as_dict()
    assert json.loads(json.dumps(plain)) == plain
    assert plain["sent"] == 1 and plain["dropped_malformed"] == plain["dropped"] == 1


SECRET = "s3cr3t-t0ken"


def test_no_secret_and_no_text_is_shown_or_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    (tmp_path / "token").write_text(SECRET)
    text = "my number is 4111-1111-1111-1111"
    port = free_port()
    tap = Tap(f"http://127.0.0.1:{port}", token_file=tmp_path / "token", limits=QUICK)
    tap.log(model="m", input=text, output=object())
    tap.log(model=object(), attributes={text: text})
    shown = repr(tap) + str(tap) + repr(tap.__dict__) + repr(tap.stats)
    assert not tap.flush(0.3)
    end(tap, 0.05)
    assert "token=***" in repr(tap)
    assert "connection refused" in caplog.text and "not delivered" in caplog.text
    for secret in (SECRET, text, "4111"):
        assert secret not in shown + caplog.text
    assert sum("events wait" in record.getMessage() for record in caplog.records) == 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"url": "ingest:9465"}, "url"),
        ({"url": "ftp://ingest"}, "url"),
        ({"url": f"http://ann:{SECRET}@ingest"}, "url"),
        ({"url": "http://ingest:port"}, "url"),
        ({"url": "http://in gest"}, "url"),
        ({"url": None}, "url"),
        ({"url": "http://ingest", "ca_file": "ca.pem"}, "https"),
        ({"url": "https://ingest", "ca_file": "/nowhere/ca.pem"}, "ca_file"),
        ({"url": "http://ingest", "token_file": "/nowhere/token"}, "token"),
        ({"url": "http://ingest", "token_env": "NOT_SET_ANYWHERE"}, "token"),
        ({"url": "http://ingest", "token_env": "A", "token_file": "b"}, "not both"),
    ],
)
def test_a_configuration_that_cannot_work_is_told_at_the_start(arguments: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigurationError, match=says) as caught:
        Tap(**arguments)
    assert SECRET not in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "wrong", [{"max_events": 0}, {"max_bytes": 1.5}, {"timeout_seconds": "5"}, {"max_event_bytes": 5}]
)
def test_limits_that_cannot_work(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=next(iter(wrong))):
        Limits(**wrong)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [({"bootstrap_servers": ""}, "bootstrap"), ({"bootstrap_servers": "b", "topic": ""}, "topic"),
     ({"bootstrap_servers": "b", "options": {"sasl_plain_password": SECRET}}, "password_file")],
)  # fmt: skip
def test_kafka_is_checked_at_the_start_too(arguments: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigurationError, match=says) as caught:
        Tap.kafka(**arguments)
    assert SECRET not in str(caught.value)


class NothingToJudge:
    """An exchange of the middleware's that holds nothing."""

    size = 10

    def build(self) -> Event:
        raise Skip


def test_a_flush_does_not_count_what_came_later_and_held_nothing() -> None:
    gates = [threading.Event(), threading.Event()]

    def behave(number: int, events: list[dict[str, Any]]) -> Answer:
        gates[number].wait(60)
        return Answer()

    with tapped(behave) as (tap, ingest):
        tap.log(model="m", input="first")
        wait_for(lambda: ingest.requests)
        tap.log(model="m", input="second")
        answers: list[bool] = []
        flushing = threading.Thread(target=lambda: answers.append(tap.flush(60)))
        flushing.start()
        wait_for(lambda: tap._sender._hurry)
        tap.offer(NothingToJudge())
        gates[0].set()
        # It is settled before the second event, with which it travels, is acknowledged.
        wait_for(lambda: tap.stats.skipped and len(ingest.requests) == 2)
        assert not answers
        gates[1].set()
        flushing.join()
        assert answers == [True] and tap.stats.sent == 2
