"""``make fuzz-all``: every target for so many seconds, each in a process of its own.

By default ten seconds each, which is some minutes in all; ``--seconds 60`` in CI, ``--seconds 3600`` for the long form.
atheris (libFuzzer: it sees which lines an input reaches) where it is installed, else changes of known inputs. Inputs
that find something are kept; exit code 1 when there are any. To look at one again:
``python -m tests.fuzz.one TARGET --engine mutate --seconds 0 --crashes . --input FILE``.
"""

from __future__ import annotations

import argparse
import importlib.util
import math
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from tests.fuzz.targets import TARGETS

__all__ = ["main"]

#: Starting, instrumenting and an input that may take its minute.
_MORE_SECONDS = 240.0
#: Shorter runs are better spent without atheris.
_LEAST_SECONDS = 30.0
#: What atheris adds to code that it watches keeps up to 10 MiB a second; each slice is a process, which lets it go.
_SLICE_SECONDS = 120.0
_RUNS = re.compile(r"(?:runs=|stat::number_of_executed_units: )(\d+)")


class Outcome(NamedTuple):
    """What came of one target."""

    target: str
    runs: int
    seconds: float
    found: str


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="make fuzz-all", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=10.0, help="for each target")
    parser.add_argument("--targets", nargs="+", choices=TARGETS, default=list(TARGETS), metavar="TARGET")
    parser.add_argument("--engine", choices=("auto", "atheris", "mutate"), default="auto")
    parser.add_argument("--jobs", type=int, default=1, help="targets at a time")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--crashes", type=Path, default=Path("fuzz-crashes"))
    args = parser.parse_args(arguments)
    engine = args.engine
    if engine == "auto":
        # It takes half a minute to make ready what it watches.
        worth_it = args.seconds >= _LEAST_SECONDS and importlib.util.find_spec("atheris")
        engine = "atheris" if worth_it else "mutate"
    args.crashes.mkdir(parents=True, exist_ok=True)
    sys.stdout.write(f"{len(args.targets)} targets, {args.seconds:g} s each, engine {engine}\n")

    def fuzz(name: str) -> Outcome:
        return _fuzz(name, engine, args.seconds, args.seed, args.crashes)

    findings = 0
    with ThreadPoolExecutor(args.jobs) as pool:
        for outcome in pool.map(fuzz, args.targets):
            findings += bool(outcome.found)
            sys.stdout.write(f"{outcome.target:20} {outcome.runs:>10,} runs {outcome.seconds:>7.1f} s  "
                             f"{outcome.found or 'nothing'}\n")  # fmt: skip
            sys.stdout.flush()
    sys.stdout.write(f"{findings} targets with findings{f'; inputs in {args.crashes}' if findings else ''}\n")
    return 1 if findings else 0


def _fuzz(name: str, engine: str, seconds: float, seed: int, crashes: Path) -> Outcome:
    """In one process, or with atheris in several that follow each other and go on with what the last one found."""
    slices = max(1, math.ceil(seconds / _SLICE_SECONDS)) if engine == "atheris" else 1
    runs, taken, found = 0, 0.0, ""
    with tempfile.TemporaryDirectory(prefix="harmwatch-fuzz-") as corpus:
        for number in range(slices):
            command = [sys.executable, "-m", "tests.fuzz.one", name, "--engine", engine, "--corpus", corpus]
            command += ["--seconds", str(seconds / slices), "--seed", str(seed + number), "--crashes", str(crashes)]
            outcome = _run(name, command, seconds / slices, crashes)
            runs, taken, found = runs + outcome.runs, taken + outcome.seconds, outcome.found
            if found:
                break
    return Outcome(name, runs, taken, found)


def _run(name: str, command: Sequence[str], seconds: float, crashes: Path) -> Outcome:
    started, before = time.monotonic(), set(crashes.glob(f"{name}-*"))
    try:
        done = subprocess.run(command, capture_output=True, check=False, timeout=seconds + _MORE_SECONDS)
        output, code = (done.stdout + done.stderr).decode("utf-8", "replace"), done.returncode
    except subprocess.TimeoutExpired:
        return Outcome(name, 0, time.monotonic() - started, "did not end")
    runs = max([int(number) for number in _RUNS.findall(output)], default=0)
    found = ""
    if code != 0:
        log = crashes / f"{name}-log.txt"
        log.write_text(output[-20_000:], encoding="utf-8")
        inputs = sorted(str(path) for path in set(crashes.glob(f"{name}-*")) - before if path != log)
        found = f"exit code {code}: {', '.join(inputs) or 'no input'}, {log}"
    return Outcome(name, runs, time.monotonic() - started, found)


if __name__ == "__main__":
    sys.exit(main())
