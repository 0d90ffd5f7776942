"""One run of one reader, and one run of one real worker, against a topic that is full already."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import socket
import subprocess
import tempfile
import urllib.request
import uuid
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Final, NamedTuple

import msgspec
import yaml
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from agent.clock import Clock
from agent.errors import HarmwatchError, TransportError
from streams.bench.children import child
from streams.bench.machine import cpu_seconds_of_all

__all__ = ["ReaderRun", "Target", "WorkerRun", "run_reader", "run_worker_once"]

_READER_SECONDS: Final = 120
_READY_SECONDS: Final = 90.0
_STILL_SECONDS: Final = 60.0
_LOOK_SECONDS: Final = 0.1
_STOP_SECONDS: Final = 30
_VERDICT_PARTITIONS: Final = 3
#: Offsets are given back twice a second instead of every two: the end is then known to half a second.
COMMIT_SECONDS: Final = 0.5


class Target(NamedTuple):
    """A topic of `events` records in `partitions` partitions."""

    bootstrap: str
    topic: str
    partitions: int
    events: int


class ReaderRun(NamedTuple):
    """One reader's speed."""

    per_second: float
    cpu_microseconds: float


class WorkerRun(NamedTuple):
    """One worker's speed.

    Attributes
    ----------
    per_second
        Events, from the first verdict's ``scored_at`` to the commit of the last offset.
    cores
        CPU seconds of the worker, its processes together, per second, from the first commit seen to the last; None
        where the system does not say.
    cpu_microseconds
        CPU time per event over the same stretch.
    cache_hit_rate
        Of the look-ups in the score cache.
    """

    per_second: float
    seconds: float
    cores: float | None
    cpu_microseconds: float | None
    cache_hit_rate: float | None


def run_reader(name: str, target: Target, records: int) -> ReaderRun:
    """Run one of `streams.bench.readers.READERS` in a process of its own.

    Raises
    ------
    HarmwatchError
        When it fails or takes too long.
    """
    arguments = [name, target.bootstrap, target.topic, str(records)]
    with (
        tempfile.TemporaryFile() as log,
        child("streams.bench.readers", arguments, stdout=subprocess.PIPE, stderr=log) as process,
    ):
        try:
            said, _ = process.communicate(timeout=_READER_SECONDS)
        except subprocess.TimeoutExpired:
            raise HarmwatchError(f"the reader {name} took more than {_READER_SECONDS} s") from None
        if process.returncode != 0:
            raise HarmwatchError(f"the reader {name} failed: {_last_line(log)}")
    result = json.loads(said)
    count = result["records"]
    return ReaderRun(count / result["seconds"], result["cpu_seconds"] / count * 1e6)


async def run_worker_once(
    target: Target,
    scorers: Mapping[str, Any],
    clock: Clock,
    *,
    cache: bool,
    command: tuple[str, ...] = (),
    processes: int = 1,
) -> WorkerRun:
    """Start ``harmwatch run`` in a group of its own, wait until it has committed every offset, stop it.

    Parameters
    ----------
    scorers
        The configuration's section.
    cache
        False switches the score cache off.
    command
        Module and arguments to run instead of ``streams.cli``, which get ``run --config FILE`` appended: a profiler.
    processes
        Of the worker.

    Raises
    ------
    HarmwatchError
        When it ends early, stands still, or does not count every event once.
    """
    name = f"{target.topic}-{uuid.uuid4().hex[:8]}"
    port = _free_port()
    config = _config(target, name, port, scorers, cache) | {"worker": {"processes": processes}}
    with tempfile.TemporaryDirectory(prefix="harmwatch-bench-") as folder:
        path = Path(folder) / "harmwatch.yaml"
        path.write_text(yaml.safe_dump(config), encoding="utf-8")
        words = [*(command or ("streams.cli",)), "run", "--config", str(path)]
        with (
            tempfile.TemporaryFile() as log,
            child(words[0], words[1:], stdout=subprocess.DEVNULL, stderr=log) as process,
        ):
            watched = await _watch(process, target, name, clock, log)
            counted = await asyncio.to_thread(_samples, port)
            process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                await asyncio.to_thread(process.wait, _STOP_SECONDS)
    events = counted.get("harmwatch_events_total", 0.0)
    if round(events) != target.events:
        raise HarmwatchError(f"the worker counted {events:.0f} of {target.events} events")
    first = await _first_verdict(target.bootstrap, config["topics"]["verdicts"])
    seconds = watched.ended_at - first
    hits = counted.get('harmwatch_cache_lookups_total{result="hit"}', 0.0)
    lookups = hits + counted.get('harmwatch_cache_lookups_total{result="miss"}', 0.0)
    return WorkerRun(
        per_second=target.events / seconds,
        seconds=seconds,
        cores=watched.cores,
        cpu_microseconds=watched.cpu_microseconds,
        cache_hit_rate=hits / lookups if lookups else None,
    )


