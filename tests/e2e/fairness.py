"""Fairness figures do not depend on how many workers counted, nor on whether one of them was killed.

The same decisions are published to six partitions, which three workers share, one of them killed with -9 and started
again; and to one partition with one worker. What they wrote to the pane topic, merged, must be equal to the last bit.
Half of the labels may travel on a topic of their own, before, among and after the decisions.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from agent.clock import ManualClock
from agent.pipeline.build import build_windows
from agent.windows.base import FinishContext
from agent.windows.bias import BiasAggregator
from agent.windows.disparity import BiasMeasurement
from tests.brokers.base import BrokerCluster

from .lens import wait_until
from .traffic import TrafficRecord
from .workbench import Workbench

__all__ = ["decisions", "one_worker", "three_workers_one_killed"]

MODEL = "loans"


def decisions(number: int, seed: int) -> list[TrafficRecord]:
    """Whole calls with scores, labels and two attributes; a tenth comes twice."""
    draw = random.Random(seed)
    records: list[TrafficRecord] = []
    for place in range(number):
        sex, age = draw.choice(["female", "male", "other"]), draw.choice(["young", "old"])
        score = draw.random()
        value = {
            "id": f"d-{place}",
            "source": "bench",
            "time": 1_790_000_000.0 + place * 0.01,
            "model": MODEL,
            "input": {"features": {"row": place}},
            "output": {"decision": "approved" if score > 0.5 else "denied", "score": score},
            "attributes": {"sex": sex, "age": age},
            "label": draw.choice(["approved", "denied"]),
        }
        record = TrafficRecord(f"d-{place}".encode(), msgspec.json.encode(value))
        records += [record] * (2 if draw.random() < 0.1 else 1)
    return records


def labels_apart(records: Sequence[TrafficRecord], seed: int) -> tuple[list[TrafficRecord], list[TrafficRecord]]:
    """The same decisions with every other label taken out, and these labels; some of them twice, in any order."""
    draw = random.Random(seed)
    bare: list[TrafficRecord] = []
    labels: dict[bytes, TrafficRecord] = {}
    for record in records:
        value = msgspec.json.decode(record.value)
        if int(value["id"].removeprefix("d-")) % 2:
            label = {"id": value["id"], "source": value["source"], "label": value.pop("label")}
            labels[record.key] = TrafficRecord(record.key, msgspec.json.encode(label))
        bare.append(TrafficRecord(record.key, msgspec.json.encode(value)))
    shuffled = [*labels.values(), *draw.sample(list(labels.values()), len(labels) // 10)]
    draw.shuffle(shuffled)
    return bare, shuffled


def three_workers_one_killed(
    cluster: BrokerCluster, records: Sequence[TrafficRecord], labels: Sequence[TrafficRecord] = ()
) -> Mapping[str, Any]:
    """The state of the aggregator after three workers on six partitions, one killed amid its work."""
    with Workbench(cluster, scorers=[], partitions=6) as bench:
        bench.create_topics()
        workers = [bench.worker(name) for name in "abc"]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.wait_ready()
        third = len(records) // 3
        topic, part = bench.topic("labels"), len(labels) // 4
        bench.lens.publish(topic, labels[:part])
        bench.lens.publish(bench.events, records[:third])
        wait_until(lambda: bench.lag() < third, "work that has begun", timeout_seconds=60.0, step_seconds=0.02)
        bench.lens.publish(bench.events, records[third : 2 * third])
        bench.lens.publish(topic, labels[part : 2 * part])
        workers[0].kill()
        bench.lens.publish(topic, labels[2 * part : 3 * part])
        bench.lens.publish(bench.events, records[2 * third :])
        workers[0].start()
        bench.wait_for_lag_zero()
        workers[1].kill()
        bench.lens.publish(topic, labels[3 * part :])
        workers[1].start()
        if labels:
            wait_until(
                lambda: _labelled(_counted(bench)) == len(records_of(records)), "all labels", timeout_seconds=90.0
            )
        return _counted(bench)


def records_of(records: Sequence[TrafficRecord]) -> set[bytes]:
    """Decisions, each once."""
    return {record.key for record in records}


def _labelled(state: Mapping[str, Any]) -> float:
    return sum(sum(group[4:12:2]) for group in state["sex"].values())


def one_worker(cluster: BrokerCluster, records: Sequence[TrafficRecord]) -> Mapping[str, Any]:
    """The same of one worker on one partition."""
    with Workbench(cluster, scorers=[], partitions=1) as bench:
        bench.create_topics()
        bench.worker("a").start()
        bench.lens.publish(bench.events, records)
        return _counted(bench)


def _counted(bench: Workbench) -> Mapping[str, Any]:
    """What the pane topic holds once all is committed, merged over the partitions."""
    bench.wait_for_lag_zero()
    windows = build_windows(bench.config, ManualClock(1_790_000_000.0))
    panes = bench.lens.records(bench.topic("panes"))
    for partition in range(bench.partitions):
        windows.restore((bench.events, partition), [record.value for record in panes if record.value is not None])
    counted: Mapping[str, Any] = windows.totals(MODEL)["bias"]
    return counted


def figures(state: Mapping[str, Any]) -> BiasMeasurement:
    """The measures of a state."""
    return BiasAggregator(min_group=30).finish(dict(state), FinishContext(MODEL))
