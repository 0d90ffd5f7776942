"""One worker that is several processes, on real Kafka: what dies, what hangs, and what the one web port says of it."""

from __future__ import annotations

import json
import os
import signal
import socket
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.brokers.base import BrokerCluster

from .accounts import audit, read_verdicts
from .lens import wait_until
from .processes import Samples, WorkerProcess
from .totals import compare_totals
from .traffic import make_traffic
from .workbench import Workbench

pytestmark = [pytest.mark.slow, pytest.mark.layer("kafka")]

PROCESSES = 3
SECTIONS = {"worker": {"processes": PROCESSES}, "web": {"limits": {"address_requests_per_second": 0}}}


def processes_of(worker: WorkerProcess) -> list[int]:
    """Process ids of a worker's processes, the first one first."""
    try:
        return sorted(map(int, Path(f"/proc/{worker.pid}/task/{worker.pid}/children").read_text().split()))
    except FileNotFoundError:
        return []


def is_there(pid: int) -> bool:
    """Whether a process runs: one that has ended and that nobody has asked for is not there."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def total(samples: Samples, name: str, **labels: str) -> float:
    return sum(value for found, value in samples.get(name, []) if labels.items() <= found.items())


def mark(worker: WorkerProcess, found: dict[str, Any]) -> dict[str, Any]:
    """Call a finding right, as the console does; the finding afterwards."""
    body = {"id": found["id"], "category": found["findings"][0]["category"], "correct": True}
    request = urllib.request.Request(
        f"http://127.0.0.1:{worker.port}/api/v1/feedback",
        json.dumps(body).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=20.0) as answer:
        assert json.loads(answer.read())["correct"] is True
    again = json.loads(worker.told("/api/v1/findings?limit=100"))["findings"]
    return next(each for each in again if each["id"] == found["id"])


class Watch:
    """Scrapes all the time, and notes counters that fall and answers that take too long."""

    def __init__(self, worker: WorkerProcess) -> None:
        self._worker = worker
        self._over = threading.Event()
        self.falls: list[str] = []
        self.scrapes = 0

    def run(self) -> None:
        before: dict[tuple[str, frozenset[tuple[str, str]]], float] = {}
        while not self._over.wait(0.1):
            try:
                samples = self._worker.samples()
            except RuntimeError:
                continue
            self.scrapes += 1
            for name, rows in samples.items():
                if not name.endswith(("_total", "_bucket", "_count", "_sum")):
                    continue
                for labels, value in rows:
                    place = (name, frozenset(labels.items()))
                    if value < before.get(place, 0.0) - 1e-6:
                        self.falls.append(f"{name} {dict(labels)}: {before[place]} -> {value}")
                    before[place] = value

    def stop(self) -> None:
        self._over.set()


@contextmanager
def watching(worker: WorkerProcess) -> Iterator[Watch]:
    watch = Watch(worker)
    thread = threading.Thread(target=watch.run, daemon=True)
    thread.start()
    try:
        yield watch
    finally:
        watch.stop()
        thread.join(10.0)


def test_without_faults_the_merged_counters_are_those_of_one_worker(kafka: BrokerCluster) -> None:
    traffic = make_traffic(1500, seed=11)
    with Workbench(kafka, config=SECTIONS) as bench:
        bench.create_topics()
        worker = bench.ready_worker("w")
        assert len(processes_of(worker)) == PROCESSES
        bench.lens.publish(bench.events, traffic.records)
        bench.wait_for_lag_zero()
        samples = worker.samples()
        account = audit(bench, traffic.ledger)
        verdicts = read_verdicts(bench.lens.records(bench.topic("verdicts")))
        status = json.loads(worker.told("/api/v1/status"))
        found = json.loads(worker.told("/api/v1/findings?limit=100"))["findings"]
        marked = mark(worker, found[-1])
        assert worker.terminate() == 0
    assert account.problems() == []
    assert compare_totals(samples, verdicts).unequal == []
    assert status["pipeline"]["events"] == len(traffic.ledger.models)
    assert status["pipeline"]["lag_records"] == 0
    assert [each["partition"] for each in status["partitions"]] == list(range(bench.partitions))
    assert status["health"]["alive"] and status["ready"]["ready"]
    assert len({each["id"] for each in found}) == len(found) > 50
    # Of models on all partitions, and so of all processes.
    assert len({each["model"] for each in found}) >= 4
    assert marked["marks"] == {found[-1]["findings"][0]["category"]: True}
    assert total(samples, "harmwatch_processes", state="running") == PROCESSES
    assert len(samples["harmwatch_build_info"]) == 1
    held = [int(labels["partition"]) for labels, _ in samples["harmwatch_consumer_lag"]]
    assert sorted(held) == list(range(bench.partitions))


def test_a_process_killed_under_traffic_loses_nothing_and_no_counter_falls(kafka: BrokerCluster) -> None:
    traffic = make_traffic(4000, seed=12)
    with Workbench(kafka, config=SECTIONS) as bench:
        bench.create_topics()
        worker = bench.ready_worker("w")
        first = processes_of(worker)
        with watching(worker) as watch:
            for number, chunk in enumerate(traffic.chunks(8)):
                bench.lens.publish(bench.events, chunk)
                if number in (2, 5):
                    os.kill(processes_of(worker)[0], signal.SIGKILL)
                    wait_until(
                        lambda: total(worker.samples(), "harmwatch_process_restarts_total") >= 1, "a restart",
                        timeout_seconds=60.0,
                    )  # fmt: skip
                if number == 2:
                    # Also when nobody had asked while all were up.
                    assert "process 1 of 3 has died" in worker.told("/healthz")
            bench.wait_for_lag_zero()
            wait_until(
                lambda: total(worker.samples(), "harmwatch_processes", state="running") == PROCESSES, "all processes",
                timeout_seconds=120.0,
            )  # fmt: skip
            assert worker.health() == 200
            samples = worker.samples()
        account = audit(bench, traffic.ledger)
        verdicts = read_verdicts(bench.lens.records(bench.topic("verdicts")))
        assert len(set(first) & set(processes_of(worker))) < PROCESSES
        assert worker.terminate() == 0
    assert watch.falls == []
    assert watch.scrapes > 10
    assert account.problems() == []
    assert total(samples, "harmwatch_process_restarts_total") == 2
    # What was committed is in the counters, whoever died; what was not comes again, and counts again.
    short = [row for row in compare_totals(samples, verdicts).rows if row[1] < row[2]]
    assert short == []


def test_no_process_outlives_a_parent_that_is_killed_and_all_are_drained(kafka: BrokerCluster) -> None:
    traffic = make_traffic(1200, seed=13)
    with Workbench(kafka, config=SECTIONS) as bench:
        bench.create_topics()
        worker = bench.ready_worker("w")
        processes = processes_of(worker)
        bench.lens.publish(bench.events, traffic.records)
        worker.kill()
        wait_until(lambda: not any(map(is_there, processes)), "the processes' end", timeout_seconds=60.0)
        assert worker.log().count("draining reason=the parent has ended") + worker.log().count("signal=SIGTERM") >= 1
        again = bench.ready_worker("again")
        bench.wait_for_lag_zero()
        account = audit(bench, traffic.ledger)
        assert again.terminate() == 0
    assert account.problems() == []


def test_sigterm_drains_all_and_commits(kafka: BrokerCluster) -> None:
    traffic = make_traffic(1500, seed=14)
    with Workbench(kafka, config=SECTIONS) as bench:
        bench.create_topics()
        worker = bench.ready_worker("w")
        processes = processes_of(worker)
        bench.lens.publish(bench.events, traffic.records)
        wait_until(lambda: total(worker.samples(), "harmwatch_events_total") > 0, "traffic", timeout_seconds=60.0)
        assert worker.terminate(60.0) == 0
        assert not any(map(is_there, processes))
        committed = sum(bench.lens.committed(bench.group, bench.events).values())
        assert committed > 0
        again = bench.ready_worker("again")
        bench.wait_for_lag_zero()
        account = audit(bench, traffic.ledger)
        assert again.terminate() == 0
    assert account.problems() == []
    # In order nothing is judged twice.
    assert account.numbers()["duplicate_verdicts"] == 0


def test_a_process_that_is_frozen_holds_up_no_scrape_and_is_named(kafka: BrokerCluster) -> None:
    with Workbench(kafka, config=SECTIONS) as bench:
        bench.create_topics()
        worker = bench.ready_worker("w")
        bench.lens.publish(bench.events, make_traffic(600, seed=15).records)
        bench.wait_for_lag_zero()
        before = total(worker.samples(), "harmwatch_events_total")
        frozen = processes_of(worker)[1]
        os.kill(frozen, signal.SIGSTOP)
        try:
            took = []
            for _ in range(5):
                began = time.monotonic()
                samples = worker.samples()
                took.append(time.monotonic() - began)
            assert min(took) < 1.0
            assert total(samples, "harmwatch_events_total") >= before
            wait_until(lambda: worker.health() == 503, "/healthz", timeout_seconds=60.0)
            assert "process 2 of 3 has not answered" in worker.told("/healthz")
            assert total(worker.samples(), "harmwatch_processes", state="silent") == 1
            assert not worker.ready()
            status = json.loads(worker.told("/api/v1/status"))
            assert {"stalled", "not_ready"} <= {sign["sign"] for sign in status["signs"]}
            assert status["pipeline"]["lag_records"] is None
        finally:
            os.kill(frozen, signal.SIGCONT)
        wait_until(lambda: worker.health() == 200, "/healthz", timeout_seconds=60.0)
        assert worker.terminate() == 0


def test_sighup_reaches_every_process(kafka: BrokerCluster) -> None:
    with Workbench(kafka, config=SECTIONS | {"reload": {"watch_seconds": 0}}) as bench:
        bench.create_topics()
        worker = bench.ready_worker("w")
        path = bench.folder / "w.yaml"
        path.write_text(path.read_text() + "\nattacks: {leak_threshold: 0.41}\n")
        worker.signal(signal.SIGHUP)
        wait_until(
            lambda: total(worker.samples(), "harmwatch_config_reloads_total", outcome="applied") == PROCESSES,
            "the reload in every process", timeout_seconds=60.0,
        )  # fmt: skip
        # One that is started later has it too.
        os.kill(processes_of(worker)[0], signal.SIGKILL)
        wait_until(
            lambda: total(worker.samples(), "harmwatch_process_restarts_total") == 1
            and total(worker.samples(), "harmwatch_processes", state="running") == PROCESSES,
            "the restart", timeout_seconds=120.0,
        )  # fmt: skip
        assert worker.log().count("config_refused") == 0
        path.write_text(path.read_text() + "\nbatching: {max_texts: 9}\n")
        worker.signal(signal.SIGHUP)
        wait_until(
            lambda: total(worker.samples(), "harmwatch_config_reloads_total", outcome="refused") == PROCESSES,
            "the refusal in every process", timeout_seconds=60.0,
        )  # fmt: skip
        assert worker.terminate() == 0


def test_what_is_wrong_is_told_once_before_anything_starts(kafka: BrokerCluster) -> None:
    unknown = SECTIONS | {"scorers": {"toxicity": {"kind": "nonsense"}}}
    with Workbench(kafka, config=unknown) as bench:
        worker = bench.worker("w")
        worker.start()
        assert worker.wait_for_exit(120.0) == 2
        told = [line for line in worker.log().splitlines() if line.startswith("harmwatch run: ")]
        assert len(told) == 1
        assert "nonsense" in told[0]
        assert "Traceback" not in worker.log()
    with Workbench(kafka, config=SECTIONS) as bench, socket.socket() as taken:
        worker = bench.worker("w")
        taken.bind(("127.0.0.1", worker.port))
        taken.listen()
        worker.start()
        assert worker.wait_for_exit(120.0) == 2
        assert "cannot listen on" in worker.log()


def test_one_that_ends_on_purpose_ends_all_with_its_exit_code(kafka: BrokerCluster) -> None:
    with Workbench(kafka, config=SECTIONS) as bench:  # no topic of events: only a broker can tell
        worker = bench.worker("w")
        worker.start()
        assert worker.wait_for_exit(180.0) == 2
        told = [line for line in worker.log().splitlines() if line.startswith("harmwatch run: ")]
        assert len(told) == 1
        assert "does not exist" in told[0]
        assert processes_of(worker) == []


def test_more_processes_than_partitions_are_told_of_and_are_not_ill(kafka: BrokerCluster) -> None:
    with Workbench(kafka, partitions=2, config=SECTIONS) as bench:
        bench.create_topics()
        worker = bench.ready_worker("w")
        wait_until(lambda: "more_processes_than_partitions processes=3 partitions=2" in worker.log(), "the warning",
                   timeout_seconds=60.0)  # fmt: skip
        assert worker.health() == worker.live() == 200
        assert worker.terminate() == 0