class _Watched(NamedTuple):
    ended_at: float
    cores: float | None
    cpu_microseconds: float | None


class _Look(NamedTuple):
    time: float
    committed: int
    cpu: float | None


async def _watch(
    process: subprocess.Popen[bytes], target: Target, group: str, clock: Clock, log: IO[bytes]
) -> _Watched:
    """Look at the group's committed offsets until nothing lags."""
    admin = AIOKafkaAdminClient(bootstrap_servers=target.bootstrap)
    await admin.start()
    first: _Look | None = None
    committed, moved_at = 0, clock.monotonic()
    try:
        while True:
            if process.poll() is not None:
                raise HarmwatchError(f"the worker ended: {_last_line(log)}")
            now_committed = await _committed(admin, target, group)
            look = _Look(clock.now(), now_committed, cpu_seconds_of_all(process.pid))
            if look.committed > committed:
                committed, moved_at = look.committed, clock.monotonic()
                first = first or look
            if look.committed >= target.events:
                return _watched(first or look, look)
            if clock.monotonic() - moved_at > (_STILL_SECONDS if committed else _READY_SECONDS):
                raise HarmwatchError(f"the worker stands still at {committed} of {target.events} events")
            await asyncio.sleep(_LOOK_SECONDS)
    finally:
        await admin.close()


def _watched(first: _Look, last: _Look) -> _Watched:
    events = last.committed - first.committed
    if first.cpu is None or last.cpu is None or events <= 0 or last.time <= first.time:
        return _Watched(last.time, None, None)
    used = last.cpu - first.cpu
    return _Watched(last.time, used / (last.time - first.time), used / events * 1e6)


async def _committed(admin: AIOKafkaAdminClient, target: Target, group: str) -> int:
    try:
        offsets = await admin.list_consumer_group_offsets(group)
    except KafkaError:
        return 0  # the group does not exist yet
    return sum(max(0, found.offset) for place, found in offsets.items() if place.topic == target.topic)


async def _first_verdict(bootstrap: str, topic: str) -> float:
    """When the first verdict was reached, by its own account."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest")
    await consumer.start()
    try:
        consumer.assign([TopicPartition(topic, number) for number in range(_VERDICT_PARTITIONS)])
        stamps: list[float] = []
        for number in range(_VERDICT_PARTITIONS):
            place = TopicPartition(topic, number)
            if (await consumer.end_offsets([place]))[place] == 0:
                continue
            await consumer.seek_to_beginning(place)
            record = (await consumer.getmany(place, timeout_ms=10_000, max_records=1)).get(place, [])
            stamps += [_stamp(found.value) for found in record]
    except KafkaError as error:
        raise TransportError(f"verdicts cannot be read ({type(error).__name__})") from None
    finally:
        await consumer.stop()
    if not stamps:
        raise HarmwatchError("the worker committed offsets and published no verdict; this is a bug")
    return min(stamps)


def _stamp(value: bytes) -> float:
    return datetime.fromisoformat(msgspec.json.decode(value)["scored_at"]).timestamp()


def _config(target: Target, name: str, port: int, scorers: Mapping[str, Any], cache: bool) -> dict[str, Any]:
    config: dict[str, Any] = {
        "kafka": {"bootstrap_servers": target.bootstrap, "group_id": name, "worker_name": "bench"},
        "topics": {
            "events": [target.topic],
            "labels": None,
            "verdicts": f"{name}.verdicts",
            "evidence": f"{name}.evidence",
            "panes": f"{name}.panes",
            "decisions": f"{name}.decisions",
            "dlq": f"{name}.dlq",
            "feedback": None,
            "verdict_partitions": _VERDICT_PARTITIONS,
        },
        "tap": {"commit_interval_seconds": COMMIT_SECONDS},
        "scorers": dict(scorers),
        "web": {"port": port},
        "log_level": "WARNING",
    }
    if not cache:
        config["executor"] = {"cache_entries": 0}
    return config


def _samples(port: int) -> dict[str, float]:
    """Counters of /metrics: each series under its whole name, and each metric's sum under its name alone."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30.0) as answer:
        lines = answer.read().decode().splitlines()
    found: dict[str, float] = {}
    for line in lines:
        series, _, value = line.rpartition(" ")
        if not series or line.startswith("#"):
            continue
        name = series.partition("{")[0]
        with contextlib.suppress(ValueError):
            found[series] = float(value)
            if name != series:
                found[name] = found.get(name, 0.0) + float(value)
    return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _last_line(log: IO[bytes]) -> str:
    log.seek(0)
    lines = log.read().decode(errors="replace").strip().splitlines()
    return lines[-1][:300] if lines else "it said nothing"
