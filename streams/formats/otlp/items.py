"""One span or log record, whatever its encoding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from agent.events import InferenceEvent, Payload

__all__ = ["Item", "nothing_captured"]


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
    """

    name: str
    attributes: Mapping[str, object]
    body: object = None
    service: str = ""
    time: float | None = None
    trace_id: str = ""
    span_id: str = ""
    failed: bool = False


def nothing_captured(event: InferenceEvent) -> InferenceEvent:
    """A call whose content was not captured, which is the default: redacted, so that it counts as not scored."""
    output = event.output if event.failed else Payload()
    return msgspec.structs.replace(event, input=Payload(), output=output, redacted=True)
