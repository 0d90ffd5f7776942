"""What a scrape costs a worker whose series budget is spent, while 100,000 hostile model names come in.

    python -m tests.bench.scrape [--short] [--json]

A real ``harmwatch run`` on the embedded broker. First 250 ordinary models spend the budget; then hostile names come as
fast as the worker takes them, in rounds without scrapes and with one a second; then it is scraped twice a second as
Prometheus does (OpenMetrics with exemplars, gzip accepted), idle, beside such traffic at half that rate, and beside as
much as it takes; then by a Prometheus.

Scrape times are from the request to the last byte, seen from a process that does nothing else. ``longest_gap_ms`` is
the longest that ``/healthz``, asked every 20 ms, took to answer: how long the worker's loop stood still.
``events_per_second_ratio`` holds rounds with scrapes against their neighbours without. ``exposition`` holds our own
text against what prometheus_client's ``generate_latest`` makes of the same registry, in processor time of this process;
``freeze_ms`` is the part of ours in which no event is taken.

Counters must add up to what was sent, or the run fails.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import json
import math
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from agent.clock import SystemClock
from streams.bench.children import child
from streams.config import KafkaConfig
from streams.demo.broker import EmbeddedBroker
from streams.kafka_sink import KafkaSink
from streams.ports import Message
from tests.bench.bench_metrics import exposition_costs
from tests.bench.scraper import FORMS, Scraper
from tests.brokers.base import LayerAbsent
from tests.brokers.layers import find_prometheus
from tests.brokers.ports import free_ports
from tests.hostile import hostile_values, real_values
from tests.prometheus_server import running_prometheus

__all__ = ["main"]

_TOPIC = "flood"
_PARTITIONS = 4
#: Reached while the budget is being spent: what memory grows by afterwards is not calls that wait for their other half.
_CALLS_HELD = 10_000
_HEALTH_SECONDS = 0.02
_PATIENCE_SECONDS = 300.0


class Sizes(NamedTuple):
    """How much of everything; a round is so many hostile names."""

    models: int
    events_each: int
    rounds: int
    names_each_round: int
    scrapes: int
    scrape_every_seconds: float
    prometheus_seconds: float


FULL = Sizes(250, 60, 4, 10_000, 200, 0.5, 15.0)
SHORT = Sizes(210, 4, 2, 500, 12, 0.1, 4.0)


class Worker:
    """A worker's process with what may be asked of it from outside."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, bootstrap: str, log: Path) -> None:
        self.port = port
        self._process = process
        self._log = log
        self._bootstrap = bootstrap
        self.sent = 0

    def rss_mb(self) -> float:
        """Resident memory of the process."""
        status = Path(f"/proc/{self._process.pid}/status").read_text("ascii")
        return round(int(status.split("VmRSS:")[1].split()[0]) / 1000, 1)

    async def publish(self, values: Iterable[bytes]) -> None:
        kafka = KafkaConfig(bootstrap_servers=self._bootstrap, worker_name="bench")
        sink = KafkaSink(kafka, patience_seconds=60.0, max_message_bytes=1 << 20, clock=SystemClock())
        await sink.start()
        try:
            for value in values:
                sink.send(Message(_TOPIC, None, value, partition=self.sent % _PARTITIONS))
                self.sent += 1
                if self.sent % 2000 == 0:
                    await sink.flush()
            await sink.flush()
        finally:
            await sink.stop()

    async def done(self) -> None:
        """Until the worker has committed all that was sent."""
        from aiokafka.admin import AIOKafkaAdminClient
        from aiokafka.errors import KafkaError

        admin = AIOKafkaAdminClient(bootstrap_servers=self._bootstrap)
        await admin.start()
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                while True:
                    assert self._process.poll() is None, self._log.read_text("utf-8", "replace")[-2000:]
                    try:
                        offsets = await admin.list_consumer_group_offsets("flood")
                    except KafkaError:
                        offsets = {}
                    if sum(max(0, at.offset) for at in offsets.values()) >= self.sent:
                        return
                    await asyncio.sleep(0.05)
        finally:
            await admin.close()


@asynccontextmanager
async def repeated(every_seconds: float, once: Callable[[], None]) -> AsyncIterator[None]:
    """Call ``once`` in a thread, at a fixed pace, while the context lasts."""
    stop = threading.Event()

    def run() -> None:
        due = time.perf_counter()
        while not stop.wait(max(0.0, due - time.perf_counter())):
            once()
            due = max(due + every_seconds, time.perf_counter())

    task = asyncio.create_task(asyncio.to_thread(run))
    try:
        yield
    finally:
        stop.set()
        await task


def times(seconds: Sequence[float]) -> dict[str, Any]:
    """Milliseconds; p99 is the nearest rank."""
    ranked = sorted(seconds)

    def at(share: float) -> float:
        return round(1e3 * ranked[max(0, math.ceil(share * len(ranked)) - 1)], 1)

    return {"n": len(ranked), "p50_ms": at(0.5), "p90_ms": at(0.9), "p99_ms": at(0.99), "max_ms": at(1.0)}


