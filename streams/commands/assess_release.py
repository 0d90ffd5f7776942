"""The part of ``harmwatch assess`` that releases figures under differential privacy, and keeps the budget."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from agent.assess.analysis import Observer
from agent.assess.dp.fingerprint import fingerprint, public_names
from agent.assess.dp.ledger import Ledger, Receipt
from agent.assess.dp.plan import ReleasePlan, epsilon_of, plan_release
from agent.assess.dp.release import Release
from agent.assess.dp.tally import Tally
from agent.assess.scanning import RowScanner
from agent.clock import Clock, SystemClock
from agent.errors import ConfigError
from streams.commands.evaluate_table import widened
from streams.commands.printable import printable
from streams.commands.same_file import same_file

__all__ = ["add_release_arguments", "check_release_arguments", "release", "show_status"]

_ONLY_RELEASE = ("dp_unit", "dp_rows_per_unit", "dp_groups", "dp_budget", "dp_dataset", "dp_ledger")
# Option to what it asks for.
_ONLY_EXACT = {
    "quasi": "class sizes",
    "sensitive": "class sizes",
    "population": "class sizes",
    "reference": "shares and tests",
    "split": "numbers of leaked rows",
    "id": "numbers of repeated rows",
}


class _Read(Protocol):
    def __call__(
        self, args: argparse.Namespace, make: Callable[[tuple[str, ...]], Sequence[Observer]], needed: Sequence[str]
    ) -> object: ...


def add_release_arguments(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("differential privacy (docs/assess.md)")
    group.add_argument("--dp-epsilon", metavar="E", help="release noisy counts and rates alone, spending E in all")
    group.add_argument("--dp-unit", metavar="COL", help="column that tells people apart (default each row is one)")
    group.add_argument("--dp-rows-per-unit", type=int, metavar="N",
                       help="rows that count of each; its further rows are left out (default 1)")  # fmt: skip
    group.add_argument("--dp-groups", nargs="+", action="append", metavar=("COL", "VALUE"),
                       help="a protected column and the names of its groups")  # fmt: skip
    group.add_argument("--dp-ledger", type=Path, metavar="FILE", help="the privacy budget; charged before the release")
    group.add_argument("--dp-budget", metavar="TOTAL", help="total of a data set that the ledger does not know yet")
    group.add_argument("--dp-dataset", metavar="NAME",
                       help="what the ledger knows the data by (default a hash of the file)")  # fmt: skip
    group.add_argument("--dp-status", action="store_true", help="show what the ledger says, and nothing else")


def check_release_arguments(args: argparse.Namespace) -> None:
    """Refuse what would have no effect.

    Raises
    ------
    ConfigError
        For options that do not go together.
    """
    exact = args.dp_epsilon is None
    for name in _ONLY_RELEASE if exact else _ONLY_EXACT:
        if getattr(args, name) not in (None, []):
            option = f"--{name.replace('_', '-')}"
            raise ConfigError(
                f"{option} needs --dp-epsilon"
                if exact
                else f"{option}: {_ONLY_EXACT[name]} are exact figures, which --dp-epsilon keeps back; "
                "run without one of them"
            )
    if exact:
        return
    if args.dp_rows_per_unit is not None and args.dp_unit is None:
        raise ConfigError("--dp-rows-per-unit needs --dp-unit COL")
    if (args.dp_budget is not None or args.dp_dataset is not None) and args.dp_ledger is None:
        raise ConfigError("--dp-budget and --dp-dataset need --dp-ledger FILE")
    if args.dp_dataset == "":
        raise ConfigError("--dp-dataset must not be empty")
    if args.label is not None and args.positive is None:
        raise ConfigError("--label with --dp-epsilon needs --positive VALUE: its rate is what is released")
    if args.dp_ledger is not None and args.dp_dataset is None and args.data == "-":
        raise ConfigError("standard input has no fingerprint for the ledger; give --dp-dataset NAME")
    if args.dp_ledger is not None and same_file(args.dp_ledger, Path(args.data)):
        raise ConfigError(f"--dp-ledger {args.dp_ledger}: is the file that is being read; name another")


def release(args: argparse.Namespace, clock: Clock, read: _Read) -> dict[str, Any]:
    """Count, charge the ledger, and only then draw the noise: a crash may cost budget, never give a free release."""
    scanner = RowScanner(args.text)
    plan = _plan(args, scanner)
    mechanisms = Release(plan)
    ledger = None if args.dp_ledger is None else Ledger(args.dp_ledger, clock)
    budget = None if args.dp_budget is None else epsilon_of(args.dp_budget, "--dp-budget")
    dataset = ""
    if ledger is not None:
        dataset = args.dp_dataset or fingerprint(Path(args.data))
        ledger.check(dataset, plan.epsilon, budget)
    tally = Tally(plan, scanner)
    read(args, lambda columns: (tally,), [] if plan.unit is None else [plan.unit])
    receipt = None
    if ledger is not None:
        receipt = ledger.charge(dataset, plan.epsilon, [query.name for query in plan.queries], budget)
    noisy = mechanisms.draw(tally.counts)
    return {
        **mechanisms.figures(noisy),
        "account": mechanisms.account(),
        "ledger": None if receipt is None else _receipt(receipt),
    }


def show_status(args: argparse.Namespace) -> int:
    """What each data set of a ledger has spent and has left."""
    if args.dp_ledger is None:
        raise ConfigError("--dp-status needs --dp-ledger FILE")
    if args.data is not None:
        raise ConfigError("--dp-status reads the ledger alone; leave the table out")
    found = Ledger(args.dp_ledger, SystemClock()).statement()
    names = public_names(found.accounts)
    accounts = {
        names[dataset]: {
            "total": _plain(account.total),
            "spent": _plain(account.spent),
            "left": _plain(account.left),
            "releases": account.releases,
            "torn": account.torn,
        }
        for dataset, account in found.accounts.items()
    }
    if args.json:
        sys.stdout.write(
            json.dumps({"datasets": accounts, "entries": found.entries, "hash": found.head}, ensure_ascii=False) + "\n"
        )
        return 0
    table = Table(box=SIMPLE_HEAD)
    table.add_column("data set", overflow="fold")
    for head in ("total", "spent", "left", "releases", "torn by a crash"):
        table.add_column(head, justify="right")
    for name, account in accounts.items():
        table.add_row(Text(printable(name)), *(str(value) for value in account.values()))
    console = widened(Console())
    console.print(table)
    console.print(Text(f"{found.entries} entries, the last with hash {found.head}", style="dim"))
    if any(account["torn"] for account in accounts.values()):
        console.print(Text("Entries torn by a crash are held for spent, since figures may have been shown."))
    return 0


def _plan(args: argparse.Namespace, scanner: RowScanner) -> ReleasePlan:
    groups: dict[str, list[str]] = {}
    for column, *names in args.dp_groups or []:
        if column in groups:
            raise ConfigError(f"--dp-groups names column {column!r} twice")
        if column not in args.protected:
            raise ConfigError(f"--dp-groups {column}: name the column with --protected too")
        groups[column] = names
    for column in args.protected:
        if column not in groups:
            raise ConfigError(
                f"--protected {column} with --dp-epsilon needs the names of its groups, --dp-groups {column} VALUE...: "
                "names taken from the data would tell who is in them"
            )
    return plan_release(
        epsilon_of(args.dp_epsilon, "--dp-epsilon"),
        scanner.types,
        unit=args.dp_unit,
        rows_per_unit=1 if args.dp_rows_per_unit is None else args.dp_rows_per_unit,
        groups=groups,
        label=args.label,
        positive=args.positive,
    )


def _receipt(receipt: Receipt) -> dict[str, Any]:
    return {
        "entry": receipt.entry,
        "hash": receipt.hash,
        "total": _plain(receipt.total),
        "spent": _plain(receipt.spent),
        "left": _plain(receipt.left),
    }


def _plain(amount: Decimal) -> float:
    return float(amount)
