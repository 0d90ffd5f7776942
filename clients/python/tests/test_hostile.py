"""No exception escapes, whatever a server hands over."""

from __future__ import annotations

import enum
import logging
import sys
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from unittest.mock import MagicMock

import pytest
from clients.python.tests.rig import QUICK, end, free_port, holds, tapped
from hypothesis import given, settings
from hypothesis import strategies as st

from harmwatch_client import Tap


class Raising:
    """Everything that it is asked for raises."""

    def __getattribute__(self, name: str) -> Any:
        raise RuntimeError("hands off")

    def __repr__(self) -> str:
        raise RuntimeError("no")

    __str__ = __repr__


class Liar(str):
    """A string whose methods lie."""

    def __len__(self) -> int:
        raise RuntimeError("long")

    def __str__(self) -> str:
        raise RuntimeError("no")

    def encode(self, *args: Any) -> bytes:
        raise RuntimeError("no")


class Endless:
    def __iter__(self) -> Iterator[int]:
        while True:
            yield 1


class Colour(enum.Enum):
    RED = "red"


class Word(str, enum.Enum):
    HI = "hi"


def circle() -> list[Any]:
    inner: list[Any] = []
    inner.append({"role": "user", "content": inner, "tool_calls": inner})
    return inner


def deep() -> Any:
    inner: Any = "x"
    for _ in range(20_000):
        inner = {"type": "tool_result", "content": [inner]}
    return inner


ODD = [
    None, True, 5, -1.5, float("nan"), 10**400, 1j, b"bytes", bytearray(b"x"), "\ud800", "\x00", "x" * 3_000_000, "",
    [], {}, (), set(), {1: 2}, {None: None}, object(), object, print, Raising(), Liar("lie"), Endless(), Colour.RED,
    Word.HI, Decimal("NaN"), Decimal(1), circle(), deep(), [deep()], [Raising(), None, 5, []], MagicMock(), range(3),
    iter([1]), lambda: 1, NotImplemented, ..., Exception("x"), {"messages": 5}, {"text": Raising()},
    [("user", Raising())],
]  # fmt: skip
NAMES = [
    "model", "input", "output", "id", "time", "context", "attributes", "decision", "score", "label", "source",
    "model_version", "tenant", "trace_id", "failed", "redacted", "truncated",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_any_argument_may_be_of_any_type(name: str) -> None:
    with tapped() as (tap, ingest):
        for odd in ODD:
            assert tap.log(**{"model": "m", "input": "q", name: odd}) in (True, False)
            with tap.call(model="m", input="q") as call:
                call.set(**{name: odd})
                call.output(odd, decision=odd, score=odd)
                call.add(odd)
        assert tap.flush(60)
    assert tap.stats.logged == 2 * len(ODD) and tap.stats.sent == len(ingest.events)
    assert tap.stats.sent >= len(ODD)


@settings(max_examples=50)
@given(st.dictionaries(st.sampled_from(NAMES), st.integers(0, len(ODD) - 1)))
def test_any_arguments_together(places: dict[str, int]) -> None:
    tap = Tap.disabled()
    facts: dict[str, Any] = {name: ODD[place] for name, place in places.items()}
    assert tap.log(**facts) is False
    with tap.call(**facts):
        pass
    holds(tap)


def test_an_argument_of_another_name_is_left_out_and_counted() -> None:
    with tapped() as (tap, ingest):
        assert tap.log(model="m", input="q", promt="a slip of the pen")
        assert tap.flush(30)
    assert len(ingest.events) == tap.stats.mended == 1 and "promt" not in ingest.events[0]


def test_values_that_can_be_told_are_told() -> None:
    with tapped() as (tap, ingest):
        tap.log(
            model=Word.HI, input=Word.HI, output=5, attributes={"a": Colour.RED, "b": Decimal("1.5")}, decision=True
        )
        assert tap.flush(30)
    (event,) = ingest.events
    assert event["model"] == "hi" and event["input"] == {"text": "hi"}
    assert event["output"] == {"text": "5", "decision": True} and event["attributes"] == {"a": "red", "b": "1.5"}


def test_near_the_end_of_the_stack_nothing_escapes() -> None:
    tap = Tap(f"http://127.0.0.1:{free_port()}", limits=QUICK)
    outcomes = set()

    def descend() -> None:
        try:
            descend()
        except RecursionError:
            pass
        # On the way back the stack has ever more room: from next to none up to enough.
        try:
            outcomes.add(tap.log(model="m", input=[{"role": "user", "content": "q"}]))
        except RecursionError:
            # There was no room for the call itself.
            outcomes.add(None)

    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(300)
    try:
        descend()
    finally:
        sys.setrecursionlimit(limit)
    assert True in outcomes
    end(tap, 0.01)


def test_a_log_handler_that_raises_or_logs_to_the_tap_changes_nothing() -> None:
    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            tap.log(model="m", input=record.getMessage())
            raise RuntimeError("the disk is full")

    logger = logging.getLogger("harmwatch_client")
    handler = Handler()
    logger.addHandler(handler)
    try:
        tap = Tap(f"http://127.0.0.1:{free_port()}", limits=QUICK)
        assert tap.log(model="m", input="q")
        assert not tap.flush(0.2)
        end(tap, 0.05)
    finally:
        logger.removeHandler(handler)
    assert tap.stats.logged >= 2 and tap.stats.retries >= 1
    holds(tap)
