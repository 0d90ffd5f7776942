"""What drift in the windows costs: ``python -m tests.bench.drift_windows``.

Microseconds an event in the engine, bytes of a snapshot, milliseconds a reading, with and without it.
"""

from __future__ import annotations

import gzip
import time
from collections.abc import Sequence
from math import inf

import numpy as np

from agent.clock import ManualClock
from agent.drift.reference_file import References
from agent.metrics import Metrics, new_registry
from agent.pipeline.drift_windows import DriftWindows
from agent.windows.base import Aggregator, Observation
from agent.windows.bias import BiasAggregator
from agent.windows.drift import DriftAggregator
from agent.windows.engine import WindowEngine
from agent.windows.harm import HarmAggregator

START = 1_700_000_000.0
EVENTS = 40_000
REPEATS = 4
"""The fastest counts: other work on the machine only makes it slower."""
KEY = ("inference.events", 0)


def observations(scores: int, features: int) -> list[Observation]:
    """Two hours of one model; scores are mostly 0."""
    generator = np.random.default_rng(0)
    drawn = np.where(generator.random((EVENTS, scores)) < 0.1, generator.beta(2.0, 5.0, (EVENTS, scores)), 0.0)
    incomes = generator.lognormal(10.0, 0.7, (EVENTS, features))
    return [
        Observation(
            model="m",
            time=START + number * 7200.0 / EVENTS,
            directions=("output",),
            decision="approved" if number % 3 else "denied",
            attributes={"gender": "female" if number % 2 else "male"},
            features=[
                ("output.decision", "approved" if number % 3 else "denied"),
                *((f"output.category_{place}", float(value)) for place, value in enumerate(drawn[number])),
                *((f"input.features.number_{place}", float(value)) for place, value in enumerate(incomes[number])),
            ],
        )
        for number in range(EVENTS)
    ]


def engine_of(*more: Aggregator) -> tuple[WindowEngine, ManualClock]:
    clock = ManualClock(START + 7200.0)
    return WindowEngine([HarmAggregator(), BiasAggregator(), *more], clock), clock


def measure(name: str, stream: Sequence[Observation], *more: Aggregator) -> None:
    microseconds = inf
    for _ in range(REPEATS):
        engine, clock = engine_of(*more)
        began = time.process_time()
        for offset, observation in enumerate(stream):
            engine.apply(KEY, offset, [observation])
        microseconds = min(microseconds, (time.process_time() - began) / EVENTS * 1e6)
    value = engine.snapshot(KEY).values["m"]
    began = time.process_time()
    for _ in range(20):
        engine.measurements()
    milliseconds = (time.process_time() - began) / 20 * 1e3
    line = f"{name:44} {microseconds:6.2f} us/event {len(value):9,} B {len(gzip.compress(value)):8,} B gzipped"
    print(f"{line} {milliseconds:6.2f} ms/reading", end="")
    if more:
        metrics = Metrics(new_registry(), clock=clock)
        windows = DriftWindows(engine, BiasAggregator(), metrics, clock, References(), window_seconds=3600.0)
        comparing = inf
        for _ in range(REPEATS):
            began = time.process_time()
            found, _ = windows.measure(engine, "m")
            comparing = min(comparing, (time.process_time() - began) * 1e3)
        print(f" {comparing:6.1f} ms/comparison of {len(found)}", end="")
    print()


def main() -> None:
    for scores, features in ((2, 0), (10, 10), (35, 0)):
        stream = observations(scores, features)
        name = f"{1 + scores + features} scores and features"
        measure(f"{name}, without", stream)
        measure(f"{name}, with", stream, DriftAggregator())
        measure(f"{name}, with two groups", stream, DriftAggregator(["gender"]))


if __name__ == "__main__":
    main()
