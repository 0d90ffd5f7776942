"""Places of which there are so many: of too many who have them the oldest makes room, once it has had its fair time."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable
from typing import Final, NamedTuple

__all__ = ["Places"]

#: Whoever was last made to go so long ago is forgotten: those that come now have the whole of their time again.
_CALM_SECONDS: Final = 10.0
#: Of the fair time, once it was waited for.
_LESS: Final = 0.25


class _Taken(NamedTuple):
    since: float
    by: socket.socket


class Places:
    """Whoever wants a place waits until one is free, or until the oldest has had its fair time.

    The fair time becomes a quarter as soon as it was waited for as a whole: so all waiting for those who keep their
    places is at most a third more than the fair time, however many they are and however fast they come, until there was
    calm. What ends in time, as ordinary clients do, takes nothing from the fair time, however many come at once.

    Parameters
    ----------
    most
        So many places there are.
    fair_seconds
        So long nobody who has a place is made to go.
    give_up
        Ends a task that is made to go.
    """

    def __init__(self, most: int, fair_seconds: float, give_up: Callable[[asyncio.Task[bool]], None]) -> None:
        self._most = most
        self._full_seconds = fair_seconds
        self._give_up = give_up
        self._fair_seconds = fair_seconds
        self._waited = 0.0
        self._last_given_up = float("-inf")
        self._taken: dict[asyncio.Task[bool], _Taken] = {}
        #: Whoever came first has the next place.
        self._turn = asyncio.Lock()
        self._freed = asyncio.Event()

    async def nobody_waits(self) -> None:
        """Until those that want a place by now have one."""
        async with self._turn:
            return

    async def room(self) -> None:
        """Until there is a place. It is to be taken in the same turn of the loop."""
        async with self._turn:
            clock = asyncio.get_running_loop().time
            began = clock()
            while len(self._taken) >= self._most:
                now = clock()
                if now - self._last_given_up >= _CALM_SECONDS:
                    self._fair_seconds, self._waited = self._full_seconds, 0.0
                due = self._due(now)
                if due is not None:
                    del self._taken[due]
                    self._give_up(due)
                    self._last_given_up = now
                    self._waited += now - began
                    if self._waited >= self._fair_seconds:
                        self._fair_seconds, self._waited = self._fair_seconds * _LESS, 0.0
                    return
                oldest = next(iter(self._taken.values()))
                self._freed.clear()
                with contextlib.suppress(TimeoutError):
                    # One that is due and has something unread has a turn of the loop in which it is read.
                    async with asyncio.timeout(max(oldest.since + self._fair_seconds - now, 0.001)):
                        await self._freed.wait()

    def take(self, task: asyncio.Task[bool], connection: socket.socket) -> None:
        """The place is free since `room` in this turn of the loop."""
        self._taken[task] = _Taken(asyncio.get_running_loop().time(), connection)

    def leave(self, task: asyncio.Task[bool]) -> None:
        """Nothing happens where it has none."""
        if self._taken.pop(task, None) is not None:
            self._freed.set()

    def _due(self, now: float) -> asyncio.Task[bool] | None:
        """The oldest that may be made to go. While it is we who have not read what it said it is not the one to go.

        Of that there is an end as well, or who sends a byte now and then would stay.
        """
        for task, taken in self._taken.items():
            age = now - taken.since
            if age < self._fair_seconds:
                return None
            if age >= 2 * self._fair_seconds or not _unread(taken.by):
                return task
        return None


def _unread(connection: socket.socket) -> bool:
    try:
        return bool(connection.recv(1, socket.MSG_PEEK))
    except OSError:  # nothing, or it is gone
        return False
