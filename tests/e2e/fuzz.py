"""``make fuzz``: hostile records through a whole tap. Each ends decoded, with its verdicts, or as one dead letter.

In memory by default (``streams.memory``); ``--kafka`` takes them through real Kafka and a worker process too.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table

from agent.errors import DecodeError
from agent.pipeline import build_scorers
from agent.scores import verdict_id
from agent.scoring.base import Scorer
from agent.windows.codec import decode as decode_state
from streams.config import WorkerConfig
from streams.formats import Decoder
from streams.formats.base import REASONS
from streams.memory import MemoryBroker
from streams.ports import Record
from tests.brokers.base import LayerAbsent
from tests.builders import WordScorer
from tests.unit.streams.rig import Rig, make_config, until

from .accounts import read_verdicts
from .hostile import TOPICS, HostileRecord, draw_records
from .traffic import TrafficRecord
from .workbench import Workbench, real_broker

__all__ = ["FuzzReport", "fuzz_in_memory", "fuzz_kafka"]

_BATCH = 500
_NO_LIMITS = {"max_consecutive": 100_000_000, "max_ratio": 1.0}


@dataclass(slots=True)
class FuzzReport:
    """What became of the records.

    Attributes
    ----------
    outcomes
        ``decoded``, ``no inference`` (well formed, nothing to score) and ``dead letter``.
    problems
        Empty when every record ended as it should.
    """

    records: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    by_kind: Counter[str] = field(default_factory=Counter)
    verdicts: int = 0
    missing_scores: int = 0
    problems: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``."""
        return {
            "records": self.records,
            "outcomes": dict(self.outcomes),
            "reasons": dict(self.reasons.most_common()),
            "by_kind": dict(sorted(self.by_kind.items())),
            "verdicts": self.verdicts,
            "missing_scores": self.missing_scores,
            "problems": self.problems,
            "seconds": round(self.seconds, 1),
        }


def judge(
    report: FuzzReport,
    records: Iterable[tuple[str, Record]],
    letters: Sequence[Record],
    verdicts: Sequence[Record],
    decoder: Decoder,
) -> None:
    """Hold what came out against what a decoder says of each record. The first element of a pair is its kind."""
    reasons: dict[tuple[bytes, bytes, bytes], list[str]] = {}
    for letter in letters:
        headers = dict(letter.headers)
        place = (headers["topic"], headers["partition"], headers["offset"])
        reasons.setdefault(place, []).append(headers["reason"].decode())
    decoded = read_verdicts(verdicts)
    ids = {verdict.id for verdict in decoded}
    report.verdicts += len(decoded)
    report.missing_scores += sum(len(verdict.missing) for verdict in decoded)
    for kind, record in records:
        report.records += 1
        found = reasons.pop((record.topic.encode(), b"%d" % record.partition, b"%d" % record.offset), [])
        where = f"{kind} record at {record.topic}[{record.partition}]@{record.offset}"
        try:
            events = decoder.decode(record)
        except DecodeError as error:
            report.outcomes["dead letter"] += 1
            report.reasons[error.reason] += 1
            report.by_kind[f"{kind}: dead letter"] += 1
            if found != [error.reason]:
                report.problems.append(f"{where}: dead letters {found} instead of one with {error.reason}")
            if error.reason not in REASONS or error.reason == "internal":
                report.problems.append(f"{where}: reason {error.reason}, {error.detail}")
            continue
        due = {verdict_id(e.source, e.inference_id, d) for e in events for d in e.directions}
        outcome = "decoded" if due else "no inference"
        report.outcomes[outcome] += 1
        report.by_kind[f"{kind}: {outcome}"] += 1
        if found:
            report.problems.append(f"{where}: decodes, and is among the dead letters")
        if not due <= ids:
            report.problems.append(f"{where}: {len(due - ids)} of {len(due)} verdicts are missing")
    if reasons:
        report.problems.append(f"{len(reasons)} dead letters of no record")


def _memory_config() -> WorkerConfig:
    return make_config(
        topics={"events": list(TOPICS), "labels": None},
        dead_letters=_NO_LIMITS,
        executor={"deadline_seconds": 120.0},
        tap={"commit_interval_seconds": 0.1, "drain_seconds": 60.0},
    )


async def _through_tap(records: Sequence[HostileRecord], scorers: Sequence[Scorer], report: FuzzReport) -> None:
    config = _memory_config()
    topics = config.topics
    ours = {topics.verdicts: 1, topics.evidence: 1, topics.panes: 1, topics.dlq: 1}
    broker = MemoryBroker(dict.fromkeys(TOPICS, 1) | ours)
    published = [(r.kind, broker.append(r.topic, r.value, key=r.key, headers=r.headers, partition=0)) for r in records]
    rig = Rig(broker, config, scorers)
    rig.source.topics = TOPICS
    task = asyncio.create_task(rig.tap.run())

    def done() -> bool:
        if task.done():
            task.result()
        committed = (
            broker.committed("harmwatch", place) or 0 for topic in TOPICS for place in broker.partitions(topic)
        )
        return sum(committed) == len(records)

    try:
        await until(done, 300.0)
    finally:
        rig.tap.request_stop()
        await task
    list(rig.metrics.collect())
    for state in broker.log(topics.panes):
        decode_state(state.value or b"")
    judge(
        report, published, broker.log(topics.dlq), broker.log(topics.verdicts), Decoder({}, config.tap.max_record_bytes)
    )


