"""CPU time of each stage and of the whole path, from the same events, in one process.

One run of the core writes down every call between its parts; then each part gets its own calls again, alone, and the
CPU time of the whole process is read before and after. The whole path is measured too, on the in-memory broker: what
the stages do not explain is the stage ``loop``: the tap, the event loop, threads that wait for the interpreter's lock,
and memory that is cold when all parts take turns and warm when one part is alone. Shares are of that whole, so they add
up to 1; Kafka's client is not in it and is measured end to end.
"""

from __future__ import annotations

import gc
import statistics
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from time import process_time
from typing import Any, Final, TypeAlias

import msgspec

from agent.clock import Clock
from agent.metrics import Metrics, new_registry
from agent.normalize import normalize
from agent.pipeline.build import build_windows
from agent.scores import ScoreRow
from agent.scoring.base import Batch, Scorer, ScoringItem, uses_context
from agent.tokens import estimate_tokens
from streams.bench.core import Recording, new_batcher, new_executor, new_joining, record_run, run_core
from streams.bench.glue import replay_pipeline
from streams.bench.recorded import play
from streams.bench.traffic import FORMAT_SAMPLES, bench_calls
from streams.collector import calm_the_collector
from streams.config import WorkerConfig
from streams.formats import Decoder
from streams.ports import Message, Record

__all__ = ["STAGES", "measure_stages"]

STAGES: Final = (
    "decode",
    "join",
    "normalise",
    "batch",
    "execute",
    "features",
    "judge",
    "windows",
    "metrics",
    "publish",
)
"""Those on the path of every event, without the scorers, which the configuration names."""

_FORMAT_RECORDS: Final = 2000
_SECONDS: TypeAlias = dict[str, list[float]]


def measure_stages(
    config: WorkerConfig,
    values: Sequence[bytes],
    repetitions: int,
    clock: Clock,
    tell: Callable[[str], None],
) -> dict[str, dict[str, float]]:
    """By stage: ``per_second`` (events a second if nothing else were to do), ``share`` and
    ``microseconds_per_event`` of CPU time; medians over the repetitions.

    Parameters
    ----------
    values
        Native events, each with an input and an output text.
    tell
        Told what is being measured.
    """
    run_core(config, values[:256], clock)  # warm: imports, tables, first allocations
    tell("writing down one run")
    recording = record_run(config, values, clock)
    # What was written down stays: the collector need not look through it again and again while we measure. It works as
    # it does in the worker.
    thresholds = gc.get_threshold()
    calm_the_collector()
    try:
        seconds: _SECONDS = defaultdict(list)
        used: list[float] = []
        for turn in range(repetitions):
            tell(f"stages, pass {turn + 1} of {repetitions}")
            seconds["whole"].append(run_core(config, values, clock).cpu)
            for name, prepare in _parts(recording, config, clock):
                seconds[name].append(_timed(prepare()))
            used.append(_time_scorers(recording, seconds))
            for name, run in _formats(clock):
                seconds[name].append(_timed(run) * len(values) / _FORMAT_RECORDS)
    finally:
        gc.set_threshold(*thresholds)
        gc.unfreeze()
    return _summary({name: statistics.median(taken) for name, taken in seconds.items()}, used[-1], len(values))


def _summary(medians: Mapping[str, float], normalised: float, events: int) -> dict[str, dict[str, float]]:
    on_path = {name: taken for name, taken in medians.items() if name != "whole" and not name.startswith("decode_")}
    # Scorers ask for the normalised view only when they want it: what nobody asked for was not paid.
    on_path["normalise"] *= normalised
    # The batcher works in both; it has a stage of its own.
    on_path["pipeline"] = max(0.0, on_path["pipeline"] - on_path["batch"])
    total = max(medians["whole"], sum(on_path.values()))
    on_path["loop"] = total - sum(on_path.values())
    stages = {
        name: _row(medians[name] if name == "normalise" else taken, taken / total, events)
        for name, taken in on_path.items()
    }
    stages |= {name: _row(taken, 0.0, events) for name, taken in medians.items() if name.startswith("decode_")}
    stages["whole"] = _row(total, 1.0, events)
    return stages


def _row(seconds: float, share: float, events: int) -> dict[str, float]:
    return {
        "per_second": round(events / seconds, 1) if seconds > 0.0 else 0.0,
        "share": round(share, 4),
        "microseconds_per_event": round(seconds / events * 1e6, 2),
    }


def _timed(run: Callable[[], Any]) -> float:
    started = process_time()
    run()
    return process_time() - started


# -- the parts, each prepared afresh: none meets an event that it has seen ------------------------------------------


