"""``harmwatch replay``: JSON Lines into a Kafka topic, at full speed or at a steady rate."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec
from kafka.errors import KafkaError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from agent.clock import SystemClock
from agent.config import validate
from agent.errors import ConfigError, DataError, TransportError
from streams.commands.terminal import open_file
from streams.config import KafkaConfig, load_config
from streams.kafka_sink import KafkaSink
from streams.ports import Message
from streams.topics import admin_client, describe_topics

__all__ = ["add_arguments", "run"]

_CHUNK = 2000
_MAX_BYTES = 64 * 1024 * 1024


class _Key(msgspec.Struct):
    """The only field that replay looks at: events of one model stay in one partition, in order."""

    model: str = ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", type=Path, help="JSON Lines or .gz, one record a line")
    parser.add_argument("--topic", required=True, help="the topic to publish to; it must exist")
    parser.add_argument("--rate", type=float, metavar="R", help="records per second; full speed when left out")
    parser.add_argument("--bootstrap", metavar="HOST:PORT", help="brokers; default from --config or localhost:9092")
    parser.add_argument("--config", type=Path, metavar="FILE", help="harmwatch.yaml, for the kafka section")
    parser.add_argument("--create", type=int, metavar="N", help="create the topic with N partitions when it is missing")
    parser.add_argument("--json", action="store_true", help="print one JSON object at the end")


def run(args: argparse.Namespace) -> int:
    if args.rate is not None and not 0 < args.rate <= 10_000_000:
        raise ConfigError("--rate must be above 0")
    if args.create is not None and not 1 <= args.create <= 10_000:
        raise ConfigError("--create must lie between 1 and 10000")
    if not args.file.is_file():
        wrong = "is no regular file, and is read twice" if args.file.exists() else "no such file"
        raise ConfigError(f"{args.file}: {wrong}")
    kafka = load_config(args.config).kafka if args.config else KafkaConfig()
    if args.bootstrap:
        kafka = validate(KafkaConfig, {**kafka.model_dump(), "bootstrap_servers": args.bootstrap}, "--bootstrap")
    _check_topic(kafka, args.topic, args.create)
    summary = asyncio.run(_replay(args.file, args.topic, args.rate, kafka))
    if args.json:
        sys.stdout.write(json.dumps(summary) + "\n")
    else:
        Console(stderr=True).print(
            f"{summary['records']} records to {args.topic} in {summary['seconds']:.1f} s",
            highlight=False,
            soft_wrap=True,
        )
    return 0


def _check_topic(kafka: KafkaConfig, topic: str, create: int | None) -> None:
    admin = admin_client(kafka)
    try:
        if topic in describe_topics(admin):
            return
        if create is None:
            raise ConfigError(f"topic {topic} does not exist; create it, or give --create PARTITIONS")
        admin.create_topics({topic: {"num_partitions": create, "replication_factor": -1}}, wait_for_metadata=True)
    except KafkaError as error:
        raise TransportError(f"topic {topic} cannot be looked up or created ({type(error).__name__})") from None
    finally:
        admin.close()


def _messages(path: Path, topic: str) -> Iterator[Message]:
    decode = msgspec.json.Decoder(_Key).decode
    with open_file(path) as stream:
        for value in _lines(path, stream):
            try:
                key = decode(value).model.encode("utf-8", "replace") or None
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                key = None  # other formats and broken lines are replayed as they are
            yield Message(topic, key, value)


def _lines(path: Path, stream: BinaryIO) -> Iterator[bytes]:
    """Lines that are not blank. What is no JSON Lines may be one line of any size: it must not fill the memory."""
    number = 0
    while line := stream.readline(_MAX_BYTES + 1):
        number += 1
        if len(line) > _MAX_BYTES:
            raise DataError(f"{path}: line {number} is longer than {_MAX_BYTES} bytes; is it JSON Lines?")
        if value := line.strip():
            yield value


async def _replay(path: Path, topic: str, rate: float | None, kafka: KafkaConfig) -> dict[str, float]:
    clock = SystemClock()
    sink = KafkaSink(kafka, patience_seconds=60.0, max_message_bytes=_MAX_BYTES, clock=clock)
    chunk = _CHUNK if rate is None else max(1, min(_CHUNK, int(rate / 20)))
    with open_file(path) as lines:
        total = sum(1 for _ in _lines(path, lines))  # one pass before anything else runs
    console = Console(stderr=True)
    columns = (TextColumn("replaying"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    sent = safe = 0
    try:
        await sink.start()
        started = clock.monotonic()
        with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
            task = progress.add_task("replay", total=total)
            for message in _messages(path, topic):
                sink.send(message)
                sent += 1
                if sent % chunk == 0:
                    await sink.flush()
                    safe = sent
                    progress.update(task, completed=sent)
                    if rate is not None:
                        await asyncio.sleep(max(0.0, started + sent / rate - clock.monotonic()))
            await sink.flush()
            progress.update(task, completed=sent)
    except BaseException:
        if sent:
            console.print(
                f"ended early: {safe} of {total} records are in {topic}, and of the next {sent - safe} any number",
                highlight=False, markup=False, soft_wrap=True,
            )  # fmt: skip
        raise
    finally:
        await sink.stop()
    return {"records": sent, "seconds": round(clock.monotonic() - started, 3)}
