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

if TYPE_CHECKING:
    from streams.demo.publish import Published

__all__ = ["add_arguments", "run", "tell_sent"]

_PARTITIONS = 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--events", type=int, default=20_000, metavar="N", help="calls to simulate (default 20000)")
    parser.add_argument("--seconds", type=float, default=25.0, metavar="S", help="in how many seconds (default 25)")
    parser.add_argument(
        "--seed", type=int, help="another seed, other texts (default 7; with --publish a new one each time)"
    )
    parser.add_argument("--port", type=int, default=0, help="port of /metrics and the console (default: a free one)")
    parser.add_argument("--keep", action="store_true", help="keep everything running afterwards, until Ctrl-C")
    parser.add_argument("--json", action="store_true", help="print one JSON object at the end, the table to stderr")
    parser.add_argument(
        "--publish",
        metavar="HOST:PORT",
        help="only send the traffic to these brokers, for a worker of yours; --keep: lap after lap, until Ctrl-C",
    )
    parser.add_argument("--topic", default="inference.events", help="where --publish sends it (made when missing)")


def run(args: argparse.Namespace) -> int:
    """Exit code 0 when all planted incidents were found, 1 otherwise; with ``--publish`` 0 when all was sent."""
    if not 100 <= args.events <= 10_000_000:
        raise ConfigError("--events must lie between 100 and 10000000: fewer cannot show an incident")
    if not 2.0 <= args.seconds <= 86_400.0:
        raise ConfigError("--seconds must lie between 2 and 86400")
    if args.publish is not None:
        return _publish(args)
    from streams.demo.conduct import Demo, DemoOptions
    from streams.demo.table import DemoTable, demo_console, render_summary

    console = demo_console(json_output=args.json)
    found_all = False

    def on_ready(url: str) -> None:
        after = "" if args.keep else "; --keep leaves it there afterwards"
        console.print(f"console: {url}  metrics: {url}metrics{after}", highlight=False)

    def on_summary(summary: dict[str, Any], url: str) -> None:
        nonlocal found_all
        found_all = all(incident["found"] for incident in summary["incidents"].values())
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
    return 0 if found_all else 1


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
