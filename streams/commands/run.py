"""``harmwatch run``: the worker, against real Kafka, until SIGTERM or SIGINT."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from streams.config_file import ConfigFile

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, required=True, metavar="FILE", help="harmwatch.yaml")


def run(args: argparse.Namespace) -> int:
    file = ConfigFile.at_start(args.config)
    config = file.config()
    logging.getLogger().setLevel(config.log_level)
    from streams.worker import run_worker

    run_worker(config, file)
    return 0
