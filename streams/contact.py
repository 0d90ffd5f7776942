"""Whether a broker answers: what an idle worker, whose lag is zero as far as it knows, would not notice otherwise."""

from __future__ import annotations

from typing import Final

from agent.clock import Clock
from agent.metrics import Metrics

__all__ = ["SILENT_SECONDS", "BrokerContact"]

SILENT_SECONDS: Final = 15.0
"""A silence that is no longer than an election of leaders, or a broker's restart, is none."""


class BrokerContact:
    """Counts silence from the oldest question that has had no answer: who asks nothing learns nothing.

    Attributes
    ----------
    steady_since
        Monotonic time since when no silence was longer than `SILENT_SECONDS`.
    """

    __slots__ = ("_asked_at", "_clock", "_metrics", "steady_since")

    def __init__(self, clock: Clock, metrics: Metrics) -> None:
        self._clock = clock
        self._metrics = metrics
        self._asked_at: float | None = None
        self.steady_since = clock.monotonic()

    def asked(self) -> None:
        """A question goes out, of whatever kind."""
        if self._asked_at is None:
            self._asked_at = self._clock.monotonic()

    def answered(self) -> None:
        """A broker said something."""
        if self.silence() > SILENT_SECONDS:
            self.steady_since = self._clock.monotonic()
        self._asked_at = None
        self._metrics.broker_answered(self._clock.now())

    def silence(self) -> float:
        """Seconds since the oldest question that has not been answered; 0 while there is none."""
        return 0.0 if self._asked_at is None else self._clock.monotonic() - self._asked_at

    @property
    def silent(self) -> bool:
        """No broker answers; a moment of it is nothing to tell."""
        return self.silence() > SILENT_SECONDS
