"""Questions of every kind of iterable do for a library what they did before, and nobody reads them in its place."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from clients.python.tests.rig import tapped
from clients.python.tests.test_questions import MESSAGES, lookalike

from harmwatch_client import wrap
from harmwatch_client.conversation import MOST_MESSAGES


class SizedIterator:
    """An iterator that has a length, and is a Collection by that."""

    def __init__(self, messages: list[Any]) -> None:
        self.left = [*messages]

    def __iter__(self) -> SizedIterator:
        return self

    def __next__(self) -> Any:
        if not self.left:
            raise StopIteration
        return self.left.pop(0)

    def __len__(self) -> int:
        return len(self.left)

    def __contains__(self, message: object) -> bool:
        return message in self.left


class Indexed:
    """A list in all but name, with less than a Sequence has."""

    def __init__(self, messages: list[Any]) -> None:
        self.all = messages

    def __iter__(self) -> Iterator[Any]:
        return iter(self.all)

    def __len__(self) -> int:
        return len(self.all)

    def __getitem__(self, place: Any) -> Any:
        return self.all[place]


class ReadOnce:
    """No iterator, with a length, and gone when it is read."""

    def __init__(self, messages: list[Any]) -> None:
        self.left = [*messages]

    def __iter__(self) -> Iterator[Any]:
        while self.left:
            yield self.left.pop(0)

    def __len__(self) -> int:
        return len(self.left)

    def __contains__(self, message: object) -> bool:
        return message in self.left

    def __reversed__(self) -> Iterator[Any]:
        return reversed(self.left)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)


KINDS: tuple[Callable[[list[Any]], Any], ...] = (SizedIterator, Indexed, ReadOnce, iter)
USES: dict[str, Callable[[Any], Any]] = {
    "all": list,
    "length": len,
    "hint": operator.length_hint,
    "truth": bool,
    "last": lambda messages: messages[-1],
    "reversed": lambda messages: list(reversed(messages)),
    "held": lambda messages: (MESSAGES[1] in messages, {} in messages),
    "twice": lambda messages: (list(messages), list(messages)),
    "class": lambda messages: isinstance(messages, (SizedIterator, Indexed, ReadOnce)),
}


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_library_has_of_a_question_what_it_had_without_the_tap(kind: Callable[..., Any], use: str) -> None:
    def create(**asked: Any) -> Any:
        try:
            return USES[use](asked["messages"])
        except TypeError as error:  # of what the thing does not have
            return type(error)

    with tapped() as (tap, ingest):
        client = wrap(lookalike(create), tap)
        for messages in (MESSAGES, []):
            if messages or use != "last":
                assert client.chat.completions.create(messages=kind(messages)) == create(messages=kind(messages))
        assert tap.flush(30)
    event = ingest.events[0]
    assert event.get("truncated") or event["input"] == {"messages": MESSAGES}
    assert "truncated" not in event or use not in ("all", "twice")


def test_a_thing_with_places_is_handed_on_itself_and_read_no_further_than_is_kept() -> None:
    class Long(Indexed):
        def __len__(self) -> int:
            return 10**12

        def __getitem__(self, place: Any) -> Any:
            return {"role": "user", "content": str(place)}

    given = Long([])
    with tapped() as (tap, ingest):
        wrap(lookalike(lambda **asked: asked["messages"] is given or None), tap).chat.completions.create(messages=given)
        assert tap.flush(30)
    (event,) = ingest.events
    assert event["truncated"] is True and len(event["input"]["messages"]) <= MOST_MESSAGES
    assert event["input"]["messages"][-1]["content"] == str(10**12 - 1)


def test_log_uses_no_iterator_up_and_says_that_it_is_missing() -> None:
    kinds = (SizedIterator, ReadOnce, iter)
    with tapped() as (tap, ingest):
        for kind in kinds:
            for wrapped in (lambda given: given, lambda given: {"messages": given}, lambda given: [{"content": given}]):
                given = kind(MESSAGES)
                assert tap.log(model="m", input=wrapped(given), output="a", context=kind([]))
                assert list(given) == MESSAGES
        assert tap.flush(30)
    assert len(ingest.events) == 9 and all(event["truncated"] for event in ingest.events)
