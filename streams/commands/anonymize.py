"""``harmwatch anonymize``: a data set in, the same data set without personal data out, and a report."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from itertools import chain
from pathlib import Path
from typing import Any, cast

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from agent.assess.anonymize import (
    Anonymizer,
    Columns,
    Revealed,
    anonymize,
    figures_of,
    html_report,
    plan_columns,
    reveal,
)
from agent.assess.policy import BUILT_IN, SPELLINGS, Policy, load_policy
from agent.assess.protection import Finder, ProtectionKey
from agent.assess.tables import TableReader, TableWriter, kind_of, open_reader, open_writer, stem_and_suffix
from agent.clock import SystemClock, iso_time
from agent.config import validate
from agent.errors import ConfigError
from agent.scoring import load_scorer
from agent.scoring.pii import PiiScorer
from streams.commands.printable import printable
from streams.commands.same_file import same_file
from streams.commands.terminal import ending_cleanly, progress_bar
from streams.commands.writable import check_writable, write_file

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help=".csv, .tsv, .jsonl (these also .gz), .parquet; - for JSON Lines")
    parser.add_argument("--policy", metavar="P",
                        help=f"a YAML file, or one of {', '.join(BUILT_IN)} (or {', '.join(SPELLINGS)})")  # fmt: skip
    parser.add_argument("--out", type=Path, metavar="FILE",
                        help="where to write; its suffix says the format (default NAME.anonymized.SUFFIX)")  # fmt: skip
    parser.add_argument("--column", action="append", default=[], metavar="C[=TYPE][:OPERATOR]",
                        help="each cell is one value, such as patient=NAME:pseudonym or ssn:drop")  # fmt: skip
    parser.add_argument("--text", action="append", default=[], metavar="C",
                        help="scan the texts of this column; of all columns when not given")  # fmt: skip
    parser.add_argument("--key-file", type=Path, metavar="F", help="the key of hashes and pseudonyms")
    parser.add_argument("--reveal", action="store_true", help="turn pseudonyms back into values, with the key")
    parser.add_argument("--report", type=Path, metavar="FILE", help="write the report, as .json or .html")
    parser.add_argument("--dry-run", action="store_true", help="report only, write no data")
    parser.add_argument("--json", action="store_true", help="print the report as one JSON object on standard output")
    parser.add_argument("--quiet", action="store_true", help="no progress on standard error")


def run(args: argparse.Namespace) -> int:
    """Exit code 1 when the data cannot be read, protected or written; then there is no output file."""
    if args.report and args.report.suffix.lower() not in (".json", ".html"):
        raise ConfigError(f"--report {args.report}: must end in .json or .html")
    if args.reveal and args.report and args.report.suffix.lower() != ".json":
        raise ConfigError(f"--report {args.report}: must end in .json with --reveal")
    policy = _policy(args)
    if args.report:
        held = None if policy.key is None else policy.key.file
        _check_report(args.report, (args.file, args.policy, args.key_file, held))
    out = None if args.dry_run else args.out or _default_out(args.file, "revealed" if args.reveal else "anonymized")
    clock = SystemClock()
    started = clock.monotonic()
    with ending_cleanly(), closing(open_reader(Path(args.file), stdin=sys.stdin.buffer)) as reader:
        figures = _revealed(args, policy, reader, out) if args.reveal else _anonymized(args, policy, reader, out)
    seconds = max(clock.monotonic() - started, 1e-9)
    figures = {"file": reader.name, "out": None if out is None else str(out), **figures}
    figures |= {"seconds": round(seconds, 3), "rows_per_second": figures["rows"] / seconds}
    figures["created"] = iso_time(clock.now())
    if args.report:
        page = args.report.suffix.lower() == ".html"
        content = html_report(figures) if page else json.dumps(figures, indent=1, ensure_ascii=False) + "\n"
        write_file(args.report, content.encode("utf-8", "replace"), "--report")
    if args.json:
        sys.stdout.write(json.dumps(figures) + "\n")
    elif args.reveal:
        where = printable(str(out or "nowhere"))
        sys.stdout.write(f"{figures['rows']} rows, {figures['pseudonyms']} pseudonyms reversed -> {where}\n")
        sys.stdout.writelines(f"- {printable(note)}\n" for note in figures["notes"])
    else:
        _render(figures, Console())
    return 0


def _check_report(report: Path, read: Iterable[str | Path | None]) -> None:
    """A report in place of the key would leave pseudonyms that nobody can reverse."""
    for name in read:
        if name is not None and same_file(report, Path(name)):
            raise ConfigError(f"--report {report}: is what is read, and would be lost; name another file")
    check_writable(report, "--report")


def _policy(args: argparse.Namespace) -> Policy:
    if args.policy is None and not args.reveal:
        raise ConfigError(f"--policy is missing: a YAML file, or one of {', '.join(BUILT_IN)}")
    policy = Policy() if args.policy is None else load_policy(args.policy)
    columns: dict[str, Any] = {name: rule.model_dump() for name, rule in policy.columns.items()}
    columns |= dict.fromkeys(args.text, "text")
    columns |= dict(map(_declared, args.column))
    changed: dict[str, Any] = {**policy.model_dump(exclude={"columns"}), "columns": columns}
    if args.text:
        changed["other_columns"] = "keep"
    return validate(Policy, changed, "--column")


def _declared(option: str) -> tuple[str, str | dict[str, str]]:
    """``patient=NAME:pseudonym`` taken apart."""
    rest, _, operator = option.rpartition(":") if ":" in option else (option, "", "")
    name, _, kind = rest.partition("=")
    if not name:
        raise ConfigError(f"--column {option}: has no column; write C, C=TYPE, C:OPERATOR or C=TYPE:OPERATOR")
    if operator in ("keep", "text") or (operator == "drop" and not kind):
        return name, operator
    return name, {**({"treat_as": kind} if kind else {}), **({"operator": operator} if operator else {})}


def _default_out(file: str, word: str) -> Path:
    if file == "-":
        raise ConfigError("standard input has no name; give --out FILE")
    stem, suffix = stem_and_suffix(Path(file))
    return Path(file).with_name(f"{stem}.{word}{suffix}")


def _anonymized(args: argparse.Namespace, policy: Policy, reader: TableReader, out: Path | None) -> dict[str, Any]:
    key = policy.load_key(args.key_file)
    policy.text_protector(key)  # a missing key is said before anything is read
    scorer = cast(PiiScorer, load_scorer("pii", policy.scorer))
    scorer.warm_up()
    finder = Finder(scorer)
    batches = reader.batches()
    first = next(batches, None)
    columns = plan_columns(policy, reader, first, finder, to_parquet=out is None or kind_of(out) == "parquet")
    anonymizer = Anonymizer(policy, key, columns, finder)
    with _writing(out, reader, columns) as writer, _bar(args, reader, "anonymizing") as advance:
        anonymize(chain([first] if first else [], batches), reader, writer, anonymizer, advance)
    return figures_of(anonymizer.tally, columns, policy, args.policy, key, f"{scorer.name} {scorer.version}")


def _revealed(args: argparse.Namespace, policy: Policy, reader: TableReader, out: Path | None) -> dict[str, Any]:
    if args.key_file:
        key = ProtectionKey.from_file(args.key_file)
    elif policy.key is not None:
        key = policy.key.load()
    else:
        raise ConfigError("--reveal needs the key: give --key-file FILE, or a policy with `key`")
    revealed = Revealed(key, policy)
    with _writing(out, reader, None) as writer, _bar(args, reader, "revealing") as advance:
        reveal(reader.batches(), reader.name, writer, revealed, advance)
    return {
        "rows": revealed.rows,
        "pseudonyms": revealed.pseudonyms,
        "restored": revealed.restored,
        "key_check": key.check,
        "notes": _reveal_notes(args.policy, policy, revealed),
    }


def _reveal_notes(name: str | None, policy: Policy, revealed: Revealed) -> list[str]:
    notes = [f"Column {column} of fpe is not in the data." for column in revealed.absent]
    if name is not None and not policy.is_reversible:
        notes.append(f"Policy {name} makes nothing that can be reversed: it has neither pseudonym nor fpe.")
    if not revealed.pseudonyms and not revealed.restored:
        notes.append(
            "Nothing was reversed: the data hold no pseudonyms ([TYPE~...]). Hashes, masks "
            "and [TYPE] cannot be reversed."
        )
    return notes


@contextmanager
def _writing(out: Path | None, reader: TableReader, columns: Columns | None) -> Iterator[TableWriter | None]:
    """The writer, whose file goes again when anything fails. Revealed data are for their owner's eyes."""
    if out is None:
        yield None
        return
    dropped = [name for name in reader.columns if columns is not None and columns.rule(name).treat == "drop"]
    changed = [name for name in reader.columns if columns is None or columns.rule(name).treat in ("text", "value")]
    texts = columns.texts if columns is not None else ()
    writer = open_writer(out, reader, changed=changed, dropped=dropped, texts=texts, private=columns is None)
    try:
        yield writer
    finally:
        writer.discard()


def _bar(args: argparse.Namespace, reader: TableReader, verb: str) -> AbstractContextManager[Callable[[int], None]]:
    return progress_bar(verb, reader.total, quiet=args.quiet, counts=False)


def _render(figures: dict[str, Any], console: Console) -> None:
    share = figures["share_with_any"]
    console.print(
        Text(
            f"{figures['rows']} rows, something in {figures['rows_with_any']} of them"
            + ("" if share is None else f" ({100 * share:.2f} %)")
            + f" -> {printable(figures['out'] or 'nothing written (dry run)')}"
        )
    )
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in ("column", "treatment", "cells", "with any", "found", "looks like"):
        table.add_column(name, justify="right" if name in ("cells", "with any") else "left", overflow="fold")
    for name, row in figures["columns"].items():
        found = ", ".join(f"{kind} {count}" for kind, count in row["found"].items())
        cells = (
            name,
            row["treatment"],
            str(row["cells"]),
            str(row["cells_with_any"]),
            found,
            row.get("looks_like", ""),
        )
        table.add_row(*(Text(printable(cell)) for cell in cells))
    console.print(table)
    for note in figures["notes"]:
        console.print(Text(f"- {printable(note)}", style="dim"))
