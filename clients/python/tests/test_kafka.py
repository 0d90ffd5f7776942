"""The tap into a real Kafka: the same laws as over HTTP."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from clients.python.tests.rig import CLIENT, QUICK, end, free_port, holds, wait_for
from kafka import KafkaConsumer
from streams.formats import Decoder
from streams.ports import Record
from tests.brokers import BrokerCluster

from harmwatch_client import Tap

PATIENT = replace(QUICK, timeout_seconds=20.0)


@contextmanager
def reading(cluster: BrokerCluster, topic: str) -> Iterator[Callable[[int], dict[str, str]]]:
    """Waits until so many different ids have come; gives id -> key."""
    consumer = KafkaConsumer(topic, bootstrap_servers=cluster.bootstrap_servers, auto_offset_reset="earliest")
    found: dict[str, str] = {}

    def wait(count: int) -> dict[str, str]:
        def poll() -> bool:
            for records in consumer.poll(timeout_ms=200).values():
                for record in records:
                    value = Record(topic, record.partition, record.offset, 0.0, record.key, record.value, ())
                    for event in Decoder().decode(value):
                        found[event.inference_id] = record.key.decode()
            return len(found) >= count

        wait_for(poll)
        return found

    try:
        yield wait
    finally:
        consumer.close()


def test_events_come_to_the_topic_keyed_by_model(kafka: BrokerCluster, topic_name: str) -> None:
    with Tap.kafka(kafka.bootstrap_servers, topic=topic_name, source="chat", limits=PATIENT) as tap:
        for number in range(300):
            assert tap.log(model=f"m{number % 2}", input="q", output="a", id=f"r-{number}")
        assert tap.flush(60)
        assert tap.stats.sent == 300
        with reading(kafka, topic_name) as wait:
            assert wait(300) == {f"r-{number}": f"m{number % 2}" for number in range(300)}
    holds(tap)


def test_a_record_that_kafka_refuses_takes_no_other_with_it(kafka: BrokerCluster, topic_name: str) -> None:
    limits = replace(PATIENT, max_event_bytes=3_000_000, batch_bytes=4_000_000)
    with Tap.kafka(kafka.bootstrap_servers, topic=topic_name, limits=limits) as tap:
        tap.log(model="m", input="q", id="small")
        tap.log(model="m", input="x" * 2_500_000, id="too large for the topic")
        tap.log(model="m", input="q", id="after")
        assert tap.flush(60)
        assert (tap.stats.sent, tap.stats.dropped_refused) == (2, 1)
        with reading(kafka, topic_name) as wait:
            assert set(wait(2)) == {"small", "after"}


@pytest.mark.slow
def test_a_broker_that_is_killed_and_comes_back_gets_everything(
    kafka_cluster: Callable[..., BrokerCluster], topic_name: str
) -> None:
    cluster = kafka_cluster()
    limits = replace(PATIENT, timeout_seconds=3.0, max_retry_seconds=1.0)
    tap = Tap.kafka(cluster.bootstrap_servers, topic=topic_name, limits=limits)
    try:
        for number in range(100):
            assert tap.log(model="m", input="q", id=f"r-{number}")
        assert tap.flush(60)
        cluster.kill(0)
        for number in range(100, 200):
            assert tap.log(model="m", input="q", id=f"r-{number}")
        assert not tap.flush(1.0) and tap.stats.pending == 100
        cluster.restart(0)
        assert tap.flush(120)
        with reading(cluster, topic_name) as wait:
            assert set(wait(200)) == {f"r-{number}" for number in range(200)}
    finally:
        end(tap)
    assert tap.stats.sent == 200
    holds(tap)


def test_brokers_that_are_away_cost_a_request_nothing(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, logger="kafka")
    tap = Tap.kafka(f"127.0.0.1:{free_port()}", limits=replace(QUICK, timeout_seconds=0.3))
    for _ in range(50):
        assert tap.log(model="m", input="q")
    wait_for(lambda: tap.stats.retries)
    assert "Error" in tap.stats.last_error or "Brokers" in tap.stats.last_error
    end(tap, 0.1)
    assert tap.stats.dropped_closed == 50
    holds(tap)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_forked_workers_have_producers_of_their_own(kafka: BrokerCluster, topic_name: str) -> None:
    script = """
import os, sys
from harmwatch_client import Tap, Limits
tap = Tap.kafka(sys.argv[1], topic=sys.argv[2], limits=Limits(linger_seconds=0.05, close_seconds=60.0))
tap.log(model='m', input='q', id='before'); assert tap.flush(60)
children = []
for worker in range(3):
    pid = os.fork()
    if pid == 0:
        for n in range(10): assert tap.log(model='m', input='q', id=f'{worker}-{n}')
        sys.exit(0)
    children.append(pid)
tap.log(model='m', input='q', id='after')
assert [os.waitpid(pid, 0)[1] for pid in children] == [0] * 3
"""
    command = [sys.executable, "-c", script, kafka.bootstrap_servers, topic_name]
    environment = {**os.environ, "PYTHONPATH": str(CLIENT)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240, cwd="/")
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    with reading(kafka, topic_name) as wait:
        expected = {"before", "after", *(f"{worker}-{number}" for worker in range(3) for number in range(10))}
        assert set(wait(len(expected))) == expected
