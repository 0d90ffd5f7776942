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
    """A target that measures itself. Time is the thread's own, so that a busy machine makes no finding."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._check: Check = target.make()
        for seed in target.seeds():
            self._check(seed[: target.most_bytes])

    def __call__(self, data: bytes) -> None:
        data = bytes(data[: self._target.most_bytes])
        peak, started = _peak_kib(), time.thread_time()
        self._check(data)
        seconds = time.thread_time() - started
        allowed = _SECONDS + len(data) * self._target.microseconds_per_byte / 1e6
        if seconds > allowed:
            raise TooExpensive(f"{len(data)} bytes took {seconds:.2f} s of the processor, {allowed:.2f} s are allowed")
        # By this input alone: what atheris adds to code that it watches keeps some 40 KB a run of some targets.
        if (grown := _peak_kib() - peak) > _MOST_KIB:
            raise TooExpensive(f"{len(data)} bytes: the process has grown by {grown >> 10} MiB")


def _peak_kib() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
