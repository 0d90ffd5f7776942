"""``make chaos``: so many random faults while so many calls flow, on a three-broker Kafka, and the books afterwards.

After each fault the time is taken from when mending begins until everything published by then is committed: the time to
recover. After the last one the books are balanced: every half of a call has a verdict, duplicates have the same id and
say the same, the windows count what the first verdicts say, and the counters of the workers move by what comes after.
Exit code 1 when anything of that is not so. ``--short`` is for CI; the long form takes 1,000,000 calls through 200
faults.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.brokers.base import LayerAbsent
from tests.brokers.select import find_java_kafka
from tests.e2e.accounts import window_totals
from tests.e2e.lens import wait_until

from .faults import FAULTS, Fault
from .feed import CHUNK, Feed
from .ledger import Books
from .progress import Progress
from .rig import GUESTS, STEADY, ChaosRig
from .siege import BesiegedKafka

__all__ = ["Report", "besiege", "plan_rounds"]

_CALM_CALLS = 2 * CHUNK
_RECOVER_SECONDS = 300.0
#: Share of rounds in which a worker and a broker suffer at once.
_TWO_AT_ONCE = 0.25


@dataclass(slots=True)
class Report:
    """What happened.

    Attributes
    ----------
    recovered
        By kind, seconds from when mending begins (a process is started, a network comes back) until all that was
        published before its end is committed.
    notes
        What is to be looked at and breaks no promise: tracebacks in the workers' logs.
    stood
        By kind, the longest time in which records waited and nothing was committed, from the fault's begin on.
    """

    numbers: dict[str, Any] = field(default_factory=dict)
    recovered: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    stood: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def kinds(self) -> Iterator[dict[str, Any]]:
        """One row a kind."""
        for kind in sorted(self.recovered):
            times, stood = self.recovered[kind], self.stood[kind]
            yield {
                "kind": kind,
                "faults": len(times),
                "recovered_median_seconds": round(statistics.median(times), 1),
                "recovered_most_seconds": round(max(times), 1),
                "stood_still_most_seconds": round(max(stood), 1),
            }

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``."""
        return self.numbers | {"kinds": list(self.kinds()), "problems": self.problems, "notes": self.notes}


def plan_rounds(rng: random.Random, kinds: Sequence[str], faults: int) -> list[tuple[str, ...]]:
    """Every kind about as often as any other, in random order; now and then two sides suffer at once."""
    drawn: list[str] = []
    while len(drawn) < faults:
        some = list(kinds)
        rng.shuffle(some)
        drawn += some
    rounds: list[tuple[str, ...]] = []
    left = drawn[:faults]
    while left:
        first = left.pop(0)
        other = next((kind for kind in left if FAULTS[kind][0] != FAULTS[first][0]), None)
        if other is not None and rng.random() < _TWO_AT_ONCE:
            left.remove(other)
            rounds.append((first, other))
        else:
            rounds.append((first,))
    return rounds


def _round(
    rig: ChaosRig,
    rng: random.Random,
    kinds: tuple[str, ...],
    progress: Progress,
    report: Report,
    traffic: Callable[[float], None],
) -> None:
    """One fault, or two at once, with half of the round's calls in flight when it begins and half when it ends."""
    faults: list[Fault] = [FAULTS[kind][1](rig, rng) for kind in kinds]
    progress.take_longest_stand()
    seconds = max(fault.seconds for fault in faults)
    traffic(0.5)
    time.sleep(rng.uniform(0.1, 1.0))
    for fault in faults:
        fault.begin()
    time.sleep(seconds / 2)
    traffic(1.0)
    time.sleep(seconds / 2)
    mending = time.monotonic()
    for fault in faults:
        fault.end()
    marks = progress.ends()

    def recovered() -> bool:
        return all(at >= mark for at, mark in zip(progress.committed, marks, strict=True))

    said = " and ".join(f"{kind} ({fault.victim})" for kind, fault in zip(kinds, faults, strict=True))
    try:
        wait_until(recovered, f"recovery from {said}", timeout_seconds=_RECOVER_SECONDS)
    except TimeoutError as error:
        report.problems.append(f"{error}; workers ended with {[worker.exit_code for worker in rig.steady]}")
    for worker in rig.steady:
        if not worker.running:
            # A worker may stop when it sees no way on; who runs it starts it again.
            report.numbers["workers_that_gave_up"] = report.numbers.get("workers_that_gave_up", 0) + 1
            worker.start()
    seconds, stood = time.monotonic() - mending, progress.take_longest_stand()
    for kind in kinds:
        report.recovered[kind].append(seconds)
        report.stood[kind].append(stood)


def _events(rig: ChaosRig) -> float:
    return sum(value for worker in rig.steady for _, value in worker.samples().get("harmwatch_events_total", []))


def _calm(rig: ChaosRig, feed: Feed, progress: Progress, report: Report) -> None:
    """Counters move by exactly what comes once nothing breaks any more."""
    for worker in rig.steady:
        worker.wait_ready(180.0)
    before, calls = _events(rig), feed.published
    feed.allow(calls + _CALM_CALLS)
    feed.wait(calls + _CALM_CALLS)
    ends = progress.ends()
    wait_until(
        lambda: all(at >= end for at, end in zip(progress.committed, ends, strict=True)),
        "lag 0 in the calm",
        timeout_seconds=_RECOVER_SECONDS,
    )
    moved = _events(rig) - before
    report.numbers |= {"calls_in_the_calm": _CALM_CALLS, "counted_in_the_calm": moved}
    if moved != _CALM_CALLS:
        report.problems.append(f"harmwatch_events_total moved by {moved:g} where {_CALM_CALLS} calls came")


