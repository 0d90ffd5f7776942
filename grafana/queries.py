"""PromQL out of names that exist: a metric that the catalogue lacks, or a label that it does not have, is an error.

Two kinds of figures must not be mixed up (docs/operations.md, Scaling). Counters and histograms are each worker's own:
`rate` and `increase` add them up. Gauges of windows are the same at every worker: `gauge` takes the largest, which for
the few gauges that are each worker's own is the worst worker.
"""

from __future__ import annotations

from typing import Final

from agent.metrics import CATALOGUE
from agent.metrics.catalogue_edge import INGEST_METRICS, PROXY_METRICS

__all__ = [
    "gauge",
    "increase",
    "largest",
    "mean",
    "occurrences",
    "or_zero",
    "quantile",
    "rate",
    "selector",
    "share",
    "worst_ratio",
]

#: What workers, receivers and proxies have.
_METRICS: Final = CATALOGUE | INGEST_METRICS | PROXY_METRICS
#: What Prometheus adds to a series when it scrapes it.
_OF_THE_SCRAPE: Final = frozenset({"job", "instance"})
#: Ranges of a dashboard's own: the scrape interval's fourfold at least, and what the time picker says.
_RATE: Final = "$__rate_interval"
_RANGE: Final = "$__range"


def selector(metric: str, /, suffix: str = "", **labels: str) -> str:
    """The series of a metric that the dashboard's variables choose.

    Parameters
    ----------
    suffix
        ``_bucket``, ``_sum`` or ``_count`` of a histogram.
    labels
        By label what it must be: ``"pii"``, ``"!pii"`` for anything else, ``"~a|b"`` and ``"!~a|b"`` for patterns.
        Job, model and window come from the variables, where the metric has them and nothing is said here.

    Raises
    ------
    KeyError
        When the catalogue has no such metric, or the metric no such label.
    """
    spec = _METRICS[metric]
    unknown = set(labels) - set(spec.labels)
    if unknown:
        raise KeyError(f"{metric} has no label {', '.join(sorted(unknown))}")
    matchers = ['job=~"$job"']
    if "model" in spec.labels and "model" not in labels:
        matchers.append('model=~"$model"')
    if "window" in spec.labels and "window" not in labels:
        matchers.append('window="$window"')
    matchers += [_matcher(label, wanted) for label, wanted in labels.items()]
    return f"{metric}{suffix}{{{', '.join(matchers)}}}"


def rate(metric: str, by: str = "", /, **labels: str) -> str:
    """Per second, of all workers together."""
    return _sum(by, metric, f"rate({_counter(metric, labels)}[{_RATE}])")


def increase(metric: str, by: str = "", /, over: str = _RANGE, **labels: str) -> str:
    """How many over a range, of all workers together."""
    return _sum(by, metric, f"increase({_counter(metric, labels)}[{over}])")


def occurrences(metric: str, by: str = "", /, over: str = _RANGE, **labels: str) -> str:
    """How many over a range, where one is a lot: campaigns, alarms, canaries.

    A series begins with its first event, at 1, and ``increase`` sees nothing of that. So what a series began with is
    added, where it was not there when the range began; after a gap in the scrapes at that very moment, its whole count.
    """
    series = _counter(metric, labels)
    first = f"min_over_time({series}[{over}])"
    born = f"(({first} unless {series} offset {over}) or 0 * {first})"
    return _sum(by, metric, f"increase({series}[{over}]) + {born}")


def largest(count: int, expression: str) -> str:
    """The series that were largest at any time in the range, the same from its beginning to its end."""
    return f"{expression} and topk({count}, max_over_time(({expression})[{_RANGE}:] @ end()))"


def gauge(metric: str, by: str = "", /, of: str = "max", **labels: str) -> str:
    """The largest over the workers; ``of`` is another aggregation where that says more (``min``, ``sum``)."""
    if _METRICS[metric].kind != "gauge":
        raise KeyError(f"{metric} is no gauge")
    return _aggregate(of, by, metric, selector(metric, **labels))


def worst_ratio(part: str, whole: str, by: str) -> str:
    """One gauge by another at the worker where that is most, of gauges that are each worker's own.

    Divided before anything is compared: the largest of all thresholds may be another worker's, which a figure that has
    passed its own does not reach.
    """
    if {_METRICS[metric].kind for metric in (part, whole)} != {"gauge"}:
        raise KeyError(f"{part} or {whole} is no gauge")
    return _aggregate("max", by, part, share(selector(part), selector(whole)))


def quantile(share: float, metric: str, by: str = "", /, **labels: str) -> str:
    """A quantile of a histogram, over the buckets of all workers."""
    buckets = _sum(f"{by} le".strip(), metric, f"rate({selector(metric, '_bucket', **labels)}[{_RATE}])")
    return f"histogram_quantile({share}, {buckets})"


def mean(metric: str, by: str = "", /, **labels: str) -> str:
    """The mean of what a histogram observed."""
    summed, counted = (
        _sum(by, metric, f"rate({selector(metric, suffix, **labels)}[{_RATE}])") for suffix in ("_sum", "_count")
    )
    return share(summed, counted)


def share(part: str, whole: str) -> str:
    """One vector by another with the same labels; absent, and not NaN, where the other is 0."""
    return f"{part} / ({whole} > 0)"


def or_zero(expression: str, while_there: str = "harmwatch_sampling_ratio") -> str:
    """One 0 where nothing was counted yet, as long as there is a worker, or whoever has the gauge ``while_there``.

    A monitor that is gone is not a quiet one.
    """
    return f"{expression} or on () 0 * {gauge(while_there)}"


def _counter(metric: str, labels: dict[str, str]) -> str:
    if _METRICS[metric].kind != "counter":
        raise KeyError(f"{metric} is no counter")
    return selector(metric, **labels)


def _matcher(label: str, wanted: str) -> str:
    for operator, prefix in (("!~", "!~"), ("!=", "!"), ("=~", "~")):
        if wanted.startswith(prefix):
            return f'{label}{operator}"{wanted.removeprefix(prefix)}"'
    return f'{label}="{wanted}"'


def _sum(by: str, metric: str, expression: str) -> str:
    return _aggregate("sum", by, metric, expression)


def _aggregate(operation: str, by: str, metric: str, expression: str) -> str:
    names = by.split()
    unknown = set(names) - {*_METRICS[metric].labels, *_OF_THE_SCRAPE, "le"}
    if unknown:
        raise KeyError(f"{metric} has no label {', '.join(sorted(unknown))}")
    grouped = f" by ({', '.join(names)}) " if names else ""
    return f"{operation}{grouped}({expression})"
