"""``harmwatch run``: the worker, against real Kafka, until SIGTERM or SIGINT."""

from __future__ import annotations

import argparse
import logging
import signal
from pathlib import Path

from streams.config_file import ConfigFile

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, required=True, metavar="FILE", help="harmwatch.yaml")


def run(args: argparse.Namespace) -> int:
    # By default it ends a process. A worker is not reading its file yet while it starts, nor any more while it ends.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    file = ConfigFile.at_start(args.config)
    config = file.config()
    logging.getLogger().setLevel(config.log_level)
    from streams.worker import run_worker

    run_worker(config, file)
    return 0
