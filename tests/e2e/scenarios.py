"""What workers can suffer: kill -9, rebalances, SIGTERM, SIGSTOP. One function each, balanced books after each."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from .accounts import Account, audit
from .lens import wait_until
from .processes import WorkerProcess
from .traffic import Traffic, TrafficRecord, make_traffic
from .workbench import Workbench

__all__ = ["Outcome", "drain", "feeding", "kill_nine", "quick_rebalances", "zombie"]


@dataclass(slots=True)
class Outcome:
    """What a scenario measured, and what was wrong (nothing, when it passed)."""

    name: str
    numbers: dict[str, Any] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def balance(self, bench: Workbench, traffic: Traffic) -> Account:
        """Audit and note."""
        account = audit(bench, traffic.ledger)
        self.numbers |= account.numbers()
        self.problems += account.problems()
        if crashes := bench.tracebacks():
            self.problems.append(f"{crashes} tracebacks in the workers' logs")
        return account

    def expect(self, true: bool, otherwise: str) -> None:
        """Note a problem unless it holds."""
        if not true:
            self.problems.append(otherwise)


@contextmanager
def feeding(bench: Workbench, records: Sequence[TrafficRecord], per_second: float) -> Iterator[Callable[[], None]]:
    """Publish in the background, at about this rate; what is lent waits for the end. The block's end waits too."""
    failures: list[BaseException] = []

    def feed() -> None:
        step = max(1, int(per_second / 5))
        try:
            for at in range(0, len(records), step):
                began = time.monotonic()
                bench.lens.publish(bench.events, records[at : at + step])
                time.sleep(max(0.0, step / per_second - (time.monotonic() - began)))
        except BaseException as error:  # told by the thread that waits
            failures.append(error)

    thread = threading.Thread(target=feed, daemon=True)
    thread.start()

    def wait() -> None:
        thread.join(300.0)
        if failures:
            raise failures[0]
        if thread.is_alive():
            raise TimeoutError("publishing took more than 300 s")

    yield wait
    wait()


def kill_nine(bench: Workbench, *, events: int, kills: int, seed: int) -> Outcome:
    """SIGKILL at random moments, now and then with a second worker in the group; restarted each time."""
    outcome = Outcome("kill_nine", {"seed": seed})
    rng = random.Random(seed)
    traffic = make_traffic(events, seed=seed)
    bench.create_events_topic()
    first, second = bench.worker("a"), bench.worker("b")
    chunks = traffic.chunks(kills + 1)
    with_work = while_starting = in_pairs = 0
    for number, chunk in enumerate(chunks[:-1]):
        if not first.running:
            first.start()
        if number % 3 == 2 and not second.running:
            second.start()
        alive = [worker for worker in (first, second) if worker.running]
        in_pairs += len(alive) == 2
        victim = rng.choice(alive)
        if number and rng.random() < 0.15:
            while_starting += 1
            bench.lens.publish(bench.events, chunk)
            time.sleep(rng.uniform(0.3, 3.0))
        else:
            victim.wait_ready()
            bench.lens.publish(bench.events, chunk)
            time.sleep(rng.uniform(0.0, 0.5))
        victim.kill()
        with_work += bench.lag() > 0
    bench.lens.publish(bench.events, chunks[-1])
    if not (first.running or second.running):
        first.start()
    outcome.numbers |= {
        "kills": kills,
        "kills_with_records_uncommitted": with_work,
        "kills_while_starting": while_starting,
        "kills_with_two_workers": in_pairs,
        "seconds_to_lag_zero": round(bench.wait_for_lag_zero(), 1),
    }
    outcome.balance(bench, traffic)
    return outcome


