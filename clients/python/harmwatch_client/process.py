"""What a tap owes to its process: nothing of the parent's after a fork, and no event left behind at the end."""

from __future__ import annotations

import atexit
import os
import sys
import time
from contextlib import suppress
from typing import Protocol

__all__ = ["at_the_end_of_a_child", "register", "unregister"]


class Resident(Protocol):
    """A tap, as this module knows it."""

    @property
    def close_seconds(self) -> float:
        """How long the end of the process may wait for it."""

    def close(self, timeout_seconds: float | None = None) -> bool:
        """Deliver what is there within a time of its own."""

    def _begin_to_close(self) -> None:
        """Take nothing more, and deliver what is there, without waiting for it."""

    def _after_fork(self) -> None:
        """In a forked child: begin anew."""


#: Those that are not closed: what they hold is sent when the process ends, even if the server forgot its tap.
_residents: set[Resident] = set()


def register(resident: Resident) -> None:
    """From now on it is told of forks and of the end."""
    _residents.add(resident)


def unregister(resident: Resident) -> None:
    """It is told no more."""
    _residents.discard(resident)


def at_the_end_of_a_child() -> None:
    """Children of multiprocessing end without `atexit`; they have finalizers of their own."""
    util = sys.modules.get("multiprocessing.util")
    process = sys.modules.get("multiprocessing.process")
    if util is None or process is None or process.parent_process() is None:
        return
    util.Finalize(None, _ended, exitpriority=10)


def _forked() -> None:
    for resident in list(_residents):
        with suppress(Exception):
            resident._after_fork()


def _ended() -> None:
    """All at once: one after the other, taps whose other side is away would take the sum of their times."""
    residents = list(_residents)
    for resident in residents:
        with suppress(Exception):
            resident._begin_to_close()
    began = time.monotonic()
    for resident in residents:
        with suppress(Exception):
            resident.close(max(began + resident.close_seconds - time.monotonic(), 0.0))


atexit.register(_ended)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)
