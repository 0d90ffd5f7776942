"""``harmwatch reference``: what is normal, from a range of a topic or a file of events, for ``drift.reference``."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from kafka.errors import KafkaError
from rich.console import Console

from agent.clock import Clock, SystemClock
from agent.config import EmbeddingsConfig, ExplainConfig, PolicyConfig
from agent.drift.reference_file import save_references
from agent.errors import ConfigError, DataError, DecodeError, TransportError
from agent.joining import Origin
from agent.metrics import Metrics, new_registry
from agent.pipeline import Pipeline, build_pipeline
from agent.pipeline.build import build_scorers, watched_features
from agent.pipeline.reference_collector import ReferenceCollector
from streams.commands.same_file import same_file
from streams.commands.terminal import event_lines, open_input, progress_bar
from streams.commands.writable import check_writable
from streams.config import KafkaConfig, WorkerConfig, load_config
from streams.formats import Decoder
from streams.ports import Record
from streams.topic_range import TopicRange
from streams.topics import admin_client, describe_topics

__all__ = ["add_arguments", "run"]

_FILE = "file"
_CHUNK = 200
_SECONDS_PER_HOUR = 3600.0
#: Nobody waits for it here: no score is given up for being late.
_PATIENCE_SECONDS = 3600.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", nargs="?", metavar="FILE", help="events as JSON Lines or .gz, - for standard input")
    parser.add_argument("--topic", metavar="T", help="read a range of this topic instead of a file")
    parser.add_argument("--from", dest="start", metavar="TIME", help="first record, 2026-11-01T00:00 (UTC)")
    parser.add_argument("--to", dest="end", metavar="TIME", help="records before this time; now when left out")
    parser.add_argument("--config", type=Path, metavar="FILE", help="harmwatch.yaml: broker, formats, scorers, drift")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the reference, a JSON document")
    parser.add_argument("--no-scores", action="store_true", help="decisions and features of events alone; much faster")
    parser.add_argument("--json", action="store_true", help="print one JSON object at the end")
    parser.add_argument("--quiet", action="store_true", help="no progress on standard error")


def run(args: argparse.Namespace) -> int:
    if (args.file is None) == (args.topic is None):
        raise ConfigError("give a FILE of events or --topic T, one of them")
    if args.file is not None and (args.start or args.end):
        raise ConfigError("--from and --to belong to --topic")
    start, end = _time("--from", args.start), _time("--to", args.end)
    if start is not None and end is not None and start >= end:
        raise ConfigError("--from must be before --to")
    for option, path in (("FILE", args.file), ("--config", args.config)):
        if path is not None and same_file(args.out, path):
            raise ConfigError(f"--out: {args.out} is {option}, and would be lost; name another file")
    if not args.out.parent.is_dir():
        raise ConfigError(f"{args.out}: its folder does not exist")
    check_writable(args.out, "--out")  # a topic may take hours to read
    config = load_config(args.config) if args.config else WorkerConfig()
    work = _Work(config, with_scores=not args.no_scores)
    if args.topic is not None:
        asyncio.run(_of_topic(config, work, args.topic, start, end, quiet=args.quiet or args.json))
    else:
        _of_file(work, args.file, quiet=args.quiet or args.json)
    work.finish()
    if work.records and not work.decoded:
        raise DataError(f"none of {work.records} records could be decoded, the first because of {work.first_reason}")
    if not work.collector.values:
        raise DataError("no event holds a feature that is watched: see drift.features, and leave out --no-scores")
    save_references(args.out, work.collector.references())
    _tell(work, args.out, as_json=args.json)
    return 0


class _Work:
    """Events through the worker's own pipeline, without its effects."""

    def __init__(self, config: WorkerConfig, *, with_scores: bool) -> None:
        clock: Clock = SystemClock()
        # No reference is needed to make one, and nothing is published that a policy could hold back.
        # Embedding is scoring too.
        embeddings = config.drift.embeddings if with_scores else EmbeddingsConfig()
        plain = {
            "drift": config.drift.model_copy(update={"enabled": False, "embeddings": embeddings}),
            "explain": ExplainConfig(),
            "policy": PolicyConfig(),
            "executor": config.executor.model_copy(update={"deadline_seconds": _PATIENCE_SECONDS}),
        }
        # What scores are like when the scorers see every text: a cascade would leave out those that it passes.
        alone = {name: one.model_copy(update={"cascade": None}) for name, one in config.scorers.items()}
        core = config.model_copy(update={**plain, "scorers": alone})
        scorers = build_scorers(core.scorers) if with_scores else []
        self.collector = ReferenceCollector(watched_features(core, scorers))
        self._decoder = Decoder(config.topics.formats, config.tap.max_record_bytes)
        self._pipeline: Pipeline = build_pipeline(
            core,
            metrics=Metrics(new_registry(), clock=clock),
            clock=clock,
            scorers=scorers,
            watcher=self.collector,
        )
        self._pipeline.warm_up()
        self.most_bytes = config.tap.max_record_bytes
        self.records = self.undecodable = self.decoded = 0
        self.first_reason = ""
        self.first, self.last = float("inf"), 0.0

    def take(self, records: Iterable[Record]) -> None:
        """Waits where the pipeline is full, so that memory is bounded."""
        for record in records:
            self.records += 1
            try:
                events = self._decoder.decode(record)
            except DecodeError as error:
                self.undecodable += 1
                self.first_reason = self.first_reason or str(error)
                events = error.rest
            for event in events:
                self.decoded += 1
                time = record.time if event.time is None else event.time
                self.first, self.last = min(self.first, time), max(self.last, time)
            while self._pipeline.full:
                self._pipeline.poll(drain=True)
            self._pipeline.submit(Origin(record.topic, record.partition, record.offset), record.time, events)
            self._pipeline.poll()

    def finish(self) -> None:
        self._pipeline.close()
        while self._pipeline.in_flight:
            self._pipeline.join(1.0)
        self._pipeline.terminate()

    @property
    def events_per_hour(self) -> float | None:
        """Of the feature that most values were seen of; None for events of one moment."""
        hours = (self.last - self.first) / _SECONDS_PER_HOUR
        most = max((n for features in self.collector.values.values() for n in features.values()), default=0)
        return round(most / hours, 1) if hours > 0.0 else None