def quick_rebalances(bench: Workbench, *, events: int, seed: int) -> Outcome:
    """Two workers join and leave a working one, so that rebalances fall into batches in flight."""
    outcome = Outcome("quick_rebalances")
    traffic = make_traffic(events, seed=seed)
    bench.create_events_topic()
    steady, guests = bench.worker("a"), [bench.worker("b"), bench.worker("c")]
    steady.start()
    steady.wait_ready()
    pid = steady.pid
    lag_at: list[int] = []
    # As fast as it goes, so that every change of the group finds work in flight.
    with feeding(bench, traffic.records, per_second=max(500.0, events / 12)):
        for guest in guests:
            guest.start()
        for guest in guests:
            guest.wait_ready()
            lag_at.append(bench.lag())
        codes = [guest.terminate() for guest in guests]
        lag_at.append(bench.lag())
    outcome.numbers |= {
        "rebalances_at_least": 4,
        "lag_at_changes": lag_at,
        "seconds_to_lag_zero": round(bench.wait_for_lag_zero(), 1),
    }
    outcome.expect(codes == [0, 0], f"the guests left with {codes} instead of 0, 0")
    outcome.expect(steady.pid == pid, "the steady worker did not live through it")
    outcome.balance(bench, traffic)
    return outcome


def drain(bench: Workbench, *, events: int, seed: int) -> Outcome:
    """SIGTERM in the middle of work: exit code 0, and not one verdict twice after the restart."""
    outcome = Outcome("drain")
    traffic = make_traffic(events, seed=seed)
    bench.create_events_topic()
    worker = bench.worker("a")
    worker.start()
    worker.wait_ready()
    begin, rest = traffic.records[: events // 4], traffic.records[events // 4 :]
    bench.lens.publish(bench.events, begin)
    _until_working(bench, worker, len(begin))
    bench.lens.publish(bench.events, rest)
    began = time.monotonic()
    code = worker.terminate()
    left = bench.lag()
    outcome.numbers |= {"exit_code": code, "drain_seconds": round(time.monotonic() - began, 2), "lag_after_drain": left}
    outcome.expect(code == 0, f"exit code {code} after SIGTERM")
    worker.start()
    bench.wait_for_lag_zero()
    account = outcome.balance(bench, traffic)
    outcome.expect(account.duplicates == 0, f"{account.duplicates} verdicts came twice after an orderly stop")
    return outcome


def zombie(bench: Workbench, *, events: int, seed: int) -> Outcome:
    """A worker freezes for longer than its session, another takes over, the first comes back to life."""
    outcome = Outcome("zombie")
    traffic = make_traffic(events, seed=seed)
    bench.create_events_topic()
    early, more, late = traffic.chunks(3)
    frozen, heir = bench.worker("a"), bench.worker("b")
    frozen.start()
    frozen.wait_ready()
    bench.lens.publish(bench.events, early)
    _until_working(bench, frozen, len(early))
    bench.lens.publish(bench.events, more)
    time.sleep(0.15)  # a moment in which records are scored and not committed
    frozen.pause()
    lag_when_frozen = bench.lag()
    began = time.monotonic()
    heir.start()
    heir.wait_ready()
    bench.wait_for_lag_zero()
    time.sleep(max(0.0, 2 * bench.session_seconds - (time.monotonic() - began)))
    frozen_seconds = time.monotonic() - began
    with feeding(bench, late, per_second=len(late) / 4):
        frozen.resume()
    bench.wait_for_lag_zero()
    wait_until(frozen.ready, "the frozen worker ready again", timeout_seconds=60)
    outcome.numbers |= {
        "session_seconds": bench.session_seconds,
        "frozen_seconds": round(frozen_seconds, 1),
        "lag_when_frozen": lag_when_frozen,
    }
    outcome.expect(frozen.running and heir.running, "a worker died of it")
    outcome.balance(bench, traffic)
    return outcome


def _until_working(bench: Workbench, worker: WorkerProcess, published: int) -> None:
    def working() -> bool:
        worker.check()
        return bench.lag() < published

    wait_until(working, "first commit", timeout_seconds=60, step_seconds=0.02)
