"""One worker's core, from record to encoded verdict, read from memory: the whole path but for Kafka."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from time import perf_counter, process_time
from typing import Any, Final, NamedTuple, cast

from agent.batching import MicroBatcher
from agent.clock import Clock
from agent.config import CoreConfig, validate
from agent.errors import HarmwatchError, ModelError
from agent.evidence import EvidenceBuilder
from agent.joining import JoinStore
from agent.metrics import Metrics, new_registry
from agent.pipeline import Pipeline, build_pipeline, build_scorers
from agent.pipeline.build import build_windows
from agent.pipeline.judge import Judge
from agent.pipeline.observer import MetricsObserver
from agent.pipeline.pending import Slot
from agent.pipeline.rulebook import Rulebook, Rules
from agent.scoring import load_scorer
from agent.scoring.base import Scorer
from agent.scoring.cache import ScoreCache
from agent.scoring.executor import Executor
from agent.windows.engine import WindowEngine
from streams.bench.recorded import Call, Recorded
from streams.config import WorkerConfig
from streams.contact import BrokerContact
from streams.formats import Decoder
from streams.memory import MemoryBroker, MemorySource
from streams.ports import Message, Partition
from streams.tap import Tap
from streams.watchdog import Watchdog

__all__ = ["TOXICITY", "CoreSeconds", "Recording", "available_scorers", "bench_config", "new_batcher", "new_executor",
           "new_joining", "record_run", "run_core", "scorer_sections"]  # fmt: skip

#: The cascade is one for floods (docs/cascade.md): it sees one doubtful text in fifty, of the others one in 500.
TOXICITY: Final[Mapping[str, Mapping[str, Any]]] = {
    "ngrams": {"kind": "ngrams"},
    "encoders": {},
    "cascade": {
        "cascade": {
            "screen": "ngrams",
            "threshold": 0.9,
            "doubtful": {"threshold": 0.5, "share": 0.02},
            "audit_share": 0.002,
        }
    },
}
_TOPIC: Final = "inference.events"
_PARTITIONS: Final = 4
_PATIENCE_SECONDS: Final = 300.0
_METRICS: Final = (
    *("event_decoded", "scored", "score", "scores", "finding", "harmful_event", "decision", "event_lag", "stage"),
    *("batch", "dead_letter", "missing", "duplicate", "orphan", "truncated", "redacted", "late_event"),
    *("cache_lookups", "label", "commit", "scored_event"),
)


class CoreSeconds(NamedTuple):
    """What a run took, from the first record to the last commit; building and warming up are not in it.

    Attributes
    ----------
    cpu
        CPU seconds of all threads.
    clock
        Seconds that passed.
    """

    cpu: float
    clock: float


class Recording(NamedTuple):
    """The calls that one run of the core made, by part; for the scorers by name."""

    decoder: Sequence[Call]
    joining: Sequence[Call]
    batcher: Sequence[Call]
    offered: Sequence[Call]
    scored: Sequence[Call]
    scorers: Sequence[tuple[Scorer, Sequence[Call]]]
    judge: Judge
    judged: Sequence[Call]
    windows: Sequence[Call]
    metrics: Sequence[Call]


def available_scorers(names: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """Which scorers can be warmed up here, and why the others cannot."""
    absent: dict[str, str] = {}
    for name in names:
        try:
            load_scorer(name, {}).warm_up()
        except ModelError as error:
            absent[name] = str(error)
    return [name for name in names if name not in absent], absent


def scorer_sections(scorers: Sequence[str], toxicity: str = "ngrams") -> dict[str, dict[str, Any]]:
    """The configuration of these scorers for a bench of everything around them.

    Parameters
    ----------
    toxicity
        A row of `TOXICITY`. N-grams unless something else is wanted: the encoders take twenty times as long as all the
        rest, of which nothing would be seen. Their own speed stands beside Detoxify's (`streams.bench.rivals`).
    """
    return {name: dict(TOXICITY[toxicity]) if name == "toxicity" else {} for name in scorers}


def bench_config(scorers: Sequence[str]) -> WorkerConfig:
    """A worker's defaults with these scorers."""
    plain: dict[str, Any] = {"scorers": scorer_sections(scorers), "topics": {"labels": None}}
    return validate(WorkerConfig, plain, "bench")


def run_core(
    config: WorkerConfig, values: Sequence[bytes], clock: Clock, ready: Callable[[], object] | None = None
) -> CoreSeconds:
    """Take the events through decoder, pipeline and a sink that keeps nothing, until every offset is committed.

    Parameters
    ----------
    ready
        Called when all is warm, before the first record: several cores can wait for each other there.
    """
    metrics = Metrics(new_registry(), clock=clock)
    box: list[Tap] = []
    pipeline = build_pipeline(
        config,
        metrics=metrics,
        clock=clock,
        max_records=config.tap.max_in_flight_records,
        on_done=lambda: box[0].wake(),
    )
    pipeline.warm_up()
    if ready is not None:
        ready()
    return _run(config, values, clock, pipeline, metrics, Decoder({}, config.tap.max_record_bytes), box)


