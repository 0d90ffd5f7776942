"""Several processes, seen as one worker."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
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


async def test_one_that_is_started_again_is_ill_until_it_answers_whoever_asked_before() -> None:
    async with AsyncExitStack() as stack:
        worker = Worker(stack, 2)
        await worker.add()
        life, _ = await worker.add(None)
        life.again = True
        # Nobody has asked while the one before it was up: probes ask /livez and /readyz.
        assert worker.group.health().reason == "process 2 of 2 has died, and is starting"
        assert worker.group.liveness().alive


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


async def test_a_mark_that_no_process_takes_is_not_told_as_a_finding_that_is_gone() -> None:
    async with AsyncExitStack() as stack:
        worker = Worker(stack, 1)
        recent = held("a")
        life, process = await worker.add(**answering(recent, []))
        found = (await worker.console.findings(None, None, 0, 50))["findings"][0]["id"]
        assert await worker.console.mark(found, "no.such.category", True, "ann") is None
        process.end(-9)
        await life.kill()
        await asyncio.wait_for(life.ended.wait(), 30.0)
        with pytest.raises(TransportError):
            await worker.console.mark(found, "pii.email", True, "ann")


async def test_a_reload_that_one_refuses_is_refused() -> None:
    change = {"outcome": "applied", "reason": "", "keys": ["log_level"], "restart_keys": [], "time": "1"}
    async with AsyncExitStack() as stack:
        worker = Worker(stack, 2)
        await worker.add(reload=lambda _: change, audit=lambda _: [change])
        await worker.add(reload=lambda _: change | {"outcome": "refused"}, audit=lambda _: [change | {"time": "2"}])
        assert (await worker.console.reload("ann")).outcome == "refused"
        assert [each["time"] for each in await worker.console.audit()] == ["2", "1"]


def page(
    *signs: dict[str, Any], lag: int | None = 0, partition: int = 0, seconds: float = 0.1, refused: bool = False
) -> Any:
    """Answers as a process does that is asked for its page."""
    pipeline = {
        "events_per_second": 5.0, "queue_depth": 1, "queue_capacity": 10, "lag_records": lag, "lag_seconds": seconds,
        "sampling_ratio": 1.0, "shedding": False,
    }  # fmt: skip
    told = {
        "pipeline": pipeline, "signs": list(signs), "windows": ["1m"], "models": [],
        "partitions": [{"topic": "t", "partition": partition, "lag": lag}],
        "configuration": {"hash": "ab", "taken": 1.0, "refused": refused},
    }  # fmt: skip
    return lambda _: told


async def test_the_page_adds_up() -> None:
    async with AsyncExitStack() as stack:
        worker = Worker(stack, 2)
        counted = Metrics(CollectorRegistry(), clock=worker.clock)
        counted.finding("m", "output", "privacy", "pii.email", 2)
        told = write_snapshot(counted.freeze())
        await worker.add(page=page(lag=3, partition=1, seconds=0.25, refused=True), metrics=lambda _: told)
        await worker.add(page=page(lag=4, seconds=0.5), metrics=lambda _: told)
        shown = await worker.console.page()
        assert shown["pipeline"]["lag_records"] == 7 and shown["pipeline"]["lag_seconds"] == 0.5
        assert shown["pipeline"]["findings"] == 4 and shown["pipeline"]["events_per_second"] == 10.0
        assert shown["findings"] == [{"category": "pii.email", "dimension": "privacy", "count": 4}]
        assert [each["partition"] for each in shown["partitions"]] == [0, 1]
        assert (shown["signs"], shown["configuration"]["refused"]) == ([], True)


async def signs_of(worker: Worker) -> list[tuple[Any, ...]]:
    shown = await worker.console.page()
    return [tuple(sign.get(key) for key in ("sign", "model", "detail", "value")) for sign in shown["signs"]]


async def test_a_process_that_has_died_is_a_sign_and_its_lag_is_not_known() -> None:
    async with AsyncExitStack() as stack:
        worker = Worker(stack, 2)
        life, process = await worker.add(page=page(lag=3))
        await worker.add(page=page(lag=4, partition=1))
        assert await signs_of(worker) == []
        process.end(-9)
        await life.kill()
        await asyncio.wait_for(life.ended.wait(), 30.0)
        died = ("stalled", None, "process 1 of 2 has died, and is started again", None)
        assert await signs_of(worker) == [died, ("not_ready", None, "process 1 of 2: answer", None)]
        assert (await worker.console.page())["pipeline"]["lag_records"] is None


async def test_a_process_that_is_held_up_by_partitions_says_so_itself_and_once() -> None:
    async with AsyncExitStack() as stack:
        worker = Worker(stack, 2)
        stalled = {"sign": "stalled", "tone": "bad", "detail": "t/1 stands still"}
        silent = {"sign": "broker", "tone": "bad"}
        behind = {"sign": "not_ready", "tone": "warn", "detail": "broker"}
        ill = replaced(alive=False, reason="t/1 stands still", ready=False, missing=("broker",))
        await worker.add(ill, page=page(silent, stalled, behind))
        await worker.add(ill, page=page(silent))
        assert await signs_of(worker) == [("broker", None, None, None), ("stalled", None, "t/1 stands still", None)]


async def test_shares_since_the_start_are_those_of_the_worker_and_outlive_a_process() -> None:
    async with AsyncExitStack() as stack:
        worker = Worker(stack, 2)
        clean, broken = (Metrics(CollectorRegistry(), clock=worker.clock) for _ in range(2))
        clean.event_decoded("m", "native", 300)
        broken.event_decoded("m", "native", 75)
        for _ in range(125):
            broken.dead_letter("t", "not_json")
        life, process = await worker.add(metrics=lambda _: write_snapshot(broken.freeze()), page=page(
            {"sign": "dead_letters", "tone": "bad", "value": 0.625}))  # fmt: skip
        await worker.add(metrics=lambda _: write_snapshot(clean.freeze()), page=page(partition=1))
        assert await signs_of(worker) == [("dead_letters", None, None, 0.25)]
        process.end(-9)
        await life.kill()
        await asyncio.wait_for(life.ended.wait(), 30.0)
        assert ("dead_letters", None, None, 0.25) in await signs_of(worker)


async def test_signs_of_several_are_told_once_and_those_left_out_are_counted() -> None:
    def leaks(model: str, lower: float, window: str = "1m") -> dict[str, Any]:
        return {"sign": "leaks", "tone": "bad", "model": model, "detail": "privacy", "value": lower + 0.1,
                "lower": lower, "limit": 0.02, "window": window}  # fmt: skip

    def secret(model: str) -> dict[str, Any]:
        return {"sign": "leaked", "tone": "bad", "model": model, "detail": "pii.secret"}

    async with AsyncExitStack() as stack:
        worker = Worker(stack, 2)
        models = [f"m{n:02}" for n in range(20)]
        # Windows are known to both; which of them is the worst may differ for a moment.
        await worker.add(page=page(*(leaks(name, 0.5) for name in models), *map(secret, models[:10])))
        await worker.add(page=page(*(leaks(name, 0.4, "5m") for name in models), *map(secret, models[5:15])))
        signs = await signs_of(worker)
        kinds = [sign if sign != "more" else (sign, detail, value) for sign, _, detail, value in signs]
        assert kinds == [*["leaked"] * 12, ("more", "leaked", 3), *["leaks"] * 12, ("more", "leaks", 8)]
        assert {value for sign, _, _, value in signs if sign == "leaks"} == {0.6}


async def test_a_model_is_told_by_the_process_that_has_been_there_longest() -> None:
    """Of two that know the same windows: the other has a history since it was started again."""

    def told(times: list[float]) -> Any:
        return lambda _: {"name": "m", "history": {"times": times}, "drift": []}

    async with AsyncExitStack() as stack:
        worker = Worker(stack, 2)
        await worker.add(model=told([500.0]))
        await worker.add(model=told([1.0, 2.0, 500.0]))
        worker.supervisor.lives[1].began += 499.0
        found = await worker.console.model("m", None)
        assert found is not None and len(found["history"]["times"]) == 3


async def test_alarms_of_drift_are_those_of_all_processes_dead_ones_too() -> None:
    def told(statistic: float, times: int) -> Any:
        row = {"detector": "psi", "feature": "length", "statistic": statistic, "threshold": 0.2, "detected": False}
        return lambda _: {"name": "m\u200b", "history": {}, "drift": [{**row, "times": times}]}

    async with AsyncExitStack() as stack:
        worker = Worker(stack, 2)
        for statistic, times in ((0.1, 2), (0.15, 3)):
            counted = Metrics(CollectorRegistry(), clock=worker.clock)
            for _ in range(times):
                counted.drift_detected("m\u200b", "psi", "length")
            content = write_snapshot(counted.freeze())
            await worker.add(model=told(statistic, times), metrics=lambda _, content=content: content)
        await worker.group.freeze_metrics()
        found = await worker.console.model("m\u200b", None)
        assert found is not None
        assert [(row["statistic"], row["times"]) for row in found["drift"]] == [(0.15, 5)]


async def test_that_nobody_answers_is_not_told_as_nothing_found() -> None:
    async with AsyncExitStack() as stack:
        worker = Worker(stack, 1)
        console = worker.console
        asked: list[Callable[[], Awaitable[Any]]] = [
            lambda: console.model("m", None), console.feedback, console.audit, lambda: console.reload("ann"),
            lambda: console.findings(None, None, 0, 50),
        ]  # fmt: skip
        nothing: dict[str, Any] = {"model": None, "marks": [], "audit": [], "reload": None}
        answers = {name: lambda _, told=told: told for name, told in nothing.items()}
        life, process = await worker.add(**answering(held(), []), **answers)
        assert [await ask() for ask in asked[:4]] == [None, [], [], None]
        assert (await asked[4]())["findings"] == []
        process.end(-9)
        await life.kill()
        await asyncio.wait_for(life.ended.wait(), 30.0)
        for ask in asked:
            with pytest.raises(TransportError):
                await ask()
        # The page is there all the same, and says what is wrong.
        assert (await console.page())["signs"][0]["sign"] == "stalled"


async def test_one_that_may_hang_is_asked_last() -> None:
    """Else whoever looks waits for it each time, until it counts as silent."""
    async with AsyncExitStack() as stack:
        worker = Worker(stack, 2)
        await worker.add()
        other, _ = await worker.add(**answering(held("a"), []))
        assert [life.number for life in worker.group.answering()] == [1, 2]
        worker.clock.advance(4.0)
        assert await other.look("state", 30.0)
        assert [life.number for life in worker.group.answering()] == [2, 1]
