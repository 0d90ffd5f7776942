"""A broker that is there and answers nothing (SIGSTOP): workers say so, and end when they are to end."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable

import pytest

from tests.brokers.base import BrokerCluster

from .lens import wait_until
from .processes import WorkerProcess
from .traffic import make_traffic
from .workbench import Workbench

PATIENCE, DRAIN, STALL = 10.0, 5.0, 25.0
#: For closing clients that nobody answers, one after another, on a machine with other work.
A_FEW = 30.0
TAP = {"sink_patience_seconds": PATIENCE, "drain_seconds": DRAIN, "stall_seconds": STALL}


def value(worker: WorkerProcess, name: str) -> float:
    return sum(sample for _, sample in worker.samples()[name])


def begun(bench: Workbench) -> WorkerProcess:
    """An idle worker whose Faust application has joined its group too."""
    bench.create_events_topic()
    worker = bench.worker("a")
    worker.start()
    worker.wait_ready()
    wait_until(lambda: "Starting" in worker.log(), "Faust's start", timeout_seconds=60.0)
    wait_until(lambda: "harmwatch_consumer_lag" in worker.samples(), "the lag", timeout_seconds=30.0)
    return worker


@pytest.mark.slow
def test_an_idle_worker_says_so_and_ends_when_it_is_told_to(kafka_cluster: Callable[..., BrokerCluster]) -> None:
    cluster = kafka_cluster()
    with Workbench(cluster, scorers=["pii"], config={"tap": TAP}) as bench:
        worker = begun(bench)
        assert worker.health() == 200
        assert value(worker, "harmwatch_consumer_lag") == 0.0
        assert value(worker, "harmwatch_ready") == 1.0
        cluster.pause_broker(0)
        wait_until(lambda: not worker.ready(), "/readyz 503", timeout_seconds=60.0)
        assert value(worker, "harmwatch_ready") == 0.0
        assert "harmwatch_consumer_lag" not in worker.samples(), "a lag from before the outage"
        answered = value(worker, "harmwatch_broker_last_answer_timestamp_seconds")
        assert time.time() - answered > 10.0
        wait_until(lambda: worker.health() == 503, "/healthz 503", timeout_seconds=60.0)
        assert worker.live() == 200, "no restart brings a broker back"
        cluster.resume_broker(0)
        wait_until(worker.ready, "/readyz 200 again", timeout_seconds=60.0)
        wait_until(lambda: worker.health() == 200, "/healthz 200 again", timeout_seconds=60.0)
        assert value(worker, "harmwatch_broker_last_answer_timestamp_seconds") > answered
        assert value(worker, "harmwatch_consumer_lag") == 0.0
        cluster.pause_broker(0)
        worker.signal(signal.SIGTERM)
        assert worker.wait_for_exit(DRAIN + A_FEW) == 0
        cluster.resume_broker(0)


@pytest.mark.slow
def test_a_worker_that_cannot_deliver_ends(kafka_cluster: Callable[..., BrokerCluster]) -> None:
    cluster = kafka_cluster()
    config = {"tap": {**TAP, "commit_interval_seconds": 5.0}}
    with Workbench(cluster, scorers=["pii"], config=config) as bench:
        worker = begun(bench)
        bench.lens.publish(bench.events, make_traffic(500, seed=3).records)
        wait_until(lambda: value(worker, "harmwatch_records_total") > 0.0, "records taken", timeout_seconds=30.0)
        cluster.pause_broker(0)
        assert worker.wait_for_exit(5.0 + PATIENCE + A_FEW) == 1
        assert "harmwatch run:" in worker.log()
        cluster.resume_broker(0)


@pytest.mark.slow
def test_a_worker_that_waits_for_a_broker_ends_when_it_is_told_to(kafka_cluster: Callable[..., BrokerCluster]) -> None:
    cluster = kafka_cluster()
    with Workbench(cluster, scorers=["pii"], config={"tap": {**TAP, "sink_patience_seconds": 120.0}}) as bench:
        bench.create_events_topic()
        cluster.pause_broker(0)
        worker = bench.worker("a")
        worker.start()
        wait_until(lambda: "waiting_for_broker" in worker.log(), "a look for the broker", timeout_seconds=120.0)
        worker.signal(signal.SIGTERM)
        assert worker.wait_for_exit(A_FEW) == 0
        cluster.resume_broker(0)


@pytest.mark.slow
def test_a_worker_whose_broker_died_ends_without_a_traceback(kafka_cluster: Callable[..., BrokerCluster]) -> None:
    """aiokafka's fetch is between two tries then, and its stop ends itself in the middle."""
    cluster = kafka_cluster()
    with Workbench(cluster, scorers=["pii"], config={"tap": {**TAP, "sink_patience_seconds": 120.0}}) as bench:
        worker = begun(bench)
        cluster.kill_broker(0)
        wait_until(lambda: not worker.ready(), "/readyz 503", timeout_seconds=60.0)
        worker.signal(signal.SIGTERM)
        assert worker.wait_for_exit(DRAIN + A_FEW) == 0
        assert "Traceback" not in worker.log()
        assert "was destroyed" not in worker.log()
