"""Fuzzes one target in this process: ``python -m tests.fuzz.one TARGET ...``; `tests.fuzz.run` starts one for each.

Prints one line; exit code 0 without a finding, 1 with one, whose input lies in the folder of crashes.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any

__all__ = ["main"]

_RSS_MIB = 2048
_SECONDS_PER_INPUT = 60


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("target")
    parser.add_argument("--engine", choices=("atheris", "mutate"), required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--crashes", type=Path, required=True)
    parser.add_argument("--input", type=Path)
    parser.add_argument("--corpus", type=Path, help="atheris: what reached new lines, kept for the next run")
    args = parser.parse_args()
    if args.engine == "atheris" and args.input is None:
        _with_atheris(args)
        return
    from tests.fuzz.bounds import Bounded
    from tests.fuzz.mutate import mutate
    from tests.fuzz.targets import TARGETS

    target = TARGETS[args.target]
    if args.input is not None:
        Bounded(target)(args.input.read_bytes())
        return
    bounded, seeds = Bounded(target), list(target.seeds())
    runs, data, error = mutate(bounded, seeds, target.most_bytes, seconds=args.seconds, seed=args.seed, runs=None)
    print(f"runs={runs}", flush=True)
    if data is not None and error is not None:
        path = args.crashes / f"{args.target}-{hashlib.sha256(data).hexdigest()[:16]}"
        path.write_bytes(data)
        traceback.print_exception(error)
        print(f"found={path}", flush=True)
        sys.exit(1)


def _with_atheris(args: Any) -> None:
    import atheris  # type: ignore[import-untyped]

    with atheris.instrument_imports(include=["agent", "streams"]):
        from tests.fuzz.bounds import Bounded
        from tests.fuzz.targets import TARGETS

        target = TARGETS[args.target]
        bounded = Bounded(target, is_watched=True)
    corpus = args.corpus or Path(tempfile.mkdtemp(prefix="harmwatch-fuzz-"))
    for number, seed in enumerate(target.seeds()):
        (corpus / str(number)).write_bytes(seed[: target.most_bytes])
    atheris.Setup(
        [
            sys.argv[0],
            f"-max_total_time={max(1, round(args.seconds))}",
            f"-max_len={target.most_bytes}",
            f"-seed={args.seed}",
            f"-timeout={_SECONDS_PER_INPUT}",
            f"-rss_limit_mb={_RSS_MIB}",
            f"-artifact_prefix={args.crashes}/{args.target}-",
            "-print_final_stats=1",
            "-close_fd_mask=0",
            str(corpus),
        ],
        bounded,
    )
    atheris.Fuzz()


if __name__ == "__main__":
    main()
