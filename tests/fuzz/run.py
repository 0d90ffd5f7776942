"""``make fuzz-all``: every target for so many seconds of a processor, each in a process of its own.

By default ten seconds each, which is some minutes in all; ``--seconds 60`` in CI, ``--seconds 3600`` for the long form.
atheris (libFuzzer: it sees which lines an input reaches) where it is installed, else changes of known inputs. Inputs
that find something are kept; exit code 1 when there are any. To look at one again:
``python -m tests.fuzz.one TARGET --engine mutate --seconds 0 --crashes . --input FILE``.

An hour for each is more than a day of one core: ``--still 600`` leaves a target that has reached nothing new for ten
minutes. With ``--keep FOLDER`` what atheris found to reach new lines is kept, and the seconds spent so far: the same
command goes on where the last one was stopped, until each has its seconds.
"""

from __future__ import annotations

import argparse
import base64
import importlib.util
import math
import os
import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import msgspec

from tests.fuzz.targets import TARGETS

__all__ = ["main"]

#: Starting, instrumenting and an input that may take its minute; and what else the machine has to do.
_MORE_SECONDS, _MORE_TIMES = 240.0, 4.0
#: What libFuzzer says of lines reached, and after how many runs.
_EDGES = re.compile(r"#(\d+)\s+\w+\s+cov: (\d+)")
#: Shorter runs are better spent without atheris.
_LEAST_SECONDS = 30.0
#: What atheris adds to code that it watches keeps up to 10 MiB a second; each slice is a process, which lets it go.
_SLICE_SECONDS = 120.0
#: Of a finding, in the output.
_LINES_TOLD, _BYTES_TOLD = 15, 4096
_READY = re.compile(r"ready=([\d.]+)")
_RUNS = re.compile(r"(?:runs=|stat::number_of_executed_units: )(\d+)")


class Outcome(NamedTuple):
    """What came of one target: of this run, or of all runs so far.

    Attributes
    ----------
    edges
        Branches of our code that inputs reached, as libFuzzer counts them; 0 without atheris.
    newest
        After how many seconds the last new one was reached.
    """

    target: str
    runs: int = 0
    seconds: float = 0.0
    found: str = ""
    edges: int = 0
    newest: float = 0.0

    def then(self, after: Outcome) -> Outcome:
        """This one and what followed it."""
        newest = self.seconds + after.newest if after.edges > self.edges else self.newest
        edges = max(self.edges, after.edges)
        return Outcome(self.target, self.runs + after.runs, self.seconds + after.seconds, after.found, edges, newest)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="make fuzz-all", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=10.0, help="of a processor, for each target")
    parser.add_argument("--still", type=float, default=math.inf, metavar="SECONDS",
                        help="fewer are enough once nothing new was reached for so many (atheris)")  # fmt: skip
    parser.add_argument("--targets", nargs="+", choices=TARGETS, default=list(TARGETS), metavar="TARGET")
    parser.add_argument("--engine", choices=("auto", "atheris", "mutate"), default="auto")
    parser.add_argument("--jobs", type=int, default=1, help="targets at a time")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="go on with what was found and spent before")
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
        with tempfile.TemporaryDirectory(prefix="harmwatch-fuzz-") as folder:
            corpus = (args.keep or Path(folder)) / name
            corpus.mkdir(parents=True, exist_ok=True)
            return _fuzz(name, engine, args.seconds, args.still, args.seed, args.crashes, corpus)

    findings: list[Outcome] = []
    with ThreadPoolExecutor(args.jobs) as pool:
        for outcome in pool.map(fuzz, args.targets):
            if outcome.found:
                findings.append(outcome)
            reached = f"{outcome.edges:>6,} edges, the last after {outcome.newest:>5.0f} s  " if outcome.edges else ""
            sys.stdout.write(f"{outcome.target:20} {outcome.runs:>10,} runs {outcome.seconds:>7.1f} s  "
                             f"{reached}{outcome.found or 'nothing'}\n")  # fmt: skip
            sys.stdout.flush()
    sys.stdout.write(f"{len(findings)} targets with findings{f'; inputs in {args.crashes}' if findings else ''}\n")
    for outcome in findings:
        sys.stdout.write(_told(outcome, args.crashes))
    return 1 if findings else 0


def _told(outcome: Outcome, crashes: Path) -> str:
    """What was found, at the end and with its input: of a machine that is gone, only its last lines may be left."""
    lines = [f"{outcome.target}: {outcome.found}"]
    log = crashes / f"{outcome.target}-log.txt"
    if log.exists():
        said = log.read_text(encoding="utf-8").splitlines()[-_LINES_TOLD:]
        lines += [f"    {line[:300].encode('unicode_escape').decode()}" for line in said]
    for path in sorted(crashes.glob(f"{outcome.target}-*")):
        if path != log and path.stat().st_size <= _BYTES_TOLD:
            lines.append(f"    {path.name} in Base64: {base64.b64encode(path.read_bytes()).decode()}")
    return "\n".join(lines) + "\n"


def _fuzz(name: str, engine: str, seconds: float, still: float, seed: int, crashes: Path, corpus: Path) -> Outcome:
    """In one process, or with atheris in several that follow each other and go on with what the last one found."""
    spent = corpus.with_name(f"{name}.json")
    so_far = msgspec.json.decode(spent.read_bytes(), type=Outcome) if spent.exists() else Outcome(name)
    while (left := seconds - so_far.seconds) >= 1.0 and not so_far.found:
        if so_far.edges and so_far.seconds - so_far.newest >= still:
            break
        each = min(left, _SLICE_SECONDS) if engine == "atheris" else left
        command = [sys.executable, "-m", "tests.fuzz.one", name, "--engine", engine, "--corpus", str(corpus)]
        command += ["--seconds", str(each), "--seed", str(seed + round(so_far.seconds)), "--crashes", str(crashes)]
        so_far = so_far.then(_run(name, command, each, crashes))
        if not so_far.found:
            spent.write_bytes(msgspec.json.encode(so_far))
    return so_far


def _run(name: str, command: Sequence[str], seconds: float, crashes: Path) -> Outcome:
    before = set(crashes.glob(f"{name}-*"))
    with tempfile.TemporaryFile() as told:
        process = subprocess.Popen(command, stdout=told, stderr=subprocess.STDOUT)
        limit = threading.Timer(seconds * _MORE_TIMES + _MORE_SECONDS, process.kill)
        limit.start()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = code = os.waitstatus_to_exitcode(status)
        was_cut_off = limit.finished.is_set()
        limit.cancel()
        told.seek(0)
        output = told.read().decode("utf-8", "replace")
    if was_cut_off:
        return Outcome(name, seconds=seconds, found="did not end")
    found = ""
    if code != 0:
        log = crashes / f"{name}-log.txt"
        log.write_text(output[-20_000:], encoding="utf-8")
        inputs = sorted(str(path) for path in set(crashes.glob(f"{name}-*")) - before if path != log)
        found = f"exit code {code}: {', '.join(inputs) or 'no input'}, {log}"
    runs = max([int(number) for number in _RUNS.findall(output)], default=0)
    # What making ready takes is no fuzzing.
    ready = max([float(number) for number in _READY.findall(output)], default=0.0)
    fuzzed = max(0.0, used.ru_utime + used.ru_stime - ready)
    reached = [(int(after), int(edges)) for after, edges in _EDGES.findall(output)]
    edges = max((edges for _, edges in reached), default=0)
    first = min((after for after, count in reached if count == edges), default=0)
    return Outcome(name, runs, fuzzed, found, edges, fuzzed * first / max(runs, 1))


if __name__ == "__main__":
    sys.exit(main())
