"""Events of records that hold several, and of calls of which a half cannot be read, or was removed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from heapq import heappop, heappush
from typing import TypeVar

import msgspec

from agent.errors import DecodeError
from agent.events import Direction, InferenceEvent
from streams.formats.base import MAX_EVENTS

__all__ = ["partly", "read_answer", "read_each", "row_id", "without_hidden"]

_Item = TypeVar("_Item")

#: Reading goes on for no longer than that: what is left out has been read, and costs its time.
_MOST_LEFT_OUT = 100 * MAX_EVENTS


def read_each(items: Iterable[_Item], read: Callable[[_Item, str], Iterable[InferenceEvent]]) -> list[InferenceEvent]:
    """The events of every call in a batch, each of which may be a batch of its own.

    Parameters
    ----------
    read
        Told a call and where it stands, ``[3].``.

    Raises
    ------
    DecodeError
        For the first call that cannot be read, with the events of all others in ``rest``: calls of many people travel
        in one record, and nobody's must go unseen by what another one sends. ``too_large`` where there are more events
        than `MAX_EVENTS`: a thousand batches of ten thousand rows fit into a few megabytes, and their events into no
        memory. Then the largest calls are left out, whosever they are.
    """
    calls: list[list[InferenceEvent]] = []
    largest: list[tuple[int, int, list[InferenceEvent]]] = []
    held = left_out = 0
    problem: tuple[str, str] | None = None  # not the error: in a frame of its own traceback it would be a cycle
    for number, item in enumerate(items):
        try:
            calls.append(list(read(item, f"[{number}].")))  # all of a call or nothing, also of one read as it goes
        except DecodeError as error:
            problem = problem or (error.reason, error.detail)
        except RecursionError:
            problem = problem or ("too_deep", "")
        else:
            held += len(calls[-1])
            heappush(largest, (-len(calls[-1]), -number, calls[-1]))
        while held > MAX_EVENTS:
            problem = problem or ("too_large", "events in a record")
            call = heappop(largest)[-1]
            held, left_out = held - len(call), left_out + len(call)
            call.clear()
        if left_out > _MOST_LEFT_OUT:
            break
    events = [event for call in calls for event in call]
    if problem is None:
        return events
    raise partly(problem, events)


def partly(problem: tuple[str, str], events: list[InferenceEvent]) -> DecodeError:
    """The error for what could not be read, with what could."""
    error = DecodeError(*problem)
    error.rest = events
    return error


def read_answer(read: Callable[[], _Item], *, asked: bool) -> tuple[_Item | None, bool]:
    """What came back for a question, and whether it could not be read: None then.

    What was asked is looked at whatever came back for it: who has a server answer strangely must not go unseen.

    Raises
    ------
    DecodeError
        Where nothing was asked, so that nothing of the call would be left.
    """
    try:
        return read(), False
    except DecodeError:
        if not asked:
            raise
        return None, True


def row_id(ident: str, number: int, count: int) -> str:
    """The id of a row: the call's own where there is one row, else with its number; "" where the call has none."""
    return f"{ident}#{number}" if ident and count > 1 else ident


def without_hidden(event: InferenceEvent, hidden: Collection[Direction]) -> list[InferenceEvent]:
    """The event marked as redacted in the directions whose texts the sender removed.

    When only one direction is hidden the event is split in its halves, so that the visible one is still scored.
    """
    if not hidden:
        return [event]
    other: Direction = "output" if "input" in hidden else "input"
    if len(hidden) == 2 or event.payload(other) is None:
        return [msgspec.structs.replace(event, redacted=True)]
    return [
        msgspec.structs.replace(event, output=None, redacted="input" in hidden),
        msgspec.structs.replace(event, input=None, redacted="output" in hidden),
    ]
