"""How fast events go and how late they are, over the last seconds: what is, not what was."""

from __future__ import annotations

from collections import deque
from typing import Final, NamedTuple

from agent.clock import Clock
from agent.metrics import Metrics

__all__ = ["Rates", "Recent"]

_RECENT_SECONDS: Final = 10.0


class Recent(NamedTuple):
    """Rates of the last seconds; ``lag_seconds`` from event time to metric, None when nothing was measured."""

    events_per_second: float
    lag_seconds: float | None


class _Look(NamedTuple):
    at: float
    events: float
    lag_count: int
    lag_sum: float


class Rates:
    """Looks at counters every second or so, whether anybody asks or not: whoever asks has the rates since a look ten
    seconds ago.
    """

    def __init__(self, metrics: Metrics, clock: Clock) -> None:
        self._metrics = metrics
        self._clock = clock
        self._looks = deque([self._now()])

    def look(self) -> None:
        """Remember what the counters say now."""
        look = self._now()
        self._looks.append(look)
        # One that is ten seconds old has to stay.
        while look.at - self._looks[1].at >= _RECENT_SECONDS:
            self._looks.popleft()

    def recent(self) -> Recent:
        """Since ten seconds ago; since the look before, where none was taken then, or since the start."""
        look = self._now()
        first = self._looks[0]
        for each in self._looks:
            if look.at - each.at >= _RECENT_SECONDS:
                first = each
        measured = look.lag_count - first.lag_count
        return Recent(
            (look.events - first.events) / max(look.at - first.at, 1e-3),
            (look.lag_sum - first.lag_sum) / measured if measured else None,
        )

    def _now(self) -> _Look:
        timings = self._metrics.timings("harmwatch_event_lag_seconds").values()
        return _Look(
            self._clock.monotonic(),
            self._metrics.total("harmwatch_events_total"),
            sum(count for count, _ in timings),
            sum(total for _, total in timings),
        )