def record_run(config: WorkerConfig, values: Sequence[bytes], clock: Clock) -> Recording:
    """As `run_core`, and write down every call between its parts."""
    metrics = Recorded(Metrics(new_registry(), clock=clock), _METRICS)
    plain_metrics = cast(Metrics, metrics)
    scorers = build_scorers(config.scorers)
    noted = [Recorded(scorer, ["score"]) for scorer in scorers]
    box: list[Tap] = []
    observer = MetricsObserver(plain_metrics, clock)
    executor = Recorded(
        new_executor(config, cast("list[Scorer]", noted), clock, lambda: box[0].wake(), observer), ["offer", "poll"]
    )
    batcher = Recorded(new_batcher(config, clock), ["add", "poll"])
    joining = Recorded(new_joining(config, clock), ["admit", "settle"])
    plain_judge = Judge(scorers, {}, EvidenceBuilder(b"bench", max_chars=config.evidence.max_chars))
    judge = Recorded(plain_judge, ["judge_all"])
    windows = Recorded(build_windows(config, clock), ["apply", "advance", "snapshot"])
    pipeline = Pipeline(
        executor=cast(Executor, executor),
        batcher=cast("MicroBatcher[Slot]", batcher),
        rules=Rulebook(lambda _: Rules(cast(Judge, judge)), config),
        joining=cast(JoinStore, joining),
        windows=cast(WindowEngine, windows),
        metrics=plain_metrics,
        clock=clock,
        max_records=config.tap.max_in_flight_records,
        max_texts=8 * config.batching.max_texts,
    )
    pipeline.warm_up()
    decoder = Recorded(Decoder({}, config.tap.max_record_bytes), ["decode"])
    _run(config, values, clock, pipeline, plain_metrics, cast(Decoder, decoder), box)
    return Recording(
        decoder=decoder.calls,
        joining=joining.calls,
        batcher=batcher.calls,
        offered=[call for call in executor.calls if call.method == "offer" and call.result],
        scored=[call for call in executor.calls if call.method == "poll"],
        scorers=[(scorer, note.calls) for scorer, note in zip(scorers, noted, strict=True)],
        judge=plain_judge,
        judged=judge.calls,
        windows=windows.calls,
        metrics=metrics.calls,
    )


def new_joining(config: CoreConfig, clock: Clock) -> JoinStore:
    """A join store as the worker has it."""
    join = config.join
    return JoinStore(
        max_entries=join.max_entries,
        max_chars=join.max_chars,
        ttl_seconds=join.ttl_seconds,
        clock=clock,
        on_orphan=lambda _format: None,
    )


def new_batcher(config: CoreConfig, clock: Clock) -> MicroBatcher[Slot]:
    """A micro-batcher as the worker has it."""
    batching = config.batching
    return MicroBatcher(batching.max_texts, batching.max_tokens, batching.max_wait_seconds, clock)


def new_executor(
    config: CoreConfig, scorers: list[Scorer], clock: Clock, on_done: Any = None, observer: Any = None
) -> Executor:
    """An executor as the worker has it, with a cache of its own."""
    cache = ScoreCache(config.executor.cache_entries)
    return Executor(scorers, config.executor.deadline_seconds, cache, clock, on_done, observer)


class _NowhereSink:
    """Takes messages and delivers them nowhere, at once: a sink's cost belongs to Kafka's client."""

    def __init__(self) -> None:
        self._queue: list[Message] = []

    async def start(self) -> None:
        return None

    def send(self, message: Message) -> None:
        self._queue.append(message)

    async def flush(self) -> None:
        self._queue.clear()

    @property
    def queued_bytes(self) -> int:
        return 0

    def discard(self, topic: str, partition: int) -> None:
        self._queue = [m for m in self._queue if (m.topic, m.partition) != (topic, partition)]

    async def stop(self) -> None:
        return None


def _run(
    config: WorkerConfig,
    values: Sequence[bytes],
    clock: Clock,
    pipeline: Pipeline,
    metrics: Metrics,
    decoder: Decoder,
    box: list[Tap],
) -> CoreSeconds:
    broker = MemoryBroker({_TOPIC: _PARTITIONS, config.topics.panes: _PARTITIONS}, clock)
    for number, value in enumerate(values):
        broker.append(_TOPIC, value, partition=number % _PARTITIONS)
    tap = Tap(
        config=config,
        source=MemorySource(broker, config.topics.events),
        sink=_NowhereSink(),
        state_reader=broker.read_partition,
        decoder=decoder,
        pipeline=pipeline,
        metrics=metrics,
        watchdog=Watchdog(clock, config.tap.stall_seconds),
        contact=BrokerContact(clock, metrics),
        clock=clock,
    )
    box.append(tap)
    started, began = process_time(), perf_counter()
    asyncio.run(_until_done(tap, broker, len(values)))
    seconds = CoreSeconds(process_time() - started, perf_counter() - began)
    if tap.dead_letters:
        raise HarmwatchError(f"{tap.dead_letters} of the bench's own events were not decoded; this is a bug")
    return seconds


async def _until_done(tap: Tap, broker: MemoryBroker, count: int) -> None:
    working = asyncio.create_task(tap.run())
    wanted = {Partition(_TOPIC, number): broker.end_offset(Partition(_TOPIC, number)) for number in range(_PARTITIONS)}
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while tap.verdicts < 2 * count:  # every event has an input and an output
                if working.done():
                    break
                await asyncio.sleep(0.005)
    finally:
        tap.request_stop()
        with contextlib.suppress(asyncio.CancelledError):
            await working
    if any(broker.committed("harmwatch", partition) != offset for partition, offset in wanted.items()):
        raise HarmwatchError("the core left offsets uncommitted in the bench; this is a bug")
