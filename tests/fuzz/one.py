"""Fuzzes one target in this process: ``python -m tests.fuzz.one TARGET ...``; `tests.fuzz.run` starts one for each.

Prints when it is ready and how many runs there were; exit code 0 without a finding, 1 with one, whose input lies in the
folder of crashes.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import sys
import tempfile
import time
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
    print(f"ready={time.process_time():.1f}", flush=True)
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
    from tests.fuzz.structure import restructured

    seeds = [seed[: target.most_bytes] for seed in target.seeds()]

    def change(data: bytes, most: int, seed: int) -> bytes:
        # What an input says, or its bytes: libFuzzer's own changes seldom get past a reader of JSON.
        draw = random.Random(seed)
        document = restructured(draw, data, seeds, most) if draw.random() < 0.5 else None
        return document if document is not None else bytes(atheris.Mutate(data, most))

    corpus = args.corpus or Path(tempfile.mkdtemp(prefix="harmwatch-fuzz-"))
    for number, seed in enumerate(seeds):
        (corpus / str(number)).write_bytes(seed)
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
        custom_mutator=change,
    )
    print(f"ready={time.process_time():.1f}", flush=True)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
