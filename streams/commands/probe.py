"""``harmwatch probe``: questions to a served model, and what its answers come to."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from math import inf
from pathlib import Path
from typing import Any

from agent.clock import SystemClock, iso_time
from agent.errors import BudgetSpent, ConfigError
from agent.probe.asking import Asked, ask
from agent.probe.bias import benchmark_class, benchmark_of
from agent.probe.bias.base import Benchmark
from agent.probe.bias.figures import set_figures
from agent.probe.compare import changes, read_earlier
from agent.probe.journal import Journal
from agent.probe.question import Question
from agent.probe.report import TEXTS, sections_of
from agent.probe.rows import read_rows, set_name
from agent.probe.served import ServedModel
from agent.report import LANGUAGES, Words
from streams.commands.pages import check_page, show_report
from streams.commands.terminal import progress_bar
from streams.served.api_key import read_api_key
from streams.served.target import TargetOptions, is_url, open_target

__all__ = ["add_arguments", "run"]

TASKS = ("bias",)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--task", choices=TASKS, required=True, help="what is probed")
    parser.add_argument("--target", required=True, metavar="URL|MODULE:CALLABLE",
                        help="an OpenAI-compatible server, or a callable: prompts in, as many texts out")  # fmt: skip
    parser.add_argument("--data", nargs="+", type=Path, required=True, metavar="FILE",
                        help="probe sets: JSON Lines, plain or gzip; the benchmark shows in the fields")  # fmt: skip
    parser.add_argument("--model", metavar="NAME", help="the model's name at the server (default: its only one)")
    parser.add_argument("--api-key-file", type=Path, metavar="FILE",
                        help="a file with the key (default: the variable HARMWATCH_PROBE_API_KEY)")  # fmt: skip
    parser.add_argument("--sample", type=int, metavar="N", help="ask N items of each set (the same ones each time)")
    parser.add_argument("--resume", type=Path, metavar="FILE",
                        help="keep outcomes in this journal, and go on from those that are in it")  # fmt: skip
    parser.add_argument("--budget", type=int, metavar="N", help="most requests of this run, repeated ones included")
    parser.add_argument("--rate", type=float, metavar="N", help="most requests a second")
    parser.add_argument("--concurrency", type=int, default=4, metavar="N", help="requests at a time (default 4)")
    parser.add_argument("--timeout", type=float, default=60.0, metavar="SECONDS", help="of a request (default 60)")
    parser.add_argument("--retries", type=int, default=4, metavar="N", help="of a failed request (default 4)")
    parser.add_argument("--max-tokens", type=int, default=64, metavar="N",
                        help="of an answer (default 64); models that reason aloud need more")  # fmt: skip
    parser.add_argument(
        "--batch", type=int, default=16, metavar="N", help="prompts in a call of a callable (default 16)"
    )
    parser.add_argument("--no-log-likelihoods", action="store_true",
                        help="ask for choices even where the server gives log-likelihoods")  # fmt: skip
    parser.add_argument("--compare", type=Path, metavar="FILE.json", help="what --json printed of an earlier run")
    parser.add_argument("--examples", type=int, default=0, metavar="N",
                        help="list N items of a set answered with the stereotype, by id (default 0)")  # fmt: skip
    parser.add_argument("--out", type=Path, metavar="FILE.html", help="write a self-contained page with pictures")
    parser.add_argument("--lang", choices=LANGUAGES, default="en", help="language of page and tables (default en)")
    parser.add_argument("--json", action="store_true", help="print one JSON object on standard output, no table")
    parser.add_argument("--quiet", action="store_true", help="no progress on standard error")


def run(args: argparse.Namespace) -> int:
    """Exit code 0 whatever the figures are; 1 when the target gives no answers, or the budget did not suffice."""
    _check(args)
    earlier = None if args.compare is None else read_earlier(args.compare)
    benchmarks = _benchmarks(args.data, args.sample)
    clock = SystemClock()
    options = TargetOptions(
        target=args.target,
        model=args.model,
        api_key=read_api_key(args.api_key_file) if is_url(args.target) else None,
        per_second=args.rate,
        most_requests=args.budget,
        concurrency=args.concurrency,
        timeout_seconds=args.timeout,
        retries=args.retries,
        most_tokens=args.max_tokens,
        batch=args.batch,
    )
    with open_target(options, clock) as model:
        figures = _asked(args, model, benchmarks)
    figures["run"]["created"] = iso_time(clock.now())
    if earlier is not None:
        figures["changes"] = changes(earlier, figures)
    _show(args, figures)
    if not figures["complete"]:
        again = "run the same command again" if args.resume else "with --resume FILE the next run goes on from there"
        raise BudgetSpent(f"the budget of {args.budget} requests was spent before all questions were asked; {again}")
    return 0


def _asked(
    args: argparse.Namespace, model: ServedModel, benchmarks: Mapping[str, tuple[str, Benchmark]]
) -> dict[str, Any]:
    useful = any(benchmark_class(name).uses_log_likelihoods for name, _ in benchmarks.values())
    likelihoods = useful and not args.no_log_likelihoods and model.gives_log_likelihoods()
    questions = {name: benchmark.questions(likelihoods) for name, (_, benchmark) in benchmarks.items()}
    target = {**model.description, "log_likelihoods": float(likelihoods)} if useful else dict(model.description)
    with Journal(args.resume, target) as journal:
        asked = _ask_all(args, model, journal, questions)
    return {
        "task": args.task,
        "target": dict(model.description),
        "complete": all(found.complete for found in asked.values()),
        "run": {"requests": model.requests, "remembered": sum(found.remembered for found in asked.values())},
        "sets": {
            name: set_figures(kind, benchmark, questions[name], asked[name], args.examples)
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
    for path in paths:
        name = set_name(path)
        if name in found:
            raise ConfigError(f"--data: two sets are called {name!r}; rename a file")
        rows = read_rows(path)
        kind = benchmark_of(rows, str(path))
        benchmark = benchmark_class(kind).read(rows)
        found[name] = (kind, benchmark if sample is None else benchmark.sample(sample))
    return found


def _check(args: argparse.Namespace) -> None:
    for option, low, high in (
        ("sample", 1, inf),
        ("budget", 1, inf),
        ("rate", 0.001, 10_000),
        ("concurrency", 1, 256),
        ("timeout", 0.1, 3_600),
        ("retries", 0, 20),
        ("max_tokens", 1, 100_000),
        ("batch", 1, 10_000),
        ("examples", 0, inf),
    ):
        value = getattr(args, option)
        if value is not None and not low <= value <= high:
            bound = f"at least {low}" if high == inf else f"between {low} and {high}"
            raise ConfigError(f"--{option.replace('_', '-')} must be {bound}")
    inputs = [(path, "the data") for path in args.data]
    inputs += [(path, f"the file of {option}") for path, option in (
        (args.resume, "--resume"), (args.compare, "--compare"), (args.api_key_file, "--api-key-file")
    ) if path is not None]  # fmt: skip
    if args.out is not None:
        check_page(args.out, inputs)
    if args.resume is not None and args.compare is not None and args.resume == args.compare:
        raise ConfigError("--resume and --compare name one file; the journal is no report")


def _show(args: argparse.Namespace, figures: Mapping[str, Any]) -> None:
    words = Words(TEXTS, args.lang)
    heading = words(
        "heading",
        target=figures["target"]["name"],
        model=figures["target"].get("model", "-"),
        sets=len(figures["sets"]),
        requests=f"{figures['run']['requests']:,}",
        created=figures["run"]["created"],
    )
    show_report(args, figures, sections_of(figures, words), heading, words)
