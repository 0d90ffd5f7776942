"""The whole way, from a full topic to the last committed offset, by a real worker; and beside it bare consumers.

The consumers read the same topic and decode the same records, and do nothing else; our tap alone (the worker's source
and decoder) is held against confluent-kafka's bare loop. Runs alternate, so that a machine that is busy for a while is
busy for all; figures are medians, ratios are medians of the ratios of neighbouring runs.
"""

from __future__ import annotations

import statistics
import uuid
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from typing import Any, Final

from agent.clock import Clock
from agent.errors import HarmwatchError
from streams.bench.machine import load_average
from streams.bench.runs import COMMIT_SECONDS, ReaderRun, Target, WorkerRun, run_reader, run_worker_once
from streams.bench.traffic import MODELS
from streams.config import KafkaConfig
from streams.kafka_sink import KafkaSink
from streams.ports import Message
from streams.topics import admin_client

__all__ = ["PARTITIONS", "measure_end_to_end", "unmeasured"]

PARTITIONS: Final = 4
#: kafka-python reads a tenth as fast as the others: a part of the topic tells enough.
_SLOW_READER_EVENTS: Final = 20_000
_CHUNK: Final = 2000
_NOTE: Final = (
    "ratio_to_bare_consumer is tap_ratio: our tap alone (the worker's source and decoder, no scoring) against a bare "
    "confluent-kafka consume(500) loop with the same decoder, on the same topic. events_per_second is the whole "
    "worker, scoring included, from the first verdict to the last offset committed; offsets are committed every "
    f"{COMMIT_SECONDS:g} s there. cores is the CPU that the worker used, all of its processes together."
)


def unmeasured(reason: str) -> dict[str, Any]:
    """The section when there is no broker."""
    keys = (
        "events_per_second", "events_per_second_without_cache", "ratio_to_bare_consumer", "tap_ratio",
        "tap_events_per_second", "bare_consumer_events_per_second", "cores", "cpu_microseconds_per_event",
        "cache_hit_rate", "broker", "events",
    )  # fmt: skip
    return {**dict.fromkeys(keys), "note": f"not measured: {reason}"}


async def measure_end_to_end(
    bootstrap: str,
    broker: str,
    values: Sequence[bytes],
    scorers: Mapping[str, Any],
    repetitions: int,
    clock: Clock,
    tell: Callable[[str], None],
    processes: int = 1,
    partitions: int = PARTITIONS,
) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """The section ``end_to_end``, and of the rivals those that consume.

    Parameters
    ----------
    broker
        What it is, for people.
    values
        Native events, all decodable.
    scorers
        The configuration's section.
    processes
        Of the worker.
    partitions
        Of the topic; as many as there are processes where that is more.

    Raises
    ------
    HarmwatchError
        When the broker, a consumer or the worker fails.
    """
    topic = f"harmwatch-bench-{uuid.uuid4().hex[:8]}"
    kafka = KafkaConfig(bootstrap_servers=bootstrap, worker_name="bench")
    partitions = max(partitions, processes)
    target = Target(bootstrap, topic, partitions, len(values))
    _create(kafka, topic, partitions)
    try:
        tell(f"publishing {len(values)} events")
        await _publish(kafka, topic, values, clock, partitions)
        return await _measure(target, broker, scorers, repetitions, clock, tell, processes)
    finally:
        _delete(kafka, topic)