def _culprits(records: Sequence[HostileRecord], scorers: Sequence[Scorer]) -> Sequence[HostileRecord]:
    """The smallest run of records found by halving that still brings the tap down."""
    while len(records) > 1:
        middle = len(records) // 2
        for half in (records[:middle], records[middle:]):
            try:
                asyncio.run(_through_tap(half, scorers, FuzzReport()))
            except Exception:  # it is what we look for
                records = half
                break
        else:
            return records
    return records


def fuzz_in_memory(count: int, *, seed: int = 1, scorers: Sequence[Scorer]) -> FuzzReport:
    """Draw and run them, in batches with a fresh tap each; a crash is traced to its record."""
    report = FuzzReport()
    began = time.monotonic()
    for scorer in scorers:
        scorer.warm_up()
    drawn = draw_records(count, seed)
    for at in range(0, count, _BATCH):
        batch = drawn[at : at + _BATCH]
        try:
            asyncio.run(_through_tap(batch, scorers, report))
        except Exception as error:  # whatever it is, it is the finding
            culprits = _culprits(batch, scorers)
            told = [
                f"{c.kind} on {c.topic}, headers {c.headers!r}, value {(c.value or b'')[:300]!r}" for c in culprits[:3]
            ]
            report.records += len(batch)
            report.outcomes["crashed batch"] += len(batch)
            report.problems.append(f"{type(error).__name__} from {len(culprits)} records: {told}")
    report.seconds = time.monotonic() - began
    return report


def fuzz_kafka(bench: Workbench, count: int, *, seed: int = 1) -> FuzzReport:
    """The same through real Kafka and a worker process. The bench is made with `KAFKA_CONFIG`."""
    report = FuzzReport()
    began = time.monotonic()
    drawn = draw_records(count, seed)
    bench.create_events_topic({"max.message.bytes": str(16 * 1024 * 1024)})
    bench.lens.publish(
        bench.events,
        (TrafficRecord(record.key, record.value, record.headers) for record in drawn),  # type: ignore[arg-type]
    )
    kinds: dict[bytes | None, str] = {record.value: record.kind for record in drawn}
    worker = bench.worker("fuzz")
    worker.start()
    bench.wait_for_lag_zero(600.0)
    published = [(kinds[record.value], record) for record in bench.lens.records(bench.events)]
    letters, verdicts = bench.lens.records(bench.topic("dlq")), bench.lens.records(bench.topic("verdicts"))
    judge(report, published, letters, verdicts, Decoder({}, bench.config.tap.max_record_bytes))
    worker.samples()  # /metrics parses, whatever the models are called
    if code := worker.terminate():
        report.problems.append(f"the worker's exit code was {code}")
    if crashes := bench.tracebacks():
        report.problems.append(f"{crashes} tracebacks in the worker's log")
    report.seconds = time.monotonic() - began
    return report


KAFKA_CONFIG = {"dead_letters": _NO_LIMITS, "windows": {"max_models": 50}}


def _print(console: Console, title: str, report: FuzzReport) -> None:
    table = Table(title=f"{title}: {report.records} records in {report.seconds:.1f} s", title_justify="left")
    table.add_column("outcome")
    table.add_column("records", justify="right")
    for name, number in [*report.outcomes.most_common(), *report.reasons.most_common()]:
        table.add_row(name, str(number))
    for name, number in sorted(report.by_kind.items()):
        table.add_row(name, str(number), style="dim")
    table.add_row("verdicts", str(report.verdicts))
    table.add_row("missing scores", str(report.missing_scores))
    console.print(table)
    for problem in report.problems[:20]:
        console.print(f"problem: {problem}", markup=False)


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code 0 when every record ended as it should, 1 when not, 2 when ``--kafka`` finds none."""
    parser = argparse.ArgumentParser(prog="python -m tests.e2e.fuzz", description=__doc__)
    parser.add_argument("--records", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--fast", action="store_true", help="one trivial scorer instead of the built-in ones")
    parser.add_argument("--kafka", action="store_true", help="through real Kafka and a worker process as well")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    args = parser.parse_args(argv)
    console = Console(stderr=args.json, width=140)
    scorers: Sequence[Scorer] = [WordScorer()] if args.fast else build_scorers(WorkerConfig().scorers)
    reports = {"memory": fuzz_in_memory(args.records, seed=args.seed, scorers=scorers)}
    _print(console, "in memory", reports["memory"])
    if args.kafka:
        try:
            with real_broker() as cluster, Workbench(cluster, config=KAFKA_CONFIG) as bench:
                reports["kafka"] = fuzz_kafka(bench, args.records, seed=args.seed)
        except LayerAbsent as absent:
            sys.stderr.write(f"no real Kafka: {absent}\n")
            return 2
        _print(console, "real Kafka", reports["kafka"])
    if args.json:
        sys.stdout.write(json.dumps({name: report.as_dict() for name, report in reports.items()}) + "\n")
    return 1 if any(report.problems for report in reports.values()) else 0


if __name__ == "__main__":
    raise SystemExit(main())
