"""``harmwatch assess``: what a table holds of people, and how much of that can be told of it safely."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from agent.assess.analysis import Analysis, Observer, read_through
from agent.assess.anonymity import Anonymity
from agent.assess.bias.columns import ColumnTexts
from agent.assess.groups import Groups
from agent.assess.quasi import QuasiIdentifiers
from agent.assess.quasi_names import kind_by_name
from agent.assess.report import Words, sections_of
from agent.assess.sensitivity import Sensitivity
from agent.assess.tables import open_reader
from agent.clock import SystemClock, iso_time
from agent.errors import ConfigError
from agent.report import LANGUAGES
from streams.commands.assess_bias import add_bias_arguments, bias_analyses, check_bias_arguments, reference_of
from streams.commands.assess_rebalance import add_rebalance_arguments, check_rebalance_arguments, rebalanced, survey_for
from streams.commands.assess_release import add_release_arguments, check_release_arguments, release, show_status
from streams.commands.pages import check_page, show_report
from streams.commands.terminal import ending_cleanly, progress_bar

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("data", nargs="?", metavar="DATA",
                        help="a table: CSV, JSON Lines or Parquet; - for JSON Lines on standard input")  # fmt: skip
    parser.add_argument("--text", nargs="+", default=[], metavar="COL",
                        help="columns to search for personal data (default all)")  # fmt: skip
    parser.add_argument("--quasi", nargs="+", default=[], metavar="COL",
                        help="quasi-identifiers (default: by their names); --protected adds to them")  # fmt: skip
    parser.add_argument("--sensitive", nargs="+", default=[], metavar="COL",
                        help="columns whose values must not be learned of a person (default the label)")  # fmt: skip
    parser.add_argument("--protected", nargs="+", default=[], metavar="COL",
                        help="protected attributes: counted by group, and quasi-identifiers")  # fmt: skip
    parser.add_argument("--label", metavar="COL", help="the label; sensitive unless --sensitive says otherwise")
    parser.add_argument("--positive", metavar="VALUE",
                        help="the value in a person's favour (default the usual one of two, such as yes)")  # fmt: skip
    parser.add_argument("--population", type=int, metavar="N",
                        help="size of the population that the rows are a random sample of")  # fmt: skip
    add_bias_arguments(parser)
    add_rebalance_arguments(parser)
    add_release_arguments(parser)
    parser.add_argument("--out", type=Path, metavar="FILE.html", help="write a self-contained page with pictures")
    parser.add_argument("--lang", choices=LANGUAGES, default="en", help="language of page and tables (default en)")
    parser.add_argument("--json", action="store_true", help="print one JSON object on standard output, no table")
    parser.add_argument("--quiet", action="store_true", help="no progress on standard error")


def run(args: argparse.Namespace) -> int:
    """Exit code 0 whatever the figures are."""
    if args.dp_status:
        return show_status(args)
    _check(args)
    check_release_arguments(args)
    check_rebalance_arguments(args)
    if args.out:
        # Before long work, and before a privacy budget is spent on a page that cannot be written.
        ledger = [] if args.dp_ledger is None else [(args.dp_ledger, "the ledger")]
        check_page(args.out, [(Path(args.data), "the file that is being read"), *ledger])
    with ending_cleanly():
        return _run(args)


def _run(args: argparse.Namespace) -> int:
    clock = SystemClock()
    words = Words(args.lang)
    head = {"file": Path(args.data).name, "created": iso_time(clock.now())}
    if args.dp_epsilon is None:
        rows, columns, found = _assess(args)
        figures: dict[str, Any] = {**head, "rows": rows, "columns": list(columns), **found}
        heading = words("heading", rows=f"{rows:,}", columns=len(columns), **head)
    else:
        figures = {**head, "release": release(args, clock, _read)}
        heading = words("dp_heading", **head)
    show_report(args, figures, sections_of(figures, words), heading, words)
    return 0


def _assess(args: argparse.Namespace) -> tuple[int, tuple[str, ...], dict[str, Any]]:
    analyses: list[Analysis] = []
    reference = reference_of(args)
    survey = survey_for(args)

    def make(columns: tuple[str, ...]) -> Sequence[Observer]:
        texts = ColumnTexts()
        analyses.extend(_analyses(args, columns, texts))
        analyses.extend(bias_analyses(args, texts, reference))
        return analyses if survey is None else [*analyses, survey]

    rows, columns = _read(args, make, () if survey is None else survey.request.needed)
    if args.population is not None and args.population < rows:
        raise ConfigError(f"--population {args.population}: is less than the {rows} rows that are a sample of it")
    if survey is not None:
        # What cannot be rebalanced is said before any figures are made, which would be lost.
        survey.check(columns)
    found = {analysis.key: analysis.figures() for analysis in analyses}
    rate = found.get("groups", {}).get("positive_rate")
    if rate is not None and rate["value"] in (None, 0.0):
        raise ConfigError(f"--positive: no row of column {args.label!r} has this value")
    if survey is not None:
        found["rebalance"] = rebalanced(args, survey)
    return rows, columns, found


def _analyses(args: argparse.Namespace, columns: Sequence[str], texts: ColumnTexts) -> Iterator[Analysis]:
    sensitive = args.sensitive or ([args.label] if args.label is not None else [])
    named = args.quasi or [column for column in columns if kind_by_name(column) and column not in sensitive]
    quasi = [column for column in dict.fromkeys((*named, *args.protected)) if column not in sensitive]
    if not quasi and (args.sensitive or args.population is not None):
        raise ConfigError("no column is named like a quasi-identifier; name them: --quasi COL...")
    yield Sensitivity(args.text)
    if args.protected or args.positive is not None:
        yield Groups(texts, args.protected, args.label, args.positive)
    yield QuasiIdentifiers(quasi, sensitive)
    if quasi:
        yield Anonymity(quasi, sensitive, args.population)


def _read(
    args: argparse.Namespace, make: Callable[[tuple[str, ...]], Sequence[Observer]], needed: Sequence[str] = ()
) -> tuple[int, tuple[str, ...]]:
    label = [] if args.label is None else [args.label]
    split = [] if args.split is None else [args.split]
    wanted = [*args.text, *args.quasi, *args.sensitive, *args.protected, *label, *args.id, *split, *needed]
    with (
        closing(open_reader(Path(args.data), stdin=sys.stdin.buffer)) as reader,
        # In per cent: under differential privacy the number of rows is nobody's business.
        progress_bar("assessing", reader.total, quiet=args.quiet, counts=False) as advance,
    ):
        return read_through(reader, make, wanted, advance)


def _check(args: argparse.Namespace) -> None:
    if args.data is None:
        raise ConfigError("give a table: harmwatch assess DATA.csv")
    for option in ("text", "quasi", "sensitive", "protected", "id"):
        names = getattr(args, option)
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ConfigError(f"--{option} names column {twice!r} twice")
    both = next((name for name in args.sensitive if name in (*args.quasi, *args.protected)), None)
    if both is not None:
        raise ConfigError(f"column {both!r} cannot be both sensitive and a quasi-identifier")
    if args.label is not None and args.label in (*args.quasi, *args.protected):
        raise ConfigError(f"column {args.label!r} cannot be both the label and a quasi-identifier")
    if args.positive is not None and args.label is None:
        raise ConfigError("--positive is a value of the label; name its column with --label")
    if args.population is not None and args.population < 1:
        raise ConfigError("--population must be at least 1")
    check_bias_arguments(args)