async def _measure(
    target: Target,
    broker: str,
    scorers: Mapping[str, Any],
    repetitions: int,
    clock: Clock,
    tell: Callable[[str], None],
    processes: int,
) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    bare_absent = find_spec("confluent_kafka") is None
    loads = [load_average()]
    taps: list[ReaderRun] = []
    bares: list[ReaderRun] = []
    cached: list[WorkerRun] = []
    uncached: list[WorkerRun] = []
    slow_events = min(target.events, _SLOW_READER_EVENTS)
    for turn in range(repetitions):
        place = f"run {turn + 1} of {repetitions}"
        # Each goes first as often as last: the second of two readers finds the broker's pages warm.
        for name in ("tap", "confluent-kafka")[:: 1 if turn % 2 else -1]:
            if name == "confluent-kafka" and bare_absent:
                continue
            tell(f"{name} alone, {place}")
            (taps if name == "tap" else bares).append(run_reader(name, target, target.events))
        for cache in (True, False)[:: 1 if turn % 2 else -1]:
            tell(f"worker {'with' if cache else 'without'} score cache, {place}")
            run = await run_worker_once(target, scorers, clock, cache=cache, processes=processes)
            (cached if cache else uncached).append(run)
        loads.append(load_average())
    tell("kafka-python alone")
    slow = run_reader("kafka-python", target, slow_events)
    tap_rate = _median([run.per_second for run in taps])
    ratio = _median([tap.per_second / bare.per_second for tap, bare in zip(taps, bares, strict=False)])
    bare_rate = _median([run.per_second for run in bares])
    section = {
        "events_per_second": _median([run.per_second for run in cached]),
        "events_per_second_without_cache": _median([run.per_second for run in uncached]),
        "ratio_to_bare_consumer": ratio,
        "tap_ratio": ratio,
        "tap_events_per_second": tap_rate,
        "tap_cpu_microseconds_per_event": _median([run.cpu_microseconds for run in taps]),
        "bare_consumer_events_per_second": bare_rate,
        "bare_consumer_cpu_microseconds_per_event": _median([run.cpu_microseconds for run in bares]),
        "cores": _median([run.cores for run in cached]),
        "cpu_microseconds_per_event": _median([run.cpu_microseconds for run in cached]),
        "cache_hit_rate": _median([run.cache_hit_rate for run in cached]),
        "scorers": {name: dict(section) for name, section in scorers.items()},
        "runs": [round(run.per_second, 1) for run in cached],
        "broker": broker,
        "events": target.events,
        "partitions": target.partitions,
        "processes": processes,
        "repetitions": repetitions,
        "load_average": [load for load in loads if load is not None],
        "note": _NOTE + (" confluent-kafka is not installed: pip install confluent-kafka." if bare_absent else ""),
    }
    rivals: dict[str, dict[str, Any]] = {
        "consume": _rival("confluent-kafka", tap_rate, bare_rate, ratio),
        "consume_pure_python": _rival("kafka-python", tap_rate, slow.per_second),
    }
    if bare_absent:
        rivals["consume"]["note"] = "confluent-kafka is not installed: pip install confluent-kafka"
    return section, rivals


def _rival(name: str, ours: float | None, rival: float | None, ratio: float | None = None) -> dict[str, Any]:
    if ratio is None and ours is not None and rival:
        ratio = ours / rival
    return {
        "name": name,
        "unit": "records per second, decoded",
        "ours": ours,
        "rival": None if rival is None else round(rival, 1),
        "ratio": None if ratio is None else round(ratio, 3),
    }


def _median(found: Sequence[float | None]) -> float | None:
    known = [value for value in found if value is not None]
    if not known:
        return None
    middle = statistics.median(known)
    return round(middle, 1 if middle >= 100.0 else 3)


def _create(kafka: KafkaConfig, topic: str, partitions: int) -> None:
    from kafka.errors import KafkaError

    admin = admin_client(kafka)
    try:
        wanted = {"num_partitions": partitions, "replication_factor": -1}
        admin.create_topics({topic: wanted}, wait_for_metadata=True)
    except KafkaError as error:
        raise HarmwatchError(f"the bench's topic cannot be created ({type(error).__name__})") from None
    finally:
        admin.close()


def _delete(kafka: KafkaConfig, topic: str) -> None:
    """Our topic, and those that the workers made: all names begin alike. A broker that cannot delete keeps them."""
    from kafka.errors import KafkaError

    admin = admin_client(kafka)
    try:
        admin.delete_topics([name for name in admin.list_topics() if str(name).startswith(topic)])
    except KafkaError:
        return
    finally:
        admin.close()


async def _publish(
    kafka: KafkaConfig, topic: str, values: Sequence[bytes], clock: Clock, partitions: int = PARTITIONS
) -> None:
    """Models in turn over the partitions, all partitions alike."""
    sink = KafkaSink(kafka, patience_seconds=60.0, max_message_bytes=1 << 20, clock=clock)
    try:
        await sink.start()
        for begin in range(0, len(values), _CHUNK):
            for number, value in enumerate(values[begin : begin + _CHUNK], begin):
                sink.send(Message(topic, MODELS[number % len(MODELS)].encode(), value, partition=number % partitions))
            await sink.flush()
    finally:
        await sink.stop()
