"""``harmwatch canaries``: registers protected values as keyed hashes, or makes fresh ones to be planted.

Values are read, hashed and forgotten: none is printed, logged or named in an error; lines are told by their number.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
from rich.console import Console

from agent.errors import ConfigError
from agent.scoring.canary.generate import LANGUAGES, FreshCanary, Language, fresh_canaries
from agent.scoring.canary.keys import DEFAULT_KEY_VARIABLE, CanaryKeys, read_key
from agent.scoring.canary.registry import (
    DEFAULT_LABEL,
    MAX_CANARIES,
    CanaryFile,
    Registration,
    Submitted,
    is_label,
    register,
)
from streams.commands.same_file import same_file
from streams.commands.terminal import open_input
from streams.commands.writable import replace_file

__all__ = ["add_arguments", "run"]

_MAX_LINE = 1 << 16
_MOST_TOLD = 20


class _Row(msgspec.Struct):
    value: str
    label: str = ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", nargs="?", metavar="FILE",
                        help='one value a line, or JSON Lines of {"value", "label"}; - for standard input')  # fmt: skip
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="where the keyed hashes go")
    parser.add_argument("--append", action="store_true", help="keep what --out holds already, under the same key")
    key = parser.add_mutually_exclusive_group()
    key.add_argument("--key-env", default=DEFAULT_KEY_VARIABLE, metavar="NAME",
                     help=f"environment variable that holds the key (default {DEFAULT_KEY_VARIABLE})")  # fmt: skip
    key.add_argument("--key-file", type=Path, metavar="FILE", help="file that holds the key")
    parser.add_argument("--label", default=DEFAULT_LABEL, metavar="WORD",
                        help="what findings call the values; no part of them (default canary)")  # fmt: skip
    parser.add_argument("--skip-refused", action="store_true", help="register the others when some values are refused")
    parser.add_argument("--generate", type=int, metavar="N", help="make N fresh canaries instead of reading values")
    parser.add_argument("--values", type=Path, metavar="FILE",
                        help="with --generate: a new file for the values, which are told once")  # fmt: skip
    parser.add_argument("--lang", choices=(*LANGUAGES, "both"), default="both", help="of fresh canaries")
    parser.add_argument("--json", action="store_true", help="print one JSON object on standard output")
    parser.add_argument("--quiet", action="store_true", help="no progress on standard error")


def run(args: argparse.Namespace) -> int:
    """Exit code 1 when values were refused; nothing is written then unless --skip-refused, and others are left.

    Raises
    ------
    ConfigError
        Also when there are no values at all, neither in the file nor in what --append adds to.
    """
    _check(args)
    keys = CanaryKeys(read_key({"file": args.key_file} if args.key_file else {"env": args.key_env}))
    before = CanaryFile.load(args.out, keys) if args.append and args.out.exists() else None
    if before is None and args.out.exists() and not args.append:
        raise ConfigError(f"--out {args.out}: exists; give --append to add to it, or remove it first")
    fresh: list[FreshCanary] = []
    if args.generate:
        languages: tuple[Language, ...] = LANGUAGES if args.lang == "both" else (args.lang,)
        fresh = list(fresh_canaries(args.generate, languages))
        submitted = [Submitted(number, one.value, args.label) for number, one in enumerate(fresh, start=1)]
    else:
        with open_input(args.file) as stream:
            submitted = list(_submitted(stream, args.label))
        if not submitted and (before is None or not before.canaries):
            raise ConfigError(
                f"{args.file} holds no value, and a monitor without canaries watches nothing; "
                "nothing was written: see whether the export of the values failed"
            )
    with _busy(args.quiet):
        found = register(submitted, keys, before)
    written = not found.refused or (args.skip_refused and bool(found.file.canaries))
    if written:
        if fresh:
            _write_values(args.values, fresh, args.label)  # before the hashes: without values they are of no use
        # With --append the old hashes are there, of values that may be nowhere else any more.
        replace_file(args.out, found.file.encode(), "--out")
    _report(args, found, written)
    return 0 if written else 1


def _check(args: argparse.Namespace) -> None:
    if (args.generate is None) == (args.file is None):
        raise ConfigError("give a FILE of values (- for standard input), or --generate N")
    if (args.generate is None) != (args.values is None):
        raise ConfigError("--generate N needs --values FILE, where the fresh values go, and --values needs --generate")
    if args.generate is not None and not 1 <= args.generate <= MAX_CANARIES:
        raise ConfigError(f"--generate must lie between 1 and {MAX_CANARIES}")
    if args.values is not None and same_file(args.values, args.out):
        raise ConfigError(f"--values {args.values}: is the file of --out, which would replace the values; name another")
    if not is_label(args.label):
        raise ConfigError(
            "--label must be a word of at most 32 letters a to z, digits, _ and -, and no part of a value"
        )


@contextmanager
def _busy(quiet: bool) -> Iterator[None]:
    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield
        return
    with console.status("registering"):
        yield


def _submitted(stream: BinaryIO, label: str) -> Iterator[Submitted]:
    """The values with their lines. JSON Lines when the first line that is not blank begins with a brace.

    Raises
    ------
    ConfigError
        For a line that is too long, no UTF-8, or no such object. Says which line, never what stood there.
    """
    rows: bool | None = None
    number = 0
    while content := stream.readline(_MAX_LINE + 1):
        number += 1
        if len(content) > _MAX_LINE:
            raise ConfigError(f"line {number} is longer than {_MAX_LINE} bytes; one value a line")
        content = content.removeprefix(b"\xef\xbb\xbf") if number == 1 else content
        content = content.strip()
        if not content:
            continue
        rows = content.startswith(b"{") if rows is None else rows
        try:
            if rows:
                row = msgspec.json.decode(content, type=_Row)
                yield Submitted(number, row.value, row.label or label)
            else:
                yield Submitted(number, content.decode("utf-8"), label)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            expected = 'an object {"value": ..., "label": ...}' if rows else "text in UTF-8"
            raise ConfigError(f"line {number} is not {expected}") from None


def _write_values(path: Path, fresh: list[FreshCanary], label: str) -> None:
    """The only place where fresh values stand, readable by their owner alone; never over a file that is there."""
    lines = [{"value": one.value, "label": label, "lang": one.language, "text": one.sentence} for one in fresh]
    content = b"".join(msgspec.json.encode(line) + b"\n" for line in lines)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
    except OSError as error:
        raise ConfigError(f"--values {path}: cannot be written ({error.strerror}); name a new file") from None


def _report(args: argparse.Namespace, found: Registration, written: bool) -> None:
    labels = Counter(entry.label for entry in found.file.canaries)
    plain: dict[str, Any] = {
        "written": written,
        "out": str(args.out),
        "registered": found.added,
        "duplicates": found.duplicates,
        "refused": [{"line": one.line, "reason": one.reason} for one in found.refused],
        "canaries": len(found.file.canaries),
        "labels": dict(sorted(labels.items())),
        "chance_per_million_characters": found.chance * 1e6,
    }
    console = Console(stderr=True, highlight=False, markup=False, emoji=False, soft_wrap=True)
    for one in found.refused[:_MOST_TOLD]:
        console.print(f"line {one.line}: refused: {one.reason}")
    if len(found.refused) > _MOST_TOLD:
        console.print(f"and {len(found.refused) - _MOST_TOLD} more")
    if found.refused and not written:
        console.print("nothing was written; mend these lines, or give --skip-refused to register the others")
    if args.json:
        sys.stdout.write(json.dumps(plain) + "\n")
        return
    if written:
        console.print(
            f"{found.added} registered, {found.duplicates} known already; {args.out} holds {len(found.file.canaries)}"
        )
        console.print(
            f"by chance at most {plain['chance_per_million_characters']:.1g} of the new ones in a million characters "
            "of random text"
        )
        if args.values is not None:
            console.print(f"the values are in {args.values} and nowhere else: plant them, then put them away")
        console.print(f"set scorers.canary.file: {args.out}")
