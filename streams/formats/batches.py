"""Events of records that hold several."""

from __future__ import annotations

from collections.abc import Iterable

from agent.errors import DecodeError
from agent.events import InferenceEvent
from streams.formats.base import MAX_EVENTS

__all__ = ["gathered", "row_id"]


def gathered(parts: Iterable[Iterable[InferenceEvent]]) -> list[InferenceEvent]:
    """All events of a record's parts, each of which may be a batch of its own.

    Raises
    ------
    DecodeError
        ``too_large`` as soon as there are more than `MAX_EVENTS`: a thousand batches of ten thousand rows fit into
        a few megabytes, and their events into no memory.
    """
    events: list[InferenceEvent] = []
    for part in parts:
        events.extend(part)
        if len(events) > MAX_EVENTS:
            raise DecodeError("too_large", "events in a record")
    return events


def row_id(ident: str, number: int, count: int) -> str:
    """The id of a row: the call's own where there is one row, else with its number; "" where the call has none."""
    return f"{ident}#{number}" if ident and count > 1 else ident
