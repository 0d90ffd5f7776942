"""Seconds by stage. On CUDA work is only queued when a call returns, so the device's own clock is asked, at the end."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal, TypeAlias

import torch

from agent.clock import Clock

__all__ = ["Stage", "StageClock"]

Stage: TypeAlias = Literal["tokenise", "copy", "forward", "reduce"]


class StageClock:
    """Adds up the seconds of stages, which may be measured in several threads.

    Parameters
    ----------
    device
        Where `on_device` stages run.
    """

    def __init__(self, clock: Clock, device: torch.device) -> None:
        self._clock = clock
        self._cuda = device.type == "cuda"
        self._lock = threading.Lock()
        self._seconds: dict[str, float] = {}
        self._events: list[tuple[Stage, Any, Any]] = []

    @contextmanager
    def on_host(self, stage: Stage) -> Iterator[None]:
        """Time of this thread."""
        began = self._clock.monotonic()
        try:
            yield
        finally:
            self._add(stage, self._clock.monotonic() - began)

    @contextmanager
    def on_device(self, stage: Stage) -> Iterator[None]:
        """Time of the device; the host does not wait for it."""
        if not self._cuda:
            with self.on_host(stage):
                yield
            return
        event: Any = torch.cuda.Event
        began, ended = event(enable_timing=True), event(enable_timing=True)
        began.record()
        try:
            yield
        finally:
            ended.record()
            self._events.append((stage, began, ended))

    def settle(self) -> None:
        """Read the device's times. Call when it is done: it is not waited for."""
        for stage, began, ended in self._events:
            # Not done only after a pass that failed.
            if began.query() and ended.query():
                self._add(stage, began.elapsed_time(ended) / 1000.0)
        self._events = []

    def take(self) -> Mapping[str, float]:
        """Seconds by stage since it was last asked."""
        self.settle()
        with self._lock:
            seconds, self._seconds = self._seconds, {}
        return seconds

    def _add(self, stage: Stage, seconds: float) -> None:
        with self._lock:
            self._seconds[stage] = self._seconds.get(stage, 0.0) + seconds
