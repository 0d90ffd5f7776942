"""Cost of a metric call and of a scrape, one JSON line: ``PYTHONPATH=. python tests/bench/bench_metrics.py``."""

from __future__ import annotations

import json
import timeit
from collections.abc import Callable
from time import process_time

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.openmetrics.exposition import generate_latest

from agent.clock import SystemClock
from agent.metrics import CATALOGUE, Metrics
from streams.web.exposition import Scrape, render

_CALLS = 100_000


def _nanoseconds(call: Callable[[], object], calls: int = _CALLS) -> int:
    return round(min(timeit.repeat(call, number=calls, repeat=5)) / calls * 1e9)


def main() -> None:
    registry = CollectorRegistry()
    metrics = Metrics(registry, clock=SystemClock())
    scores = {f"category{i}": i / 20 for i in range(20)}
    names = iter(range(10 * _CALLS))
    rival_counter = Counter("rival_total", "", ["model"], registry=None).labels("m")
    bounds = CATALOGUE["harmwatch_score"].buckets
    rival_histogram = Histogram("rival", "", ["model"], registry=None, buckets=bounds).labels("m")
    costs = {
        "empty_call": _nanoseconds(lambda: None),
        "counter": _nanoseconds(lambda: metrics.scored("m", "output", "toxicity")),
        "counter_of_prometheus_client": _nanoseconds(rival_counter.inc),
        "score": _nanoseconds(lambda: metrics.score("m", "output", "toxicity", 0.5)),
        "score_of_prometheus_client": _nanoseconds(lambda: rival_histogram.observe(0.5)),
        "score_with_exemplar": _nanoseconds(lambda: metrics.score("m", "output", "toxicity", 0.5, "0af7651916cd43dd")),
        "score_in_a_verdict_of_20": _nanoseconds(lambda: metrics.scores("m", "output", scores), _CALLS // 20) // 20,
        "counter_under_attack": _nanoseconds(lambda: metrics.event_decoded(f"evil-{next(names)}", "native")),
    }
    print(json.dumps({"bench": "metrics", "ns": costs, "scrape": exposition_costs()}))


def exposition_costs() -> dict[str, float]:
    """Milliseconds at a budget that is spent: ours in its parts, and prometheus_client's text of the same."""
    registry = CollectorRegistry()
    metrics = Metrics(registry, clock=SystemClock())
    scores = {f"category{i}": i / 20 for i in range(20)}
    for model in range(200):
        for direction in ("input", "output"):
            metrics.scores(f"evil-{model}", direction, scores, "0af7651916cd43dd8448eb211c80319c")
        for group in range(50):
            metrics.decision(f"evil-{model}", "attribute", f"group-{group}", "approved")
    frozen = metrics.freeze()
    ours = _milliseconds(lambda: metrics.freeze().text(openmetrics=True))
    theirs = _milliseconds(lambda: generate_latest(registry))
    return {
        "series": int(metrics.total("harmwatch_series")),
        "freeze_ms": _milliseconds(metrics.freeze),
        "text_ms": _milliseconds(lambda: frozen.text(openmetrics=True)),
        "text_and_gzip_ms": _milliseconds(lambda: render(frozen, Scrape(openmetrics=True, gzip=True))),
        "freeze_and_text_ms": ours,
        "prometheus_client_ms": theirs,
        "ratio": round(theirs / ours, 1),
    }


def _milliseconds(call: Callable[[], object]) -> float:
    """Processor time, the best of ten."""
    return round(min(timeit.repeat(call, timer=process_time, number=1, repeat=10)) * 1e3, 2)


if __name__ == "__main__":
    main()
