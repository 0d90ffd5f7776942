"""``make recovery``: everything that can go wrong, on real Kafka, and the books after it.

``--short`` takes about three minutes; the long form takes 50,000 events through at least 20 kill -9.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from rich.console import Console
from rich.table import Table

from tests.brokers.base import BrokerCluster, LayerAbsent

from .faults import broker_outage, dlq_unavailable, poison
from .scenarios import Outcome, drain, kill_nine, quick_rebalances, zombie
from .slow import slow_scorer
from .workbench import Workbench, real_broker

__all__ = ["SCENARIOS", "Size", "run_scenario"]


class Size(NamedTuple):
    """How much of everything."""

    kill_events: int
    kills: int
    events: int
    away_seconds: float
    slow_events: int


SHORT = Size(kill_events=8000, kills=5, events=3000, away_seconds=12.0, slow_events=2000)
LONG = Size(kill_events=50_000, kills=22, events=20_000, away_seconds=30.0, slow_events=6000)

Run = Callable[[Workbench, BrokerCluster, Size, int], Outcome]


def _slow(bench: Workbench, _: BrokerCluster, size: Size, seed: int) -> Outcome:
    return slow_scorer(bench, events=size.slow_events, chars=40_000, seconds_a_text=0.002, seed=seed)


#: By name: what runs, and what it needs of the configuration.
SCENARIOS: dict[str, tuple[Run, dict[str, Any]]] = {
    "kill_nine": (
        lambda bench, _, size, seed: kill_nine(bench, events=size.kill_events, kills=size.kills, seed=seed),
        {"tap": {"commit_interval_seconds": 1.0}},
    ),
    "quick_rebalances": (lambda bench, _, size, seed: quick_rebalances(bench, events=size.events, seed=seed), {}),
    "drain": (lambda bench, _, size, seed: drain(bench, events=size.events, seed=seed), {}),
    "zombie": (lambda bench, _, size, seed: zombie(bench, events=size.events, seed=seed), {}),
    "broker_outage": (
        lambda bench, cluster, size, seed: broker_outage(
            bench, cluster, events=size.events, away_seconds=size.away_seconds, seed=seed
        ),
        {},
    ),
    "dlq_unavailable": (
        lambda bench, _, size, seed: dlq_unavailable(bench, events=size.events, seed=seed),
        {"topics": {"create_missing": False}},
    ),
    "poison": (lambda bench, _, size, seed: poison(bench, events=size.events, share=0.05, seed=seed), {}),
    "slow_scorer": (_slow, {"tap": {"max_in_flight_records": 100, "max_poll_records": 50}}),
}


def run_scenario(
    name: str, cluster: BrokerCluster, size: Size, *, seed: int = 1, scorers: Sequence[str] | None = None
) -> Outcome:
    """Run one scenario on topics of its own."""
    run, config = SCENARIOS[name]
    began = time.monotonic()
    with Workbench(cluster, scorers=scorers, config=config) as bench:
        outcome = run(bench, cluster, size, seed)
    outcome.numbers["scenario_seconds"] = round(time.monotonic() - began, 1)
    return outcome


def _print(console: Console, outcome: Outcome) -> None:
    table = Table(title=f"{outcome.name}: {'FAILED' if outcome.problems else 'passed'}", title_justify="left")
    table.add_column("number")
    table.add_column("value", justify="right")
    for key, value in outcome.numbers.items():
        table.add_row(key, str(value))
    console.print(table)
    for problem in outcome.problems:
        console.print(f"  problem: {problem}", markup=False)


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code 0 when every scenario passed, 1 when one did not, 2 without real Kafka."""
    parser = argparse.ArgumentParser(prog="python -m tests.e2e.recovery", description=__doc__)
    parser.add_argument("--short", action="store_true", help="about three minutes, for CI")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", metavar="NAMES", help=f"comma separated, of {', '.join(SCENARIOS)}")
    parser.add_argument("--scorers", metavar="NAMES", help="comma separated; the configuration's own when left out")
    parser.add_argument("--events", type=int, help="events of the kill -9 scenario")
    parser.add_argument("--kills", type=int)
    args = parser.parse_args(argv)
    size = SHORT if args.short else LONG
    size = size._replace(kill_events=args.events or size.kill_events, kills=args.kills or size.kills)
    names = args.only.split(",") if args.only else list(SCENARIOS)
    if unknown := set(names) - SCENARIOS.keys():
        parser.error(f"no scenario {', '.join(sorted(unknown))}; there are {', '.join(SCENARIOS)}")
    scorers = args.scorers.split(",") if args.scorers else None
    console = Console(stderr=args.json, width=120)
    outcomes: list[Outcome] = []
    try:
        with real_broker(can_break=True) as cluster:
            console.print(cluster.description)
            for name in names:
                try:
                    outcome = run_scenario(name, cluster, size, seed=args.seed, scorers=scorers)
                except Exception as error:  # the others still run, and the report says which did not
                    notes = [*getattr(error, "__notes__", [])]
                    outcome = Outcome(name, {}, [f"{type(error).__name__}: {error}", *notes])
                outcomes.append(outcome)
                _print(console, outcome)
    except LayerAbsent as absent:
        sys.stderr.write(f"no real Kafka: {absent}\n")
        return 2
    failed = [outcome.name for outcome in outcomes if outcome.problems]
    if args.json:
        result = {o.name: o.numbers | {"passed": not o.problems, "problems": o.problems} for o in outcomes}
        sys.stdout.write(json.dumps(result, ensure_ascii=False) + "\n")
    else:
        console.print(f"{len(outcomes) - len(failed)} of {len(outcomes)} scenarios passed {' '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
