"""What waiting for labels costs: microseconds by decision and label, bytes by decision that waits or has its label.

    python -m tests.bench.late_labels [--decisions 100000]

One JSON line. ``wait_over_counting`` and ``label_over_counting``: what it takes to make a decision wait, and to read
its label and count it anew, over what counting a decision in the windows takes anyway. The best of three rounds of
processor time. ``microseconds_per_decision_read_back``: what whoever takes a partition over pays for each decision that
its topic still holds, here with one in a thousand that still waits.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import tracemalloc
from collections.abc import Sequence
from typing import Any

from agent.clock import ManualClock
from agent.events import InferenceEvent
from agent.joining import Origin
from agent.metrics import Metrics, new_registry
from agent.pipeline.late_labels import LabelPlace, LateLabels
from agent.windows.base import Observation
from agent.windows.bias import BiasAggregator
from agent.windows.engine import WindowEngine
from streams.labels import read_label

__all__ = ["main"]

_NOW = 1_790_000_000.0
_PARTITION = ("inference.events", 0)
_ROUNDS = 3


class _Round:
    """One worker's windows and labels, and decisions to come."""

    def __init__(self, decisions: int) -> None:
        clock = ManualClock(_NOW)
        self.windows = WindowEngine([BiasAggregator()], clock)
        metrics = Metrics(new_registry(), clock=clock)
        self.late = LateLabels(self.windows, metrics, clock, max_waiting=decisions)
        self.events = [InferenceEvent(inference_id=f"loan-{n}", source="bank", model="loans") for n in range(decisions)]
        self.seen = [
            Observation(
                model="loans",
                time=_NOW - n % 3000,
                decision="approved" if n % 3 else "denied",
                decision_score=n % 100 / 100,
                attributes={"sex": ("female", "male")[n % 2], "age": ("young", "old", "middle")[n % 3]},
            )
            for n in range(decisions)
        ]
        self.labels = [
            json.dumps({"id": e.inference_id, "source": "bank", "label": "approved"}).encode() for e in self.events
        ]

    def count(self) -> float:
        started = time.process_time()
        for offset, seen in enumerate(self.seen):
            self.windows.apply(_PARTITION, offset, [seen])
        return time.process_time() - started

    def wait(self) -> float:
        started = time.process_time()
        for offset, (event, seen) in enumerate(zip(self.events, self.seen, strict=True)):
            self.late.note(Origin(*_PARTITION, offset), event, seen, was_covered=False)
        return time.process_time() - started

    def join(self) -> float:
        started = time.process_time()
        for offset, value in enumerate(self.labels):
            label = read_label(value)
            self.late.offer(label.source, label.id, label.label, LabelPlace(0, offset))
        return time.process_time() - started

    def read_back(self) -> float:
        """With the first decision among those that wait, and all but one in a thousand labelled."""
        self.count()
        self.wait()
        written = self.late.take_unwritten(_PARTITION)
        for offset, event in enumerate(self.events):
            if offset % 1000:
                self.late.offer(event.source, event.inference_id, "approved", LabelPlace(0, offset))
        state = self.windows.snapshot(_PARTITION, full=True).values.values()
        heir = _Round(0)
        heir.windows.restore(_PARTITION, state)
        started = time.process_time()
        heir.late.restore(_PARTITION, written)
        return time.process_time() - started

    def snapshot_bytes(self) -> int:
        return sum(map(len, self.windows.snapshot(_PARTITION, full=True).values.values()))


def measure(decisions: int) -> dict[str, Any]:
    """The line."""
    best: dict[str, float] = {}
    for _ in range(_ROUNDS):
        one = _Round(decisions)
        for name in ("count", "wait", "join"):
            best[name] = min(best.get(name, float("inf")), getattr(one, name)())
        one = _Round(decisions)
        best["read_back"] = min(best.get("read_back", float("inf")), one.read_back())
    one = _Round(decisions)
    one.count()
    bare = one.snapshot_bytes()
    tracemalloc.start()
    one.wait()
    written = sum(map(len, one.late.take_unwritten(_PARTITION)))
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    one.join()
    return {
        "bench": "late_labels",
        "decisions": decisions,
        "microseconds_per_waiting_decision": round(best["wait"] / decisions * 1e6, 2),
        "wait_over_counting": round(best["wait"] / best["count"], 2),
        "microseconds_per_label": round(best["join"] / decisions * 1e6, 2),
        "label_over_counting": round(best["join"] / best["count"], 2),
        "microseconds_per_decision_read_back": round(best["read_back"] / decisions * 1e6, 2),
        "bytes_held_per_waiting_decision": round(held / decisions),
        "bytes_written_per_waiting_decision": round(written / decisions),
        "snapshot_bytes_per_labelled_decision": round((one.snapshot_bytes() - bare) / decisions, 2),
    }


def main(arguments: Sequence[str]) -> int:
    """Print the line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--decisions", type=int, default=100_000)
    print(json.dumps(measure(parser.parse_args(arguments).decisions)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
