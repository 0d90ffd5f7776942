"""Several processes, seen as one worker."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import msgspec
import pytest
from prometheus_client import CollectorRegistry

from agent.clock import ManualClock
from agent.errors import TopicUnavailable, TransportError
from agent.metrics import Metrics
from agent.metrics.merged import MergedMetrics
from agent.metrics.snapshot import write_snapshot
from streams.console.findings import HeldEvidence, RecentFindings
from streams.processes.console import GroupConsole
from streams.processes.group import ProcessGroup
from streams.processes.life import SILENT_SECONDS
from streams.processes.wire import Answer, ProcessState
from tests.unit.console.console_builders import outcome
from tests.unit.processes.lines import WELL, FakeSupervisor, process_line


class Worker:
    """Of some processes, each with what it answers."""

    def __init__(self, stack: AsyncExitStack, count: int) -> None:
        self.clock = ManualClock()
        self.metrics = MergedMetrics(CollectorRegistry(), series_budget=20_000, model_budget=200)
        self.supervisor = FakeSupervisor(self.metrics, count)
        self.group = ProcessGroup(self.supervisor, self.metrics, self.clock)  # type: ignore[arg-type]
        self.console = GroupConsole(self.group, self.metrics, self.clock, 20_000)
        self._stack = stack

    async def add(self, state: ProcessState | None = WELL, **answers: Any) -> Any:
        number = len(self.supervisor.lives) + 1
        said = {} if state is None else {"state": lambda _: state}
        life, process = await self._stack.enter_async_context(process_line(number, self.clock, {**said, **answers}))
        self.supervisor.lives[number] = life
        if state is not None:
            assert await life.look("state", 30.0)
        return life, process


def replaced(**over: Any) -> ProcessState:
    return msgspec.structs.replace(WELL, **over)


async def test_well_when_all_are_and_who_is_not_is_said() -> None:
    async with AsyncExitStack() as stack:
        worker = Worker(stack, 2)
        await worker.add()
        await worker.add(replaced(alive=False, reason="t/1 stands still", live=False, live_reason="t/1 hangs"))
        assert worker.group.health().reason == "process 2 of 2: t/1 stands still"
        assert not worker.group.liveness().alive
        assert worker.group.liveness().reason == "process 2 of 2: t/1 hangs"


async def test_one_that_starts_is_not_ill_and_not_ready() -> None:
    async with AsyncExitStack() as stack:
        worker = Worker(stack, 2)
        await worker.add()
        await worker.add(None)
        assert worker.group.health().alive and worker.group.liveness().alive
        assert worker.group.readiness().missing == ("process 2 of 2: answer",)


async def test_one_without_a_partition_is_ready_as_long_as_another_is() -> None:
    async with AsyncExitStack() as stack:
        worker = Worker(stack, 2)
        spare = replaced(ready=False, missing=("partitions",), assigned=0)
        await worker.add(spare)
        assert worker.group.readiness().missing == ("process 1 of 2: partitions",)
        await worker.add()
        assert worker.group.readiness().ready
        worker.supervisor.stopping = True
        assert worker.group.readiness().missing == ("draining",)


async def test_one_that_hangs_is_named_asked_once_and_waited_for_once() -> None:
    async with AsyncExitStack() as stack:
        worker = Worker(stack, 1)
        life, _ = await worker.add()
        worker.clock.advance(SILENT_SECONDS + 1.0)
        assert worker.group.health().reason == "process 1 of 1 has not answered for 11 s"
        assert worker.group.liveness().alive  # it is the parent that starts it again
        assert worker.group.answering() == []
        assert not await life.look("metrics", 0.01)
        worker.clock.advance(1.0)
        # The question is as old as that: nothing is waited for, however long one would.
        assert not await life.look("metrics", 0.5)
        frozen = await worker.group.freeze_metrics()
        text = frozen.text(openmetrics=False)
        assert 'harmwatch_processes{state="silent"} 1.0' in text
        assert "harmwatch_ready 0.0" in text


async def test_counts_of_one_that_died_stay_and_it_is_said() -> None:
    async with AsyncExitStack() as stack:
        worker = Worker(stack, 2)
        counted = Metrics(CollectorRegistry(), clock=worker.clock)
        counted.event_decoded("m", "native", 5)
        life, process = await worker.add(metrics=lambda _: write_snapshot(counted.freeze()))
        await worker.add(metrics=lambda _: write_snapshot(counted.freeze()))
        assert worker.group.health().alive
        text = (await worker.group.freeze_metrics()).text(openmetrics=False)
        assert 'harmwatch_events_total{format="native",model="m"} 10.0' in text
        process.end(-9)
        await life.kill()
        await asyncio.wait_for(life.ended.wait(), 30.0)
        assert worker.group.health().reason == "process 1 of 2 has died, and is started again"
        text = (await worker.group.freeze_metrics()).text(openmetrics=False)
        assert 'harmwatch_events_total{format="native",model="m"} 10.0' in text
        assert 'harmwatch_processes{state="down"} 1.0' in text


def held(*ids: str) -> RecentFindings:
    recent = RecentFindings()
    for each in ids:
        recent.take(outcome(each))
    return recent


def answering(recent: RecentFindings, marked: list[Any]) -> dict[str, Any]:
    def book(arguments: Any) -> Any:
        marks = [any(mark["held"]["id"] == id for mark in marked) or None for id, _ in arguments["findings"]]
        return {
            "changes": len(marked),
            "marks": marks,
            "precision": [],
            "models": ["chat"],
            "feedback": True,
            "evidence": True,
            "number": 0,
            "findings": [],
        }

    def mark(arguments: Any) -> Any:
        marked.append(arguments)
        return {"id": arguments["held"]["id"]}

    return {
        "held": lambda asked: {"number": recent.number, "held": recent.latest(after=asked["after"], most=600)},
        "book": book,
        "mark": mark,
    }


async def test_findings_of_all_come_once_under_numbers_that_rise_and_survive_their_process() -> None:
    async with AsyncExitStack() as stack:
        worker, marked = Worker(stack, 2), []
        first, second = held("a", "b"), held("c")
        life, process = await worker.add(**answering(first, marked))
        await worker.add(**answering(second, marked))
        found = await worker.console.findings(None, None, 0, 50)
        assert sorted(each["inference_id"] for each in found["findings"]) == ["a", "b", "c"]
        assert [each["number"] for each in found["findings"]] == [3, 2, 1]
        second.take(outcome("d"))
        news = await worker.console.findings(None, None, found["number"], 50)
        assert [each["inference_id"] for each in news["findings"]] == ["d"]
        process.end(-9)
        await life.kill()
        await asyncio.wait_for(life.ended.wait(), 30.0)
        of_the_dead = next(each for each in found["findings"] if each["inference_id"] == "a")
        assert await worker.console.mark(of_the_dead["id"], "pii.email", True, "ann") is not None
        assert marked[0]["by"] == "ann"
        assert msgspec.convert(marked[0]["held"], HeldEvidence).inference_id == "a"
        again = await worker.console.findings(None, None, 0, 50)
        assert next(each for each in again["findings"] if each["inference_id"] == "a")["marks"] == {"pii.email": True}
        assert await worker.console.mark("f" * 32, "pii.email", True, "ann") is None


@pytest.mark.parametrize(
    ("problem", "error"), [("unavailable", TopicUnavailable), ("transport", TransportError)], ids=str
)
async def test_a_mark_that_the_broker_does_not_take_fails_as_in_one_process(problem: str, error: type) -> None:
    async with AsyncExitStack() as stack:
        worker = Worker(stack, 1)
        refuses = {"mark": lambda _: Answer(0, problem=problem, detail="no")}
        recent = held("a")
        await worker.add(**{**answering(recent, []), **refuses})
        with pytest.raises(error):
            await worker.console.mark(recent.latest()[0].id, "pii.email", True, "ann")


async def test_a_reload_that_one_refuses_is_refused() -> None:
    change = {"outcome": "applied", "reason": "", "keys": ["log_level"], "restart_keys": [], "time": "1"}
    async with AsyncExitStack() as stack:
        worker = Worker(stack, 2)
        await worker.add(reload=lambda _: change, audit=lambda _: [change])
        await worker.add(reload=lambda _: change | {"outcome": "refused"}, audit=lambda _: [change | {"time": "2"}])
        assert (await worker.console.reload("ann")).outcome == "refused"
        assert [each["time"] for each in await worker.console.audit()] == ["2", "1"]


async def test_the_page_adds_up_and_tells_a_sign_once() -> None:
    def page(lag: int | None, partition: int, value: float) -> dict[str, Any]:
        return {
            "pipeline": {
                "events_per_second": 5.0, "queue_depth": 1, "queue_capacity": 10, "lag_records": lag,
                "lag_seconds": value, "sampling_ratio": 1.0,
            },
            "signs": [
                {"sign": "missing_scores", "tone": "warn", "value": value},
                {"sign": "not_ready", "tone": "warn", "detail": "partitions"},
            ],
            "windows": ["1m"],
            "models": [],
            "partitions": [{"topic": "t", "partition": partition, "lag": lag}],
            "configuration": {"hash": "ab", "taken": 1.0, "refused": partition == 1},
        }  # fmt: skip

    async with AsyncExitStack() as stack:
        worker = Worker(stack, 2)
        counted = Metrics(CollectorRegistry(), clock=worker.clock)
        counted.finding("m", "output", "privacy", "pii.email", 2)
        told = write_snapshot(counted.freeze())
        await worker.add(page=lambda _: page(3, 1, 0.25), metrics=lambda _: told)
        await worker.add(page=lambda _: page(4, 0, 0.5), metrics=lambda _: told)
        shown = await worker.console.page()
        assert shown["pipeline"]["lag_records"] == 7 and shown["pipeline"]["lag_seconds"] == 0.5
        assert shown["pipeline"]["findings"] == 4 and shown["pipeline"]["events_per_second"] == 10.0
        assert shown["findings"] == [{"category": "pii.email", "dimension": "privacy", "count": 4}]
        assert [each["partition"] for each in shown["partitions"]] == [0, 1]
        assert [(sign["sign"], sign["value"]) for sign in shown["signs"]] == [("missing_scores", 0.5)]
        assert shown["configuration"]["refused"] is True
