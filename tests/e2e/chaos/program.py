"""A worker whose clock and scorer take orders: ``python -m tests.e2e.chaos.program CONFIG FOLDER``.

It is `harmwatch run` in all else. Files in the folder are read as it goes: ``clock``, seconds by which the wall clock
is wrong, and for the slot `toxicity` ``slow``, seconds that each batch is held up, and ``hangs``, ``raises``,
``memory`` and ``dies``, what befalls it while they hold a 1.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from agent.clock import SystemClock
from agent.errors import ConfigError, HarmwatchError
from agent.scores import ScoreRow
from agent.scoring import SCORERS
from agent.scoring.base import Batch
from agent.scoring.ngram_classifier import NgramClassifier
from streams.cli import FAILED, WRONG_USAGE
from streams.config_file import ConfigFile
from streams.ending import leave, run_to_its_end
from streams.worker import Worker

__all__ = ["FOLDER", "LOOK_SECONDS", "ORDERS", "HeldUp", "told"]

ORDERS = ("clock", "slow", "hangs", "raises", "memory", "dies")

#: Where the orders lie; set once, at the start of the process.
FOLDER: list[Path] = []
#: So often an order that is waited for is looked at.
LOOK_SECONDS = 0.2
_LAST_SECONDS = 5.0


def told(folder: Path, name: str) -> float:
    """The number in a file; 0 where there is none."""
    try:
        return float((folder / name).read_text(encoding="ascii") or 0.0)
    except (OSError, ValueError):
        return 0.0


class JumpingClock(SystemClock):
    """Wrong by what the file says, which is read at most five times a second. Durations are right."""

    __slots__ = ("_folder", "_looked", "_wrong")

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._looked = -1.0
        self._wrong = 0.0

    def now(self) -> float:
        moment = time.monotonic()
        if moment - self._looked > LOOK_SECONDS:
            self._looked, self._wrong = moment, told(self._folder, "clock")
        return time.time() + self._wrong


class HeldUp(NgramClassifier):
    """The n-gram classifier, held up and broken as the files say."""

    def score(self, batch: Batch) -> list[ScoreRow]:
        folder = FOLDER[0]
        time.sleep(told(folder, "slow"))
        while told(folder, "hangs"):
            time.sleep(LOOK_SECONDS)
        if told(folder, "raises"):
            raise ValueError("as it was told")
        if told(folder, "memory"):
            bytearray(1 << 62)  # more than there is anywhere
        if told(folder, "dies"):
            os.kill(os.getpid(), signal.SIGKILL)  # as the kernel does when memory runs out
        return super().score(batch)


async def _run(file: ConfigFile, folder: Path) -> Mapping[str, Any]:
    worker = Worker.build(file.config(), clock=JumpingClock(folder), file=file)
    worker.install_signals(asyncio.get_running_loop())
    await worker.run()
    return worker.status.snapshot()


def main() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    FOLDER.append(Path(sys.argv[2]))
    # One more row of the table.
    cast("dict[str, str]", SCORERS)["held_up"] = "tests.e2e.chaos.program:HeldUp"
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    code = 0
    try:
        run_to_its_end(_run(ConfigFile.at_start(Path(sys.argv[1])), FOLDER[0]), _LAST_SECONDS)
    except HarmwatchError as error:
        # As the command ends, so that a traceback in the log is one that nobody caught.
        sys.stderr.write(f"harmwatch run: {' '.join(str(error).split())}\n")
        code = WRONG_USAGE if isinstance(error, ConfigError) else FAILED
    # As the command does: neither tasks nor threads of a library that wait for a frozen broker keep the process.
    leave(code, SystemClock(), _LAST_SECONDS)
    sys.exit(code)


if __name__ == "__main__":
    # By its own name, so that the row of the table finds this very module.
    from tests.e2e.chaos import program

    program.main()
