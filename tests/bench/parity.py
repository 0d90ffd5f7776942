"""False alarms and delay of the parity monitor, beside a threshold on the disparate impact ratio of the last N.

    python -m tests.bench.parity [--streams 200] [--short]

Each stream is another model: half, a fifth or a tenth of its decisions are favourable, half or a fifth of the people
belong to the group that may fare worse. After 20,000 of 60,000 decisions the ratio of the rates (DIR) drops to 0.8, to
0.6, or not at all. Our monitor has one configuration for all: a stream without bias gives a false alarm with a
probability of at most 5 %. Its rival recomputes DIR over the last N decisions whenever one comes and is alarmed below
0.8 or above 1.2, as TrustyAI does with its default bounds. N is one for all, too: the line ``windows``
has the share of streams without bias that alarm it, by N, and ``nearest`` is the N whose median delay comes nearest to
ours on the same streams. Prints JSON lines; the exit code is 1 when our false alarms exceed what was promised.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from math import inf
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

from agent.windows.parity import ParityMonitor, strongest

__all__ = ["Stream", "alarm_of_monitor", "alarm_of_window"]

PROMISED = 0.05
LENGTH, CHANGE, BLOCK = 60_000, 20_000, 20
MODELS = tuple((rate, share) for rate in (0.5, 0.2, 0.1) for share in (0.5, 0.2))
WINDOWS = (500, 1000, 2000, 3000, 5000, 8000, 12_000, 16_000, 20_000)
LOWEST, HIGHEST = 0.8, 1.2


class Stream:
    """Decisions in order: who belongs to the group that may fare worse, and what was decided favourably.

    The same seed draws the same people, whatever the ratio.
    """

    def __init__(self, seed: int, ratio: float) -> None:
        rate, share = MODELS[seed % len(MODELS)]
        draw = np.random.default_rng(seed)
        self.worse: NDArray[np.bool_] = draw.random(LENGTH) < share
        hit = self.worse & (np.arange(LENGTH) >= CHANGE)
        self.favourable: NDArray[np.bool_] = draw.random(LENGTH) < np.where(hit, rate * ratio, rate)


def alarm_of_monitor(stream: Stream, tolerance: float) -> float:
    """After how many decisions our monitor raises an alarm; infinity for never."""
    # The chance of a false alarm within L blocks is at most L / ERT.
    monitor = ParityMonitor(LENGTH / BLOCK / PROMISED, tolerance)
    counts = {
        group: (_per_block(members & stream.favourable), _per_block(members))
        for group, members in (("worse", stream.worse), ("better", ~stream.worse))
    }
    for place in range(LENGTH // BLOCK):
        monitor.add({group: (hits[place], numbers[place]) for group, (hits, numbers) in counts.items()})
        top = strongest(monitor.evidence())
        if top is not None and top.is_alarm:
            return float((place + 1) * BLOCK)
    return inf


def _per_block(marks: NDArray[np.bool_]) -> list[float]:
    counted: list[float] = marks.reshape(-1, BLOCK).sum(axis=1).astype(float).tolist()
    return counted


def alarm_of_window(stream: Stream, size: int) -> float:
    """The same of a threshold on the last `size` decisions."""
    hits, numbers = _rolling(stream.worse & stream.favourable, size), _rolling(stream.worse, size)
    others, other_hits = size - numbers, _rolling(~stream.worse & stream.favourable, size)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = (hits / numbers) / (other_hits / others)
    alarmed = np.flatnonzero((ratio < LOWEST) | (ratio > HIGHEST))
    return float(alarmed[0] + size) if len(alarmed) else inf


def _rolling(marks: NDArray[np.bool_], size: int) -> NDArray[np.int64]:
    total = np.concatenate(([0], np.cumsum(marks)))
    return total[size:] - total[:-size]


def figures(alarms: Sequence[float], *, biased: bool) -> dict[str, Any]:
    """False alarms with their one-sided 95 % limit (Clopper and Pearson), and the delay of the others."""
    false = sum(alarm <= (CHANGE if biased else LENGTH) for alarm in alarms)
    limit = 1.0 if false == len(alarms) else float(beta.ppf(0.95, false + 1, len(alarms) - false))
    line: dict[str, Any] = {"false_alarms": round(false / len(alarms), 4), "upper_95": round(limit, 4)}
    if biased:
        delay = median(alarm - CHANGE if alarm > CHANGE else inf for alarm in alarms)
        line["median_delay"] = None if delay == inf else delay
        line["missed"] = round(sum(alarm == inf for alarm in alarms) / len(alarms), 4)
    return line


def lines(count: int) -> Iterator[dict[str, Any]]:
    """One line for each tolerance and ratio."""
    calm = [Stream(seed, 1.0) for seed in range(count)]
    false_alarms = {size: figures([alarm_of_window(one, size) for one in calm], biased=False) for size in WINDOWS}
    yield {"dir": 1.0, "windows": {str(size): found["false_alarms"] for size, found in false_alarms.items()}}
    for tolerance in (1.0, 0.9):
        own = figures([alarm_of_monitor(stream, tolerance) for stream in calm], biased=False)
        kept = own["false_alarms"] <= PROMISED
        yield {"tolerance": tolerance, "dir": 1.0, "promised": PROMISED, "ours": own, "kept": kept}
        for ratio in (0.8, 0.6):
            streams = [Stream(seed, ratio) for seed in range(count)]
            ours = figures([alarm_of_monitor(stream, tolerance) for stream in streams], biased=True)
            windows = {size: _delay([alarm_of_window(stream, size) - CHANGE for stream in streams]) for size in WINDOWS}
            near = min(windows, key=lambda size: abs(windows[size] - _finite(ours["median_delay"])))
            nearest = {"last": near, "median_delay": windows[near], "false_alarms": false_alarms[near]["false_alarms"]}
            yield {"tolerance": tolerance, "dir": ratio, "ours": ours, "nearest": nearest}


def _delay(late: Sequence[float]) -> float:
    """Of those alarms that are not false."""
    return _finite(median([one for one in late if one > 0] or [inf]))


def _finite(delay: float | None) -> float:
    return float(LENGTH) if delay is None or delay == inf else delay


def main(arguments: Sequence[str]) -> int:
    """Print the lines."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--streams", type=int, default=200, metavar="N", help="of each kind (default 200)")
    parser.add_argument("--short", action="store_true", help="a dozen streams: shows that it works")
    args = parser.parse_args(arguments)
    kept = True
    for line in lines(12 if args.short else args.streams):
        kept &= line.get("kept", True)
        print(json.dumps(line), flush=True)
    return 0 if kept else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