def _time(option: str, text: str | None) -> float | None:
    if text is None:
        return None
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"{option} must be a time such as 2026-11-01T00:00 or 2026-11-01T00:00+08:00") from None
    # Kafka has no earlier times: such a one is before every record.
    return max((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp(), 0.0)


def _of_file(work: _Work, name: str, *, quiet: bool) -> None:
    with open_input(name) as stream, progress_bar("reading", None, quiet=quiet) as advance:
        for records in _chunks(event_lines(stream, work.most_bytes)):
            work.take(records)
            advance(len(records))
    if not work.records:
        raise DataError(f"{name}: holds no event")


def _chunks(lines: Iterable[tuple[int, bytes]]) -> Iterator[Sequence[Record]]:
    chunk: list[Record] = []
    for number, line in lines:
        chunk.append(Record(_FILE, 0, number, 0.0, None, line, ()))
        if len(chunk) == _CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


async def _of_topic(
    config: WorkerConfig, work: _Work, topic: str, start: float | None, end: float | None, *, quiet: bool
) -> None:
    partitions = await asyncio.to_thread(_partitions, config.kafka, topic)
    async with TopicRange(config.kafka, topic, partitions, start, end) as range_:
        if not range_.total:
            raise DataError(f"topic {topic} holds no record of that time; --from and --to are UTC unless they say more")
        with progress_bar("reading", range_.total, quiet=quiet) as advance:
            await _read(range_, work, advance)


async def _read(range_: TopicRange, work: _Work, advance: Callable[[int], None]) -> None:
    async for records in range_.records():
        await asyncio.to_thread(work.take, records)
        advance(len(records))


def _partitions(kafka: KafkaConfig, topic: str) -> int:
    admin = admin_client(kafka)
    try:
        known = describe_topics(admin)
    except KafkaError as error:
        raise TransportError(f"topic {topic} cannot be looked up ({type(error).__name__})") from None
    finally:
        admin.close()
    if topic not in known:
        raise ConfigError(f"topic {topic} does not exist; correct --topic, or the brokers in --config")
    return known[topic]


def _tell(work: _Work, out: Path, *, as_json: bool) -> None:
    values = work.collector.values
    if as_json:
        summary = {
            "records": work.records,
            "undecodable": work.undecodable,
            "left_out": work.collector.left_out,
            "events_per_hour": work.events_per_hour,
            "models": values,
        }
        sys.stdout.write(json.dumps(summary) + "\n")
        return
    console = Console(stderr=True)

    def say(line: str) -> None:
        console.print(line, markup=False, highlight=False, soft_wrap=True)

    say(f"{work.records} records, {sum(map(len, values.values()))} features of {len(values)} models: {out}")
    if work.undecodable:
        say(f"{work.undecodable} records could not be decoded and are left out")
    if work.collector.left_out:
        say(f"{work.collector.left_out} values left out: too many features; name those that matter in drift.features")
    if work.events_per_hour is not None:
        say(f"drift.reference needs drift.events_per_hour; here there were {work.events_per_hour:g} of a feature")
