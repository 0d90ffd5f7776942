"""What the API tells of a worker whose tap runs on the in-memory broker."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

from agent.clock import SystemClock
from agent.scores import ScoreRow
from agent.scoring.base import Batch
from streams.contact import BrokerContact
from streams.ports import Partition
from streams.status import Status
from streams.watchdog import Watchdog
from tests.builders import WordScorer, native
from tests.unit.streams.rig import Rig, make_broker, make_config, until
from tests.unit.windows.builders import make_observation


def status_of(rig: Rig) -> Status:
    clock = rig.pipeline._clock
    watchdog, contact = Watchdog(clock, 30.0), BrokerContact(clock, rig.metrics)
    return Status(rig.config, rig.pipeline, rig.tap, watchdog, contact, rig.metrics, clock)


class Held(WordScorer):
    """Answers once it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.go = threading.Event()

    def score(self, batch: Batch) -> Sequence[ScoreRow | None]:
        self.go.wait(30.0)
        return super().score(batch)


async def test_a_backlog_shows_its_lag_at_once_though_nothing_has_been_finished() -> None:
    scorer = Held()
    rig = Rig(make_broker(), make_config(tap={"max_in_flight_records": 10}), [scorer])
    for number in range(200):
        at = SystemClock().now() - 300.0
        rig.broker.append("inference.events", native(f"r-{number}"), partition=number % 2, time=at)
    status = status_of(rig)
    rig.tap.observer = status.console
    async with rig.running():
        await until(lambda: status.snapshot()["pipeline"]["lag_records"] == 200)
        pipeline = status.snapshot()["pipeline"]
        assert pipeline["lag_seconds"] is not None and 299.0 < pipeline["lag_seconds"] < 330.0
        assert "behind" in [sign["sign"] for sign in status.snapshot()["signs"]]
        assert [partition["lag"] for partition in status.snapshot()["partitions"]] == [100, 100]
        scorer.go.set()
        await until(lambda: status.snapshot()["pipeline"]["lag_records"] == 0)


async def test_what_is_read_again_to_know_ids_or_has_no_stamp_is_no_delay() -> None:
    scorer, broker, now = Held(), make_broker(), SystemClock().now()
    rig = Rig(broker, make_config(tap={"max_in_flight_records": 10}), [scorer])
    # The first partition fills the pipeline; of the other, what was scored before the restart lies before what waits.
    for number in range(10):
        broker.append("inference.events", native(f"a-{number}"), partition=0, time=now)
    for number in range(20):
        broker.append("inference.events", native(f"b-{number}"), partition=1, time=now - 3600.0)
    broker.commit("harmwatch", {Partition("inference.events", 1): 20})
    for stamp in (-1.0, now - 100.0):
        broker.append("inference.events", native(f"c-{stamp}"), partition=1, time=stamp)
    status = status_of(rig)
    async with rig.running():
        await until(lambda: rig.pipeline.full)
        assert rig.tap.waiting_since == now - 100.0
        lag = status.snapshot()["pipeline"]["lag_seconds"]
        assert lag is not None and 99.0 < lag < 130.0
        scorer.go.set()
        await until(lambda: rig.committed() == 32)
        assert rig.tap.waiting_since is None


async def test_a_lag_that_nobody_knows_is_none_and_not_zero() -> None:
    rig = Rig(make_broker())
    status = status_of(rig)
    async with rig.running():
        await until(lambda: rig.tap.assigned)
        snapshot = status.snapshot()
        assert snapshot["pipeline"]["lag_records"] is None
        assert [partition["lag"] for partition in snapshot["partitions"]] == [None, None]
        await until(lambda: status.snapshot()["pipeline"]["lag_records"] == 0)
        rig.broker.away = True
        await until(lambda: status.snapshot()["pipeline"]["lag_records"] is None)
        rig.broker.away = False


