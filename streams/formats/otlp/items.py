"""One span or log record, whatever its encoding."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice

import msgspec

from agent.errors import DecodeError
from agent.events import InferenceEvent, Payload
from streams.formats.base import MAX_EVENTS

__all__ = ["MAX_ITEMS", "Item", "bounded", "nothing_captured", "unreadable"]

#: Most spans or log records of one Kafka record; the smallest takes two bytes.
MAX_ITEMS = 10 * MAX_EVENTS


@dataclass(frozen=True, slots=True)
class Item:
    """A span, an event of a span, or a log record.

    Attributes
    ----------
    name
        Of the span, or the log record's event name.
    attributes
        Values as plain objects; byte strings are left out.
    body
        The log record's body as a plain object; None for spans.
    service
        ``service.name`` of the resource.
    time
        Seconds since the epoch; the start, for a span.
    trace_id, span_id
        Lower-case hexadecimal; "" when missing.
    failed
        The span's status is an error.
    problem
        Why it cannot be read, and where: reason and detail. It has nothing else then.
    """

    name: str
    attributes: Mapping[str, object]
    body: object = None
    service: str = ""
    time: float | None = None
    trace_id: str = ""
    span_id: str = ""
    failed: bool = False
    problem: tuple[str, str] | None = None


def unreadable(error: DecodeError) -> Item:
    """One that cannot be read: it must not cost the others, which may come from anywhere."""
    return Item("", {}, problem=(error.reason, error.detail))


def nothing_captured(event: InferenceEvent) -> InferenceEvent:
    """A call whose content was not captured, which is the default: redacted, so that it counts as not scored."""
    output = event.output if event.failed else Payload()
    return msgspec.structs.replace(event, input=Payload(), output=output, redacted=True)


def bounded(items: Iterable[Item]) -> list[Item]:
    """A list of them.

    Raises
    ------
    DecodeError
        ``too_large`` at the first beyond `MAX_ITEMS`.
    """
    listed = list(islice(items, MAX_ITEMS + 1))
    if len(listed) > MAX_ITEMS:
        raise DecodeError("too_large", "spans or log records")
    return listed
