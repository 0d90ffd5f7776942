"""``make chaos``: random faults and the books afterwards, in legs, so that hours are never lost.

A leg is a siege of its own, with brokers, workers and books of its own (`run.besiege`). Its report is on the disk after
each fault; ``--resume`` goes on behind the legs whose books were balanced. Ctrl-C ends the leg after the fault that is
under way, and balances its books; a second one ends at once. Exit code 1 when any books do not balance. ``--short`` is
for CI; the long form takes 1,000,000 calls through 200 faults, in legs of 50.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tests.brokers.base import LayerAbsent
from tests.brokers.select import find_java_kafka

from .faults import FAULTS
from .report import Leg, Plan, ReportFile, as_dict, print_legs
from .run import besiege

__all__ = ["main"]


@contextmanager
def _stop_on_first_interrupt(console: Console) -> Iterator[threading.Event]:
    """Set by the first SIGINT; the second interrupts as always."""
    asked = threading.Event()

    def interrupt(_number: int, _frame: object) -> None:
        asked.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        console.print("ending after this fault, then the books; Ctrl-C again ends at once, without them")

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, before)


class _Run:
    """Legs one after the other.

    Parameters
    ----------
    legs
        Those that are done already.
    """

    def __init__(self, plan: Plan, file: ReportFile, legs: list[Leg], most_waiting: int, console: Console) -> None:
        self._plan = plan
        self._file = file
        self.legs = legs
        self._most_waiting = most_waiting
        self._console = console
        self._began = time.monotonic()
        self._before = self._done
        self._bar = Progress(
            TextColumn("faults"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
            TextColumn("{task.fields[left]}"), console=console, disable=not console.is_terminal,
        )  # fmt: skip
        self._task = self._bar.add_task("faults", total=plan.faults, completed=self._done, left="")

    @property
    def _done(self) -> int:
        return sum(leg.faults for leg in self.legs)

    def run(self, asked: threading.Event) -> None:
        """Until all faults are done, or no more are wanted."""
        with self._bar:
            while self._done < self._plan.faults and not asked.is_set():
                faults = min(self._plan.faults_a_leg, self._plan.faults - self._done)
                done = list(self.legs)

                def told(leg: Leg, before: list[Leg] = done) -> None:
                    self.legs = [*before, leg]
                    self._file.write(self.legs)
                    self._bar.update(self._task, completed=self._done, left=self._left())

                leg = besiege(
                    calls=self._plan.calls * faults // self._plan.faults,
                    faults=faults,
                    seed=self._plan.seed + 1_000_003 * self._done,
                    kinds=self._plan.kinds,
                    most_waiting=self._most_waiting,
                    tell=lambda line: self._tell(line),
                    told=told,
                    enough=asked.is_set,
                )
                if not leg.faults:
                    break

    def _left(self) -> str:
        fresh = self._done - self._before
        if not fresh:
            return ""
        seconds = (time.monotonic() - self._began) / fresh * (self._plan.faults - self._done)
        return f"about {seconds / 60:.0f} min left"

    def _tell(self, line: str) -> None:
        left = "" if self._console.is_terminal else self._left()
        self._console.print(f"{line}; {left}" if left else line, markup=False, highlight=False)


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.e2e.chaos", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--short", action="store_true", help="16,000 calls, one fault of each kind: for CI")
    parser.add_argument("--calls", type=int, help="published while faults happen; 1,000,000")
    parser.add_argument("--faults", type=int, help="how many; 200")
    parser.add_argument("--faults-a-leg", type=int, default=50, help="in one siege, with books of its own; 50")
    parser.add_argument("--only", metavar="KINDS", help=f"comma separated, of {', '.join(FAULTS)}")
    parser.add_argument("--most-waiting", type=int, default=4000, help="records; publishing waits while more wait")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--report", type=Path, metavar="FILE.json", help="kept up to date; FILE.md has the table")
    parser.add_argument("--resume", action="store_true", help="go on where the file of --report ends")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    args = parser.parse_args(argv)
    args.kinds = tuple(args.only.split(",")) if args.only else tuple(FAULTS)
    if unknown := set(args.kinds) - FAULTS.keys():
        parser.error(f"no fault {', '.join(sorted(unknown))}; there are {', '.join(FAULTS)}")
    args.calls = args.calls or (16_000 if args.short else 1_000_000)
    args.faults = args.faults or (len(args.kinds) if args.short else 200)
    if min(args.calls, args.faults, args.faults_a_leg, args.most_waiting) < 1:
        parser.error("--calls, --faults, --faults-a-leg and --most-waiting are at least 1")
    if args.resume and args.report is None:
        parser.error("--resume needs --report")
    if args.report is not None and args.report.exists() and not args.resume:
        parser.error(f"{args.report} is there already: --resume goes on with it")
    return args


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code 0 when the books balance, 1 when they do not, 2 without Java's Kafka, 130 when interrupted twice."""
    args = _arguments(argv)
    console = Console(stderr=args.json, width=120)
    plan = Plan(args.calls, args.faults, args.faults_a_leg, args.seed, args.kinds)
    file = ReportFile(args.report, plan)
    try:
        run = _Run(plan, file, file.read(), args.most_waiting, console)
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    code = 0
    try:
        find_java_kafka()
        with _stop_on_first_interrupt(console) as asked:
            run.run(asked)
    except LayerAbsent as absent:
        sys.stderr.write(f"no real Kafka: {absent}\n")
        return 2
    except KeyboardInterrupt:
        code = 130
    if args.json:
        sys.stdout.write(json.dumps(as_dict(plan, run.legs), ensure_ascii=False) + "\n")
    else:
        print_legs(console, run.legs)
    return code or int(any(leg.problems for leg in run.legs))
