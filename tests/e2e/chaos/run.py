"""One siege: so many random faults while so many calls flow, on a three-broker Kafka, and the books afterwards.

After each fault the time is taken from when mending begins until everything published by then is committed: the time to
recover. After the last one the books are balanced: every half of a call has a verdict, duplicates have the same id and
say the same, the windows count what the first verdicts say, scores are missing only of the time in which a scorer was
broken, each record that is no event has its dead letter, and the counters of the workers move by what comes after.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence

from tests.e2e.accounts import window_totals
from tests.e2e.lens import wait_until

from .fault import Fault
from .faults import FAULTS
from .feed import CHUNK, Feed
from .ledger import Books, Spell, read_letters
from .progress import Progress
from .report import Leg
from .rig import GUESTS, STEADY, ChaosRig
from .scorer_faults import MISSING
from .siege import BesiegedKafka

__all__ = ["besiege", "plan_rounds"]

_CALM_CALLS = 2 * CHUNK
_RECOVER_SECONDS = 300.0
#: Share of rounds in which a worker and a broker suffer at once.
_TWO_AT_ONCE = 0.25


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
        other = next((kind for kind in left if {FAULTS[kind][0], FAULTS[first][0]} == {"worker", "broker"}), None)
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
    report: Leg,
    traffic: Callable[[float], None],
) -> Spell | None:
    """One fault, or two at once, with half of the round's calls in flight when it begins and half when it ends.

    Returns
    -------
    Spell or None
        In which scores may be missing, for faults of scorers.
    """
    faults: list[Fault] = [FAULTS[kind][1](rig, rng) for kind in kinds]
    if any(FAULTS[kind][0] == "alone" for kind in kinds):
        # What the last fault killed is still starting: its coming would be another fault.
        for worker in rig.steady:
            worker.wait_ready(240.0)
    progress.take_longest_stand()
    seconds = max(fault.seconds for fault in faults)
    traffic(0.5)
    time.sleep(rng.uniform(0.1, 1.0))
    began_at = time.time()
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
        _start_again(rig, report)
        return all(at >= mark for at, mark in zip(progress.committed, marks, strict=True))

    said = " and ".join(f"{kind} ({fault.victim})" for kind, fault in zip(kinds, faults, strict=True))
    try:
        wait_until(recovered, f"recovery from {said}", timeout_seconds=_RECOVER_SECONDS)
    except TimeoutError as error:
        report.problems.append(f"{error}; workers ended with {[worker.exit_code for worker in rig.steady]}")
    seconds, stood = time.monotonic() - mending, progress.take_longest_stand()
    ended_at = time.time()
    for kind, fault in zip(kinds, faults, strict=True):
        report.recovered[kind].append(round(seconds, 2))
        report.stood[kind].append(round(stood, 2))
        report.problems += [f"{kind}: {problem}" for problem in fault.look()]
    reasons = frozenset[str]().union(*(MISSING.get(kind, frozenset()) for kind in kinds))
    # Verdicts have milliseconds, cut off.
    return Spell(said, began_at - 0.002, ended_at, reasons) if reasons else None


def _start_again(rig: ChaosRig, report: Leg) -> None:
    """A worker may stop when it sees no way on; who runs it starts it again."""
    for worker in rig.steady:
        if not worker.running:
            report.numbers["workers_that_gave_up"] = report.numbers.get("workers_that_gave_up", 0) + 1
            worker.start()


def _events(rig: ChaosRig) -> float:
    return sum(value for worker in rig.steady for _, value in worker.samples().get("harmwatch_events_total", []))


def _wait_for_all(progress: Progress, what: str) -> None:
    ends = progress.ends()
    wait_until(
        lambda: all(at >= end for at, end in zip(progress.committed, ends, strict=True)),
        what,
        timeout_seconds=_RECOVER_SECONDS,
    )


def _calm(rig: ChaosRig, feed: Feed, progress: Progress, report: Leg) -> None:
    """Counters move by exactly what comes once nothing breaks any more."""
    for worker in rig.steady:
        worker.wait_ready(180.0)
    _wait_for_all(progress, "lag 0 before the calm")
    before, calls = _events(rig), feed.published
    feed.allow(calls + _CALM_CALLS)
    feed.wait(calls + _CALM_CALLS)
    _wait_for_all(progress, "lag 0 in the calm")
    moved = _events(rig) - before
    report.numbers |= {"calls_in_the_calm": _CALM_CALLS, "counted_in_the_calm": moved}
    if moved != _CALM_CALLS:
        report.problems.append(f"harmwatch_events_total moved by {moved:g} where {_CALM_CALLS} calls came")


def besiege(
    *,
    calls: int,
    faults: int,
    seed: int,
    kinds: Sequence[str],
    most_waiting: int,
    tell: Callable[[str], None],
    told: Callable[[Leg], None] = lambda _: None,
    enough: Callable[[], bool] = lambda: False,
) -> Leg:
    """Run one siege from the first broker's start to the balanced books.

    Parameters
    ----------
    calls
        Published in all, rounded up to whole chunks; the calm after the last fault comes on top.
    tell
        Given a line now and then.
    told
        Given what is known so far after each fault.
    enough
        Asked before each fault: when it says so no more begin, and the books are balanced of what there was.
    """
    report, rng = Leg(seed), random.Random(seed)
    calls = -(-calls // CHUNK) * CHUNK
    rounds = plan_rounds(rng, kinds, faults)
    # Faults of some kinds let a chunk more flow.
    books = Books(calls + _CALM_CALLS + (faults + 1) * CHUNK)
    spells: list[Spell] = []
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
        rig.flow = feed.one_more
        began = time.monotonic()
        try:
            for number, names in enumerate(rounds):
                if enough():
                    break

                def traffic(share: float, done: int = number) -> None:
                    feed.allow(int(calls * (done + share)) // len(rounds))

                if (spell := _round(rig, rng, names, progress, report, traffic)) is not None:
                    spells.append(spell)
                told(report)
                tell(
                    f"{number + 1}/{len(rounds)} {' + '.join(names)}: recovered after "
                    f"{report.recovered[names[0]][-1]:.1f} s; {feed.published:,} calls, {progress.waiting:,} waiting"
                )
            else:
                feed.allow(calls)
                feed.wait(calls)
            _calm(rig, feed, progress, report)
        finally:
            feed.close()
            progress.close()
        report.numbers |= {"calls": feed.published, "faults": report.faults, "no_events": feed.unsound}
        report.numbers["seconds"] = round(time.monotonic() - began, 1)
        tell("balancing the books ...")
        _balance(rig, books, spells, report)
    report.balanced = True
    told(report)
    return report


def _balance(rig: ChaosRig, books: Books, spells: Sequence[Spell], report: Leg) -> None:
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
        )
        if numbers[name]
    ]  # fmt: skip
    report.problems += books.verdicts.examples
    wrong = books.against(window_totals(rig.config, rig.lens.stream(rig.topic("panes"))))
    report.numbers["window_differences"] = len(wrong)
    report.problems += [f"windows: {line}" for line in wrong[:10]]
    outside = books.missing_outside(spells)
    report.numbers["missing_while_no_scorer_was_broken"] = outside
    if outside:
        report.problems.append(f"{outside} scores are missing of times in which no scorer was broken")
    report.problems += [f"no score is missing of {spell.kind}" for spell in spells if not books.missing_in(spell)]
    letters = read_letters(rig.lens.stream(rig.topic("dlq")))
    report.numbers |= {"dead_letters": letters.records, "duplicate_dead_letters": letters.duplicates}
    if letters.sound:
        report.problems.append(f"{letters.sound} dead letters of sound records")
    if letters.records != report.numbers["no_events"]:
        report.problems.append(f"{report.numbers['no_events']} records were no events, {letters.records} dead letters")
