"""``make bench``: ``harmwatch bench`` on real Apache Kafka when there is one, on the embedded broker otherwise.

Arguments are passed on: ``python -m tests.bench.run --json --short``. With ``--bootstrap`` that broker is used.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import closing

from streams.cli import main as harmwatch
from tests.brokers.base import LayerAbsent
from tests.brokers.select import start_real_kafka

__all__ = ["main"]


def main(arguments: Sequence[str]) -> int:
    """The exit code of ``harmwatch bench``."""
    if any(word.split("=")[0] in ("--bootstrap", "--help", "-h") for word in arguments):
        return harmwatch(["bench", *arguments])
    try:
        cluster = start_real_kafka(1)
    except LayerAbsent as absent:
        sys.stderr.write(f"no real Kafka here ({absent}): measuring on the embedded broker\n")
        return harmwatch(["bench", *arguments])
    with closing(cluster):
        sys.stderr.write(f"measuring on {cluster.description}\n")
        where = ["--bootstrap", cluster.bootstrap, "--broker-name", cluster.description]
        return harmwatch(["bench", *where, *arguments])


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
