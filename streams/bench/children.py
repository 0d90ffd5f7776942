"""Child processes that end with this one, also when it is killed: a benchmark must not leave a worker running.

As a program (``python -m streams.bench.children PARENT MODULE ...``) it asks the kernel to be killed with its parent,
then becomes the module. Without Linux's ``prctl`` the orderly end alone stops the child.
"""

from __future__ import annotations

import os
import runpy
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO

__all__ = ["child"]

_PR_SET_PDEATHSIG = 1


@contextmanager
def child(
    module: str, arguments: Sequence[str], *, stdout: int | IO[bytes], stderr: int | IO[bytes]
) -> Iterator[subprocess.Popen[bytes]]:
    """Run ``python -m module arguments`` while the context lasts; it is killed at the end if it still runs."""
    command = [sys.executable, "-m", "streams.bench.children", str(os.getpid()), module, *arguments]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr)  # noqa: S603 - our own words
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _die_with(parent: int) -> None:
    try:
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    except (ImportError, OSError, AttributeError):
        return
    if os.getppid() != parent:  # it ended before the call
        raise SystemExit(1)


if __name__ == "__main__":
    _die_with(int(sys.argv[1]))
    sys.argv = sys.argv[2:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
