"""An error that is kept from a request is counted: what could not be looked at is not lost unseen."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from clients.python.tests.rig import tapped

from harmwatch_client import Tap, TapMiddleware, openai_client, wrap
from harmwatch_client.call import Call
from harmwatch_client.events import Facts, build_event

JSON = [(b"content-type", b"application/json")]
MESSAGES = [{"role": "user", "content": "help"}]


class Unreadable(dict[str, Any]):
    """A mapping that cannot be gone through."""

    def items(self) -> Any:
        raise RuntimeError("hands off")


class Broken(Tap):
    def call(self, **facts: Any) -> Any:
        raise RuntimeError("a bug of ours")


async def nothing(*_: Any) -> Any:
    return {"type": "http.request", "body": b"{}"}


async def passing(scope: Any, receive: Any, send: Any) -> None:
    await receive()


async def strange(scope: Any, receive: Any, send: Any) -> None:
    await send({"strange": True})


async def wordy(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": 5})


@pytest.mark.parametrize(
    ("app", "scope"),
    [
        (strange, {"type": "http", "method": "POST", "path": "/", "headers": JSON}),
        (wordy, {"type": "http", "method": "POST", "path": "/", "headers": JSON}),
        (passing, {"type": "http", "method": "POST", "path": "/"}),
        (passing, {"type": "http", "method": "POST", "path": "/", "headers": 5}),
    ],
    ids=["message without type", "headers of an answer", "no headers", "headers of a request"],
)
async def test_an_exchange_that_cannot_be_looked_at_is_counted(app: Any, scope: dict[str, Any]) -> None:
    with tapped() as (tap, ingest):
        await TapMiddleware(app, tap)(scope, nothing, nothing)
        assert (tap.stats.logged, tap.stats.dropped_malformed, tap.stats.pending) == (1, 1, 0)
    assert ingest.events == []


def test_a_call_whose_input_cannot_be_read_says_that_something_is_missing() -> None:
    with tapped() as (tap, ingest):
        with tap.call(model="m", input=Unreadable(text="x")) as call:
            call.output("yo")
        assert tap.flush(30)
    (event,) = ingest.events
    assert event["output"] == {"text": "yo"} and event["truncated"] is True and "input" not in event


def test_a_call_of_a_wrapped_client_that_cannot_be_begun_is_counted() -> None:
    answer = SimpleNamespace(choices=[])
    client = SimpleNamespace(chat=SimpleNamespace(completions=SimpleNamespace(create=lambda **_: answer)))
    tap = Broken.disabled()
    assert wrap(client, tap).chat.completions.create(model="m", messages=MESSAGES) is answer
    assert (tap.stats.logged, tap.stats.dropped) == (1, 1)


def test_a_copy_that_cannot_be_tapped_is_given_back_and_counted() -> None:
    other = object()
    completions = SimpleNamespace(create=lambda **_: None)
    client = SimpleNamespace(chat=SimpleNamespace(completions=completions), copy=lambda: other)
    tap = Tap.disabled()
    assert wrap(client, tap).copy() is other
    assert (tap.stats.logged, tap.stats.dropped) == (1, 1)


class Unprintable:
    """An id that cannot be asked for anything."""

    def __bool__(self) -> bool:
        raise RuntimeError("hands off")

    __str__ = __bool__  # type: ignore[assignment]


class Said:
    """A tap that keeps what it is told."""

    max_event_bytes = 1000

    def __init__(self) -> None:
        self.events: list[Facts] = []

    def tell(self, facts: Facts, *, is_mended: bool) -> bool:
        self.events.append(facts)
        return True

    def call(self, **facts: Any) -> Call:
        return Call(self, facts)  # type: ignore[arg-type]

    def lose(self) -> None:
        raise AssertionError("this call can be told")


def test_a_call_stays_cut_when_its_id_cannot_be_read_either() -> None:
    tap = Said()
    call = Call(tap, {"id": Unprintable(), "output": Unreadable(text="x")})  # type: ignore[arg-type]
    call.end()
    assert [(event.id, event.truncated) for event in tap.events] == [(call.id, True)]


def test_an_answer_that_cannot_be_read_is_said_to_be_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: object) -> None:
        raise RuntimeError("hands off")

    monkeypatch.setattr(openai_client, "answer_output", refuse)
    tap, answer = Said(), object()
    completions = SimpleNamespace(create=lambda **asked: answer)
    client = wrap(SimpleNamespace(chat=SimpleNamespace(completions=completions)), tap)  # type: ignore[arg-type]
    assert client.chat.completions.create(messages=["x"]) is answer
    assert [(event.input, event.truncated) for event in tap.events] == [({"messages": [{"content": "x"}]}, True)]


@pytest.mark.parametrize("part", ["input", "output", "context", "attributes"])
def test_an_event_that_lacks_a_part_which_could_not_be_read_says_so(part: str) -> None:
    class HandsOff:
        def __getattribute__(self, name: str) -> Any:
            raise RuntimeError("hands off")

    told = {"model": "m", "input": "one", "output": "two", part: HandsOff()}
    event = build_event(Facts(**told), 1_795_000_000.0, 10_000)  # type: ignore[arg-type]
    document = json.loads(event.value)
    assert part not in document
    assert document["truncated"] is True
    assert event.mended
