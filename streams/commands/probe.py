"""``harmwatch probe``: questions to a served model, and what its answers come to."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from math import inf
from pathlib import Path
from typing import Any, TypeAlias

from agent.clock import SystemClock, iso_time
from agent.errors import BudgetSpent, ConfigError
from agent.probe.compare import changes, read_earlier
from agent.probe.served import ServedModel
from agent.report import LANGUAGES
from streams.commands import probe_adversarial, probe_bias
from streams.commands.pages import check_page
from streams.served.api_key import read_api_key
from streams.served.callables import CallableModel
from streams.served.target import TargetOptions, is_url, open_target

__all__ = ["add_arguments", "run"]

TASKS = ("adversarial", "bias")

_Probe: TypeAlias = Callable[[ServedModel], dict[str, Any]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--task", choices=TASKS, default="adversarial", help="what is probed (default adversarial)")
    parser.add_argument("--target", required=True, metavar="URL|MODULE:CALLABLE",
                        help="an OpenAI-compatible server, a model behind KServe (/v1/models/NAME, /v2/models/NAME), "
                        "or a callable: a list of prompts in, as many answers out, or one prompt in, its answer out; "
                        "or a torch module")  # fmt: skip
    parser.add_argument("--data", nargs="+", type=Path, required=True, metavar="FILE",
                        help="probe sets: JSON Lines, plain or gzip")  # fmt: skip
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
        "--batch", type=int, default=16, metavar="N", help="prompts in a list for a callable (default 16)"
    )
    parser.add_argument("--compare", type=Path, metavar="FILE.json", help="what --json printed of an earlier run")
    parser.add_argument("--examples", type=int, metavar="N",
                        help="adversarial: show the N worst successes of a set, redacted (default 5); bias: list N "
                        "items answered with the stereotype, by id (default 0)")  # fmt: skip
    parser.add_argument("--out", type=Path, metavar="FILE.html", help="write a self-contained page with pictures")
    parser.add_argument("--lang", choices=LANGUAGES, default="en", help="language of page and tables (default en)")
    parser.add_argument("--json", action="store_true", help="print one JSON object on standard output, no table")
    parser.add_argument("--quiet", action="store_true", help="no progress on standard error")
    probe_adversarial.add_arguments(parser.add_argument_group("adversarial"))
    probe_bias.add_arguments(parser.add_argument_group("bias"))


def run(args: argparse.Namespace) -> int:
    """Exit code 0 whatever the figures are; 1 when the target gives no answers, or the budget did not suffice."""
    task = probe_bias if args.task == "bias" else probe_adversarial
    _check(args)
    earlier = None if args.compare is None else read_earlier(args.compare, args.task)
    probe: _Probe = task.prepared(args)
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
    # What a callable, or the module that it is in, prints is no part of the report.
    with redirect_stdout(sys.stderr), open_target(options, clock) as model:
        figures = probe(model)
        if isinstance(model, CallableModel):
            figures["target"]["takes"] = model.takes
    figures["run"]["created"] = iso_time(clock.now())
    if earlier is not None:
        figures["changes"] = changes(earlier, figures)
    task.show(args, figures, clock.now())
    _complain_of_budget(args, figures)
    return 0


def _complain_of_budget(args: argparse.Namespace, figures: Mapping[str, Any]) -> None:
    if not figures["complete"]:
        again = "run the same command again" if args.resume else "with --resume FILE the next run goes on from there"
        raise BudgetSpent(f"the budget of {args.budget} requests was spent before all questions were asked; {again}")


def _check(args: argparse.Namespace) -> None:
    other = probe_adversarial if args.task == "bias" else probe_bias
    for option, absent in other.OPTIONS.items():
        if getattr(args, option) != absent:
            raise ConfigError(f"--{option.replace('_', '-')} has no part in --task {args.task}; leave it out")
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
        *probe_adversarial.BOUNDS,
    ):
        value = getattr(args, option)
        if value is not None and not low <= value <= high:
            bound = f"at least {low}" if high == inf else f"between {low} and {high}"
            raise ConfigError(f"--{option.replace('_', '-')} must be {bound}")
    inputs = [(path, "the data") for path in args.data]
    inputs += [(path, f"the file of {option}") for path, option in (
        (args.resume, "--resume"), (args.compare, "--compare"), (args.api_key_file, "--api-key-file"),
        (args.reference, "--reference"),
    ) if path is not None]  # fmt: skip
    if args.out is not None:
        check_page(args.out, inputs)
    probe_adversarial.check_outputs(args, inputs)
    if args.resume is not None and args.compare is not None and args.resume == args.compare:
        raise ConfigError("--resume and --compare name one file; the journal is no report")
