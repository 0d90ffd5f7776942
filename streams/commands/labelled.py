"""What ``evaluate`` and ``calibrate`` have in common: arguments, labelled files, the scorer."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from agent.config import CoreConfig, ScorerConfig
from agent.errors import ConfigError, DataError
from agent.events import DIRECTIONS
from agent.pipeline import build_scorers
from agent.quality.bootstrap import Bootstrap
from agent.quality.choice import RowChoice
from agent.quality.measure import ScorerJudge
from agent.quality.rows import TASKS, LabelledFile, files_in, read_files
from streams.commands.same_file import same_file
from streams.commands.writable import check_writable
from streams.config import load_config

__all__ = [
    "add_common_arguments",
    "bootstrap_of",
    "check_labels",
    "check_results",
    "judge_of",
    "labelled_files",
    "total_rows",
]


def add_common_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", metavar="FILE",
                        help="labelled JSON Lines, plain or gzip; folders; - for standard input")  # fmt: skip
    parser.add_argument("--task", choices=TASKS, required=True, help="what the labels say; also the default scorer")
    parser.add_argument("--scorer", metavar="NAME", help="the scorer to measure; the one called as the task by default")
    parser.add_argument("--config", type=Path, metavar="FILE", help="harmwatch.yaml, for the scorer's section")
    parser.add_argument("--direction", choices=DIRECTIONS, default="input", help="what the texts are (default input)")
    parser.add_argument("--batch", type=int, default=256, metavar="N", help="texts scored together (default 256)")
    parser.add_argument("--bootstrap", type=int, default=1000, metavar="N",
                        help="resamples behind each interval (default 1000, 0 for none)")  # fmt: skip
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of the resampling (default 0)")
    parser.add_argument("--json", action="store_true", help="print one JSON object on standard output, no table")
    parser.add_argument("--quiet", action="store_true", help="no progress on standard error")


def bootstrap_of(args: argparse.Namespace) -> Bootstrap:
    if not 0 <= args.bootstrap <= 100_000:
        raise ConfigError("--bootstrap must lie between 0 and 100000")
    if not 0 <= args.seed < 2**63:
        raise ConfigError("--seed must not be negative")
    if not 1 <= args.batch <= 100_000:
        raise ConfigError("--batch must lie between 1 and 100000")
    return Bootstrap(args.bootstrap, args.seed)


def labelled_files(args: argparse.Namespace, choice: RowChoice | None = None) -> list[LabelledFile]:
    return read_files(args.files, args.task, sys.stdin.buffer, choice)


def check_labels(files: Sequence[LabelledFile]) -> None:
    """See that there is anything to measure, before a scorer is loaded.

    Raises
    ------
    DataError
        When nobody judged any row, or all those that somebody judged are left out.
    """
    if any(file.rows for file in files):
        return
    unlabelled, left_out = sum(file.unlabelled for file in files), sum(file.left_out for file in files)
    names = ", ".join(file.name for file in files[:3])
    aside = f", {left_out} are left out" if left_out else ""
    raise DataError(f"{names}: no row to measure: {unlabelled} have null where a label or spans should be{aside}")


def check_results(args: argparse.Namespace, read: Sequence[Path | None], **written: Path | None) -> None:
    """Whether results can be written, before long work, and that none is written over what is read, or over another.

    Parameters
    ----------
    read
        Beside the labelled files and the configuration.
    written
        By option.

    Raises
    ------
    ConfigError
        When one cannot, or would be.
    """
    if "" in args.files:  # of a variable that is not set; as a path it would be this folder
        raise ConfigError("'' is no file; name a file or folder, or - for standard input")
    labelled = [path for name in args.files if name != "-" for path in files_in(Path(name))]
    for option, path in written.items():
        if path is None:
            continue
        for other in (*labelled, args.config, *read):
            if other is not None and same_file(path, other):
                raise ConfigError(f"--{option} {path}: is what is read, and would be lost; name another file")
        twice = next((name for name, one in written.items() if name != option and one and same_file(path, one)), None)
        if twice is not None:
            raise ConfigError(f"--{option} {path}: is the file of --{twice} too; name another file")
        check_writable(path, f"--{option}")


def judge_of(args: argparse.Namespace, *, calibration: Path | None = None, raw: bool = False) -> ScorerJudge:
    """The scorer, warm. `calibration` replaces the configured one; `raw` leaves it, thresholds and screen out."""
    config: CoreConfig = load_config(args.config) if args.config else CoreConfig()
    name = args.scorer or args.task
    section = config.scorers.get(name, ScorerConfig()).model_copy(update={"enabled": True})
    if raw:
        section = section.model_copy(update={"calibration": None, "thresholds": {}, "cascade": None})
    elif calibration is not None:
        section = section.model_copy(update={"calibration": calibration})
    (scorer,) = build_scorers({name: section})
    return ScorerJudge(scorer, section.thresholds, args.direction)


def total_rows(files: Sequence[LabelledFile]) -> int:
    return sum(len(file.rows) for file in files)
