"""``make e2e``: replay events into real Kafka, run the worker on them, hold /metrics against the verdict topic.

One command prints both sides and whether they are equal; exit code 1 when they are not.
"""

from __future__ import annotations

import argparse
import gzip
import json
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from agent.scores import Verdict
from tests.brokers.base import BrokerCluster, LayerAbsent
from tests.brokers.external import ExternalKafka

from .accounts import Account, audit, read_verdicts, unique
from .processes import Samples
from .traffic import CallKey, Ledger, make_traffic, wrap_texts
from .workbench import Workbench, real_broker

__all__ = ["Comparison", "compare_totals", "measure"]

Row = tuple[str, float, float]
"""A name, what /metrics says, what the verdict topic says."""


class Comparison:
    """Both sides of every number."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = list(rows)

    @property
    def unequal(self) -> list[Row]:
        """Rows whose sides differ."""
        return [row for row in self.rows if row[1] != row[2]]

    def as_dict(self) -> dict[str, dict[str, Any]]:
        """For ``--json``."""
        return {name: {"metrics": left, "verdicts": right, "equal": left == right} for name, left, right in self.rows}


def compare_totals(samples: Samples, verdicts: Iterable[Verdict]) -> Comparison:
    """Count the verdicts, each id once, as the counters of docs/metrics.md should have counted them."""
    calls: dict[str, set[CallKey]] = defaultdict(set)
    harmful: dict[tuple[str, ...], set[CallKey]] = defaultdict(set)
    scored: Counter[tuple[str, ...]] = Counter()
    findings: Counter[tuple[str, ...]] = Counter()
    missing: Counter[tuple[str, ...]] = Counter()
    for verdict in unique(verdicts).values():
        call = (verdict.source, verdict.inference_id)
        calls[verdict.model].add(call)
        for scorer in verdict.scores:
            scored[verdict.model, verdict.direction, scorer] += 1
        for finding in verdict.findings:
            findings[verdict.model, verdict.direction, finding.dimension, finding.category] += 1
            harmful[verdict.model, finding.dimension].add(call)
        for gap in verdict.missing:
            missing[gap.scorer, gap.reason] += 1
    truth: dict[str, tuple[tuple[str, ...], Mapping[tuple[str, ...], float]]] = {
        "harmwatch_events_total": (("model",), {(model,): len(keys) for model, keys in calls.items()}),
        "harmwatch_scored_total": (("model", "direction", "scorer"), scored),
        "harmwatch_findings_total": (("model", "direction", "dimension", "category"), findings),
        "harmwatch_harmful_events_total": (("model", "dimension"), {key: len(ids) for key, ids in harmful.items()}),
        "harmwatch_missing_scores_total": (("scorer", "reason"), missing),
    }
    rows: list[Row] = []
    for metric, (labels, counted) in truth.items():
        exposed: Counter[tuple[str, ...]] = Counter()
        for found, value in samples.get(metric, []):
            exposed[tuple(found[label] for label in labels)] += value
        rows.append((metric, sum(exposed.values()), sum(counted.values())))
        rows += [
            (f"{metric}{{{', '.join(key)}}}", exposed.get(key, 0.0), float(counted.get(key, 0.0)))
            for key in sorted(exposed.keys() | counted.keys())
        ]
    return Comparison(rows)


def measure(bench: Workbench, file: Path, ledger: Ledger, *, patience_seconds: float) -> dict[str, Any]:
    """Replay a file of native events, run one worker until the lag is zero, and hold both sides together."""
    began = time.monotonic()
    command = [sys.executable, "-m", "streams.cli", "replay", str(file), "--topic", bench.events, "--json"]
    command += ["--bootstrap", bench.cluster.bootstrap, "--create", str(bench.partitions)]
    replayed = json.loads(subprocess.run(command, check=True, capture_output=True, timeout=600).stdout)
    worker = bench.worker("e2e")
    worker.start()
    ready = worker.wait_ready()
    bench.wait_for_lag_zero(patience_seconds)
    seconds = time.monotonic() - began
    samples = worker.samples()
    verdicts = read_verdicts(bench.lens.records(bench.topic("verdicts")))
    account: Account = audit(bench, ledger)
    comparison = compare_totals(samples, verdicts)
    both = sum(1 for seen in _directions(verdicts).values() if len(seen) == 2)
    stamps = [datetime.fromisoformat(v.scored_at).timestamp() for v in verdicts]
    span = max(stamps) - min(stamps) if stamps else 0.0
    peak = worker.peak_rss_mib()
    code = worker.terminate()
    return {
        "records_replayed": replayed["records"],
        "inference_ids_published": len(ledger.models),
        "inference_ids_with_both_directions_published": sum(len(s) == 2 for s in ledger.directions.values()),
        "inference_ids_with_verdicts_in_both_directions": both,
        "inference_ids_with_every_verdict_due": len(ledger.models) - len({call for call, _ in account.without_verdict}),
        "account": account.numbers(),
        "problems": account.problems() + ([] if code == 0 else [f"exit code {code} after SIGTERM"]),
        "dead_letters": len(bench.lens.records(bench.topic("dlq"))),
        "worker_ready_seconds": round(ready, 2),
        "seconds_replay_to_lag_zero": round(seconds, 2),
        "seconds_first_to_last_verdict": round(span, 3),
        "events_per_second": round(len(ledger.models) / span, 1) if span else None,
        "verdicts_per_second": round(len(verdicts) / span, 1) if span else None,
        "worker_peak_rss_mib": round(peak, 1),
        "worker_exit_code": code,
        "comparison": comparison,
    }


def _directions(verdicts: Iterable[Verdict]) -> dict[CallKey, set[str]]:
    seen: dict[CallKey, set[str]] = defaultdict(set)
    for verdict in verdicts:
        seen[verdict.source, verdict.inference_id].add(verdict.direction)
    return seen


def _lines(path: Path) -> Iterator[Mapping[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as stream:
        for line in stream:
            if line.strip():
                yield json.loads(line)


def _texts(folder: Path) -> Iterator[Mapping[str, Any]]:
    for path in sorted([*folder.rglob("*.jsonl"), *folder.rglob("*.jsonl.gz")]):
        for line in _lines(path):
            if isinstance(line, dict) and isinstance(line.get("text"), str):
                yield {"text": line["text"]}


def write_events(target: Path, args: argparse.Namespace) -> Ledger:
    """Write at most ``--events`` native events, from the file, the folder or our own templates."""
    ledger = Ledger()
    with target.open("wb") as stream:
        if args.file is None and args.texts is None:
            traffic = make_traffic(args.events, seed=args.seed)
            stream.writelines(record.value + b"\n" for record in traffic.records)
            return traffic.ledger
        source = _lines(args.file) if args.file is not None else _texts(args.texts)
        for number, (event, promise) in enumerate(wrap_texts(source)):
            if number >= args.events:
                break
            stream.write(json.dumps(event, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n")
            ledger.update(promise)
    return ledger


@contextmanager
def _broker(bootstrap: str | None) -> Iterator[BrokerCluster]:
    if bootstrap is None:
        with real_broker() as cluster:
            yield cluster
    else:
        with ExternalKafka(bootstrap) as cluster:
            yield cluster


def _print(console: Console, result: Mapping[str, Any]) -> None:
    table = Table(title="published, scored, delivered", title_justify="left")
    table.add_column("number")
    table.add_column("value", justify="right")
    for key, value in result.items():
        if key not in ("comparison", "account", "problems"):
            table.add_row(key, str(value))
    for key, value in result["account"].items():
        table.add_row(key, str(value))
    console.print(table)
    comparison: Comparison = result["comparison"]
    table = Table(title="/metrics beside the verdict topic", title_justify="left")
    table.add_column("counter")
    for name in ("/metrics", "verdicts"):
        table.add_column(name, justify="right")
    table.add_column("equal")
    for name, left, right in comparison.rows:
        table.add_row(name, f"{left:.0f}", f"{right:.0f}", "yes" if left == right else "NO")
    console.print(table, markup=False)
    console.print(f"{len(comparison.rows)} numbers, {len(comparison.unequal)} not equal")
    for problem in result["problems"]:
        console.print(f"problem: {problem}", markup=False)


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code 0 when both sides are equal and nothing is missing, 1 when not, 2 without real Kafka."""
    parser = argparse.ArgumentParser(prog="python -m tests.e2e.totals", description=__doc__)
    parser.add_argument("--events", type=int, default=20_000, help="at most so many events")
    parser.add_argument("--file", type=Path, help='JSON Lines: {"text": ...} or native events')
    parser.add_argument("--texts", type=Path, metavar="DIR", help='folder of .jsonl and .jsonl.gz with {"text": ...}')
    parser.add_argument("--bootstrap", metavar="HOST:PORT", help="a Kafka that is there; one of our own when left out")
    parser.add_argument("--scorers", metavar="NAMES", help="comma separated; the configuration's own when left out")
    parser.add_argument("--partitions", type=int, default=4)
    parser.add_argument("--patience", type=float, default=1800.0, metavar="SECONDS", help="until the lag must be zero")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    args = parser.parse_args(argv)
    console = Console(stderr=args.json, width=140)
    # The worker's own pace, not the one at which other experiments provoke it.
    config = {"tap": {"commit_interval_seconds": 1.0, "max_poll_records": 500, "max_in_flight_records": 2000}}
    scorers = args.scorers.split(",") if args.scorers else None
    try:
        with (
            _broker(args.bootstrap) as cluster,
            Workbench(cluster, scorers=scorers, partitions=args.partitions, config=config) as bench,
        ):
            file = bench.folder / "events.jsonl"
            ledger = write_events(file, args)
            console.print(f"{cluster.description}; {len(ledger.models)} inference ids")
            result = measure(bench, file, ledger, patience_seconds=args.patience)
    except LayerAbsent as absent:
        sys.stderr.write(f"no real Kafka: {absent}\n")
        return 2
    comparison: Comparison = result["comparison"]
    _print(console, result)
    if args.json:
        sys.stdout.write(json.dumps(result | {"comparison": comparison.as_dict()}, ensure_ascii=False) + "\n")
    return 1 if comparison.unequal or result["problems"] else 0


if __name__ == "__main__":
    raise SystemExit(main())
