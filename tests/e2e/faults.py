"""What the broker and the producers can do to a worker: an outage, a missing topic, poison records."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

from agent.clock import SystemClock
from agent.windows.base import Observation
from agent.windows.engine import WindowEngine
from agent.windows.harm import HarmAggregator
from tests.brokers.base import BrokerCluster

from .lens import wait_until
from .processes import WorkerProcess
from .scenarios import Outcome
from .traffic import MODELS, Traffic, TrafficRecord, make_traffic
from .workbench import Workbench

__all__ = ["DLQ_HEADERS", "broker_outage", "dlq_unavailable", "poison"]

DLQ_HEADERS = ("reason", "format", "topic", "partition", "offset", "time")
"""What is promised of a dead letter (docs/delivery.md)."""


def broker_outage(bench: Workbench, cluster: BrokerCluster, *, events: int, away_seconds: float, seed: int) -> Outcome:
    """The only broker stops for a while: the same worker goes on afterwards, nothing is lost."""
    outcome = Outcome("broker_outage", {"away_seconds": away_seconds})
    traffic = make_traffic(events, seed=seed)
    before, after = traffic.chunks(2)
    bench.create_events_topic()
    worker = bench.worker("a")
    worker.start()
    worker.wait_ready()
    pid = worker.pid
    bench.lens.publish(bench.events, before)
    outcome.numbers["lag_at_stop"] = bench.lag()
    cluster.stop_broker(0)
    time.sleep(away_seconds)
    outcome.expect(worker.pid == pid, f"the worker died during the outage, exit {worker.exit_code}")
    outcome.numbers["healthz_while_away"] = worker.health()
    cluster.start_broker(0)
    bench.lens.publish(bench.events, after)
    outcome.numbers["seconds_to_lag_zero_after_return"] = round(bench.wait_for_lag_zero(), 1)
    outcome.expect(worker.pid == pid, "the worker was not the same one afterwards")
    outcome.expect(_labels_arrive(bench, worker), "delayed labels no longer arrive")
    outcome.balance(bench, traffic)
    # Last, since it adds to what the books say.
    outcome.expect(_panes_arrive(bench, worker), "other workers' panes no longer arrive: the side application is dead")
    return outcome


def _labels_arrive(bench: Workbench, worker: WorkerProcess) -> bool:
    """Whether the worker reads labels: one that is none is counted at once."""

    def read() -> bool:
        return sum(value for _, value in worker.samples().get("harmwatch_labels_total", [])) > 0

    bench.lens.publish(bench.topic("labels"), [TrafficRecord(b"l-1", b"no label")])
    return _comes_true(read, "the label counted")


def _panes_arrive(bench: Workbench, worker: WorkerProcess) -> bool:
    """Whether the Faust application lives: it reads what other workers have counted, and the status page shows it."""
    elsewhere = WindowEngine([HarmAggregator()], SystemClock())
    place = (bench.events, bench.partitions)  # a partition that nobody holds
    elsewhere.apply(place, 0, [Observation(model="elsewhere", time=time.time(), directions=("output",))])
    value = elsewhere.snapshot(place).values["elsewhere"]
    bench.lens.publish(bench.topic("panes"), [TrafficRecord(b"elsewhere", value)])
    return _comes_true(lambda: "elsewhere" in worker.models(), "the model shown")


def _comes_true(condition: Callable[[], bool], what: str) -> bool:
    try:
        wait_until(condition, what, timeout_seconds=45.0)
    except TimeoutError:
        return False
    return True


def dlq_unavailable(bench: Workbench, *, events: int, seed: int) -> Outcome:
    """The dead-letter topic is gone when a poison record comes: stop, commit nothing past it, lose nothing.

    The bench must have been made with ``topics.create_missing`` false.
    """
    outcome = Outcome("dlq_unavailable")
    traffic = make_traffic(events, seed=seed)
    before, after = traffic.chunks(2)
    poison_value = b'{"id": "poison", "model": '
    bench.create_events_topic()
    for name in ("verdicts", "evidence", "labels"):
        bench.cluster.create_topic(bench.topic(name), 3)
    bench.cluster.create_topic(bench.topic("panes"), bench.partitions, config={"cleanup.policy": "compact"})
    bench.cluster.create_topic(bench.topic("decisions"), bench.partitions)
    bench.cluster.create_topic(bench.topic("dlq"), 1)
    worker = bench.worker("a")
    worker.start()
    worker.wait_ready()
    bench.lens.publish(bench.events, before)
    bench.wait_for_lag_zero()
    bench.cluster.delete_topic(bench.topic("dlq"))
    poisoned = [*after[: len(after) // 2], TrafficRecord(MODELS[0].encode(), poison_value), *after[len(after) // 2 :]]
    began = time.monotonic()
    bench.lens.publish(bench.events, poisoned)
    code = worker.wait_for_exit(150.0)
    lines = [line for line in worker.log().splitlines() if line.startswith("harmwatch run:")]
    place = next(record for record in bench.lens.records(bench.events) if record.value == poison_value)
    committed = bench.lens.committed(bench.group, bench.events)[place.partition]
    outcome.numbers |= {
        "exit_code": code,
        "seconds_to_exit": round(time.monotonic() - began, 1),
        "last_words": lines,
        "poison_offset": place.offset,
        "committed_then": committed,
    }
    outcome.expect(code == 1, f"exit code {code} instead of 1")
    outcome.expect(len(lines) == 1 and "dlq" in lines[0], f"{len(lines)} last lines: {lines}")
    outcome.expect(committed <= place.offset, f"committed {committed}, past the poison record at {place.offset}")
    bench.cluster.create_topic(bench.topic("dlq"), 1)
    worker.start()
    bench.wait_for_lag_zero()
    letters = bench.lens.records(bench.topic("dlq"))
    outcome.numbers["dead_letters"] = len(letters)
    outcome.expect([letter.value for letter in letters] == [poison_value], f"{len(letters)} dead letters instead of 1")
    outcome.balance(bench, traffic)
    return outcome


def with_poison(traffic: Traffic, share: float, seed: int) -> tuple[list[TrafficRecord], list[bytes]]:
    """Mix in random bytes and broken JSON; gives back all records, and the poison among them."""
    rng = random.Random(seed)
    mixed: list[TrafficRecord] = []
    bad: list[bytes] = []
    for record in traffic.records:
        mixed.append(record)
        if rng.random() < share / (1.0 - share):
            # The number tells random bytes apart in the dead-letter topic; broken JSON has its id.
            noise = b"\x00%d:" % len(bad) + rng.randbytes(rng.randrange(200))
            value = noise if rng.random() < 0.5 else record.value[: -rng.randrange(2, 20)]
            bad.append(value)
            mixed.append(TrafficRecord(record.key, value, (("traceparent", b"00-abc"), ("reason", b"a forged one"))))
    return mixed, bad


def poison(bench: Workbench, *, events: int, share: float, seed: int) -> Outcome:
    """A share of the records cannot be decoded: each in the dead letters once, whole, with its headers."""
    outcome = Outcome("poison", {"share": share})
    traffic = make_traffic(events, seed=seed)
    mixed, bad = with_poison(traffic, share, seed)
    bench.create_events_topic()
    bench.lens.publish(bench.events, mixed)
    worker = bench.worker("a")
    worker.start()
    bench.wait_for_lag_zero()
    origins = {r.value: r for r in bench.lens.records(bench.events)}
    letters = bench.lens.records(bench.topic("dlq"))
    outcome.numbers |= {"poison_records": len(bad), "dead_letters": len(letters)}
    outcome.expect(sorted(letter.value or b"" for letter in letters) == sorted(bad), "dead letters are not the poison")
    reasons: dict[str, int] = {}
    for letter in letters:
        headers = dict(letter.headers)
        origin = origins[letter.value]
        reason = headers.get("reason", b"").decode()
        reasons[reason] = reasons.get(reason, 0) + 1
        lacking = [name for name in DLQ_HEADERS if name not in headers]
        outcome.expect(not lacking, f"a dead letter lacks {lacking}")
        place = (headers.get("topic"), headers.get("partition"), headers.get("offset"))
        outcome.expect(
            place == (bench.events.encode(), b"%d" % origin.partition, b"%d" % origin.offset),
            f"a dead letter names the wrong place {place}",
        )
        outcome.expect(letter.key == origin.key, "a dead letter has another key")
        outcome.expect(headers.get("traceparent") == b"00-abc", "a dead letter lost its own headers")
    outcome.problems = outcome.problems[:10]
    outcome.numbers["reasons"] = reasons
    counted = sum(value for _, value in worker.samples().get("harmwatch_dead_letters_total", []))
    outcome.expect(counted == len(bad), f"/metrics counts {counted:g} dead letters of {len(bad)}")
    outcome.balance(bench, traffic)
    return outcome
