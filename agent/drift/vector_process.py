"""Detectors of vectors in a process of their own: the parent's side.

They take seconds to minutes to be made and milliseconds to be fed, in Python code and in libraries that hold the
interpreter's lock: in a thread they made the event loop wait for half a second, and a worker that ended meanwhile was
aborted by torch (exit code 134). A process can be niced, left behind, and ended at any time.

Pipes carry frames: four bytes of length, then msgpack. What does not fit in time is dropped, and said.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from io import BufferedIOBase
from queue import Empty, Full, Queue
from typing import Any, Literal, TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

from agent.child_process import environment_of_child, python_command
from agent.clock import Clock, SystemClock
from agent.drift import detector_class
from agent.drift.base import Reading
from agent.drift.places import Places
from agent.drift.series import Gone, Series
from agent.drift.watch import WatchPlan

__all__ = ["Fed", "Offered", "Told", "VectorWatch", "read_frame", "write_frame"]

_logger = logging.getLogger(__name__)

#: About 1.6 MB with vectors of 384 numbers.
_MOST_WAITING = 1_000
_LONGEST_FRAME = 1_000_000
_PATIENCE_SECONDS = 5.0
#: The libraries' pools would have a thread for every core.
_ONE_CORE = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


Offered: TypeAlias = Literal["taken", "no_place", "busy", "error"]
"""What became of a vector. The last two: the child has not kept up; it has ended."""


class Fed(msgspec.Struct, array_like=True):
    """Parent to child: one observation; ``vector`` are the bytes of its float32 numbers, ``gone`` what is to be
    forgotten before."""

    series: Series
    vector: bytes
    time: float
    gone: list[Gone]


class Told(msgspec.Struct, array_like=True):
    """Child to parent, after each observation: detectors that reported drift, and what all of the series know."""

    series: Series
    reports: list[str]
    readings: list[tuple[str, Reading]]


class VectorWatch:
    """Feeds detectors of vectors that live in a child process. Never blocks. One thread owns it.

    The child starts with the first vector. When it has ended, for lack of memory perhaps, that is logged once and no
    more is taken: drift of components goes on. What it has learnt is lost with it, and nothing is known of it any more.

    Parameters
    ----------
    plan
        Its ``vectors`` are the detectors.
    clock
        Tells which models are silent.

    Attributes
    ----------
    places
        Who is watched: the child hears of nobody else.

    Raises
    ------
    ConfigError
        For an unknown detector, or when alibi-detect is not installed.
    """

    def __init__(self, plan: WatchPlan, clock: Clock | None = None) -> None:
        for name in plan.vectors:
            detector_class(name).check_installed()
        self.places = Places(plan.max_series_per_model, plan.components, plan.max_models, clock or SystemClock())
        # Models come and go as the parent says.
        self._plan = plan._replace(max_models=sys.maxsize)
        self._gone: list[Gone] = []
        self._waiting: Queue[bytes | None] = Queue(_MOST_WAITING)
        self._told: deque[Told] = deque()
        self._readings: dict[tuple[Series, str], Reading] = {}
        self._child: subprocess.Popen[bytes] | None = None
        self._threads: list[threading.Thread] = []
        self._has_ended = False
        self._unanswered = 0
        self._answered = threading.Condition()

    def offer(self, series: Series, vector: NDArray[np.float32], time: float) -> Offered:
        """Feed one vector."""
        if self._child is None and not self._has_ended:
            self._start()
        if self._has_ended:
            return "error"
        has_place = self.places.admit(series)
        for gone in self.places.take_gone():
            self._gone.append(gone)
            self._readings = {key: known for key, known in self._readings.items() if not gone.holds(key[0])}
        if not has_place:
            return "no_place"
        fed = Fed(series, vector.astype(np.float32).tobytes(), time, self._gone)
        try:
            self._waiting.put_nowait(msgspec.msgpack.encode(fed))
        except (Full, UnicodeEncodeError):
            return "busy"
        self._gone = []
        with self._answered:
            self._unanswered += 1
        return "taken"

    def join(self, timeout_seconds: float) -> bool:
        """Wait until the detectors have had all that was taken; False when the time ran out, or the child has ended."""
        with self._answered:
            self._answered.wait_for(lambda: self._unanswered <= 0 or self._has_ended, timeout_seconds)
            return self._unanswered <= 0

    def reports(self) -> Iterator[tuple[Series, str]]:
        """What was reported since it was last asked: series and detector."""
        while self._told:
            told = self._told.popleft()
            if self.places.holds(told.series):
                for name in self._plan.vectors:
                    self._readings.pop((told.series, name), None)
                self._readings.update({(told.series, name): reading for name, reading in told.readings})
            for name in told.reports:
                yield told.series, name

    def readings(self) -> Iterator[tuple[Series, str, Reading]]:
        """Series, detector and what it knew when it was last fed, of all that were made; `reports` brings them in. None
        when the child has ended: what nobody measures any more must not stand there as if it were measured."""
        if self._has_ended:
            self._readings.clear()
        for (series, name), reading in self._readings.items():
            yield series, name, reading

    def close(self) -> None:
        """End the child."""
        self._has_ended = True
        if self._child is not None:
            self._child.kill()
            self._child.wait()
            for thread in self._threads:
                thread.join(_PATIENCE_SECONDS)
            self._child = None

    def _start(self) -> None:
        command = python_command("agent.drift.vector_child", str(os.getpid()))
        environment = environment_of_child(**_ONE_CORE, PYTHONWARNINGS="ignore")
        try:
            child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)  # noqa: S603
        except OSError as error:
            self._has_ended = True
            _logger.error("drift.vectors_not_watched error_type=%s", type(error).__name__)
            return
        self._child = child
        self._waiting.put_nowait(msgspec.msgpack.encode(self._plan))
        # Both wait in the operating system alone, where a worker that ends may leave them.
        for target in (self._write, self._read):
            thread = threading.Thread(target=target, args=(child,), name="harmwatch-vectors", daemon=True)
            thread.start()
            self._threads.append(thread)

    def _write(self, child: subprocess.Popen[bytes]) -> None:
        pipe: Any = child.stdin
        # Broken when the child has ended; the reader says so.
        with suppress(OSError), pipe:
            while (frame := self._waiting.get()) is not None:
                write_frame(pipe, frame)

    def _read(self, child: subprocess.Popen[bytes]) -> None:
        pipe: Any = child.stdout
        try:
            with pipe:
                while (frame := read_frame(pipe)) is not None:
                    self._told.append(msgspec.msgpack.decode(frame, type=Told))
                    with self._answered:
                        self._unanswered -= 1
                        self._answered.notify_all()
        except msgspec.MsgspecError:
            # What it says makes no sense: as good as none.
            child.kill()
        finally:
            self._end(child)

    def _end(self, child: subprocess.Popen[bytes]) -> None:
        if not self._has_ended:
            self._has_ended = True
            _logger.error("drift.vectors_not_watched exit_code=%s", child.wait())
        with self._answered:
            self._answered.notify_all()
        # The writer may wait for frames, or have a full queue behind it.
        while True:
            try:
                self._waiting.get_nowait()
            except Empty:
                break
        self._waiting.put(None)


def write_frame(pipe: BufferedIOBase, frame: bytes) -> None:
    """Write one frame.

    Raises
    ------
    OSError
        When nobody reads any more.
    """
    pipe.write(len(frame).to_bytes(4, "big") + frame)
    pipe.flush()


def read_frame(pipe: BufferedIOBase) -> bytes | None:
    """The next frame; None when there is none any more, or what comes is no frame."""
    try:
        head = pipe.read(4)
        length = int.from_bytes(head, "big")
        if len(head) < 4 or length > _LONGEST_FRAME:
            return None
        frame = pipe.read(length)
    except (OSError, ValueError):
        return None
    return frame if len(frame) == length else None