def besiege(
    *, calls: int, faults: int, seed: int, kinds: Sequence[str], most_waiting: int, tell: Callable[[str], None]
) -> Report:
    """Run the whole experiment.

    Parameters
    ----------
    calls
        Published in all, rounded up to whole chunks; the calm after the last fault comes on top.
    tell
        Given a line now and then.
    """
    report, rng = Report(), random.Random(seed)
    calls = -(-calls // CHUNK) * CHUNK
    books = Books(calls + _CALM_CALLS)
    rounds = plan_rounds(rng, kinds, faults)
    with BesiegedKafka([*STEADY, *GUESTS]) as cluster, ChaosRig(cluster) as rig:
        tell(cluster.description)
        rig.create_topics()
        for worker in rig.steady:
            worker.start()
        for worker in rig.steady:
            worker.wait_ready(240.0)
        progress = Progress(cluster.bootstrap, rig.group, rig.events, rig.partitions)
        feed = Feed(
            cluster.bootstrap, rig.events, seed=seed, most_waiting=most_waiting,
            waiting=lambda: progress.waiting, note=books.promise,
        )  # fmt: skip
        began = time.monotonic()
        try:
            for number, names in enumerate(rounds):

                def traffic(share: float, done: int = number) -> None:
                    feed.allow(int(calls * (done + share)) // len(rounds))

                _round(rig, rng, names, progress, report, traffic)
                tell(
                    f"{number + 1}/{len(rounds)} {' + '.join(names)}: recovered after "
                    f"{report.recovered[names[0]][-1]:.1f} s; {feed.published:,} calls, {progress.waiting:,} waiting"
                )
            feed.allow(calls)
            feed.wait(calls)
            _calm(rig, feed, progress, report)
        finally:
            feed.close()
            progress.close()
        report.numbers |= {"calls": feed.published, "faults": sum(map(len, rounds)), "seed": seed}
        report.numbers["seconds"] = round(time.monotonic() - began, 1)
        tell("balancing the books ...")
        _balance(rig, books, report)
    return report


def _balance(rig: ChaosRig, books: Books, report: Report) -> None:
    codes = [worker.terminate(90.0) for worker in rig.steady]
    if any(codes):
        report.problems.append(f"the workers ended with {codes} instead of 0")
    books.read(rig.lens.stream(rig.topic("verdicts")))
    numbers = books.numbers()
    report.numbers |= numbers | {"tracebacks": rig.tracebacks()}
    report.notes += [f"a traceback in a log: {words}" for words in rig.last_words()[:5]]
    report.problems += [
        f"{numbers[name]} {name}"
        for name in (
            "halves_without_verdict", "duplicates_with_another_id", "contradicting_duplicates", "uninvited_verdicts",
            "missing_scores",
        )
        if numbers[name]
    ]  # fmt: skip
    report.problems += books.verdicts.examples
    wrong = books.against(window_totals(rig.config, rig.lens.stream(rig.topic("panes"))))
    report.numbers["window_differences"] = len(wrong)
    report.problems += [f"windows: {line}" for line in wrong[:10]]
    letters = sum(1 for _ in rig.lens.stream(rig.topic("dlq")))
    report.numbers["dead_letters"] = letters
    if letters:
        report.problems.append(f"{letters} dead letters of sound records")


def _print(console: Console, report: Report) -> None:
    table = Table(title="time to recover, by kind of fault", title_justify="left")
    for name in ("kind", "faults", "recovered: median, s", "most, s", "stood still at most, s"):
        table.add_column(name, justify="left" if name == "kind" else "right")
    for row in report.kinds():
        table.add_row(*(str(value) for value in row.values()))
    console.print(table)
    table = Table(title="the books", title_justify="left")
    table.add_column("number")
    table.add_column("value", justify="right")
    for key, value in report.numbers.items():
        table.add_row(key, f"{value:,}" if isinstance(value, int | float) else str(value))
    console.print(table)
    for note in report.notes:
        console.print(f"  note: {note}", markup=False)
    for problem in report.problems:
        console.print(f"  problem: {problem}", markup=False)


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code 0 when the books balance, 1 when they do not, 2 without Java's Kafka."""
    parser = argparse.ArgumentParser(prog="python -m tests.e2e.chaos", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--short", action="store_true", help="12,000 calls, one fault of each kind: for CI")
    parser.add_argument("--calls", type=int, help="published while faults happen; 1,000,000")
    parser.add_argument("--faults", type=int, help="how many; 200")
    parser.add_argument("--only", metavar="KINDS", help=f"comma separated, of {', '.join(FAULTS)}")
    parser.add_argument("--most-waiting", type=int, default=4000, help="records; publishing waits while more wait")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    args = parser.parse_args(argv)
    kinds = args.only.split(",") if args.only else list(FAULTS)
    if unknown := set(kinds) - FAULTS.keys():
        parser.error(f"no fault {', '.join(sorted(unknown))}; there are {', '.join(FAULTS)}")
    console = Console(stderr=args.json, width=120)
    calls = args.calls or (12_000 if args.short else 1_000_000)
    faults = args.faults or (len(kinds) if args.short else 200)
    try:
        find_java_kafka()
        report = besiege(
            calls=calls, faults=faults, seed=args.seed, kinds=kinds, most_waiting=args.most_waiting,
            tell=lambda line: console.print(line, markup=False, highlight=False),
        )  # fmt: skip
    except LayerAbsent as absent:
        sys.stderr.write(f"no real Kafka: {absent}\n")
        return 2
    if args.json:
        sys.stdout.write(json.dumps(report.as_dict(), ensure_ascii=False) + "\n")
    else:
        _print(console, report)
    return 1 if report.problems else 0
