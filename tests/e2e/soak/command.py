"""``make soak``: millions of events of every kind through one worker on real Kafka; nothing of it may grow.

Nothing is broken or restarted. All the while the worker's memory, descriptors, threads, tasks, series and the size of
every container are noted; the second half of the run is judged (`judge`). The books balance as well: each half of each
call has one verdict, each record that is no event its dead letter. Exit code 1 when something grew or does not add up.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.brokers.base import LayerAbsent
from tests.brokers.kafka import KafkaCluster
from tests.brokers.processes import BrokerProcess
from tests.brokers.select import find_java_kafka
from tests.e2e.chaos.progress import Progress
from tests.e2e.lens import Lens, wait_until
from tests.e2e.processes import WorkerProcess
from tests.e2e.workbench import Workbench

from .judge import CONFIDENCE, MUST_BE_FLAT, Finding, container_bound, judge
from .picture import draw, sparkline
from .tally import Tally
from .traffic import CALLS_A_CHUNK, DEMO_MODELS, Promise, make_chunk

__all__ = ["Outcome", "main", "soak"]

_MOST_WAITING = 6000
_DRAIN_SECONDS = 600.0
_TELL_SECONDS = 15.0
_SCRAPE_SECONDS = 5.0
#: Calls from which a run takes minutes.
_LONG = 200_000
#: What brokers forget, so that a long run needs no disk: the tally reads along.
_FORGETFUL = {
    "log.retention.bytes": str(192 * 1024 * 1024),
    "log.segment.bytes": str(32 * 1024 * 1024),
    "log.retention.check.interval.ms": "10000",
}


@dataclass(slots=True)
class Outcome:
    """What a soak found."""

    numbers: dict[str, Any] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    containers: list[Finding] = field(default_factory=list)
    samples: list[dict[str, Any]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    trace: list[dict[str, Any]] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """For ``--json`` and the file."""
        return {
            **self.numbers,
            "measures": [finding._asdict() for finding in self.findings],
            "containers": [finding._asdict() for finding in self.containers],
            "problems": self.problems,
            "notes": self.notes,
            "trace": self.trace,
        }


class _Metered(WorkerProcess):
    """A worker with a meter."""

    def __init__(self, config: Path, port: int, log_path: Path, meter: Sequence[object]) -> None:
        super().__init__(config, port, log_path)
        command = [sys.executable, "-m", "tests.e2e.soak.program", str(config), str(log_path.parent), *map(str, meter)]
        BrokerProcess.__init__(self, command, log_path)


def _config(calls: int) -> dict[str, Any]:
    """Bounds that are reached in the first half, however short: what fills up must be full before it is judged."""
    some = max(500, min(20_000, calls // 20))
    # A short run takes some fifty seconds, and panes are kept for three windows.
    window = 60.0 if calls >= _LONG else 5.0
    return {
        "executor": {"cache_entries": some},
        "join": {"max_entries": some},
        # Of a thousand calls some thirty are decisions that never get their label.
        "labels": {"max_waiting": max(100, some // 10), "max_early": some},
        "consistency": {"max_questions": some},
        "windows": {
            "pane_seconds": window / 2,
            "windows_seconds": [window, 2 * window],
            "allowed_lateness_seconds": window,
            # Some models have about thirty events in five seconds: at the default they would have gauges now and then.
            "min_count": 30 if calls >= _LONG else 1,
            "max_models": 20,
        },
        "metrics": {"max_models": 20},
        "campaigns": {
            "max_clusters": 80 if calls >= _LONG else 20,
            "max_tenants": 64,
            "window_seconds": 2 * window,
            "quiet_seconds": window,
        },
        "tap": {"commit_interval_seconds": 1.0, "max_poll_records": 500},
        # Nobody is to be taken for dead: a meter holds the loop now and then.
        "kafka": {"session_timeout_seconds": 45.0},
    }


@contextlib.contextmanager
def _scraped(worker: WorkerProcess) -> Iterator[None]:
    """By somebody who reads the metrics, as Prometheus does."""
    over = threading.Event()

    def scrape() -> None:
        while not over.wait(_SCRAPE_SECONDS):
            worker.scrape()

    thread = threading.Thread(target=scrape, name="scrape", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def soak(*, calls: int, leak: int, trace: bool, tell: Callable[[str], None]) -> Outcome:
    """Run it all.

    Parameters
    ----------
    calls
        Of the demo's models; golden records and hostile names come on top.
    leak
        Bytes that the worker is made to keep of each record.
    trace
        Note which lines of code made what the second half left behind.
    """
    outcome, promise = Outcome(), Promise()
    chunks = -(-calls // CALLS_A_CHUNK)
    meter = (0.25 if calls < _LONG else 1.0, leak, chunks * CALLS_A_CHUNK * 5 // 8 if trace else 0)
    with KafkaCluster(1, config=_FORGETFUL) as cluster, Workbench(cluster, config=_config(calls)) as bench:
        bench.create_topics()
        worker = bench.adopt("soaked", lambda config, port, log: _Metered(config, port, log, meter))
        worker.start()
        worker.wait_ready(240.0)
        tally = Tally(cluster.bootstrap, bench.topic("verdicts"), chunks * CALLS_A_CHUNK)
        progress = Progress(cluster.bootstrap, bench.group, bench.events, bench.partitions)
        began = told = time.monotonic()
        with contextlib.closing(progress), _scraped(worker):
            for number in range(chunks):
                chunk = make_chunk(number)
                while progress.waiting > _MOST_WAITING:
                    worker.check()
                    time.sleep(0.1)
                bench.lens.publish(bench.events, chunk.events)
                bench.lens.publish(bench.topic("labels"), chunk.labels)
                promise.add(chunk.promise)
                if number == 0:
                    _wait_for_all(progress)
                if time.monotonic() - told >= _TELL_SECONDS:
                    told = time.monotonic()
                    share = (number + 1) / chunks
                    left = (told - began) * (1.0 - share) / share / 60.0
                    tell(f"{promise.records:,} records, {promise.calls:,} calls; about {left:.1f} min left")
            _wait_for_all(progress)
        seconds = time.monotonic() - began
        tally.finish()
        code = worker.terminate(90.0)
        outcome.samples = [json.loads(line) for line in (bench.folder / "samples.jsonl").read_text().splitlines()]
        counts = json.loads((bench.folder / "counts.json").read_text(encoding="utf-8"))
        if trace:
            outcome.trace = json.loads((bench.folder / "trace.json").read_text(encoding="utf-8"))
        letters = _length(bench.lens, bench.topic("dlq"))
        outcome.numbers |= {"seconds": round(seconds, 1), "tracebacks": bench.tracebacks()}
        if code:
            outcome.problems.append(f"the worker ended with {code}: {worker.log().splitlines()[-1:]}")
        outcome.problems += [f"a traceback: {words}" for words in bench.last_words()[:3]]
    _balance(outcome, promise, tally, counts, letters)
    _judge(outcome)
    return outcome


def _wait_for_all(progress: Progress) -> None:
    ends = progress.ends()
    wait_until(
        lambda: all(at >= end for at, end in zip(progress.committed, ends, strict=True)),
        "everything to be committed",
        timeout_seconds=_DRAIN_SECONDS,
    )


def _length(lens: Lens, topic: str) -> int:
    """Records that were ever written to a topic; of one that nothing was compacted out of."""
    return sum(lens.ends(topic).values())


def _balance(
    outcome: Outcome, promise: Promise, tally: Tally, counts: Mapping[str, list[list[Any]]], letters: int
) -> None:
    def counted(name: str) -> float:
        return sum(row[-1] for row in counts[name])

    # By the names that the books are kept for: what others send is counted, and not promised.
    calls = sum(row[-1] for row in counts["events"] if row[0] in DEMO_MODELS)
    rows = {
        "records": (promise.records, counted("records")),
        "calls": (promise.calls, calls),
        "verdicts": (promise.verdicts, tally.verdicts),
        "doubled_verdicts": (0, tally.duplicates),
        "dead_letters": (promise.dead_letters, letters),
        "counted_dead_letters": (promise.dead_letters, counted("dead_letters")),
        "missing_scores": (0, tally.missing),
    }
    outcome.numbers |= {name: found for name, (_, found) in rows.items()}
    outcome.numbers |= {"verdict_records": tally.records, "labels_sent": promise.labels, "kinds": dict(promise.kinds)}
    outcome.numbers["labels"] = {row[0]: row[-1] for row in counts["labels"]}
    outcome.numbers["records_a_second"] = round(promise.records / outcome.numbers["seconds"], 1)
    outcome.problems += [
        f"{name}: {found:,.0f} where {wanted:,.0f} were sent"
        for name, (wanted, found) in rows.items()
        if found != wanted
    ]


def _judge(outcome: Outcome) -> None:
    """The measures that must be flat, and the containers that must not grow."""
    flowing = [sample for sample in outcome.samples if sample["events"] > 0]
    # At the end nothing comes any more, and what ages away does.
    most = flowing[-1]["events"] if flowing else 0.0
    flowing = [sample for sample in flowing if sample["events"] < most]
    events = [sample["events"] for sample in flowing]
    for name, bound in MUST_BE_FLAT.items():
        try:
            outcome.findings.append(judge(name, events, [sample[name] for sample in flowing], bound))
        except ValueError as error:
            outcome.problems.append(str(error))
            return
    counted = [sample for sample in flowing if "containers" in sample]
    names = sorted({name for sample in counted for name in sample["containers"]})
    at = [sample["events"] for sample in counted]
    for name in names:
        sizes = [float(sample["containers"].get(name, 0)) for sample in counted]
        try:
            found = judge(name, at, sizes, container_bound(name, sorted(sizes)[len(sizes) // 2]))
        except ValueError:
            break  # a run too short for it; the measures above were judged
        if found.level >= 1.0:
            outcome.containers.append(found)
    outcome.numbers["containers_watched"] = len(outcome.containers)
    outcome.problems += [f"grew: {found}" for found in outcome.findings if found.grew]
    grown = [f"grew: {found}" for found in outcome.containers if found.grew]
    if most < _LONG:
        # A short run sees how tables fill.
        outcome.notes += grown
    else:
        outcome.problems += grown


def _print(console: Console, outcome: Outcome) -> None:
    table = Table(
        title=f"growth for each million records over the second half, at {CONFIDENCE:.0%}", title_justify="left"
    )
    for name in ("measure", "level", "slope", "from", "to", "growth, at most", "allowed"):
        table.add_column(name, justify="left" if name == "measure" else "right")
    for found in outcome.findings:
        values = (found.level, found.slope, found.low, found.high, found.growth, found.allowed)
        table.add_row(found.name, *(f"{value:,.1f}" for value in values), style="red" if found.grew else "")
    console.print(table)
    for found in outcome.findings:
        values = [sample[found.name] for sample in outcome.samples]
        line = f"  {found.name:>17} {sparkline(values)} {min(values):,.0f} to {max(values):,.0f} {found.unit}"
        console.print(line, markup=False, highlight=False)
    for key, value in outcome.numbers.items():
        console.print(f"  {key}: {value:,}" if isinstance(value, int | float) else f"  {key}: {value}", markup=False)
    for note in outcome.notes:
        console.print(f"  note: {note}", markup=False)
    for problem in outcome.problems:
        console.print(f"  problem: {problem}", markup=False)


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code 0 when nothing grew and all adds up, 1 when not, 2 without Java's Kafka."""
    parser = argparse.ArgumentParser(prog="python -m tests.e2e.soak", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--events", type=int, help="calls; 5,000,000, with --short 40,000")
    parser.add_argument("--short", action="store_true", help="for CI: about a minute")
    parser.add_argument("--leak", type=int, default=0, metavar="BYTES", help="of each record, to see that it is found")
    parser.add_argument("--trace", action="store_true", help="also which lines of code made what stays; half as fast")
    beside = "beside it FILE.samples.jsonl, and FILE.png where matplotlib is"
    parser.add_argument("--report", type=Path, metavar="FILE.json", help=beside)
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    args = parser.parse_args(argv)
    calls = args.events or (40_000 if args.short else 5_000_000)
    if calls < 1 or args.leak < 0:
        parser.error("--events is at least 1, --leak at least 0")
    console = Console(stderr=args.json, width=120)
    try:
        find_java_kafka()
        outcome = soak(
            calls=calls,
            leak=args.leak,
            trace=args.trace,
            tell=lambda line: console.print(line, markup=False, highlight=False),
        )
    except LayerAbsent as absent:
        sys.stderr.write(f"no real Kafka: {absent}\n")
        return 2
    if args.report is not None:
        told = json.dumps(outcome.as_dict(), ensure_ascii=False, indent=1)
        args.report.write_text(told + "\n", encoding="utf-8")
        lines = "".join(json.dumps(sample) + "\n" for sample in outcome.samples)
        args.report.with_suffix(".samples.jsonl").write_text(lines, encoding="ascii")
        events = [sample["events"] for sample in outcome.samples]
        measures = {name: [sample[name] for sample in outcome.samples] for name in MUST_BE_FLAT}
        if not draw(args.report.with_suffix(".png"), events, measures):
            console.print("no picture: matplotlib is not installed (extra plots)")
    if args.json:
        sys.stdout.write(json.dumps(outcome.as_dict(), ensure_ascii=False) + "\n")
    else:
        _print(console, outcome)
    return int(bool(outcome.problems))
