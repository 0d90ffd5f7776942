"""The tap into a real Kafka: the same laws as over HTTP."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from clients.python.tests.rig import CLIENT, QUICK, free_port, holds, wait_for
from kafka import KafkaConsumer
from streams.formats import Decoder
from streams.ports import Record
from tests.brokers.base import BrokerCluster

from harmwatch_client import Tap

PATIENT = replace(QUICK, timeout_seconds=20.0)


@contextmanager
def reading(cluster: BrokerCluster, topic: str) -> Iterator[Callable[[int], dict[str, str]]]:
    """Waits until so many different ids have come; gives id -> key."""
    consumer = KafkaConsumer(topic, bootstrap_servers=cluster.bootstrap, auto_offset_reset="earliest")
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
    kafka.create_topic(topic_name)
    with Tap.kafka(kafka.bootstrap, topic=topic_name, source="chat", limits=PATIENT) as tap:
        for number in range(300):
            assert tap.log(model=f"m{number % 2}", input="q", output="a", id=f"r-{number}")
        assert tap.flush(60)
        assert tap.stats.sent == 300
        with reading(kafka, topic_name) as wait:
            assert wait(300) == {f"r-{number}": f"m{number % 2}" for number in range(300)}
    holds(tap)


def test_a_record_that_kafka_refuses_takes_no_other_with_it(kafka: BrokerCluster, topic_name: str) -> None:
    limits = replace(PATIENT, max_event_bytes=3_000_000, batch_bytes=4_000_000)
    kafka.create_topic(topic_name)
    with Tap.kafka(kafka.bootstrap, topic=topic_name, limits=limits) as tap:
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
    cluster.create_topic(topic_name)
    script = """
import sys
from harmwatch_client import Tap, Limits
limits = Limits(linger_seconds=0.01, retry_seconds=0.05, max_retry_seconds=1.0, timeout_seconds=3.0)
tap = Tap.kafka(sys.argv[1], topic=sys.argv[2], limits=limits)
def log(first, last): return all(tap.log(model='m', input='q', id=f'r-{n}') for n in range(first, last))
for line in sys.stdin: print(eval(line), flush=True)
"""
    environment = {**os.environ, "PYTHONPATH": str(CLIENT)}
    command = [sys.executable, "-c", script, cluster.bootstrap, topic_name]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, env=environment, text=True, **pipes) as server:
        assert server.stdin is not None and server.stdout is not None

        def asked(question: str) -> str:
            assert server.stdin is not None and server.stdout is not None
            server.stdin.write(question + "\n")
            server.stdin.flush()
            return server.stdout.readline().strip()

        assert asked("log(0, 100)") == asked("tap.flush(60)") == "True"
        cluster.kill_broker(0)
        assert asked("log(100, 200)") == "True" and asked("tap.flush(1), tap.stats.pending") == "(False, 100)"
        cluster.start_broker(0)
        assert asked("tap.flush(120)") == "True"
        assert asked("tap.stats.sent, tap.stats.dropped, tap.stats.pending") == "(200, 0, 0)"
        with reading(cluster, topic_name) as wait:
            assert set(wait(200)) == {f"r-{number}" for number in range(200)}


def run(script: str, *arguments: str) -> str:
    """Run a script of a server's, and give what it wrote to its log."""
    environment = {**os.environ, "PYTHONPATH": str(CLIENT)}
    command = [sys.executable, "-c", script, *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240, cwd="/")
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    return done.stderr


