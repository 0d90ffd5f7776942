"""Our `pii` scorer beside Presidio on every file of labelled personal data, and what issue 4 wants of the figures.

    python -m tests.bench.pii_quality --open DIR [--config FILE] [--presidio MODEL] [--json]

DIR holds ``pii/`` (JSON Lines, plain or gzip). Prints F1 by type and file beside each other, and one line for each
demand with the figures that miss it. The exit code is 0 whatever they are.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console

from agent.clock import SystemClock
from agent.config import CoreConfig, ScorerConfig
from agent.errors import HarmwatchError
from agent.pipeline import build_scorers
from agent.quality.bootstrap import Bootstrap
from agent.quality.evaluate import evaluate
from agent.quality.measure import ScorerJudge
from agent.quality.presidio import PresidioJudge
from agent.quality.report import number
from agent.quality.rows import read_files
from streams.commands.evaluate_table import beside_table, widened
from streams.config import load_config

SYNTHETIC = ("pii_en_presidio", "pii_zh_synthetic", "pii_xx_secrets_synthetic")
"""Files whose values are made, so that check digits are right and annotations exact."""

CHECKSUMMED = ("CARD", "BANK_ACCOUNT", "NATIONAL_ID")
UNSTRUCTURED = ("NAME", "ADDRESS")
LEAST = 0.99


class Demand(NamedTuple):
    """What is wanted, whether it is so, and what misses it (or where there was nothing to see)."""

    wanted: str
    met: bool
    missed: list[str]


def main(arguments: Sequence[str]) -> int:
    """Print the table and the demands, or one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--open", type=Path, required=True, metavar="DIR", help="labelled data; its folder pii is read")
    parser.add_argument("--config", type=Path, metavar="FILE", help="harmwatch.yaml, for the section of pii (NER)")
    parser.add_argument("--presidio", default="", metavar="MODEL", help="its spaCy model; the largest installed one")
    parser.add_argument("--synthetic", nargs="+", default=list(SYNTHETIC), metavar="NAME", help="files of made values")
    parser.add_argument("--bootstrap", type=int, default=1000, metavar="N")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args(arguments)
    try:
        ours, theirs = measure(args)
    except HarmwatchError as error:
        sys.stderr.write(f"pii_quality: {error}\n")
        return 1
    found = list(demands(ours, theirs, args.synthetic))
    if args.json:
        plain = [demand._asdict() for demand in found]
        sys.stdout.write(json.dumps(ours | {"beside": {theirs["scorer"]: theirs}, "demands": plain}) + "\n")
        return 0
    console = widened(Console())
    console.print(beside_table([ours, theirs], wide=True))
    for demand in found:
        mark = "met   " if demand.met else "MISSED"
        console.print(f"{mark} {demand.wanted}", markup=False, highlight=False)
        for line in demand.missed:
            console.print(f"         {line}", markup=False, highlight=False)
    return 0


def measure(args: argparse.Namespace) -> tuple[dict[str, Any], dict[str, Any]]:
    """Figures of both judges, as ``harmwatch evaluate --json`` gives them."""
    files = read_files([str(args.open / "pii")], "pii", sys.stdin.buffer)
    config: CoreConfig = load_config(args.config) if args.config else CoreConfig()
    section = config.scorers.get("pii", ScorerConfig()).model_copy(update={"enabled": True})
    (scorer,) = build_scorers({"pii": section})
    clock, bootstrap = SystemClock(), Bootstrap(args.bootstrap)
    judges = (ScorerJudge(scorer, section.thresholds), PresidioJudge(args.presidio))
    first, second = (evaluate(files, judge, "pii", clock, bootstrap=bootstrap).figures() for judge in judges)
    return first, second


def demands(ours: Mapping[str, Any], theirs: Mapping[str, Any], synthetic: Sequence[str]) -> Iterator[Demand]:
    """The demands of issue 4 on figures."""
    mine, its = _by_file(ours), _by_file(theirs)
    missed = [
        f"{file} {kind}: {name} {number(found[name])}"
        for file, kind, found in _types(mine)
        if file in synthetic and kind in CHECKSUMMED
        for name in ("precision", "recall")
        if (found[name] or 0.0) < LEAST
    ]
    yield Demand(f"checksummed types on synthetic sets: precision and recall at least {LEAST}", not missed, missed)
    for wanted, chosen in (
        ("structured types: F1 never below Presidio's", lambda kind: kind not in UNSTRUCTURED),
        ("names and addresses: F1 never below Presidio's", lambda kind: kind in UNSTRUCTURED),
    ):
        missed = [
            f"{file} {kind}: {number(found['f1'])}, Presidio {number(its[file]['by_type'][kind]['f1'])}"
            for file, kind, found in _types(mine)
            if chosen(kind) and (found["f1"] or 0.0) < (its[file]["by_type"][kind]["f1"] or 0.0)
        ]
        yield Demand(wanted, not missed, missed)


def _by_file(figures: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    found: Mapping[str, Mapping[str, Any]] = figures.get("files") or {figures["file"]: figures}
    return found


def _types(files: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for file, found in files.items():
        for kind, figures in found["by_type"].items():
            yield file, kind, figures


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