@asynccontextmanager
async def running_worker(folder: Path) -> AsyncIterator[Worker]:
    """``harmwatch run`` with n-grams instead of the encoders, so that events come as fast as they can."""
    async with EmbeddedBroker(clock=SystemClock()) as broker:
        await broker.create_topics({_TOPIC: _PARTITIONS})
        (port,) = free_ports(1)
        config = {
            "kafka": {"bootstrap_servers": broker.bootstrap_servers, "group_id": "flood", "worker_name": "w"},
            "topics": {"events": [_TOPIC], "replication_factor": 1},
            "tap": {"commit_interval_seconds": 0.5},
            "scorers": {"toxicity": {"kind": "ngrams"}, "groundedness": {"enabled": False}},
            "join": {"max_entries": _CALLS_HELD},
            "web": {"port": port},
            "log_level": "WARNING",
        }
        (folder / "harmwatch.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
        log = folder / "worker.log"
        with (
            log.open("wb") as file,
            child(
                "streams.cli",
                ["run", "--config", str(folder / "harmwatch.yaml")],
                stdout=subprocess.DEVNULL,
                stderr=file,
            ) as process,
        ):
            worker = Worker(process, port, broker.bootstrap_servers, log)
            await _until_ready(worker, process, log)
            yield worker
            process.send_signal(signal.SIGTERM)
            await asyncio.to_thread(process.wait, 60)


async def _until_ready(worker: Worker, process: subprocess.Popen[bytes], log: Path) -> None:
    async with asyncio.timeout(90.0):
        while True:
            assert process.poll() is None, log.read_text("utf-8", "replace")[-2000:]
            scraper = Scraper(worker.port, {})
            try:
                if b'"ready":true' in (await asyncio.to_thread(scraper.ask, "/readyz")).text.replace(b" ", b""):
                    return
            except (OSError, http.client.HTTPException):
                pass
            finally:
                scraper.close()
            await asyncio.sleep(0.2)


async def measure(sizes: Sizes, tell: Callable[[str], None]) -> dict[str, Any]:
    """The object that is printed."""
    names = iter(hostile_values(0, 1 << 40))
    with tempfile.TemporaryDirectory(prefix="harmwatch-scrape-") as directory:
        async with running_worker(Path(directory)) as worker:
            rss = {"start": worker.rss_mb()}
            tell("spending the series budget")
            await worker.publish(real_values(sizes.models, sizes.events_each))
            await worker.publish(islice(names, 400))
            await worker.done()
            rss["at_budget"] = worker.rss_mb()
            rounds = []
            for number in range(sizes.rounds):
                tell(f"hostile names, round {number + 1} of {sizes.rounds}")
                rounds.append(await one_round(worker, islice(names, sizes.names_each_round), scraped=number % 2 == 1))
                rss[f"after_{worker.sent}_events"] = worker.rss_mb()
            tell(f"{sizes.scrapes} scrapes each, beside more and more traffic")
            most = statistics.median(one["events_per_second"] for one in rounds)
            scrapes = await many_scrapes(worker, names, sizes, most)
            tell(json.dumps({"rss_mb": rss, "rounds": rounds, "scrapes": scrapes}))
            tell("a Prometheus")
            by_prometheus = await scraped_by_prometheus(worker, names, sizes.prometheus_seconds, Path(directory))
            await worker.done()
            rss["end"] = worker.rss_mb()
            last = await asyncio.to_thread(Scraper(worker.port).ask)
    speeds = [one["events_per_second"] for one in rounds]
    ratios = [scraped / bare for bare, scraped in zip(speeds[::2], speeds[1::2], strict=True)]
    return {
        "bench": "scrape",
        "events": worker.sent,
        "rss_mb": rss,
        "rounds": rounds,
        "events_per_second_ratio": round(statistics.median(ratios), 3),
        "scrapes": scrapes,
        "prometheus": by_prometheus,
        "accounts": accounts(last.text.decode(), worker.sent),
        "bytes": {"text": len(last.text), "gzip": last.wire_bytes},
        "exposition": exposition_costs(),
    }


async def one_round(worker: Worker, values: Iterable[bytes], *, scraped: bool) -> dict[str, Any]:
    """Publish and wait for the end, with a scrape each second or without."""
    gaps: list[float] = []
    seconds: list[float] = []
    health, scraper = Scraper(worker.port, {}), Scraper(worker.port)
    before = worker.sent
    began = time.perf_counter()
    async with (
        repeated(_HEALTH_SECONDS, lambda: gaps.append(health.ask("/healthz").seconds)),
        repeated(1.0 if scraped else 1e9, lambda: seconds.append(scraper.ask().seconds) if scraped else None),
    ):
        await worker.publish(values)
        await worker.done()
    took = time.perf_counter() - began
    return {
        "scraped": scraped,
        "events_per_second": round((worker.sent - before) / took, 1),
        "health": times(gaps),
        "longest_gap_ms": times(gaps)["max_ms"],
        "scrapes": times(seconds) if seconds else None,
    }


async def many_scrapes(worker: Worker, names: Iterator[bytes], sizes: Sizes, most: float) -> dict[str, Any]:
    """Beside no traffic, hostile names at half the rate that the worker can take, and as many as it takes.

    Parameters
    ----------
    most
        Events per second that it can take.
    """
    found: dict[str, Any] = {"idle": times(await scraped(worker, "openmetrics", sizes))}
    await worker.done()
    rate = most / 2
    async with beside(paced(worker, names, rate)):
        found[f"beside_{rate:.0f}_events_per_second"] = times(await scraped(worker, "openmetrics", sizes))
    await worker.done()
    for form in FORMS:
        async with beside(saturating(worker, names)):
            found[f"saturated_{form}"] = times(await scraped(worker, form, sizes))
        await worker.done()
    return found


async def scraped(worker: Worker, form: str, sizes: Sizes) -> list[float]:
    """Seconds of each scrape, taken by a process of its own: this one is the broker too."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.scraper",
        str(worker.port), form, str(sizes.scrapes), str(sizes.scrape_every_seconds),
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    printed, _ = await process.communicate()
    assert process.returncode == 0, "the scraper failed; its error is above"
    return list(json.loads(printed))


@asynccontextmanager
async def beside(traffic: Coroutine[None, None, None]) -> AsyncIterator[None]:
    """While the context lasts."""
    task = asyncio.create_task(traffic)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def saturating(worker: Worker, names: Iterator[bytes]) -> None:
    """The worker is never without events: 1,000 lie ready, and so many come again when these are done."""
    while True:
        await worker.publish(islice(names, 1000))
        await worker.done()


async def paced(worker: Worker, names: Iterator[bytes], per_second: float) -> None:
    """Four bursts a second."""
    while True:
        began = time.perf_counter()
        await worker.publish(islice(names, round(per_second / 4)))
        await asyncio.sleep(max(0.0, 0.25 - (time.perf_counter() - began)))


async def scraped_by_prometheus(
    worker: Worker, names: Iterator[bytes], seconds: float, folder: Path
) -> dict[str, Any] | None:
    """What a Prometheus says of its own scrapes, one a second beside traffic; None where there is none."""
    try:
        find_prometheus()
    except LayerAbsent:
        return None
    folder = folder / "prometheus"
    folder.mkdir()
    async with running_prometheus(folder, [f"127.0.0.1:{worker.port}"]) as server, beside(saturating(worker, names)):
        while not await server.instant("up"):  # a Prometheus takes seconds to find its first target
            await asyncio.sleep(0.2)
        await asyncio.sleep(seconds)
        durations = await server.instant(f"scrape_duration_seconds[{math.ceil(seconds)}s]")
        [up] = await server.instant(f"min_over_time(up[{math.ceil(seconds)}s])")
        [samples] = await server.instant("scrape_samples_scraped")
    taken = [float(value) for _, value in durations[0]["values"]]
    return {"scrapes": times(taken), "up": float(up["value"][1]), "samples": int(samples["value"][1])}


def accounts(text: str, sent: int) -> dict[str, Any]:
    """What the last scrape says of what was sent: series within the budget, nothing lost, the overflow in ``other``."""
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]

    def rows(name: str) -> list[Any]:
        return [sample for sample in samples if sample.name == name]

    events = rows("harmwatch_events_total")
    dead = rows("harmwatch_dead_letters_total")
    [series] = rows("harmwatch_series")
    found = {
        "sent": sent,
        "events": int(sum(sample.value for sample in events)),
        "events_of_other": int(sum(sample.value for sample in events if sample.labels["model"] == "other")),
        "dead_letters": {sample.labels["reason"]: int(sample.value) for sample in dead},
        "duplicates": int(sum(sample.value for sample in rows("harmwatch_duplicates_total"))),
        "models": len({sample.labels["model"] for sample in samples if "model" in sample.labels}),
        "series": len(samples),
        "series_said": int(series.value),
        "budget": 20_000,
    }
    assert found["events"] == sent, found
    assert found["series"] == found["series_said"] <= found["budget"], found
    assert found["models"] <= 201, found
    return found


def main(arguments: Sequence[str]) -> int:
    """Print what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="some seconds: shows that it works, says little else")
    parser.add_argument("--json", action="store_true", help="one line")
    options = parser.parse_args(arguments)
    found = asyncio.run(measure(SHORT if options.short else FULL, lambda text: print(text, file=sys.stderr)))
    print(json.dumps(found, indent=None if options.json else 2))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