def _parts(
    recording: Recording, config: WorkerConfig, clock: Clock
) -> list[tuple[str, Callable[[], Callable[[], Any]]]]:
    texts = [call.args[0].item.raw for call in recording.batcher if call.method == "add"]

    def metrics() -> Callable[[], None]:
        return play(Metrics(new_registry(), clock=clock), recording.metrics)

    def batch() -> Callable[[], None]:
        return partial(_batch, play(new_batcher(config, clock), recording.batcher), texts)

    return [
        ("decode", lambda: play(Decoder({}, config.tap.max_record_bytes), recording.decoder)),
        ("join", lambda: play(new_joining(config, clock), recording.joining)),
        ("normalise", lambda: partial(_normalise, texts)),
        ("batch", batch),
        ("execute", lambda: _execute(recording, config, clock)),
        ("pipeline", lambda: replay_pipeline(recording, config, clock)),
        ("judge", lambda: play(recording.judge, recording.judged)),
        ("windows", lambda: play(build_windows(config, clock), recording.windows)),
        ("metrics", metrics),
        ("publish", lambda: partial(_publish, recording, config)),
    ]


def _normalise(texts: Sequence[str]) -> None:
    for text in texts:
        normalize(text)


def _batch(replay: Callable[[], None], texts: Sequence[str]) -> None:
    for text in texts:
        estimate_tokens(text)
    replay()


def _publish(recording: Recording, config: WorkerConfig) -> None:
    encode = msgspec.json.Encoder().encode
    verdicts, evidences = config.topics.verdicts, config.topics.evidence
    for _, judgement in (pair for call in recording.judged for pair in call.result):
        verdict, evidence = judgement.verdict, judgement.evidence
        Message(verdicts, verdict.model.encode(), encode(verdict))
        if evidence is not None:
            Message(evidences, evidence.id.encode(), encode(evidence))


class _Canned:
    """Gives the rows that a scorer gave before, at no cost of its own."""

    def __init__(self, scorer: Scorer, rows: Mapping[str, ScoreRow]) -> None:
        self.name = scorer.name
        self.version = scorer.version
        self.categories = scorer.categories
        self.thresholds = scorer.thresholds
        self.lane = scorer.lane
        self.directions = scorer.directions
        self.uses_context = uses_context(scorer)
        self._rows = rows

    def warm_up(self) -> None:
        return None

    def score(self, batch: Batch) -> list[ScoreRow]:
        rows = self._rows
        return [rows[item.part.text] for item in batch.items]


def _execute(recording: Recording, config: WorkerConfig, clock: Clock) -> Callable[[], None]:
    """What the executor does beside scoring: cache, distinct texts, hand-over to its threads and back."""
    canned: list[Scorer] = []
    for scorer, calls in recording.scorers:
        rows = {
            item.part.text: row for call in calls for item, row in zip(call.args[0].items, call.result, strict=True)
        }
        canned.append(_Canned(scorer, rows))
    executor = new_executor(config, canned, clock)
    offered = [(Batch(call.args[0].items), call.args[1]) for call in recording.offered]

    def run() -> None:
        for batch, trigger in offered:
            executor.offer(batch, trigger)
            executor.join(60.0)
            executor.poll()
        executor.close()

    return run


class _TimedBatch(Batch):
    """Tells the time of what scorers share (hashed n-grams) from the time of the scorer that asked first."""

    __slots__ = ("shared_seconds",)

    def __init__(self, items: Sequence[ScoringItem]) -> None:
        super().__init__(items)
        self.shared_seconds = 0.0

    def shared(self, key: str, build: Callable[[Batch], Any]) -> Any:
        started = process_time()
        value = super().shared(key, build)
        self.shared_seconds += process_time() - started
        return value


def _time_scorers(recording: Recording, seconds: _SECONDS) -> float:
    """Score all batches again; gives back which share of texts was asked for in its normalised view."""
    by_batch: dict[int, tuple[Batch, list[Scorer]]] = {}
    for scorer, calls in recording.scorers:
        for call in calls:
            by_batch.setdefault(id(call.args[0]), (call.args[0], []))[1].append(scorer)
    taken: dict[str, float] = defaultdict(float)
    normalised = texts = 0

    def counted(text: str) -> str:
        nonlocal normalised
        normalised += 1
        return normalize(text)

    for original, scorers in by_batch.values():
        batch = _TimedBatch([ScoringItem(item.part, item.direction, counted) for item in original.items])
        texts += len(batch)
        for scorer in scorers:
            before, shared = process_time(), batch.shared_seconds
            scorer.score(batch)
            shared = batch.shared_seconds - shared
            taken[scorer.name] += process_time() - before - shared
            taken["features"] += shared
    for name, spent in taken.items():
        seconds[name].append(spent)
    return normalised / max(1, texts)


def _formats(clock: Clock) -> list[tuple[str, Callable[[], None]]]:
    calls = list(bench_calls(_FORMAT_RECORDS, clock.now() - _FORMAT_RECORDS / 1000.0))
    found: list[tuple[str, Callable[[], None]]] = []
    for name, sample in FORMAT_SAMPLES.items():
        records = [
            Record("inference.events", 0, number, call.time, None, sample.value(call), sample.headers)
            for number, call in enumerate(calls)
        ]
        found.append((f"decode_{name}", partial(_decode, records)))
    return found


def _decode(records: Sequence[Record]) -> None:
    decode = Decoder().decode
    for record in records:
        decode(record)
