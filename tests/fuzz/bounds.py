"""What one input may cost: processor time in proportion to its length, and memory."""

from __future__ import annotations

import resource
import time
from typing import Final

from tests.fuzz.targets import Check, Target

__all__ = ["Bounded", "TooExpensive"]

#: Beside the time per byte: the collector, and the first use of anything that is made once.
_SECONDS: Final = 1.0
_MOST_KIB: Final = 384 * 1024


class TooExpensive(AssertionError):
    """An input that takes more time or memory than its length allows."""


class Bounded:
    """A target that measures itself. Time is the thread's own, so that a busy machine makes no finding.

    Parameters
    ----------
    is_watched
        By atheris, which itself keeps some 40 KB a run of some targets: memory is that of each input alone, and not of
        the whole run.
    """

    def __init__(self, target: Target, *, is_watched: bool = False) -> None:
        self._target = target
        self._is_watched = is_watched
        self._check: Check = target.make()
        for seed in target.seeds():
            self._check(seed[: target.most_bytes])
        self._peak = _peak_kib()

    def __call__(self, data: bytes) -> None:
        data = bytes(data[: self._target.most_bytes])
        if self._is_watched:
            self._peak = _peak_kib()
        started = time.thread_time()
        self._check(data)
        seconds = time.thread_time() - started
        allowed = _SECONDS + len(data) * self._target.microseconds_per_byte / 1e6
        if seconds > allowed:
            raise TooExpensive(f"{len(data)} bytes took {seconds:.2f} s of the processor, {allowed:.2f} s are allowed")
        if (grown := _peak_kib() - self._peak) > _MOST_KIB:
            raise TooExpensive(f"{len(data)} bytes: the process has grown by {grown >> 10} MiB")


def _peak_kib() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
