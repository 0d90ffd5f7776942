"""``harmwatch demo``: real verdicts on a machine that has nothing but Python."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import signal
import sys
from typing import TYPE_CHECKING, Any

from agent.clock import SystemClock
from agent.config import validate
from agent.errors import ConfigError
from streams.demo.plan import LEAST_EVENTS

if TYPE_CHECKING:
    from streams.demo.publish import Published

__all__ = ["add_arguments", "run", "tell_sent"]

_FEW = f"fewer than {LEAST_EVENTS} are too few to tell all four incidents from chance"
_PARTITIONS = 3
_LEAST_SECONDS = 0.1  # times of verdicts are in milliseconds, and the detector's buckets a sixtieth of the run


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--events", type=int, default=20_000, metavar="N", help=f"calls to simulate (default 20000; {_FEW})"
    )
    parser.add_argument("--seconds", type=float, default=25.0, metavar="S", help="in how many seconds (default 25)")
    parser.add_argument(
        "--seed", type=int, help="another seed, other texts (default 7; with --publish a new one each time)"
    )
    parser.add_argument(
        "--port",
        type=int,
        metavar="PORT",
        help="port of /metrics and the console (default: 9464, or a free one when that is taken; 0: a free one)",
    )
    parser.add_argument("--keep", action="store_true", help="keep everything running afterwards, until Ctrl-C")
    parser.add_argument("--json", action="store_true", help="print one JSON object at the end, the table to stderr")
    parser.add_argument(
        "--publish",
        metavar="HOST:PORT",
        help="only send the traffic to these brokers, for a worker of yours; --keep: lap after lap, until Ctrl-C",
    )
    parser.add_argument("--topic", default="inference.events", help="where --publish sends it (made when missing)")


def run(args: argparse.Namespace) -> int:
    """Exit code 1 when a planted incident was not found though it had events enough, else 0.

    With ``--publish`` 0 when all was sent.
    """
    if not 1 <= args.events <= 10_000_000:
        raise ConfigError("--events must lie between 1 and 10000000")
    if not _LEAST_SECONDS <= args.seconds <= 86_400.0:
        raise ConfigError(f"--seconds must lie between {_LEAST_SECONDS} and 86400")
    if args.publish is not None:
        return _publish(args)
    from streams.demo.conduct import Demo, DemoOptions
    from streams.demo.outcome import failed
    from streams.demo.table import DemoTable, demo_console, render_summary

    console = demo_console(json_output=args.json)
    done = False

    def on_ready(url: str) -> None:
        after = "" if args.keep else "; --keep leaves it there afterwards"
        console.print(f"console: {url}  metrics: {url}metrics{after}", highlight=False)

    def on_summary(summary: dict[str, Any], url: str) -> None:
        nonlocal done
        done = not failed(summary["incidents"])
        console.print(render_summary(summary))
        if args.json:
            sys.stdout.write(json.dumps(summary, ensure_ascii=False) + "\n")
            sys.stdout.flush()
        if args.keep:
            console.print(f"console: {url}  metrics: {url}metrics  (Ctrl-C ends it)", highlight=False)

    async def main() -> None:
        this = asyncio.current_task()
        # Like Ctrl-C: the broker and its data go, whoever ends us.
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, lambda: this and this.cancel())
        options = DemoOptions(args.events, args.seconds, 7 if args.seed is None else args.seed, args.keep, args.port)
        await Demo(options, DemoTable(console), SystemClock(), on_ready, on_summary).run()

    with contextlib.suppress(asyncio.CancelledError, *((KeyboardInterrupt,) if args.keep else ())):
        asyncio.run(main())
    return 0 if done else 1


def _publish(args: argparse.Namespace) -> int:
    from streams.config import KafkaConfig
    from streams.demo.publish import Published, ensure_topic, fresh_seed, publish_laps

    kafka = validate(KafkaConfig, {"bootstrap_servers": args.publish}, "--publish")
    ensure_topic(kafka, args.topic, _PARTITIONS)
    clock = SystemClock()
    # Ids follow from the seed: the same one again would send what the worker knows, and takes for duplicates.
    sent = Published(fresh_seed(clock) if args.seed is None else args.seed)

    async def main() -> None:
        this = asyncio.current_task()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, lambda: this and this.cancel())
        await publish_laps(
            kafka, args.topic, sent, events=args.events, seconds=args.seconds, forever=args.keep, clock=clock
        )

    with contextlib.suppress(asyncio.CancelledError, *((KeyboardInterrupt,) if args.keep else ())):
        asyncio.run(main())
    tell_sent(sent, args.topic, as_json=args.json)
    return 0


def tell_sent(sent: Published, topic: str, *, as_json: bool) -> None:
    """What came of ``--publish``, on standard output; of laps without the one that was cut short."""
    if as_json:
        told = {"records": sent.records, "calls": sent.calls, "seed": sent.first_seed, "topic": topic}
        sys.stdout.write(json.dumps(told) + "\n")
        return
    laps = f" in {sent.laps} runs" if sent.laps > 1 else ""
    sys.stdout.write(f"sent {sent.records:,} records ({sent.calls:,} calls{laps}) to {topic}, seed {sent.first_seed}\n")