def test_brokers_that_are_away_cost_a_request_nothing_and_the_server_no_threads_or_files() -> None:
    script = """
import gc, logging, os, sys, threading, time
from harmwatch_client import Tap, Limits
logging.getLogger('kafka').setLevel(logging.CRITICAL)
limits = Limits(linger_seconds=0.01, timeout_seconds=0.3, retry_seconds=0.01, max_retry_seconds=0.05, close_seconds=0.1)
tap = Tap.kafka(sys.argv[1], limits=limits)
for _ in range(50): assert tap.log(model='m', input='q')
def held():
    gc.collect()
    return threading.active_count(), len(os.listdir('/proc/self/fd')) if os.path.isdir('/proc/self/fd') else 0
def after(retries):
    while tap.stats.retries < retries: time.sleep(0.02)
    return held()
early, late = after(3), after(15)
assert late[0] <= early[0] + 2 and late[1] <= early[1] + 6, (early, late)
assert tap.stats.pending == 50 and 'no broker' in tap.stats.last_error, tap.stats
"""
    assert "50 events were not delivered" in run(script, f"127.0.0.1:{free_port()}")


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
    kafka.create_topic(topic_name)
    run(script, kafka.bootstrap, topic_name)
    with reading(kafka, topic_name) as wait:
        expected = {"before", "after", *(f"{worker}-{number}" for worker in range(3) for number in range(10))}
        assert set(wait(len(expected))) == expected


@pytest.mark.parametrize("warm", [True, False], ids=["warm", "cold"])
def test_what_is_there_at_the_end_is_sent(kafka: BrokerCluster, topic_name: str, warm: bool) -> None:
    """kafka-python closes its producers at the interpreter's end too: before the tap, since they are made later."""
    script = """
import atexit, sys
from harmwatch_client import Tap, Limits
tap = Tap.kafka(sys.argv[1], topic=sys.argv[2], limits=Limits(close_seconds=60.0))
atexit.register(lambda: tap.log(model='m', input='q', id='late'))
if sys.argv[3] == 'True': tap.log(model='m', input='q', id='first'); assert tap.flush(60)
for n in range(20): assert tap.log(model='m', input='q', id=f'r-{n}')
"""
    kafka.create_topic(topic_name)
    assert run(script, kafka.bootstrap, topic_name, str(warm)) == ""
    expected = {"late", *(f"r-{number}" for number in range(20)), *(["first"] if warm else [])}
    with reading(kafka, topic_name) as wait:
        assert set(wait(len(expected))) == expected


def test_a_producer_that_somebody_has_closed_is_replaced(kafka: BrokerCluster, topic_name: str) -> None:
    kafka.create_topic(topic_name)
    with Tap.kafka(kafka.bootstrap, topic=topic_name, limits=PATIENT) as tap:
        tap.log(model="m", input="q", id="before")
        assert tap.flush(60)
        transport: Any = tap._sender._transport
        transport._producer.close(timeout=1)
        tap.log(model="m", input="q", id="after")
        assert tap.flush(60) and tap.stats.sent == 2
        with reading(kafka, topic_name) as wait:
            assert set(wait(2)) == {"before", "after"}


@pytest.mark.slow
def test_a_broker_that_went_away_holds_the_end_up_no_longer_than_it_may(
    kafka_cluster: Callable[..., BrokerCluster], topic_name: str
) -> None:
    cluster = kafka_cluster()
    cluster.create_topic(topic_name)
    script = """
import logging, sys, time
from harmwatch_client import Tap, Limits
logging.getLogger('kafka').setLevel(logging.CRITICAL)
tap = Tap.kafka(sys.argv[1], topic=sys.argv[2], limits=Limits(close_seconds=1.0))
tap.log(model='m', input='q'); assert tap.flush(60)
print(flush=True)
sys.stdin.readline()
for _ in range(20): tap.log(model='m', input='q')
print(flush=True)
"""
    command = [sys.executable, "-c", script, cluster.bootstrap, topic_name]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    environment = {**os.environ, "PYTHONPATH": str(CLIENT)}
    with subprocess.Popen(command, env=environment, text=True, **pipes) as server:
        assert server.stdin is not None and server.stdout is not None and server.stdout.readline()
        cluster.kill_broker(0)
        server.stdin.write("\n")
        server.stdin.flush()
        assert server.stdout.readline()
        begun = time.monotonic()
        log = server.communicate(timeout=60)[1]
    assert time.monotonic() - begun < 8.0 and server.returncode == 0  # an attempt alone takes longer
    assert "20 events were not delivered when the tap closed; no answer in time" in log and "Traceback" not in log
