"""What the sender asks of the way to harmwatch, and what it hears back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from harmwatch_client.events import Event

__all__ = ["Outcome", "Transport"]


@dataclass(frozen=True)
class Outcome:
    """What became of a batch. What is in neither list has been acknowledged.

    Attributes
    ----------
    again
        Events to be sent again, in order.
    refused
        Events that the other side will never take.
    after_seconds
        So long the other side wants to be left alone; 0.0 when it does not say.
    reason
        Why, in a few words out of a closed set and numbers; never a payload, a secret, or words of the other side.
    """

    again: Sequence[Event] = field(default_factory=tuple)
    refused: Sequence[Event] = field(default_factory=tuple)
    after_seconds: float = 0.0
    reason: str = ""


class Transport(Protocol):
    """A way to harmwatch. Used by one thread alone."""

    def send(self, batch: Sequence[Event]) -> Outcome:
        """Send, and wait for the acknowledgement within a time of its own. Raises nothing that is to be expected."""

    def forget(self) -> None:
        """Let go of connections that belong to the process from which this one was forked, without a word on them."""

    def close(self) -> None:
        """Close connections."""
