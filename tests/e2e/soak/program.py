"""A worker with a meter: ``python -m tests.e2e.soak.program CONFIG FOLDER LEAK``.

It is `harmwatch run` in all else. Every second it adds a line to ``FOLDER/samples.jsonl``. LEAK bytes are kept for ever
of each record, to see that a soak finds it; 0 for none.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from pathlib import Path

from agent.errors import HarmwatchError
from streams.cli import FAILED
from streams.config_file import ConfigFile
from streams.worker import Worker

from .census import containers, process

__all__: list[str] = []

_EVERY_SECONDS = 1.0
_CENSUS_EVERY = 2


async def _meter(worker: Worker, path: Path, leak: int) -> None:
    kept: list[bytes] = []
    with path.open("a", encoding="ascii", buffering=1) as file:
        turn = 0
        while True:
            await asyncio.sleep(_EVERY_SECONDS)
            events = sum(worker.metrics.rows("harmwatch_records_total").values())
            if leak:
                # One object a record: neither shared nor small enough to come out of what is free already.
                kept += [bytes(leak) for _ in range(int(events) - len(kept))]
            series = float(worker.metrics._budget.used)
            sample = {"events": events, "series": series, **process()}
            if turn % _CENSUS_EVERY == 0:
                sample["containers"] = containers(worker)  # type: ignore[assignment]
            turn += 1
            file.write(json.dumps(sample) + "\n")


async def _run(file: ConfigFile, folder: Path, leak: int) -> None:
    worker = Worker.build(file.config(), file=file)
    worker.install_signals(asyncio.get_running_loop())
    metering = asyncio.create_task(_meter(worker, folder / "samples.jsonl", leak))
    try:
        await worker.run()
    finally:
        metering.cancel()
        counts = {
            name: [[*labels, value] for labels, value in worker.metrics.rows(f"harmwatch_{name}_total").items()]
            for name in ("records", "events", "dead_letters", "missing_scores", "labels", "duplicates", "orphans")
        }
        (folder / "counts.json").write_text(json.dumps(counts), encoding="utf-8")


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    try:
        asyncio.run(_run(ConfigFile.at_start(Path(sys.argv[1])), Path(sys.argv[2]), int(sys.argv[3])))
    except HarmwatchError as error:
        sys.stderr.write(f"harmwatch run: {error}\n")
        sys.exit(FAILED)
