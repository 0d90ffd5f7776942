"""The only place that asks the machine what time it is."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Protocol

__all__ = ["LAST_SECOND", "Clock", "ManualClock", "SystemClock", "iso_time", "sane_time", "thread_cpu"]

LAST_SECOND = 253_402_300_799.0
"""The last second of the year 9999, after which neither datetime nor RFC 3339 has a name for a time."""


class Clock(Protocol):
    """Wall time for stamps, monotonic time for durations."""

    def now(self) -> float:
        """Seconds since the Unix epoch, UTC."""

    def monotonic(self) -> float:
        """Seconds since an arbitrary start; never goes back."""


class SystemClock:
    """The machine's clocks."""

    __slots__ = ()

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()


class ManualClock:
    """A clock that moves only when told to; for tests and for replays in event time.

    Parameters
    ----------
    start
        Wall time at the beginning, seconds since the Unix epoch.
    """

    __slots__ = ("_elapsed", "_start")

    def __init__(self, start: float = 1_700_000_000.0) -> None:
        self._start = start
        self._elapsed = 0.0

    def now(self) -> float:
        return self._start + self._elapsed

    def monotonic(self) -> float:
        return self._elapsed

    def advance(self, seconds: float) -> None:
        """Move both clocks forward.

        Raises
        ------
        ValueError
            When ``seconds`` is negative: monotonic time never goes back.
        """
        if seconds < 0:
            raise ValueError("a monotonic clock cannot go back")
        self._elapsed += seconds


def thread_cpu() -> Callable[[], float | None]:
    """Tells from any thread how many seconds of processor time the thread that calls this has had.

    Returns
    -------
    callable
        It gives None where the system does not tell, and once the thread has ended.
    """
    if not hasattr(time, "pthread_getcpuclockid"):  # Windows and macOS
        return lambda: None
    clock_id = time.pthread_getcpuclockid(threading.get_ident())

    def seconds() -> float | None:
        try:
            return time.clock_gettime(clock_id)
        except OSError:
            return None

    return seconds


def sane_time(epoch_seconds: float) -> float:
    """The nearest time in 0..`LAST_SECOND`; 0 for NaN. Times come from strangers: never trust, never fail."""
    if 0.0 <= epoch_seconds <= LAST_SECOND:
        return epoch_seconds
    return LAST_SECOND if epoch_seconds > LAST_SECOND else 0.0


def iso_time(epoch_seconds: float) -> str:
    """RFC 3339 in UTC with milliseconds, e.g. ``2026-11-23T10:00:00.000Z``; never raises, see `sane_time`."""
    milliseconds = int(sane_time(epoch_seconds) * 1000.0 // 1)
    return f"{_iso_second(milliseconds // 1000)}.{milliseconds % 1000:03d}Z"


@lru_cache(maxsize=4096)
def _iso_second(second: int) -> str:
    # Events come in the order of their times, more or less: most ask for a second that was formatted just before.
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")
