"""The part of ``harmwatch assess`` that writes corrected training data."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from agent.assess.rebalance import METHODS, SAMPLINGS, Opened, Request, Survey, rebalance
from agent.assess.tables import TableReader, kind_of, open_reader
from agent.errors import ConfigError
from streams.commands.assess_bias import no_features
from streams.commands.same_file import same_file
from streams.commands.terminal import progress_bar
from streams.commands.writable import check_writable

__all__ = ["add_rebalance_arguments", "check_rebalance_arguments", "opened_by", "rebalanced", "survey_for"]

#: Option, and the method that alone has it.
_ONLY = {
    "weight_column": "reweigh",
    "sampling": "resample",
    "level": "disparate-impact-remover",
    "repair": "disparate-impact-remover",
}


def add_rebalance_arguments(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("rebalancing (docs/assess.md)")
    group.add_argument("--rebalance", type=Path, metavar="OUT",
                       help="write the data with the label independent of the protected attributes")  # fmt: skip
    group.add_argument("--rebalance-method", choices=METHODS, help="default reweigh: adds a column of weights")
    group.add_argument("--weight-column", metavar="NAME", help="reweigh: name of the new column (default weight)")
    group.add_argument("--sampling", choices=SAMPLINGS,
                       help="resample: copy and leave out any rows (default), or those near a border")  # fmt: skip
    group.add_argument("--level", type=float, metavar="L",
                       help="disparate-impact-remover: from 0, nothing, to 1 (default), all")  # fmt: skip
    group.add_argument("--repair", nargs="+", metavar="COL",
                       help="disparate-impact-remover: these columns (default all of numbers but --id)")  # fmt: skip
    group.add_argument("--with-protected", action="store_true",
                       help="give the protected attributes to the model that shows the cost")  # fmt: skip
    group.add_argument("--seed", type=int, metavar="N", help="of all that is drawn (default 0)")


def check_rebalance_arguments(args: argparse.Namespace) -> None:
    """Refuse what would have no effect, and a place that must not be written to.

    Raises
    ------
    ConfigError
        For options that do not go together.
    """
    if args.rebalance is None:
        for name in ("rebalance_method", *_ONLY, "with_protected", "seed"):
            if getattr(args, name) is not None and getattr(args, name) is not False:
                raise ConfigError(f"--{name.replace('_', '-')} needs --rebalance OUT")
        return
    method = args.rebalance_method or METHODS[0]
    for name, owner in _ONLY.items():
        if getattr(args, name) is not None and method != owner:
            raise ConfigError(f"--{name.replace('_', '-')} needs --rebalance-method {owner}")
    if args.dp_epsilon is not None:
        raise ConfigError(
            "--rebalance writes the rows themselves, which --dp-epsilon keeps back; run without one of them"
        )
    if not args.protected or args.label is None:
        raise ConfigError("--rebalance needs --protected COL... and --label COL")
    if args.data == "-":
        raise ConfigError("--rebalance reads the table more than once, and standard input comes once; give a file")
    kind_of(args.rebalance)
    if same_file(args.rebalance, Path(args.data)):
        raise ConfigError(f"--rebalance {args.rebalance}: is the file that is being read; name another")
    if args.reference is not None and same_file(args.rebalance, args.reference):
        raise ConfigError(f"--rebalance {args.rebalance}: is the file of --reference; name another")
    if args.out is not None and same_file(args.rebalance, args.out):
        raise ConfigError(f"--rebalance {args.rebalance}: is the page of --out; name another")
    if args.level is not None and not 0.0 <= args.level <= 1.0:
        raise ConfigError("--level must lie between 0 and 1")
    if args.weight_column is not None and not args.weight_column.strip():
        raise ConfigError("--weight-column must not be empty")
    if args.seed is not None and args.seed < 0:
        raise ConfigError("--seed must not be negative")
    _check_repaired(args, args.repair or [])
    check_writable(args.rebalance, "--rebalance")


def _check_repaired(args: argparse.Namespace, names: Sequence[str]) -> None:
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ConfigError(f"--repair names column {twice!r} twice")
    both = next((name for name in names if name == args.label or name in args.protected), None)
    if both is not None:
        raise ConfigError(f"--repair {both}: is the label or a protected attribute")
    both = next((name for name in names if name in no_features(args)), None)
    if both is not None:
        raise ConfigError(f"--repair {both}: is the split or an --id, which no model is given")


def opened_by(path: Path, *, quiet: bool) -> Opened:
    """Opens a table anew for each reading, with a bar."""

    @contextmanager
    def opened(verb: str) -> Iterator[tuple[TableReader, Callable[[int], None]]]:
        with (
            closing(open_reader(path)) as reader,
            progress_bar(verb, reader.total, quiet=quiet, counts=False) as advance,
        ):
            yield reader, advance

    return opened


def survey_for(args: argparse.Namespace) -> Survey | None:
    """What is to see the rows before `rebalanced`; None where nothing is asked for."""
    if args.rebalance is None:
        return None
    request = Request(
        protected=tuple(args.protected),
        label=args.label,
        positive=args.positive,
        method=args.rebalance_method or METHODS[0],
        weight_column=args.weight_column or "weight",
        sampling=args.sampling or SAMPLINGS[0],
        level=1.0 if args.level is None else args.level,
        repaired=tuple(args.repair or ()),
        ignored=no_features(args),
        with_protected=args.with_protected,
        seed=args.seed or 0,
    )
    return Survey(request)


def rebalanced(args: argparse.Namespace, survey: Survey) -> dict[str, Any]:
    """Write the table, and give the figures of it."""
    return rebalance(survey, opened_by(Path(args.data), quiet=args.quiet), args.rebalance)
