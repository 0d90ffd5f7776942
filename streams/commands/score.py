"""``harmwatch score``: the same core without Kafka. Events in as JSON Lines; verdicts out, or texts."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from agent.clock import SystemClock
from agent.config import CoreConfig, PolicyConfig
from agent.drift.reference_file import load_references
from agent.errors import ConfigError, DecodeError
from agent.joining import Origin
from agent.metrics import Metrics, new_registry
from agent.pipeline import Pipeline, RecordOutcome, build_embedding, build_pipeline
from agent.policy import Policy
from streams.commands.live_lines import live
from streams.commands.terminal import event_lines, open_input
from streams.config import load_config
from streams.formats import FORMATS, Decoder
from streams.ports import Record

__all__ = ["add_arguments", "run"]

_TOPIC = "stdin"
_MAX_LINE = 8 * 1024 * 1024
_UNHURRIED = {"findings": True, "evaluations_per_second": 100_000_000, "max_seconds": 3600.0}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", nargs="?", default="-", metavar="FILE", help="JSON Lines or .gz; - for standard input")
    parser.add_argument("--format", choices=sorted(FORMATS), help="wire format of the lines; detected when left out")
    parser.add_argument("--config", type=Path, metavar="FILE", help="harmwatch.yaml, for scorers and thresholds")
    parser.add_argument(
        "--filter",
        action="store_true",
        help="print the texts as the policy lets them out instead of verdicts; without one, everything found is masked",
    )
    parser.add_argument(
        "--sanitise",
        action="store_true",
        help="print inputs without their disguises, with an account of what was changed, instead of verdicts",
    )
    parser.add_argument("--explain", action="store_true", help="say which words carried a score; slower")
    parser.add_argument("--quiet", action="store_true", help="no progress on standard error")


def run(args: argparse.Namespace) -> int:
    """Exit code 1 when a line could not be decoded; the others are scored all the same."""
    if args.filter and args.sanitise:
        raise ConfigError("give --filter or --sanitise, not both")
    shown = "filtered" if args.filter else "sanitised" if args.sanitise else "verdicts"
    config: CoreConfig = load_config(args.config) if args.config else CoreConfig()
    config = _without_drift(config)
    clock = SystemClock()
    console = Console(stderr=True)
    if args.explain or args.filter:
        # Nobody waits for it here: every finding is explained, and sentences are masked instead of whole texts.
        explain = config.explain.model_copy(update=_UNHURRIED)
        # A batch of findings may take minutes to explain; its scores must not be given up for it.
        patient = config.executor.model_copy(update={"deadline_seconds": _UNHURRIED["max_seconds"]})
        config = config.model_copy(update={"explain": explain, "executor": patient})
    if args.filter and not Policy(config.policy).enforces:
        console.print(
            "no policy masks or blocks anything: everything found is masked",
            markup=False, highlight=False, soft_wrap=True,
        )  # fmt: skip
        config = config.model_copy(update={"policy": PolicyConfig(default="mask")})
    metrics = Metrics(new_registry(), clock=clock)
    pipeline = build_pipeline(config, metrics=metrics, clock=clock, filtering=args.filter, sanitising=args.sanitise)
    pipeline.warm_up()
    decoder = Decoder({_TOPIC: args.format} if args.format else {}, _MAX_LINE)
    undecodable = 0
    with open_input(args.file) as stream, _progress(console, args.quiet) as progress:
        task = progress.add_task("scoring", total=None)
        lines = live(stream, lambda: _emit(pipeline.poll(), progress, task, shown))
        for number, line in event_lines(lines, _MAX_LINE):
            record = Record(_TOPIC, 0, number, clock.now(), None, line, ())
            try:
                events = decoder.decode(record)
            except DecodeError as error:
                undecodable += 1
                scored = "scored in part" if error.rest else "not scored"
                console.print(f"line {number}: {scored}: {error}", markup=False, highlight=False, soft_wrap=True)
                events = error.rest
            while pipeline.full:
                _emit(pipeline.poll(drain=True), progress, task, shown)
            pipeline.submit(Origin(_TOPIC, 0, number), record.time, events)
            _emit(pipeline.poll(), progress, task, shown)
        pipeline.close()
        _drain(pipeline, progress, task, shown)
    pipeline.terminate()
    if repeated := int(metrics.total("harmwatch_duplicates_total")):
        console.print(
            f"{repeated} {'event' if repeated == 1 else 'events'} under the id of an earlier line, not scored again: "
            "each call needs an id of its own",
            markup=False, highlight=False, soft_wrap=True,
        )  # fmt: skip
    return 1 if undecodable else 0


def _without_drift(config: CoreConfig) -> CoreConfig:
    """Nobody sees drift here: it is not worth embedding texts and learning references. Its configuration is read."""
    if config.drift.enabled:
        build_embedding(config.drift)
        if config.drift.reference is not None:
            load_references(config.drift.reference)
    return config.model_copy(update={"drift": config.drift.model_copy(update={"enabled": False})})


def _progress(console: Console, quiet: bool) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console, disable=quiet or not console.is_terminal, transient=True)


def _drain(pipeline: Pipeline, progress: Progress, task: TaskID, shown: str) -> None:
    while pipeline.in_flight:
        _emit(pipeline.join(1.0), progress, task, shown)


def _emit(outcomes: list[RecordOutcome], progress: Progress, task: TaskID, shown: str) -> None:
    if not outcomes:
        return
    encode = msgspec.json.encode
    lines = [encode(line) + b"\n" for outcome in outcomes for line in getattr(outcome, shown)]
    sys.stdout.buffer.write(b"".join(lines))
    sys.stdout.buffer.flush()
    progress.advance(task, len(outcomes))
