"""``harmwatch run``: the worker, against real Kafka, until SIGTERM or SIGINT."""

from __future__ import annotations

import argparse
import logging
import signal
from pathlib import Path
from typing import Literal

from agent.errors import ConfigError
from streams.config import MOST_PROCESSES
from streams.config_file import ConfigFile
from streams.processes.cores import wanted_processes
from streams.processes.settings import with_processes

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, required=True, metavar="FILE", help="harmwatch.yaml")
    parser.add_argument(
        "--processes",
        metavar="N",
        help="processes of this worker, each a member of the consumer group; auto is one per core "
        "(default: worker.processes of the file, 1 when it says nothing)",
    )


def run(args: argparse.Namespace) -> int:
    # By default it ends a process. A worker is not reading its file yet while it starts, nor any more while it ends.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    wanted = None if args.processes is None else number_of_processes(args.processes)
    file = ConfigFile.at_start(args.config)
    config = with_processes(file.config(), wanted)
    logging.getLogger().setLevel(config.log_level)
    count = wanted_processes(config.worker.processes)
    if count > 1:
        from streams.processes.run import run_processes

        run_processes(file, config, count, wanted)
        return 0
    from streams.worker import run_worker

    run_worker(config, file, lambda revised: with_processes(revised, wanted))
    return 0


def number_of_processes(text: str) -> int | Literal["auto"]:
    """What ``--processes`` says.

    Raises
    ------
    ConfigError
        For anything but a number from 1 on, or ``auto``.
    """
    if text == "auto":
        return "auto"
    if not (text.isascii() and text.isdigit() and len(text) <= 3 and 1 <= int(text) <= MOST_PROCESSES):
        raise ConfigError(f"--processes must be a number from 1 to {MOST_PROCESSES}, or auto")
    return int(text)
