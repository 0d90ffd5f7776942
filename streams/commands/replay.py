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

from agent.clock import Clock, SystemClock
from agent.config import validate
from agent.errors import ConfigError, DataError, TransportError
from streams.commands.live_lines import LineSource, live
from streams.commands.terminal import open_input
from streams.config import KafkaConfig, load_config
from streams.kafka_sink import KafkaSink
from streams.ports import Message
from streams.topics import admin_client, describe_topics

__all__ = ["add_arguments", "run"]

_CHUNK = 2000
_MAX_BYTES = 64 * 1024 * 1024
_GZIP = b"\x1f\x8b"
#: Of a pipe what has come is sent after so long.
_PATIENCE_SECONDS = 0.1


class _Key(msgspec.Struct):
    """The only field that replay looks at: events of one model stay in one partition, in order."""

    model: str = ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="JSON Lines or .gz, one record a line; - for standard input")
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
    if args.file != "-":
        _check_file(args.file)
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


def _check_file(name: str) -> None:
    """See that it can be read, before anybody asks a broker."""
    path = Path(name)
    if name and not path.is_file():
        piped = "is no regular file, and is read twice; - reads standard input"
        raise ConfigError(f"{name}: {piped if path.exists() else 'no such file'}")
    open_input(name).close()


def _check_topic(kafka: KafkaConfig, topic: str, create: int | None) -> None:
    admin = admin_client(kafka)
    try:
        if topic in describe_topics(admin):
            return
        if create is None:
            raise ConfigError(
                f"topic {topic} does not exist at {kafka.bootstrap_servers}; give --create N to make it with N "
                "partitions, or name another topic or --bootstrap"
            )
        admin.create_topics({topic: {"num_partitions": create, "replication_factor": -1}}, wait_for_metadata=True)
    except KafkaError as error:
        raise TransportError(f"topic {topic} cannot be looked up or created ({type(error).__name__})") from None
    finally:
        admin.close()


class _NothingYet(Exception):
    """A pipe holds nothing more at the moment."""


class _Reader:
    """Messages of a file or of standard input, as many at a time as there are.

    Attributes
    ----------
    ended
        Whether all have been taken.
    waited
        Whether fewer came the last time than were wanted, because there were no more yet.
    """

    def __init__(self, name: str, stream: BinaryIO, topic: str, clock: Clock) -> None:
        self._topic, self._clock = topic, clock
        self._source: LineSource = live(stream, self._idle)
        self._live = self._source is not stream
        self._lines = _Lines(name, self._source)
        self._decode = msgspec.json.Decoder(_Key).decode
        self.ended = self.waited = False

    def take(self, most: int) -> list[Message]:
        """At most so many messages; of a pipe those that have come, maybe none."""
        found: list[Message] = []
        self.waited = False
        until = self._clock.monotonic() + _PATIENCE_SECONDS
        while len(found) < most:
            try:
                value = next(self._lines, None)
            except _NothingYet:
                self.waited = True  # the source keeps the line that has begun
                break
            if value is None:
                self.ended = True
                break
            found.append(self._message(value))
            if self._live and self._clock.monotonic() > until:
                self.waited = True
                break
        return found

    def _idle(self) -> None:
        raise _NothingYet

    def _message(self, value: bytes) -> Message:
        try:
            key = self._decode(value).model.encode("utf-8", "replace") or None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            key = None  # other formats and broken lines are replayed as they are
        return Message(self._topic, key, value)


class _Lines:
    """Lines that are not blank. What is no JSON Lines may be one line of any size: it must not fill the memory.

    No generator, which would end with what its source raises.
    """

    def __init__(self, name: str, source: LineSource) -> None:
        self._name, self._source, self._number = name, source, 0

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        while line := self._source.readline(_MAX_BYTES + 1):
            self._number += 1
            # A file was unpacked; standard input comes as it is, and no record of a format of ours begins so.
            if self._number == 1 and self._name == "-" and line.startswith(_GZIP):
                raise DataError("standard input is gzip; pipe it through zcat")
            if len(line) > _MAX_BYTES:
                raise DataError(
                    f"{self._name}: line {self._number} is longer than {_MAX_BYTES} bytes; is it JSON Lines?"
                )
            if value := line.strip():
                return value
        raise StopIteration


def _total(name: str) -> int | None:
    """How many records there are, in one pass before anything else runs; None of standard input, which has but one."""
    if name == "-":
        return None
    with open_input(name) as stream:
        return sum(1 for _ in _Lines(name, stream))


async def _replay(file: str | Path, topic: str, rate: float | None, kafka: KafkaConfig) -> dict[str, float]:
    clock = SystemClock()
    sink = KafkaSink(kafka, patience_seconds=60.0, max_message_bytes=_MAX_BYTES, clock=clock)
    chunk = _CHUNK if rate is None else max(1, min(_CHUNK, int(rate / 20)))
    total = _total(str(file))
    console = Console(stderr=True)
    columns = (TextColumn("replaying"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    sent = safe = 0
    try:
        await sink.start()
        started = due = clock.monotonic()
        with (
            open_input(str(file)) as stream,
            Progress(*columns, console=console, disable=not console.is_terminal) as progress,
        ):
            task = progress.add_task("replay", total=total)
            reader = _Reader(str(file), stream, topic, clock)
            while not reader.ended:
                messages = reader.take(chunk)
                if reader.waited:  # what had not come is not caught up with above the rate
                    due = max(due, clock.monotonic())
                await asyncio.sleep(max(0.0, due - clock.monotonic()))
                if rate is not None:
                    due += len(messages) / rate
                for message in messages:
                    sink.send(message)
                    sent += 1
                await sink.flush()
                safe = sent
                progress.update(task, completed=sent)
    except BaseException:
        if sent:
            of_all = "" if total is None else f" of {total}"
            console.print(
                f"ended early: {safe}{of_all} records are in {topic}, and of the next {sent - safe} any number",
                highlight=False, markup=False, soft_wrap=True,
            )  # fmt: skip
        raise
    finally:
        await sink.stop()
    return {"records": sent, "seconds": round(clock.monotonic() - started, 3)}
