"""How fast events go and how late they are, over the last seconds: what is, not what was."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Final, NamedTuple

from agent.clock import Clock
from agent.metrics import Metrics
from agent.metrics.series import Labels

__all__ = ["Rates", "Recent"]

_RECENT_SECONDS: Final = 10.0


class Recent(NamedTuple):
    """Rates of the last seconds; ``lag_seconds`` from event time to metric, None when nothing was measured."""

    events_per_second: float
    lag_seconds: float | None


class _Look(NamedTuple):
    at: float
    events: float
    #: By model: how many, and the sum of their lags.
    lags: Mapping[Labels, tuple[int, float]]


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
        measured, lags = _grown(first.lags, look.lags)
        return Recent(
            (look.events - first.events) / max(look.at - first.at, 1e-3), lags / measured if measured else None
        )

    def _now(self) -> _Look:
        return _Look(
            self._clock.monotonic(),
            self._metrics.total("harmwatch_events_total"),
            self._metrics.timings("harmwatch_event_lag_seconds"),
        )


def _grown(before: Mapping[Labels, tuple[int, float]], now: Mapping[Labels, tuple[int, float]]) -> tuple[int, float]:
    """How many were measured, and the sum of their lags. A model that has given its place away takes what it had come
    to with it; one that is there again begins at 0.
    """
    measured, lags = 0, 0.0
    for labels, (count, total) in now.items():
        known, known_total = before.get(labels, (0, 0.0))
        fresh = count < known
        measured += count if fresh else count - known
        lags += total if fresh else total - known_total
    return measured, lags
