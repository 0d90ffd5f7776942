"""Puts the measurements together into the one object that ``harmwatch bench --json`` prints."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from typing import Any, NamedTuple

from agent.clock import Clock
from agent.config import CoreConfig
from agent.errors import ConfigError
from streams.bench.core import available_scorers, bench_config, scorer_sections
from streams.bench.end_to_end import PARTITIONS, measure_end_to_end, unmeasured
from streams.bench.machine import load_average, machine
from streams.bench.rivals import DetoxifyFiles, score_rivals
from streams.bench.stages import measure_stages
from streams.bench.traffic import bench_calls, figures_of, native_values
from streams.demo.broker import EmbeddedBroker, find_broker

__all__ = ["BenchOptions", "run_bench"]

_BUSY_LOAD = 0.7


class BenchOptions(NamedTuple):
    """How much to measure.

    Attributes
    ----------
    bootstrap, broker
        A broker and what it is; the embedded one when ``bootstrap`` is None.
    events
        On the topic.
    stage_events
        Through the stages.
    processes, partitions
        Of the worker, and of the topic, on the whole way.
    toxicity
        What fills that slot on the whole way: a row of `streams.bench.core.TOXICITY`.
    repetitions, stage_repetitions
        Figures are medians over so many.
    slow_texts
        For tools that need milliseconds for one.
    """

    bootstrap: str | None = None
    broker: str = ""
    events: int = 60_000
    stage_events: int = 5_000
    repetitions: int = 3
    processes: int = 1
    partitions: int = PARTITIONS
    toxicity: str = "ngrams"
    stage_repetitions: int = 5
    slow_texts: int = 512
    detoxify: DetoxifyFiles | None = None


def run_bench(options: BenchOptions, clock: Clock, tell: Callable[[str], None]) -> dict[str, Any]:
    """Measure everything.

    Raises
    ------
    HarmwatchError
        When a broker was there and a measurement on it failed.
    """
    before = load_average()
    scorers, absent = available_scorers(list(CoreConfig().scorers))
    notes = [f"scorer {name} is left out: {reason}" for name, reason in absent.items()]
    tell(f"writing {options.events} events")
    calls = list(bench_calls(options.events, clock.now() - options.events / 1000.0))
    values = native_values(calls)
    traffic = figures_of(calls, values)
    texts = [text for call in calls[: options.stage_events] for text in (call.question, call.answer)]
    del calls
    stages = measure_stages(
        bench_config(scorers), values[: options.stage_events], options.stage_repetitions, clock, tell
    )
    rivals = score_rivals(scorers, texts, options.detoxify, options.slow_texts, tell)
    section, consuming = asyncio.run(_end_to_end(options, values, scorers, clock, tell))
    facts = machine()
    loads = [load for load in (before, load_average()) if load is not None]
    # The bench itself keeps a core or so busy: only what was there before it began is somebody else's.
    if before is not None and before > _BUSY_LOAD * (facts["cpus_usable"] or 1):
        notes.append(f"the machine was busy already (load {before:g}): expect better figures on a quiet one")
    return {
        "stages": stages,
        "end_to_end": section,
        "rivals": consuming | rivals,
        "machine": facts,
        "traffic": traffic._asdict(),
        "load": max(loads, default=None),
        "notes": notes,
    }


async def _end_to_end(
    options: BenchOptions, values: Sequence[bytes], scorers: Sequence[str], clock: Clock, tell: Callable[[str], None]
) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    async with AsyncExitStack() as stack:
        bootstrap, broker = options.bootstrap, options.broker
        if bootstrap is None:
            try:
                find_broker()
            except ConfigError as error:
                return unmeasured(f"no --bootstrap was given, and {error}"), {}
            embedded = await stack.enter_async_context(EmbeddedBroker(clock=clock))
            bootstrap = embedded.bootstrap_servers
            broker = "embedded (noida-db), no real Kafka"
        return await measure_end_to_end(
            bootstrap,
            broker or f"Kafka at {bootstrap}",
            values,
            scorer_sections(scorers, options.toxicity),
            options.repetitions,
            clock,
            tell,
            processes=options.processes,
            partitions=options.partitions,
        )
