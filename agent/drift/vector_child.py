"""Detectors of vectors in a process of their own: the child, ``python -m agent.drift.vector_child PID``.

Reads a plan and then observations from its standard input, and ends with it, whatever it is doing: a worker that is
gone, kill -9 included, leaves none behind.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from io import BufferedIOBase
from queue import Full, Queue
from typing import NoReturn

import msgspec
import numpy as np

from agent.drift.series import Series
from agent.drift.vector_process import Fed, Told, read_frame, write_frame
from agent.drift.watch import DriftWatch, WatchPlan

__all__ = ["main"]

#: While a detector is made the pipe and the parent's queue fill, and the parent drops what comes then.
_MOST_WAITING = 16
_NICENESS = 10
_PATIENCE_SECONDS = 1.0


def main() -> NoReturn:
    """Feed detectors until the parent has gone."""
    # Whoever stops the worker from a terminal stops its group; the worker ends us when it is done.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "nice"):
        os.nice(_NICENESS)
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    # Whatever a library prints must not look like a frame.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    waiting: Queue[bytes] = Queue(_MOST_WAITING)
    threading.Thread(target=_read, args=(sys.stdin.buffer, waiting, int(sys.argv[1])), daemon=True).start()
    watch = DriftWatch(msgspec.msgpack.decode(waiting.get(), type=WatchPlan))
    failed: set[Series] = set()
    while True:
        fed = msgspec.msgpack.decode(waiting.get(), type=Fed)
        for gone in fed.gone:
            watch.forget(gone)
            failed = {series for series in failed if not gone.holds(series)}
        reports: list[str] = []
        try:
            if fed.series not in failed:
                reports = watch.observe(fed.series, np.frombuffer(fed.vector, np.float32), fed.time)
        # A library's own failure; its text may hold anything. Other series go on.
        except Exception as error:
            failed.add(fed.series)
            print(f"drift.vectors_failed error_type={type(error).__name__}", file=sys.stderr, flush=True)  # noqa: T201
        write_frame(answers, msgspec.msgpack.encode(Told(fed.series, reports, watch.readings_of(fed.series))))


def _read(pipe: BufferedIOBase, waiting: Queue[bytes], parent: int) -> None:
    while (frame := read_frame(pipe)) is not None:
        while not _put(waiting, frame):
            if os.getppid() != parent:
                os._exit(0)
    os._exit(0)


def _put(waiting: Queue[bytes], frame: bytes) -> bool:
    try:
        waiting.put(frame, timeout=_PATIENCE_SECONDS)
    except Full:
        return False
    return True


if __name__ == "__main__":
    main()
