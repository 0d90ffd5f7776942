"""Cost of a metric call and of a scrape, one JSON line: ``PYTHONPATH=. python tests/bench/bench_metrics.py``."""

from __future__ import annotations

import json
import timeit
from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Histogram

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
    for model in range(200):
        for direction in ("input", "output"):
            metrics.scores(f"evil-{model}", direction, scores)
        for group in range(50):
            metrics.decision(f"evil-{model}", "attribute", f"group-{group}", "approved")
    families = list(registry.collect())
    scrape = {
        "series": int(metrics.total("harmwatch_series")),
        "collect_ms": _nanoseconds(lambda: list(registry.collect()), 5) // 1_000_000,
        "render_ms": _nanoseconds(lambda: render(families, Scrape(openmetrics=True, gzip=True)), 5) // 1_000_000,
    }
    print(json.dumps({"bench": "metrics", "ns": costs, "scrape": scrape}))


if __name__ == "__main__":
    main()
