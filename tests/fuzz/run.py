"""``make fuzz-all``: every target for so many seconds, each in a process of its own.

By default ten seconds each, which is some minutes in all; ``--seconds 60`` in CI, ``--seconds 3600`` for the long form.
atheris (libFuzzer: it sees which lines an input reaches) where it is installed, else changes of known inputs. Inputs
that find something are kept; exit code 1 when there are any. To look at one again:
``python -m tests.fuzz.one TARGET --engine mutate --seconds 0 --crashes . --input FILE``.
"""

from __future__ import annotations

import argparse
import importlib.util
import re
import subprocess
import sys
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
    command = [sys.executable, "-m", "tests.fuzz.one", name, "--engine", engine, "--seconds", str(seconds)]
    started, before = time.monotonic(), set(crashes.glob(f"{name}-*"))
    try:
        done = subprocess.run(
            [*command, "--seed", str(seed), "--crashes", str(crashes)],
            capture_output=True, check=False, timeout=seconds + _MORE_SECONDS,
        )  # fmt: skip
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
