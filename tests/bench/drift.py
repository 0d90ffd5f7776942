"""Drift detectors: run lengths without drift, delays with it, cost, memory.

    python -m tests.bench.drift [--short] [--alibi] [--observations N] [--only NAME ...]

One JSON line for each figure. ``run_length``: mean observations until the first false alarm, on streams without drift
with references of their own, beside the configured expected run time, with a 95 % interval. ``delay``: observations
from a planted change to its report. ``speed``: microseconds per observation. ``memory``: what a million more
observations leave behind (tracemalloc). ``--alibi`` measures alibi-detect's detectors as well, on fewer observations,
since one takes a millisecond or more. Exit code 0, or 1 where a run length of ours is off by more than 20 %, or memory
grows.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import tracemalloc
import warnings
from collections.abc import Callable, Iterator, Sequence
from math import sqrt
from typing import Any, NamedTuple

import numpy as np

from agent.drift import DETECTORS, detector_class
from agent.drift.reference import CategoryReference, NumberReference, VectorReference

__all__ = ["main"]

TOLERANCE = 0.2
#: What a detector may keep of a million observations: counts that became longer integers.
_GROWTH_BYTES = 50_000
_BATCH = 2_000

Make = Callable[[np.random.Generator, int, float], Any]


class Stream(NamedTuple):
    """Observations by share of drift: 0 for none, 1 for plenty. ``reference`` is how many make the reference."""

    name: str
    feeds: str
    reference: int
    make: Make


def _continuous(generator: np.random.Generator, n: int, drift: float) -> Any:
    return generator.normal(0.5 * drift, 1.0, n)


def _scores(generator: np.random.Generator, n: int, drift: float) -> Any:
    """Of a classifier: two decimals, most of them small."""
    return np.round(generator.beta(0.4 + 0.4 * drift, 6.0, n), 2)


def _zeros(generator: np.random.Generator, n: int, drift: float) -> Any:
    """Of a pattern scorer: 0 but for some."""
    return np.round(generator.random(n), 1) * (generator.random(n) < 0.1 + 0.15 * drift)


def _spread(generator: np.random.Generator, n: int, drift: float) -> Any:
    return generator.normal(0.0, 1.0 + drift, n)


def _four(generator: np.random.Generator, n: int, drift: float) -> Any:
    shares = np.array([0.7, 0.2, 0.09, 0.01]) + drift * np.array([-0.2, 0.1, 0.08, 0.02])
    return np.array(["en", "zh", "de", "xx"])[generator.choice(4, n, p=shares)]


def _many(generator: np.random.Generator, n: int, drift: float) -> Any:
    shares = 1.0 / np.arange(1.0, 31.0)
    shares = (1.0 - 0.3 * drift) * shares / shares.sum() + 0.3 * drift / 30.0
    return generator.choice(30, n, p=shares).astype(str)


def _vectors(generator: np.random.Generator, n: int, drift: float) -> Any:
    return generator.normal(0.7 * drift, 1.0, (n, 8)).astype(np.float32)


def _single(generator: np.random.Generator, n: int, drift: float) -> Any:
    return generator.normal(0.7 * drift, 1.0, (n, 1)).astype(np.float32)


STREAMS = (
    Stream("normal", "number", 200, _continuous),
    Stream("scores", "number", 1_000, _scores),
    Stream("mostly_zero", "number", 1_000, _zeros),
    Stream("four_categories", "category", 300, _four),
    Stream("thirty_categories", "category", 1_000, _many),
)
SPREAD = Stream("spread", "number", 1_000, _spread)
_REFERENCES = {"number": NumberReference.of, "category": CategoryReference.of, "vector": VectorReference}


def _detector(name: str, stream: Stream, generator: np.random.Generator, ert: float, **options: Any) -> Any:
    sample = stream.make(generator, stream.reference, 0.0)
    return detector_class(name)(_REFERENCES[stream.feeds](sample), ert, **options)


def _values(stream: Stream, generator: np.random.Generator, n: int, drift: float = 0.0) -> list[Any]:
    made = stream.make(generator, n, drift)
    return list(made) if stream.feeds == "vector" else made.tolist()  # type: ignore[no-any-return]


def _first_report(detector: Any, stream: Stream, generator: np.random.Generator, drift: float = 0.0) -> int:
    fed = 0
    while True:
        for value in _values(stream, generator, _BATCH, drift):
            fed += 1
            if detector.observe(value):
                return fed


def run_lengths(name: str, stream: Stream, ert: float, runs: int, **options: Any) -> dict[str, Any]:
    """Each run with a reference of its own: its sampling error is part of what the detector has to bear."""
    lengths = []
    for seed in range(runs):
        generator = np.random.default_rng((seed, 1))
        lengths.append(_first_report(_detector(name, stream, generator, ert, seed=seed, **options), stream, generator))
    return _run_length_line(name, stream, ert, lengths) | options


def _run_length_line(name: str, stream: Stream, ert: float, lengths: list[int]) -> dict[str, Any]:
    mean = float(np.mean(lengths))
    reach = 1.96 * float(np.std(lengths, ddof=1)) / sqrt(len(lengths))
    return {
        "what": "run_length",
        "detector": name,
        "stream": stream.name,
        "reference": stream.reference,
        "configured": ert,
        "measured": round(mean),
        "interval": [round(mean - reach), round(mean + reach)],
        "runs": len(lengths),
        "ratio": round(mean / ert, 3),
        # With few runs the interval decides: a correct detector may be off by chance.
        "within": abs(mean / ert - 1.0) <= TOLERANCE or (mean - reach) / ert <= 1.0 <= (mean + reach) / ert,
    }


def delays(name: str, stream: Stream, ert: float, runs: int, **options: Any) -> dict[str, Any]:
    """The change comes at a random place after the reference."""
    found = []
    for seed in range(runs):
        generator = np.random.default_rng((seed, 2))
        detector = _detector(name, stream, generator, ert, seed=seed, **options)
        for value in _values(stream, generator, 500 + int(generator.integers(500))):
            detector.observe(value)
        found.append(_first_report(detector, stream, generator, 1.0))
    return {
        "what": "delay",
        "detector": name,
        "stream": stream.name,
        "configured": ert,
        "runs": runs,
        "mean": round(float(np.mean(found)), 1),
        "median": float(np.median(found)),
        "worst_of_ten": float(np.quantile(found, 0.9)),
    }


def speed(name: str, stream: Stream, ert: float, events: int, **options: Any) -> dict[str, Any]:
    """The best of three rounds of processor time, values made beforehand."""
    generator = np.random.default_rng(3)
    detector = _detector(name, stream, generator, ert, **options)
    values = _values(stream, generator, events)
    best = float("inf")
    for _ in range(3):
        started = time.process_time()
        for value in values:
            detector.observe(value)
        best = min(best, time.process_time() - started)
    return {
        "what": "speed",
        "detector": name,
        "stream": stream.name,
        "events": events,
        "microseconds_per_event": round(best / events * 1e6, 2),
    }


def memory(name: str, stream: Stream, ert: float, events: int, **options: Any) -> dict[str, Any]:
    """Bytes alive after a thousandth of the events (or 1,000), a tenth, and all."""
    generator = np.random.default_rng(4)
    values = _values(stream, generator, _BATCH)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        detector = _detector(name, stream, generator, ert, **options)
        alive: dict[str, int] = {}
        marks = sorted({max(_BATCH, events // 1000), events // 10, events})
        fed = 0
        for mark in marks:
            while fed < mark:
                for value in values:
                    detector.observe(value)
                fed += len(values)
            alive[str(mark)] = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    sizes = list(alive.values())
    return {
        "what": "memory",
        "detector": name,
        "events": events,
        "bytes_after": alive,
        "grown_bytes": sizes[-1] - sizes[0],
        "flat": sizes[-1] - sizes[0] < _GROWTH_BYTES,
    }


def _ours(name: str, short: bool, observations: int | None) -> Iterator[dict[str, Any]]:
    streams = [stream for stream in STREAMS if stream.feeds == detector_class(name).feeds]
    for stream in streams:
        yield run_lengths(name, stream, 5_000.0, 40 if short else 300)
    if not short:
        yield run_lengths(name, streams[1], 50_000.0, 100)
        if name == "cusum":
            yield run_lengths(name, streams[1], 5_000.0, 300, learning=False)
    for stream in [*streams, *([SPREAD] if name in ("ks", "psi") else [])]:
        yield delays(name, stream, 100_000.0, 20 if short else 100)
    yield speed(name, streams[0], 100_000.0, 20_000 if short else 200_000)
    yield memory(name, streams[0], 100_000.0, observations or (50_000 if short else 1_000_000))


def _alibis(name: str, short: bool, observations: int | None) -> Iterator[dict[str, Any]]:
    stream = Stream("normal", "vector", 300, _single if name == "alibi_cvm" else _vectors)
    options: dict[str, Any] = {"window": 20, "bootstraps": 2_000}
    ert = 150.0
    lengths: list[int] = []
    for seed in range(2 if short else 8):
        generator = np.random.default_rng((seed, 1))
        started = time.perf_counter()
        detector = _detector(name, stream, generator, ert, seed=seed, **options)
        preparing = time.perf_counter() - started
        # Making one takes seconds: several runs share a reference.
        lengths += [_first_report(detector, stream, generator) for _ in range(5 if short else 40)]
    yield _run_length_line(name, stream, ert, lengths) | {"seconds_to_prepare": round(preparing, 1)}
    generator = np.random.default_rng(2)
    detector = _detector(name, stream, generator, ert, **options)
    found = [_first_report(detector, stream, generator, 1.0) for _ in range(10 if short else 50)]
    yield {"what": "delay", "detector": name, "stream": stream.name, "configured": ert, "mean": float(np.mean(found))}
    yield speed(name, stream, ert, 200 if short else 2_000, **options)
    yield memory(name, stream, ert, observations or (4_000 if short else 20_000), **options)


def main(arguments: Sequence[str]) -> int:
    """Print the lines."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="a minute, for CI: fewer runs and observations")
    parser.add_argument("--alibi", action="store_true", help="measure alibi-detect's detectors too")
    parser.add_argument("--observations", type=int, metavar="N", help="of the memory lines (1,000,000; alibi 20,000)")
    parser.add_argument("--only", nargs="+", choices=sorted(DETECTORS), metavar="NAME")
    args = parser.parse_args(arguments)
    missed = False
    for name in args.only or sorted(DETECTORS):
        theirs = name.startswith("alibi_")
        if theirs and not (args.alibi or args.only):
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for line in (_alibis if theirs else _ours)(name, args.short, args.observations):
                ours_by_default = not theirs and line.get("learning", True)
                missed |= ours_by_default and not line.get("within", line.get("flat", True))
                print(json.dumps(line), flush=True)
    return int(missed)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
