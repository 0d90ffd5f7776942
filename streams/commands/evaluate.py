"""``harmwatch evaluate``: labelled JSON Lines in, quality figures out, per file, language and category."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from rich.console import Console

from agent.clock import SystemClock, iso_time
from agent.quality.evaluate import evaluate
from agent.quality.figures import common_threshold
from agent.quality.measure import TextJudge
from agent.quality.plots import require_matplotlib, span_pictures, text_pictures
from agent.quality.report import evaluation_report
from streams.commands.evaluate_table import render
from streams.commands.labelled import add_common_arguments, bootstrap_of, judge_of, labelled_files, total_rows
from streams.commands.terminal import progress_bar
from streams.commands.writable import write_file

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_common_arguments(parser)
    parser.add_argument("--calibration", type=Path, metavar="FILE",
                        help="a file of harmwatch calibrate, instead of the configured one")  # fmt: skip
    parser.add_argument("--beside", action="append", default=[], metavar="NAME",
                        help="another judge of the same texts: profanity-check, ngram-floor:TRAIN.jsonl; "
                        "for pii presidio[:SPACY_MODEL], presidio:patterns")  # fmt: skip
    parser.add_argument("--plots", type=Path, metavar="DIR", help="write pictures there, as PNG")
    parser.add_argument("--report", type=Path, metavar="FILE.html", help="write a self-contained page with all of it")


def run(args: argparse.Namespace) -> int:
    """Exit code 0 whatever the figures are; they are the result, not a verdict."""
    bootstrap = bootstrap_of(args)
    files = labelled_files(args)
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
    if rivals:
        figures["beside"] = {rival.name: other.figures() for rival, other in zip(rivals, others, strict=True)}
    if args.plots or args.report:
        pictures = (
            span_pictures(figures["by_type"])
            if args.task == "pii"
            else text_pictures(done.pooled, common_threshold(judge.thresholds))
        )
        if args.plots:
            for name, picture in pictures.items():
                write_file(args.plots / f"{name}.png", picture, "--plots")
        if args.report:
            page = evaluation_report(figures, pictures, iso_time(clock.now()))
            write_file(args.report, page.encode("utf-8", "replace"), "--report")
    if args.json:
        sys.stdout.write(json.dumps(figures) + "\n")
    else:
        render(figures, Console())
    return 0


def _rivals(args: argparse.Namespace) -> list[TextJudge]:
    if not args.beside:
        return []
    from agent.quality.beside import load_rival

    return [load_rival(name, args.task) for name in args.beside]
