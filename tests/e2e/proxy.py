"""``python -m tests.e2e.proxy``: random answers through the proxy, Kafka stopped and killed meanwhile; then the books.

Every response is held against what the server is known to have sent, every tap against the responses of status 200.
``--short`` is what the tests run; the long form asks for 10,000.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from kafka import KafkaConsumer, TopicPartition

from streams.formats import Decoder
from streams.ports import Record
from tests.brokers.base import BrokerCluster
from tests.proxy.load import Result, ask_seeds
from tests.proxy.model_server import planned_answer
from tests.proxy.processes import ProxyProcess, model_server

from .workbench import real_broker

__all__ = ["Books", "through_an_outage"]

_SECONDS = 180.0


@dataclass
class Books:
    """What became of the calls.

    Attributes
    ----------
    asked, wrong
        Calls, and those whose response was not what the server had sent.
    tappable
        Responses of status 200.
    lost, doubled, unknown
        Of these the taps that are not in the topic, are there twice with different ids, or are of no call.
    """

    asked: int
    wrong: list[str]
    tappable: int
    lost: int
    doubled: int
    unknown: int
    spooled: int = 0
    away_seconds: float = 0.0
    asked_while_away: int = 0
    dropped: float = 0.0
    exit_code: int = 0
    problems: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        return not (
            self.wrong or self.lost or self.doubled or self.unknown or self.dropped or self.exit_code or self.problems
        )


def through_an_outage(cluster: BrokerCluster, calls: int, connections: int, *, topic: str, kill: bool = False) -> Books:
    """Ask so often while Kafka is away for the middle third, and read the topic afterwards.

    Parameters
    ----------
    kill
        Kafka is killed instead of stopped.
    """
    cluster.create_topic(topic, partitions=3)
    result = Result()
    seeds = list(range(calls))
    with model_server() as port, tempfile.TemporaryDirectory(prefix="harmwatch-spool-") as folder:
        config = {
            "kafka": {"bootstrap_servers": cluster.bootstrap},
            "proxy": {
                "tap": {
                    "topic": topic,
                    "kafka_patience_seconds": 2,
                    "retry_seconds": 1,
                    "spool_directory": f"{folder}/spool",
                }
            },
        }
        proxy = ProxyProcess(port, config)
        try:
            third = calls // 3
            asyncio.run(ask_seeds(proxy.port, seeds[:third], connections, result))
            (cluster.kill_broker if kill else cluster.stop_broker)(0)
            began, before = time.monotonic(), result.asked
            asyncio.run(ask_seeds(proxy.port, seeds[third : 2 * third], connections, result))
            _until(lambda: proxy.metrics().get("harmwatch_proxy_spool_records", 0) > 0)
            spooled = int(proxy.metrics()["harmwatch_proxy_spool_records"])
            away, asked_away = time.monotonic() - began, result.asked - before
            starting = threading.Thread(target=cluster.start_broker, args=(0,))
            starting.start()
            asyncio.run(ask_seeds(proxy.port, seeds[2 * third :], connections, result))
            starting.join()
            tappable = {seed for seed in seeds if planned_answer(seed).status == 200}
            _until(lambda: _settled(proxy.metrics(), len(tappable)))
            metrics = proxy.metrics()
        finally:
            code = proxy.stop()
    books = _compare(cluster.bootstrap, topic, tappable, result)
    books.spooled, books.away_seconds, books.asked_while_away = spooled, round(away, 1), asked_away
    books.dropped = sum(
        value for name, value in metrics.items() if name.startswith("harmwatch_proxy_taps_dropped_total")
    )
    books.exit_code = code
    if metrics['harmwatch_proxy_requests_total{outcome="complete"}'] != calls:
        books.problems.append("not all calls are counted as complete")
    return books


def _settled(metrics: dict[str, float], taps: int) -> bool:
    kept = sum(value for name, value in metrics.items() if name.startswith("harmwatch_proxy_taps_kept_total"))
    return kept >= taps and metrics.get("harmwatch_proxy_spool_records", 0.0) == 0.0


def _until(condition: Any) -> None:
    deadline = time.monotonic() + _SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("what was waited for did not come about")
        time.sleep(0.1)


def _compare(bootstrap: str, topic: str, tappable: set[int], result: Result) -> Books:
    ids: dict[int, set[str]] = {}
    unknown = 0
    decoder = Decoder()
    for record in _records(bootstrap, topic):
        (event,) = decoder.decode(record)
        assert event.input is not None
        seed = int("".join(part.text for part in event.input.texts).removeprefix("call "))
        answer = "" if event.output is None else "".join(part.text for part in event.output.texts)
        if seed not in tappable or not answer or event.truncated:
            unknown += 1
        ids.setdefault(seed, set()).add(event.inference_id)
    doubled = sum(len(found) > 1 for found in ids.values())
    return Books(result.asked, result.wrong, len(tappable), len(tappable - ids.keys()), doubled, unknown)


def _records(bootstrap: str, topic: str) -> list[Record]:
    consumer = KafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    try:
        partitions = [TopicPartition(topic, n) for n in sorted(consumer.partitions_for_topic(topic) or ())]
        consumer.assign(partitions)
        consumer.seek_to_beginning(*partitions)
        left = {p: end for p, end in consumer.end_offsets(partitions).items() if end}
        found: list[Record] = []
        deadline = time.monotonic() + _SECONDS
        while left and time.monotonic() < deadline:
            for partition, batch in consumer.poll(timeout_ms=500).items():
                found += [Record(topic, r.partition, r.offset, r.timestamp / 1000.0, r.key, r.value, ()) for r in batch]
                if consumer.position(partition) >= left[partition]:
                    left.pop(partition)
        return found
    finally:
        consumer.close()


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--calls", type=int)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--kill", action="store_true", help="kill Kafka instead of stopping it")
    args = parser.parse_args()
    calls = args.calls or (600 if args.short else 10_000)
    with real_broker(can_break=True) as cluster:
        books = through_an_outage(cluster, calls, args.connections, topic="inference.proxied", kill=args.kill)
    print(json.dumps({**{k: v for k, v in vars(books).items() if k != "wrong"}, "wrong": len(books.wrong),
                      "examples": books.wrong[:5]}, indent=2))  # fmt: skip
    return 0 if books.good else 1


if __name__ == "__main__":
    sys.exit(main())
