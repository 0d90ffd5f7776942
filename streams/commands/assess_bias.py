"""The part of ``harmwatch assess`` that looks for bias in the data."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from agent.assess.analysis import Analysis
from agent.assess.bias.columns import ColumnTexts
from agent.assess.bias.groups import Attributes
from agent.assess.bias.labels import Labels
from agent.assess.bias.missing import MissingValues
from agent.assess.bias.proxies import Proxies
from agent.assess.bias.reference import Reference, read_reference
from agent.assess.bias.repeats import Repeats
from agent.assess.bias.representation import Representation
from agent.assess.bias.reservoir import RowSample
from agent.errors import ConfigError

__all__ = ["add_bias_arguments", "bias_analyses", "check_bias_arguments", "reference_of"]


def add_bias_arguments(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("bias in the data (docs/assess.md)")
    group.add_argument("--reference", type=Path, metavar="FILE",
                       help="population to compare groups with: shares in YAML or JSON, or a table")  # fmt: skip
    group.add_argument("--split", metavar="COL",
                       help="column that says train, test, ...: finds what stands in two of them")  # fmt: skip
    group.add_argument("--id", nargs="+", default=[], metavar="COL",
                       help="columns that only tell rows apart, no features (default by title and values)")  # fmt: skip


def check_bias_arguments(args: argparse.Namespace) -> None:
    """Refuse what has no effect or contradicts itself.

    Raises
    ------
    ConfigError
        For options that do not go together.
    """
    if args.reference is not None and not args.protected:
        raise ConfigError("--reference needs --protected COL...: the attributes whose groups it gives")
    for option, names in (("--split", [args.split] if args.split is not None else []), ("--id", args.id)):
        both = next((name for name in names if name in (*args.protected, args.label)), None)
        if both is not None:
            raise ConfigError(f"{option}: column {both!r} is protected or the label already")
    if args.split is not None and args.split in args.id:
        raise ConfigError(f"column {args.split!r} cannot be both the split and an --id")


def reference_of(args: argparse.Namespace) -> Reference | None:
    """The population, read before the long work on the table begins."""
    return None if args.reference is None else read_reference(args.reference, args.protected)


def bias_analyses(args: argparse.Namespace, reference: Reference | None) -> Iterator[Analysis]:
    """In the order in which they are shown. They share the texts of each batch."""
    texts = ColumnTexts()
    attributes = Attributes(texts, args.protected)
    left_out = [*args.id, *([args.split] if args.split is not None else [])]
    if args.protected:
        yield Representation(attributes, reference)
    if args.label is not None:
        yield Labels(texts, attributes, args.label, args.positive)
    if args.protected:
        yield Proxies(RowSample(texts), args.protected, args.label, left_out)
        yield MissingValues(texts, attributes)
    yield Repeats(texts, attributes, args.label, args.split, args.id)
