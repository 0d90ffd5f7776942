"""End to end: the client, `harmwatch ingest` as it is, and real Kafka."""

from __future__ import annotations

import json
import sys
import threading
import urllib.request
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from agent.events import InferenceEvent
from clients.python.tests.rig import QUICK, end, free_port, holds, wait_for
from clients.python.tests.test_hostile import ODD
from kafka import KafkaConsumer, TopicPartition
from streams.formats import Decoder
from streams.ports import Record
from tests.brokers.base import BrokerCluster
from tests.brokers.processes import BrokerProcess

from harmwatch_client import Tap

TOKEN = "a-token-of-some-length"


class Ingest:
    """`harmwatch ingest` as a process of its own, on a port that it keeps."""

    def __init__(self, cluster: BrokerCluster, topic: str, folder: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.token_file = folder / "token"
        self.token_file.write_text(TOKEN)
        ingest: dict[str, Any] = {
            "port": self.port, "token_file": str(self.token_file), "spool_directory": str(folder / "spool"),
            "kafka_patience_seconds": 2.0, "retry_seconds": 1.0,
        }  # fmt: skip
        kafka = {"bootstrap_servers": cluster.bootstrap}
        (folder / "harmwatch.yaml").write_text(
            json.dumps({"kafka": kafka, "topics": {"events": [topic]}, "ingest": ingest})
        )
        command = [sys.executable, "-m", "streams.cli", "ingest", "--config", str(folder / "harmwatch.yaml")]
        self.process = BrokerProcess(command, folder / "ingest.log")

    def start(self) -> None:
        self.process.start()
        wait_for(self.answers)

    def answers(self) -> bool:
        self.process.check()
        try:
            return bool(urllib.request.urlopen(f"{self.url}/livez", timeout=5).read())
        except OSError:
            return False


def arrived(cluster: BrokerCluster, topic: str, ids: set[str]) -> dict[str, list[InferenceEvent]]:
    """All events of the topic by id, as soon as all of ``ids`` are there."""
    consumer = KafkaConsumer(bootstrap_servers=cluster.bootstrap, auto_offset_reset="earliest")
    found: dict[str, list[InferenceEvent]] = {}
    try:
        consumer.assign([TopicPartition(topic, 0)])

        def poll() -> bool:
            for records in consumer.poll(timeout_ms=300).values():
                for record in records:
                    headers = tuple(record.headers)
                    value = Record(topic, 0, record.offset, 0.0, record.key, record.value, headers)
                    for event in Decoder().decode(value):
                        found.setdefault(event.inference_id, []).append(event)
            return ids <= set(found)

        wait_for(poll, 180.0)
    finally:
        consumer.close()
    return found


def test_whatever_is_logged_is_taken_by_the_real_receiver(
    kafka: BrokerCluster, topic_name: str, tmp_path: Path
) -> None:
    kafka.create_topic(topic_name)
    ingest = Ingest(kafka, topic_name, tmp_path)
    ingest.start()
    try:
        with Tap(ingest.url, token_file=ingest.token_file, source="chat", limits=QUICK) as tap:
            tap.log(
                model="llama",
                input="Can I have a loan? 可以吗 😀",
                output="Yes.",
                attributes={"gender": "f"},
                id="plain",
            )
            for number, odd in enumerate(ODD):
                tap.log(
                    model="m",
                    input=odd,
                    output="a",
                    context=odd,
                    attributes=odd,
                    label=odd,
                    score=odd,
                    id=f"r-{number}",
                )
            assert tap.flush(120)
            assert tap.stats.sent == len(ODD) + 1 and tap.stats.dropped == 0, tap.stats
    finally:
        ingest.process.kill()
    found = arrived(kafka, topic_name, {"plain", *(f"r-{number}" for number in range(len(ODD)))})
    (plain,) = found["plain"]
    assert plain.input is not None and plain.input.texts[0].text == "Can I have a loan? 可以吗 😀"
    assert (plain.format, plain.source, dict(plain.attributes)) == ("native", "chat", {"gender": "f"})


@pytest.mark.slow
def test_kill_9_of_receiver_and_broker_loses_nothing_of_what_was_taken(
    kafka_cluster: Callable[..., BrokerCluster], topic_name: str, tmp_path: Path
) -> None:
    cluster = kafka_cluster()
    cluster.create_topic(topic_name)
    ingest = Ingest(cluster, topic_name, tmp_path)
    ingest.start()
    tap = Tap(ingest.url, token_file=ingest.token_file, limits=replace(QUICK, batch_events=20, max_retry_seconds=0.5))
    ids: list[str] = []
    lock = threading.Lock()

    def serve(thread: int, round_: int) -> None:
        for number in range(100):
            ident = f"{round_}-{thread}-{number}"
            if tap.log(model="m", input=ident, output="a", id=ident):
                with lock:
                    ids.append(ident)

    def requests(round_: int) -> list[threading.Thread]:
        threads = [threading.Thread(target=serve, args=(thread, round_)) for thread in range(4)]
        for thread in threads:
            thread.start()
        return threads

    def done(threads: list[threading.Thread]) -> None:
        for thread in threads:
            thread.join()

    try:
        for round_ in range(3):
            threads = requests(round_)
            wait_for(lambda: tap.stats.sent > len(ids) // 3)
            ingest.process.kill()
            done(threads)
            ingest.start()
            assert tap.flush(120)
        cluster.kill_broker(0)
        done(requests(3))
        assert tap.flush(120)  # the receiver's spool has them
        ingest.process.kill()
        cluster.start_broker(0)
        ingest.start()
        done(requests(4))
        assert tap.flush(120)
        assert len(ids) == tap.stats.sent == 2000 and tap.stats.dropped == 0
        found = arrived(cluster, topic_name, set(ids))
    finally:
        end(tap)
        ingest.process.kill()
    assert set(found) == set(ids)
    assert all(
        event.input is not None and event.input.texts[0].text == ident for ident in ids for event in found[ident]
    )
    print("came more than once:", Counter(len(events) for events in found.values()))
    holds(tap)