async def test_what_is_not_measured_is_told_from_what_is_too_little() -> None:
    rig = Rig(make_broker())
    status = status_of(rig)
    async with rig.running():
        for number in range(5):
            rig.broker.append("inference.events", native(f"r-{number}"), partition=0)
        await until(lambda: rig.committed() == 5)
        (model,) = status.snapshot()["models"]
        states = {name: part["state"] for name, part in model["components"].items()}
        assert states == {"output": "too_few", "privacy": "not_measured", "adversarial": "not_measured",
                          "bias": "not_measured"}  # fmt: skip
        for number in range(5, 50):
            rig.broker.append("inference.events", native(f"r-{number}"), partition=0)
        await until(lambda: rig.committed() == 50)
        (model,) = status_of(rig).snapshot()["models"]
        assert model["components"]["output"]["state"] == "measured"
        assert model["index"]["sum"] is None


def test_traffic_that_has_ended_is_too_little_and_what_was_never_judged_is_not_measured() -> None:
    rig = Rig(make_broker())
    status, now, windows = status_of(rig), SystemClock().now(), rig.pipeline.windows
    decision = make_observation(model="loans", time=now - 200_000.0, scored_dimensions=(), decision="approve",
                                attributes={"sex": "f"})  # fmt: skip
    chat = make_observation(model="chat", time=now - 200_000.0)
    gone = make_observation(model="gone", time=now - 200_000.0, scored_dimensions=("privacy",))
    windows.apply(("inference.events", 0), 0, [decision, chat, gone])
    windows.apply(("inference.events", 0), 1, [make_observation(model="now", time=now, scored_dimensions=("output",))])
    status.console.sample(rig.pipeline.keep_house())
    models = {model["name"]: model for model in status.snapshot()["models"]}
    states = {
        name: {dimension for dimension, part in model["components"].items() if part["state"] == "too_few"}
        for name, model in models.items()
    }
    assert states == {
        "loans": {"bias"}, "chat": {"output", "privacy", "adversarial"}, "gone": {"privacy"}, "now": {"output"},
    }  # fmt: skip
    assert models["chat"]["events"] == 0 and models["now"]["events"] == 1
    assert {part["state"] for model in models.values() for part in model["components"].values()} == {
        "too_few", "not_measured",
    }  # fmt: skip


def test_what_a_sample_stands_for_is_told_of_events_as_it_is_of_findings() -> None:
    """A flood of which one event in fifty is scored was the smallest of models, with more findings than events; and of
    each model's findings the fraction was dropped, of 40 models with one that counts 1.9 nearly half."""
    rig = Rig(make_broker())
    status, now, windows = status_of(rig), SystemClock().now(), rig.pipeline.windows
    found = {"dimensions": ("output",), "categories": (("output", "toxicity"),)}
    for offset in range(20):
        flood = make_observation(model="flood", time=now, weight=50.0, **(found if offset < 5 else {}))
        windows.apply(("inference.events", 0), offset, [flood])
    for number in range(40):
        rig.metrics.finding(f"m{number}", "output", "output", "toxicity", 1.9)
    status.console.sample(rig.pipeline.keep_house())
    told = status.snapshot()
    (model,) = told["models"]
    assert (model["events"], model["findings"]) == (1_000, 250)
    assert [(one["category"], one["count"]) for one in told["findings"]] == [("toxicity", 76)]


async def test_series_are_counted_whether_somebody_scrapes_or_not() -> None:
    rig = Rig(make_broker())
    told = status_of(rig).snapshot()["pipeline"]["series"]
    assert told > 50
    rig.metrics.freeze()
    assert told == rig.metrics.total("harmwatch_series")


def test_thousands_of_names_neither_lengthen_the_answer_nor_hold_the_loop() -> None:
    rig = Rig(make_broker())
    status, now = status_of(rig), SystemClock().now()
    for number in range(4000):
        name = f"model-{number % 2000:04}"
        partition = ("inference.events", number % 2)
        rig.pipeline.windows.apply(partition, number, [make_observation(model=name, time=now, dimensions=("output",))])
        rig.metrics.finding(name, "output", "output", "toxicity")
    status.console.sample(rig.pipeline.keep_house())
    spent = []
    for _ in range(5):
        began = time.thread_time()
        snapshot = status.snapshot()
        spent.append(time.thread_time() - began)
    assert len(snapshot["models"]) == 201
    assert sum(category["count"] for category in snapshot["findings"]) == 4000
    assert min(spent) < 0.05
