"""What it costs to pass an event by, beside scoring it: processor time of the real decoder and core, all threads.

    python -m tests.bench.passing_by [--events 3000] [--json]

The two bound how far beyond its own speed a worker can go: at a share k of scored events it takes ``k * score +
(1 - k) * pass`` for one. The scorers are the built-in ones, with n-grams in the place of the encoders, which cost far
more. Texts are the demo's. Seconds are of the processor, all threads together, and without Kafka's client.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from typing import Any

from agent.clock import SystemClock
from agent.config import CoreConfig, validate
from agent.joining import Origin
from agent.metrics import Metrics, new_registry
from agent.overload.allotment import Inclusion
from agent.pipeline import build_pipeline
from streams.formats import Decoder
from streams.ports import Record

__all__ = ["main"]

_TEXT = (
    "the order that was placed on Monday has not been sent and the customer asks when it will come please check the "
    "address the weather in the north stays cold with some rain so the delivery may take a day longer than promised"
)
_WORDS = _TEXT.split()


def _records(events: int) -> list[Record]:
    records = []
    for n in range(events):
        begin = n % len(_WORDS)
        words = (_WORDS[begin:] + _WORDS[:begin]) * 2
        value = {
            "id": f"r-{n}", "source": "bench", "model": f"m-{n % 5}", "time": "2026-01-01T00:00:00Z",
            "input": {"text": f"{n} " + " ".join(words[:60])}, "output": {"text": f"{n} " + " ".join(words[20:80])},
        }  # fmt: skip
        records.append(Record("t", 0, n, 1.7e9, None, json.dumps(value).encode(), ()))
    return records


def _microseconds(records: list[Record], *, passing: bool) -> float:
    clock = SystemClock()
    metrics = Metrics(new_registry(), clock=clock)
    sections = {
        "overload": {"lag_budget_seconds": 10.0},
        "scorers": {"toxicity": {"kind": "ngrams"}},
        "executor": {"cache_entries": 1, "deadline_seconds": 120.0},
    }
    pipeline = build_pipeline(validate(CoreConfig, sections, "bench"), metrics=metrics, clock=clock)
    pipeline.warm_up()
    decoder = Decoder({}, 1 << 20)
    sampler = pipeline.sampler
    assert sampler is not None
    if passing:
        sampler.is_sampling = True
        sampler._inclusion = {f"m-{n}": Inclusion(1e-12, 1e-12) for n in range(5)}
    begun = time.process_time()
    for record in records:
        while pipeline.full:
            pipeline.poll(drain=True)
        pipeline.submit(Origin("t", 0, record.offset), record.time, decoder.decode(record))
        if record.offset % 100 == 0:
            pipeline.poll()
    while pipeline.in_flight:
        if not pipeline.poll(drain=True):
            time.sleep(0.001)
    spent = time.process_time() - begun
    passed = metrics.total("harmwatch_passed_by_total")
    assert passed == (len(records) if passing else 0.0), passed
    pipeline.terminate()
    return 1e6 * spent / len(records)


def main() -> int:
    """See the module."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--events", type=int, default=3000)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    records = _records(given.events)
    _microseconds(records[:300], passing=False)
    score, passing = _microseconds(records, passing=False), _microseconds(records, passing=True)
    figures: dict[str, Any] = {
        "score_microseconds": round(score, 1),
        "pass_microseconds": round(passing, 1),
        "times_the_sustainable_rate": {
            f"{share:g}": round(score / (share * score + (1.0 - share) * passing), 1)
            for share in (0.5, 0.25, 0.1, 0.02)
        },
    }
    print(json.dumps(figures) if given.json else "\n".join(f"{name:28} {value}" for name, value in figures.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
