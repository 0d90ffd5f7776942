"""``harmwatch calibrate``: a calibration and its threshold for a wanted false-positive rate, from labelled data."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import msgspec
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from agent.calibration import Calibration, ThresholdNote
from agent.clock import SystemClock
from agent.errors import ConfigError
from agent.quality.calibrate import Wanted, calibrate
from agent.quality.evaluate import evaluate
from agent.quality.fitting import METHODS
from agent.quality.marks import LEAST_MARKS, Marks, read_marks
from agent.quality.plots import calibration_pictures, require_matplotlib
from agent.quality.reliability import cross_fitted
from agent.quality.report import calibration_report
from streams.commands.evaluate_table import widened
from streams.commands.labelled import (
    add_common_arguments,
    bootstrap_of,
    check_labels,
    check_results,
    judge_of,
    labelled_files,
    total_rows,
)
from streams.commands.printable import printable
from streams.commands.terminal import progress_bar
from streams.commands.writable import replace_file, write_file

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_common_arguments(parser)
    parser.add_argument("--target-fpr", type=float, required=True, metavar="SHARE",
                        help="share of harmless texts that may reach the threshold, such as 0.01")  # fmt: skip
    parser.add_argument("--method", choices=METHODS, default="isotonic", help="form of the calibration map")
    parser.add_argument("--per-lang", action="store_true",
                        help="keep the target in each language that has enough texts of label 0")  # fmt: skip
    parser.add_argument("--feedback", type=Path, metavar="FILE",
                        help="marks of operators, JSON Lines of harm.feedback: what precision they show")  # fmt: skip
    parser.add_argument("--least-precision", type=float, metavar="SHARE",
                        help="with --feedback: raise the threshold until the marks show this precision")  # fmt: skip
    parser.add_argument("--out", type=Path, metavar="FILE", help="where to store the calibration")
    parser.add_argument("--report", type=Path, metavar="FILE.html", help="write a self-contained page with pictures")


def run(args: argparse.Namespace) -> int:
    """Exit code 1 when the data do not support the target."""
    bootstrap = bootstrap_of(args)
    if not 0.0 < args.target_fpr <= 0.5:
        raise ConfigError("--target-fpr must be more than 0 and at most 0.5")
    if args.least_precision is not None and args.feedback is None:
        raise ConfigError("--least-precision needs --feedback: precision is what operators' marks show")
    if args.least_precision is not None and not 0.0 < args.least_precision < 1.0:
        raise ConfigError("--least-precision must lie between 0 and 1")
    if args.report:
        require_matplotlib()
    check_results(args, (args.feedback,), out=args.out, report=args.report)
    files = labelled_files(args)
    check_labels(files)
    judge = judge_of(args, raw=True)
    marks = None if args.feedback is None else read_marks(args.feedback, judge.name, judge.version)
    least_raw = 0.0
    if marks is not None and args.least_precision is not None:
        least_raw = marks.threshold_for(args.least_precision)
    clock = SystemClock()
    with progress_bar("scoring", total_rows(files), quiet=args.quiet) as advance:
        judged = evaluate(files, judge, args.task, clock, batch=args.batch, bootstrap=bootstrap, advance=advance).pooled
    wanted = Wanted(args.task, args.target_fpr, args.method, args.per_lang, least_raw)
    unlabelled = sum(file.unlabelled for file in files)
    found = calibrate(judged, [file.name for file in files], unlabelled, judge, wanted, bootstrap, clock)
    stored: Path | None = None
    try:
        if args.out:
            replace_file(args.out, found.encode(), "--out")  # a worker may be reading it
            stored = args.out
        if args.report:
            crossed = cross_fitted(args.method, judged.labels, judged.scores, bootstrap.seed)
            pictures = calibration_pictures(judged, crossed, found.threshold.raw)
            write_file(args.report, calibration_report(found, pictures).encode("utf-8", "replace"), "--report")
    finally:  # it may have taken hours
        if found.caution:
            Console(stderr=True).print(
                f"harmwatch calibrate: few texts: {found.caution}; label more before a worker goes by it",
                markup=False, highlight=False, soft_wrap=True,
            )  # fmt: skip
        _print(found, marks, stored, as_json=args.json)
    return 0


def _print(found: Calibration, marks: Marks | None, stored: Path | None, *, as_json: bool) -> None:
    if as_json:
        plain: dict[str, Any] = msgspec.to_builtins(found)
        if found.caution:
            plain["few_negatives"] = True
        if marks is not None:
            plain["feedback"] = {
                **msgspec.to_builtins(marks.precision(found.threshold.raw)),
                "used": len(marks.scores),
                "other_category": marks.other_category,
                "other_version": marks.other_version,
                "passed_over": dict(marks.passed_over),
            }
        sys.stdout.write(json.dumps(plain) + "\n")
        return
    console = Console()
    _render(found, stored, console)
    if marks is not None:
        console.print(Text(_marked(marks, found.threshold.raw)))


def _render(found: Calibration, out: Path | None, console: Console) -> None:
    widened(console)
    title = f"{found.scorer} ({found.scorer_version}), {found.task}, wanted false-positive rate {found.target_fpr:g}"
    table = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("language", overflow="fold")
    for name in ("threshold", "uncalibrated", "label 0", "reached", "FPR", "label 1", "recall"):
        table.add_column(name, justify="right")
    for lang, threshold in (("all", found.threshold), *found.by_lang.items()):
        table.add_row(*_row(lang, threshold))
    console.print(table)
    for lang, count in found.skipped_langs.items():
        console.print(Text(f"{lang}: no threshold of its own, only {count} texts of label 0"))
    error = found.calibration_error
    if error is not None:
        console.print(
            Text(
                f"expected calibration error {error.ece_before:.4f} before, {error.ece_after:.4f} after "
                f"({error.folds}-fold cross-fitting); Brier score {error.brier_before:.4f}, {error.brier_after:.4f}"
            )
        )
    where = f"set scorers.{found.scorer}.calibration: {out}" if out else "not stored: give --out FILE to use it"
    console.print(Text(where, style="dim"))


def _marked(marks: Marks, threshold: float) -> str:
    found = marks.precision(threshold)
    others = ", ".join(f"{number} of {name}" for name, number in marks.passed_over.items())
    hint = f" ({others}: give --config with the scorer that was marked)" if others else ""
    passed = (
        f"{marks.other_category} marks of other categories and {marks.other_version} of other versions passed over"
        f"{printable(hint)}"
    )
    if found.value is None or found.interval is None:
        return f"feedback: no marked finding reaches this threshold ({passed})"
    low, high = found.interval
    told = f"feedback: {found.correct} of {found.marked} marked findings that reach this threshold were right"
    few = "; few marks" if found.marked < LEAST_MARKS else ""
    return f"{told}, precision {found.value:.3f} ({low:.3f} to {high:.3f}{few}; {passed})"


def _row(lang: str, found: ThresholdNote) -> list[Text]:
    return [
        Text(lang),
        _with_range(found.value, found.interval),
        _with_range(found.raw, found.raw_interval),
        Text(str(found.negatives)),
        Text(str(found.false_positives)),
        _with_range(found.fpr, found.fpr_interval),
        Text(str(found.positives)),
        Text("-") if found.recall is None else _with_range(found.recall, found.recall_interval or (0.0, 1.0)),
    ]


def _with_range(value: float, bounds: tuple[float, float]) -> Text:
    return Text(f"{value:.4f}").append(f" {bounds[0]:.4f}-{bounds[1]:.4f}", style="dim")
