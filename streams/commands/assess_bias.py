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
from agent.assess.bias.sampled_texts import SampledTexts
from agent.errors import ConfigError

__all__ = ["add_bias_arguments", "bias_analyses", "check_bias_arguments", "no_features", "reference_of"]


def add_bias_arguments(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("bias in the data (docs/assess.md)")
    group.add_argument("--reference", type=Path, metavar="FILE",
                       help="population to compare groups with: shares in YAML or JSON, or a table")  # fmt: skip
    group.add_argument("--split", metavar="COL",
                       help="column that says train, test, ...: finds what stands in two of them")  # fmt: skip
    group.add_argument("--id", nargs="+", default=[], metavar="COL",
                       help="columns that are no features: tell rows apart, or copy label or attribute")  # fmt: skip


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


def no_features(args: argparse.Namespace) -> tuple[str, ...]:
    """The columns that no model is given, beside the label: those of ``--id``, and the split."""
    return (*args.id, *([args.split] if args.split is not None else []))


def bias_analyses(args: argparse.Namespace, texts: ColumnTexts, reference: Reference | None) -> Iterator[Analysis]:
    """In the order in which they are shown. They share the texts of each batch."""
    attributes = Attributes(texts, args.protected)
    if args.protected:
        yield Representation(attributes, reference)
    if args.label is not None:
        yield Labels(texts, attributes, args.label, args.positive)
    if args.protected:
        yield Proxies(SampledTexts(texts), args.protected, args.label, no_features(args))
        yield MissingValues(texts, attributes)
    yield Repeats(texts, attributes, args.label, args.split, args.id)
