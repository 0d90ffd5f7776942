"""Questions that are no lists, through clients of the real openai package: told, and handed on as they were."""

from __future__ import annotations

import asyncio
import collections
import inspect
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import openai
import pytest
from clients.python.tests.fake_model import WORDS, fake_model
from clients.python.tests.rig import FakeIngest, tapped

from harmwatch_client import Tap, wrap
from harmwatch_client.conversation import MOST_MESSAGES

TEXT = "".join(WORDS)
MESSAGES: list[Any] = [{"role": "system", "content": "be kind"}, {"role": "user", "content": "help"}]


class Unsized:
    """It can be read any number of times, and has no length."""

    def __iter__(self) -> Iterator[Any]:
        return iter(MESSAGES)


ITERABLES: dict[str, Callable[[], Any]] = {
    "iterator": lambda: iter(MESSAGES),
    "generator": lambda: (message for message in MESSAGES),
    "deque": lambda: collections.deque(MESSAGES),
    "values": lambda: dict(enumerate(MESSAGES)).values(),
    "unsized": Unsized,
    "map": lambda: map(dict, MESSAGES),
}


@pytest.fixture
def both() -> Iterator[tuple[Tap, FakeIngest, str]]:
    with fake_model() as url, tapped() as (tap, ingest):
        yield tap, ingest, url


@pytest.mark.parametrize("kind", ITERABLES)
async def test_a_question_of_any_iterable_is_told(both: tuple[Tap, FakeIngest, str], kind: str) -> None:
    tap, ingest, url = both
    made = ITERABLES[kind]
    with openai.OpenAI(base_url=url, api_key="k", max_retries=0) as client:
        wrap(client, tap)
        answer = client.chat.completions.create(model="llama", messages=made())
        assert answer.choices[0].message.content == TEXT
        assert list(client.chat.completions.create(model="llama", messages=made(), stream=True))
        with pytest.raises(openai.NotFoundError):
            client.chat.completions.create(model="broken", messages=made())
    async with openai.AsyncOpenAI(base_url=url, api_key="k", max_retries=0) as later:
        wrap(later, tap)
        await later.chat.completions.create(model="llama", messages=made())
        await later.chat.completions.parse(model="llama", messages=made())
    assert await asyncio.to_thread(tap.flush, 30)
    assert [event["input"] for event in ingest.events] == [{"messages": MESSAGES}] * 5
    assert not any("truncated" in event for event in ingest.events) and tap.stats.mended == 0


def lookalike(create: Callable[..., Any]) -> Any:
    return SimpleNamespace(chat=SimpleNamespace(completions=SimpleNamespace(create=create)))


def test_an_iterator_is_read_by_the_library_alone_and_its_errors_are_the_librarys() -> None:
    order: list[str] = []

    def messages() -> Iterator[Any]:
        order.append("read")
        yield MESSAGES[0]
        raise KeyError("the caller's own")

    def create(**asked: Any) -> Any:
        order.append("called")
        assert inspect.isgenerator(asked["messages"]) and asked["messages"].gi_frame is not None
        return list(asked["messages"])

    with tapped() as (tap, ingest):
        with pytest.raises(KeyError, match="the caller's own"):
            wrap(lookalike(create), tap).chat.completions.create(model="m", messages=messages())
        assert order == ["called", "read"]
        assert tap.flush(30)
    (event,) = ingest.events
    assert event["failed"] is event["truncated"] is True and event["input"] == {"messages": MESSAGES[:1]}


def test_what_was_not_read_or_cannot_be_is_marked() -> None:
    def create(**asked: Any) -> Any:
        if asked.get("reads"):
            next(asked["messages"])
        return SimpleNamespace(choices=[SimpleNamespace(message=SimpleNamespace(role="assistant", content="hi"))])

    with tapped() as (tap, ingest):
        client = wrap(lookalike(create), tap)
        left = iter(MESSAGES)
        client.chat.completions.create(model="m", messages=left)
        assert list(left) == MESSAGES  # it is the caller's as before
        client.chat.completions.create(model="m", messages=iter(MESSAGES), reads=True)
        client.chat.completions.create(model="m", messages=object())
        client.chat.completions.create(model="m", messages=[{"role": "user", "content": iter(["x"])}])
        client.chat.completions.create(model="m", messages="q")
        client.chat.completions.create(model="m", messages=openai.NOT_GIVEN, prompt="q")
        assert tap.flush(30)
    told = [(event.get("input", {}).get("messages"), "truncated" in event) for event in ingest.events]
    assert told == [
        ([], True),
        (MESSAGES[:1], True),
        ([], True),
        ([{"role": "user", "content": ""}], True),
        ([{"content": "q"}], False),
        ([{"role": "user", "content": "q"}], False),
    ]


def test_of_a_long_iterator_the_latest_is_kept() -> None:
    read: list[Any] = []

    def create(**asked: Any) -> Any:
        read.extend(asked["messages"])
        return object()

    number = MOST_MESSAGES + 100
    for make in (iter, collections.deque, lambda messages: dict(enumerate(messages)).values()):
        read.clear()
        with tapped() as (tap, ingest):
            messages: list[Any] = [{"role": "user", "content": str(each)} for each in range(number)]
            wrap(lookalike(create), tap).chat.completions.create(model="m", messages=make(messages))
            assert read == messages
            assert tap.flush(30)
        (event,) = ingest.events
        kept = event["input"]["messages"]
        assert kept == messages[-len(kept) :] and len(kept) >= MOST_MESSAGES - 1 and event["truncated"] is True


def test_messages_that_are_no_list_are_taken_by_log_and_by_a_call() -> None:
    with tapped() as (tap, ingest):
        for given in (collections.deque(MESSAGES), dict(enumerate(MESSAGES)).values()):
            assert tap.log(model="m", input=given)
            with tap.call(model="m", input={"messages": given}):
                pass
        assert tap.flush(30)
    assert [event["input"] for event in ingest.events] == [{"messages": MESSAGES}] * 4


def test_whether_to_wait_for_a_method_is_seen_as_before() -> None:
    plain, wrapped = (openai.AsyncOpenAI(base_url="http://m", api_key="k") for _ in range(2))
    wrap(wrapped, Tap.disabled())
    seen = []
    for path in ("chat.completions", "completions", "responses", "beta.chat.completions"):
        for name in ("create", "parse"):
            methods = []
            for client in (plain, wrapped):
                found: Any = client
                for each in path.split("."):
                    found = getattr(found, each)
                methods.append(getattr(found, name, None))
            assert [inspect.iscoroutinefunction(method) for method in methods] in ([True] * 2, [False] * 2)
            assert asyncio.iscoroutinefunction(methods[0]) == asyncio.iscoroutinefunction(methods[1])
            seen.append(inspect.iscoroutinefunction(methods[1]))
    assert True in seen and False in seen
