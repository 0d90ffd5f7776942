"""A worker with a meter: ``python -m tests.e2e.soak.program CONFIG FOLDER EVERY LEAK TRACE``.

It is `harmwatch run` in all else. Every EVERY seconds it adds a line to ``FOLDER/samples.jsonl``. LEAK bytes are kept
for ever of each record, to see that a soak finds it; 0 for none. From TRACE records on it notes which lines of code
made what is still there at the end (``FOLDER/trace.json``); 0 for not, since it takes as much time again.
"""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import sys
import time
import tracemalloc
from pathlib import Path

from agent.errors import HarmwatchError
from streams.cli import FAILED
from streams.config_file import ConfigFile
from streams.worker import Worker

from .census import containers, process

__all__: list[str] = []

_CENSUS_EVERY = 2
_FRAMES = 1
_LINES = 40


async def _meter(worker: Worker, path: Path, every: float, leak: int, trace: _Trace) -> None:
    kept: list[bytes] = []
    with path.open("a", encoding="ascii", buffering=1) as file:
        turn = 0
        while True:
            await asyncio.sleep(every)
            events = sum(worker.metrics.rows("harmwatch_records_total").values())
            if leak:
                # One object a record: neither shared nor small enough to come out of what is free already.
                kept += [bytes(leak) for _ in range(int(events) - len(kept))]
            series = float(worker.metrics._budget.used)
            sample = {"events": events, "series": series, **process()}
            if turn % _CENSUS_EVERY == 0 and not trace.runs:
                began = time.thread_time()
                sample["containers"] = containers(worker)  # type: ignore[assignment]
                sample["census_seconds"] = round(time.thread_time() - began, 4)
            turn += 1
            trace.look(events)
            file.write(json.dumps(sample) + "\n")


class _Trace:
    """Memory by the line that asked for it."""

    def __init__(self, path: Path, records: int) -> None:
        self._path = path
        self._records = records
        self._before: tracemalloc.Snapshot | None = None
        if records:
            tracemalloc.start(_FRAMES)

    @property
    def runs(self) -> bool:
        """A census beside it would take too long."""
        return bool(self._records)

    def look(self, events: float) -> None:
        if self._records and self._before is None and events >= self._records:
            gc.collect()
            self._before = tracemalloc.take_snapshot()

    def write(self) -> None:
        if self._before is None:
            return
        gc.collect()
        grown = tracemalloc.take_snapshot().compare_to(self._before, "traceback")[:_LINES]
        told = [
            {"kib": each.size_diff // 1024, "blocks": each.count_diff, "from": each.traceback.format()}
            for each in grown
        ]
        self._path.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


async def _run(file: ConfigFile, folder: Path, every: float, leak: int, trace: _Trace) -> None:
    worker = Worker.build(file.config(), file=file)
    worker.install_signals(asyncio.get_running_loop())
    metering = asyncio.create_task(_meter(worker, folder / "samples.jsonl", every, leak, trace))
    try:
        await worker.run()
    finally:
        metering.cancel()
        trace.write()
        counts = {
            name: [[*labels, value] for labels, value in worker.metrics.rows(f"harmwatch_{name}_total").items()]
            for name in ("records", "events", "dead_letters", "missing_scores", "labels", "duplicates", "orphans")
        }
        (folder / "counts.json").write_text(json.dumps(counts), encoding="utf-8")


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    folder = Path(sys.argv[2])
    trace = _Trace(folder / "trace.json", int(sys.argv[5]))
    try:
        asyncio.run(_run(ConfigFile.at_start(Path(sys.argv[1])), folder, float(sys.argv[3]), int(sys.argv[4]), trace))
    except HarmwatchError as error:
        sys.stderr.write(f"harmwatch run: {error}\n")
        sys.exit(FAILED)
