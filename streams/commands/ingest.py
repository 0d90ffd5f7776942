"""``harmwatch ingest``: an HTTP receiver for model servers without Kafka, until SIGTERM or SIGINT."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from streams.config import load_config

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, required=True, metavar="FILE", help="harmwatch.yaml; its section ingest")


def run(args: argparse.Namespace) -> int:
    config = load_config(args.config)
    logging.getLogger().setLevel(config.log_level)
    from streams.ingest.receiver import run_receiver

    run_receiver(config)
    return 0
