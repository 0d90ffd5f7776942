"""``harmwatch bench``: the speed of every stage on this machine, beside the neighbouring tools that are installed."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from pathlib import Path

from rich.console import Console

from agent.clock import SystemClock
from agent.config import validate
from agent.errors import ConfigError

__all__ = ["add_arguments", "run"]

_SHORT_EVENTS = 3000
#: A broker by itself takes some seconds for so many.
_MOST_PARTITIONS = 1024
MOST_PROCESSES = 64


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON object on standard output, tables nowhere")
    parser.add_argument("--short", action="store_true", help="one quick run of everything: shows that it works")
    parser.add_argument("--bootstrap", metavar="HOST:PORT", help="a broker to use; the embedded one when left out")
    parser.add_argument("--broker-name", default="", metavar="TEXT", help="what that broker is, for the report")
    parser.add_argument("--events", type=int, metavar="N", help="events on the topic (default 60000, short: 3000)")
    parser.add_argument("--repetitions", type=int, metavar="N", help="figures are medians over N runs (default 3)")
    parser.add_argument(
        "--processes", type=int, default=1, metavar="N", help="processes of the worker on the whole way (default 1)"
    )
    parser.add_argument("--partitions", type=int, metavar="N", help="of the topic on the whole way (default 4)")
    parser.add_argument(
        "--toxicity",
        choices=("ngrams", "encoders", "cascade"),
        default="ngrams",
        help="what fills that slot on the whole way; cascade: n-grams screen for the encoders (default ngrams)",
    )
    parser.add_argument("--detoxify", type=Path, metavar="FILE", help="a Detoxify checkpoint to compare with")
    parser.add_argument("--detoxify-config", type=Path, metavar="DIR", help="directory of that checkpoint's network")


def run(args: argparse.Namespace) -> int:
    events = (_SHORT_EVENTS if args.short else 60_000) if args.events is None else args.events
    repetitions = (1 if args.short else 3) if args.repetitions is None else args.repetitions
    if not 1000 <= events <= 5_000_000:
        raise ConfigError("--events must lie between 1000 and 5000000")
    if not 1 <= repetitions <= 100:
        raise ConfigError("--repetitions must lie between 1 and 100")
    if not 1 <= args.processes <= MOST_PROCESSES:
        raise ConfigError(f"--processes must lie between 1 and {MOST_PROCESSES}")
    if args.processes > 1 and args.bootstrap is None:
        raise ConfigError("--processes needs --bootstrap: the embedded broker divides no partitions")
    if args.partitions is not None and not 1 <= args.partitions <= _MOST_PARTITIONS:
        raise ConfigError(f"--partitions must lie between 1 and {_MOST_PARTITIONS}")
    if args.detoxify is not None and not args.detoxify.is_file():
        raise ConfigError(f"--detoxify {args.detoxify}: no such file")
    if args.bootstrap is not None:
        _look_for_broker(args.bootstrap)
    from streams.bench.conduct import BenchOptions, run_bench
    from streams.bench.end_to_end import PARTITIONS
    from streams.bench.report import render
    from streams.bench.rivals import DetoxifyFiles

    options = BenchOptions(
        bootstrap=args.bootstrap,
        broker=args.broker_name,
        events=events,
        stage_events=min(events, 600 if args.short else 5000),
        repetitions=repetitions,
        processes=args.processes,
        partitions=args.partitions or PARTITIONS,
        toxicity=args.toxicity,
        stage_repetitions=1 if args.short else 5,
        slow_texts=48 if args.short else 512,
        detoxify=DetoxifyFiles(args.detoxify, args.detoxify_config) if args.detoxify else None,
    )
    console = Console(stderr=True)
    if console.is_terminal:
        with console.status("starting") as status:
            result = run_bench(options, SystemClock(), status.update)
    else:
        result = run_bench(options, SystemClock(), lambda line: console.print(line, highlight=False))
    if args.json:
        sys.stdout.write(json.dumps(result, ensure_ascii=False) + "\n")
    else:
        render(result, console)
    return 0


def _look_for_broker(bootstrap: str) -> None:
    """Before minutes of measuring that would be lost."""
    from streams.access.probe import knock
    from streams.config import KafkaConfig

    asyncio.run(knock(validate(KafkaConfig, {"bootstrap_servers": bootstrap}, "--bootstrap")))
