"""How fast, how often and how many times a model may be asked. Pure: says how long to wait, and never waits."""

from __future__ import annotations

from dataclasses import dataclass

from agent.clock import Clock
from agent.errors import BudgetSpent

__all__ = ["Backoff", "Budget", "RateLimit"]


class RateLimit:
    """Requests evenly spaced: no two closer than ``1 / per_second``, and no burst after a pause.

    Parameters
    ----------
    per_second
        None for no limit.
    """

    def __init__(self, per_second: float | None, clock: Clock) -> None:
        self._gap = 0.0 if per_second is None else 1.0 / per_second
        self._clock = clock
        self._next = clock.monotonic()

    def reserve(self) -> float:
        """Take the next free moment; how many seconds away it is."""
        now = self._clock.monotonic()
        moment = max(now, self._next)
        self._next = moment + self._gap
        return moment - now


class Budget:
    """The most requests that may be made, repeated ones included.

    Parameters
    ----------
    most
        None for no bound.
    """

    def __init__(self, most: int | None = None) -> None:
        self._most = most
        self.spent = 0

    def spend(self) -> None:
        """Account for one request, before it is made.

        Raises
        ------
        BudgetSpent
            When there is none left; nothing is accounted for then.
        """
        if self._most is not None and self.spent >= self._most:
            raise BudgetSpent(f"the budget of {self._most} requests is spent")
        self.spent += 1


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waits between tries: doubled each time, up to a bound.

    Without random jitter: one probe asks, at a bounded concurrency, so there is no crowd to scatter.

    Attributes
    ----------
    retries
        How many times a request is made again.
    """

    retries: int = 4
    first_seconds: float = 1.0
    longest_seconds: float = 60.0

    def wait(self, tries: int, retry_after_seconds: float | None = None) -> float | None:
        """Seconds to wait after so many failed tries (1 for the first); None: give up.

        What the server asks for (``Retry-After``) counts when it is longer, up to the bound: nobody makes us wait for a
        day.
        """
        if tries > self.retries:
            return None
        own = self.first_seconds * 2.0 ** (tries - 1)
        return min(self.longest_seconds, max(own, retry_after_seconds or 0.0))
