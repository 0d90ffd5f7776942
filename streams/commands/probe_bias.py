"""``harmwatch probe --task bias``: published benchmarks of bias."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from agent.probe.asking import Asked, ask
from agent.probe.bias import benchmark_class, benchmark_of
from agent.probe.bias.base import Benchmark
from agent.probe.bias.figures import set_figures
from agent.probe.journal import Journal
from agent.probe.question import LogLikelihood, Question
from agent.probe.report import TEXTS, heading, sections_of
from agent.probe.rows import read_sets
from agent.probe.served import ServedModel
from agent.report import Words
from streams.commands.pages import show_report
from streams.commands.terminal import progress_bar
from streams.served.callables import CallableModel

__all__ = ["OPTIONS", "add_arguments", "prepared", "show"]

OPTIONS: Mapping[str, Any] = {"no_log_likelihoods": False}
"""Options of this task alone, with what they are when they are not given."""


def add_arguments(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--no-log-likelihoods", action="store_true",
                       help="ask for choices even where the server gives log-likelihoods")  # fmt: skip


def prepared(args: argparse.Namespace) -> Callable[[ServedModel], dict[str, Any]]:
    """The probe, its data read.

    Raises
    ------
    ConfigError, DataError
        When the data are wrong.
    """
    return partial(_asked, args, _benchmarks(args.data, args.sample))


def _asked(
    args: argparse.Namespace, benchmarks: Mapping[str, tuple[str, Benchmark]], model: ServedModel
) -> dict[str, Any]:
    useful = any(benchmark_class(name).uses_log_likelihoods for name, _ in benchmarks.values())
    likelihoods = useful and not args.no_log_likelihoods and model.gives_log_likelihoods()
    questions = {name: benchmark.questions(likelihoods) for name, (_, benchmark) in benchmarks.items()}
    if isinstance(model, CallableModel):
        prompts = [
            question.prompt
            for part in questions.values()
            for question in part[:3]
            if not isinstance(question.expects, LogLikelihood)
        ]
        if prompts:
            model.find_out(prompts, answers=False)
    target = {**model.description, "log_likelihoods": float(likelihoods)} if useful else dict(model.description)
    with Journal(args.resume, target) as journal:
        asked = _ask_all(args, model, journal, questions)
    return {
        "task": args.task,
        "target": dict(model.description),
        "complete": all(found.complete for found in asked.values()),
        "run": {"requests": model.requests, "remembered": sum(found.remembered for found in asked.values())},
        "sets": {
            name: set_figures(kind, benchmark, questions[name], asked[name], args.examples or 0)
            for name, (kind, benchmark) in benchmarks.items()
        },
    }


def _ask_all(
    args: argparse.Namespace, model: ServedModel, journal: Journal, questions: Mapping[str, Sequence[Question]]
) -> dict[str, Asked]:
    with progress_bar("probing", sum(map(len, questions.values())), quiet=args.quiet) as advance:
        return {name: ask(part, model, journal, advance) for name, part in questions.items()}


def _benchmarks(paths: Sequence[Path], sample: int | None) -> dict[str, tuple[str, Benchmark]]:
    found: dict[str, tuple[str, Benchmark]] = {}
    for name, path, rows in read_sets(paths):
        kind = benchmark_of(rows, str(path))
        benchmark = benchmark_class(kind).read(rows)
        found[name] = (kind, benchmark if sample is None else benchmark.sample(sample))
    return found


def show(args: argparse.Namespace, figures: Mapping[str, Any], now: float) -> None:
    """Page, table or JSON."""
    del now
    words = Words(TEXTS, args.lang)
    show_report(args, figures, sections_of(figures, words), heading(figures, words), words)
