"""A worker whose speed is known, for `tests.e2e.overload`: the real parts on real Kafka, with a scorer that sleeps.

``python -m tests.e2e.overload_worker CONFIG SECONDS_A_TEXT``, until its standard input ends. Prints JSON lines: once a
second lag, ratio and memory, and every minute of event time the figures of that minute, when all of it is scored.
"""

from __future__ import annotations

import asyncio
import json
import sys
import threading
import time
from pathlib import Path
from typing import Any, Final

from agent.pipeline import Pipeline
from agent.pipeline.export import components_of
from agent.scores import ScoreRow
from agent.scoring.base import Batch
from agent.windows.disparity import BiasMeasurement
from agent.windows.engine import Reading, WindowEngine
from agent.windows.harm import HarmMeasurement
from streams.config import WorkerConfig, load_config
from streams.tap import Tap
from tests.builders import WordScorer

from .own_tap import own_tap

__all__ = ["WINDOW_SECONDS", "WORDS"]

WORDS: Final = {"output": "awful", "privacy": "secretnumber", "adversarial": "attackword"}
WINDOW_SECONDS: Final = 60.0
_AHEAD_SECONDS: Final = 1.0


class _SlowOutputs(WordScorer):
    """As fast as it is told to be, however fast the machine is: it sleeps for each text."""

    def __init__(self, seconds_a_text: float) -> None:
        super().__init__("output", {WORDS["output"]: "output.word"}, "output", directions=("output",))
        self._seconds_a_text = seconds_a_text

    def score(self, batch: Batch) -> list[ScoreRow]:
        time.sleep(self._seconds_a_text * len(batch))
        return super().score(batch)


def _say(kind: str, **fields: Any) -> None:
    sys.stdout.write(json.dumps({"kind": kind, **fields}) + "\n")
    sys.stdout.flush()


def _rss_mib() -> float:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:"))


def _rates(reading: Reading) -> dict[str, tuple[float, float]]:
    """Bounds of every rate that is exported of a model's window."""
    harm, bias = reading.results["harm"], reading.results["bias"]
    assert isinstance(harm, HarmMeasurement) and isinstance(bias, BiasMeasurement)
    rates = {f"P_{one.name}": (one.lower, one.upper) for one in (*harm.components, harm.any_share) if one.sufficient}
    _, index = components_of(reading)
    if index is not None and index.sufficient and not bias.attributes:
        rates["H_sum"] = (index.sum.lower, index.sum.upper)
    for attribute in bias.attributes:
        rates |= {f"group_{group.group}": (group.lower, group.upper) for group in attribute.groups if group.count >= 30}
        rates |= {one.measure: (one.lower, one.upper) for one in attribute.disparities}
    return rates


def _tell_minute(windows: WindowEngine, end: float) -> None:
    for reading in windows.measurements(end - 1.0):
        if reading.window_seconds == WINDOW_SECONDS:
            harm = reading.results["harm"]
            weight = harm.weight / harm.events if harm.events else 1.0
            _say("window", end=end, model=reading.model, rates=_rates(reading), weight=weight)


async def _watch(tap: Tap, pipeline: Pipeline) -> None:
    sampler, windows = pipeline.sampler, pipeline.windows
    assert sampler is not None and tap.overload is not None
    told = 0.0
    while True:
        await asyncio.sleep(1.0)
        partitions = windows.partitions
        reached = min((windows.watermark(partition) for partition in partitions), default=0.0)
        if not tap.assigned or not reached:
            continue
        _say(
            "second",
            at=time.time(),
            lag=tap.overload.lag_seconds,
            records=sum(tap.lags.values()),
            ratio=sampler.ratio,
            sampling=sampler.is_sampling,
            rss_mib=round(_rss_mib(), 1),
        )
        end = (reached - _AHEAD_SECONDS) // WINDOW_SECONDS * WINDOW_SECONDS
        if not told:
            told = end  # the minute in which it began is not whole
        elif end > told:
            told = end
            _tell_minute(windows, end)


async def _run(config: WorkerConfig, seconds_a_text: float) -> None:
    scorers = [
        _SlowOutputs(seconds_a_text),
        WordScorer("privacy", {WORDS["privacy"]: "privacy.word"}, "privacy", directions=("output",)),
        WordScorer("adversarial", {WORDS["adversarial"]: "adversarial.word"}, "adversarial", directions=("input",)),
    ]
    tap, pipeline, metrics = own_tap(config, scorers)
    loop = asyncio.get_running_loop()

    def until_told() -> None:
        sys.stdin.read()
        loop.call_soon_threadsafe(tap.request_stop)

    threading.Thread(target=until_told, daemon=True).start()
    watching = asyncio.create_task(_watch(tap, pipeline))
    try:
        await tap.run()
    finally:
        watching.cancel()
    names = (
        "events",
        "passed_by",
        "scored_events",
        "scored_event_squares",
        "harmful_events",
        "duplicates",
        "orphans",
        "missing_scores",
    )
    rows = {name: metrics.rows(f"harmwatch_{name}_total") for name in names}
    _say("end", counters={name: [[*labels, value] for labels, value in found.items()] for name, found in rows.items()})


if __name__ == "__main__":
    asyncio.run(_run(load_config(Path(sys.argv[1])), float(sys.argv[2])))
