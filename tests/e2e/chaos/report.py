"""What a siege found, what several found together, and the file that keeps it."""

from __future__ import annotations

import json
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

__all__ = ["FAULT_WORDS", "Leg", "Plan", "ReportFile", "as_dict", "markdown", "print_legs", "rows"]

FAULT_WORDS: Final[Mapping[str, str]] = {
    "worker_killed": "worker: kill -9",
    "worker_killed_while_starting": "worker: kill -9, and again while it starts",
    "worker_stopped": "worker: SIGTERM",
    "worker_frozen": "worker: frozen for up to 2.5 sessions of 4 s",
    "worker_cut_off": "worker: cut off from all brokers",
    "worker_cut_off_from_one": "worker: cut off from one broker",
    "connections_reset": "worker: connections reset and refused",
    "clock_jumped": "worker: clock wrong by up to half an hour",
    "scorer_slow": "scorer: up to 2 s a batch",
    "scorer_kills": "scorer: the worker is killed in the middle of a batch",
    "scorer_hangs": "scorer: hangs past its deadline, on all workers",
    "scorer_raises": "scorer: raises, on all workers",
    "scorer_out_of_memory": "scorer: is refused memory, on all workers",
    "evidence_denied": "right to write evidence taken away",
    "dead_letters_denied": "right to write dead letters taken away",
    "rebalance_storm": "two workers join and leave",
    "broker_killed": "broker: kill -9",
    "broker_stopped": "broker: SIGTERM",
    "broker_frozen": "broker: frozen",
    "broker_disk_full": "broker: disk full",
}
"""What a reader calls the kinds of faults."""


@dataclass(slots=True)
class Leg:
    """What happened in one siege: a cluster of its own, whose books are balanced at its end.

    Attributes
    ----------
    recovered
        By kind, seconds from when mending begins (a process is started, a network comes back) until all that was
        published before its end is committed.
    stood
        By kind, the longest time in which records waited and nothing was committed, from the fault's begin on.
    numbers
        Of the books.
    notes
        What is to be looked at and breaks no promise: tracebacks in the workers' logs.
    balanced
        The books were closed. What is not balanced counts for nothing.
    """

    seed: int
    numbers: dict[str, Any] = field(default_factory=dict)
    recovered: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    stood: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    balanced: bool = False

    @property
    def faults(self) -> int:
        """So far."""
        return sum(len(times) for times in self.recovered.values())

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Plan:
    """What was asked for; a report goes on only by the same plan."""

    calls: int
    faults: int
    faults_a_leg: int
    seed: int
    kinds: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {name: getattr(self, name) for name in self.__slots__} | {"kinds": list(self.kinds)}


class ReportFile:
    """Legs on the disk, so that hours are not lost: whole at any moment, written after each fault.

    Raises
    ------
    ValueError
        From `read`: the file is of another plan.
    """

    def __init__(self, path: Path | None, plan: Plan) -> None:
        self._path = path
        self._plan = plan

    def read(self) -> list[Leg]:
        """The legs that were balanced; none where there is no file."""
        if self._path is None or not self._path.exists():
            return []
        held = json.loads(self._path.read_text(encoding="utf-8"))
        if held["plan"] != self._plan.as_dict():
            raise ValueError(f"{self._path} is of another plan: {held['plan']}")
        return [Leg(**leg) for leg in held["legs"] if leg["balanced"]]

    def write(self, legs: Sequence[Leg]) -> None:
        """These, the one under way among them, and beside them the table."""
        if self._path is None:
            return
        self._put(self._path, json.dumps(as_dict(self._plan, legs), ensure_ascii=False, indent=1) + "\n")
        self._put(self._path.with_suffix(".md"), markdown(legs))

    @staticmethod
    def _put(path: Path, text: str) -> None:
        new = path.with_name(f"{path.name}.new")
        new.write_text(text, encoding="utf-8")
        new.replace(path)


def rows(legs: Sequence[Leg]) -> Iterator[dict[str, Any]]:
    """One a kind, over all legs."""
    for kind in sorted({kind for leg in legs for kind in leg.recovered}):
        times = [value for leg in legs for value in leg.recovered.get(kind, ())]
        stood = [value for leg in legs for value in leg.stood.get(kind, ())]
        yield {
            "kind": kind,
            "faults": len(times),
            "recovered_median_seconds": round(statistics.median(times), 1),
            "recovered_most_seconds": round(max(times), 1),
            "stood_still_most_seconds": round(max(stood), 1),
        }


def _numbers(legs: Sequence[Leg]) -> dict[str, Any]:
    """Sums of what the legs counted."""
    total: Counter[str] = Counter()
    for leg in legs:
        total.update({key: value for key, value in leg.numbers.items() if isinstance(value, int | float)})
    total.pop("seed", None)
    return {key: round(value, 1) if isinstance(value, float) else value for key, value in total.items()}


def as_dict(plan: Plan, legs: Sequence[Leg]) -> dict[str, Any]:
    """For ``--json`` and the file."""
    return {
        "plan": plan.as_dict(),
        "whole": all(leg.balanced for leg in legs) and sum(leg.faults for leg in legs) >= plan.faults,
        **_numbers(legs),
        "kinds": list(rows(legs)),
        "problems": [problem for leg in legs for problem in leg.problems],
        "notes": [note for leg in legs for note in leg.notes],
        "legs": [leg.as_dict() for leg in legs],
    }


def markdown(legs: Sequence[Leg]) -> str:
    """The table of docs/delivery.md."""
    lines = [
        "| fault | how often | until all is committed, from when mending begins: median, most "
        "| longest time without a commit |",
        "| --- | --- | --- | --- |",
    ]
    for row in rows(legs):
        median, most = f"{row['recovered_median_seconds']:.0f}", f"{row['recovered_most_seconds']:.0f}"
        stood = f"{row['stood_still_most_seconds']:.0f}"
        lines.append(
            f"| {FAULT_WORDS.get(row['kind'], row['kind'])} | {row['faults']} | {median}, {most} s | {stood} s |"
        )
    numbers = _numbers(legs)
    lines += ["", "| the books | |", "| --- | --- |"]
    lines += [f"| {key.replace('_', ' ')} | {value:,} |" for key, value in numbers.items()]
    lines += [f"\nproblem: {problem}" for leg in legs for problem in leg.problems]
    return "\n".join(lines) + "\n"


def print_legs(console: Console, legs: Sequence[Leg]) -> None:
    """Tables for a terminal."""
    table = Table(title="time to recover, by kind of fault", title_justify="left")
    for name in ("kind", "faults", "recovered: median, s", "most, s", "stood still at most, s"):
        table.add_column(name, justify="left" if name == "kind" else "right")
    for row in rows(legs):
        table.add_row(*(str(value) for value in row.values()))
    console.print(table)
    table = Table(title="the books", title_justify="left")
    table.add_column("number")
    table.add_column("value", justify="right")
    for key, value in _numbers(legs).items():
        table.add_row(key, f"{value:,}")
    console.print(table)
    for leg in legs:
        for note in leg.notes:
            console.print(f"  note: {note}", markup=False)
        for problem in leg.problems:
            console.print(f"  problem: {problem}", markup=False)
