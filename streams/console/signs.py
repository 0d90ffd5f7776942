"""What on-call should look at now, as far as this worker knows: states that hold, no history and no paging.

Alerts are Prometheus's: they see all workers, and what was. These signs are there for a look at one worker.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Final

from agent.metrics import Metrics
from streams.console.shapes import Sign, Tone
from streams.web.status import Health, PipelineStatus, Readiness

__all__ = ["Sign", "signs"]

_MOST: Final = 40
_NOTICEABLE: Final = 0.01
_BEHIND_SECONDS: Final = 60.0
_NEARLY_FULL: Final = 0.9

#: Records that wait, from which on it is told how long they will.
_BACKLOG_LEAST: Final = 1000

#: Of signs of one tone, what comes first. A kind that is not named comes last.
_ORDER: Final = (
    *("broker", "stalled", "critical", "leaked", "leaks", "instructions", "succeeded", "harm", "disparity", "parity"),
    *("campaign", "bias_hint", "missing_scores", "dead_letters", "not_ready", "unknown_origin", "attempts"),
    *("behind", "backlog"),
)
#: Of one kind, so that none hides the others.
_MOST_OF_A_KIND: Final = 12


def signs(
    health: Health,
    readiness: Readiness,
    pipeline: PipelineStatus,
    metrics: Metrics,
    harm: Iterable[Sign],
) -> list[Sign]:
    """At most forty, and at most twelve of a kind, the worst first.

    Parameters
    ----------
    harm
        What windows and findings say (`streams.console.harm_signs`), and campaigns.
    """
    found = [
        *_worker(health, readiness, pipeline),
        *harm,
        *_reached(metrics, "parity", "harmwatch_parity_evidence", "harmwatch_parity_threshold", "bad"),
        *_hints(metrics),
        *_reached(metrics, "drift", "harmwatch_drift_statistic", "harmwatch_drift_threshold", "warn"),
    ]
    return list(_few_of_each(sorted(found, key=_severity)))[:_MOST]


def _severity(sign: Sign) -> tuple[bool, int]:
    kind = sign["sign"]
    return sign["tone"] != "bad", _ORDER.index(kind) if kind in _ORDER else len(_ORDER)


def _few_of_each(found: Iterable[Sign]) -> Iterator[Sign]:
    seen: Counter[str] = Counter()
    for sign in found:
        seen[sign["sign"]] += 1
        if seen[sign["sign"]] <= _MOST_OF_A_KIND:
            yield sign


def _worker(health: Health, readiness: Readiness, pipeline: PipelineStatus) -> Iterator[Sign]:
    silent = "broker" in readiness.missing
    if silent:
        yield Sign(sign="broker", tone="bad")
    if not health.alive:
        yield Sign(sign="stalled", tone="bad", detail=health.reason)
    if missing_parts := [part for part in readiness.missing if part != "broker"]:
        yield Sign(sign="not_ready", tone="warn", detail=", ".join(missing_parts))
    missing = _share(pipeline["missing_scores"], pipeline["scored"])
    if missing > 0.0:
        yield Sign(sign="missing_scores", tone="bad" if missing > _NOTICEABLE else "warn", value=missing)
    dead = _share(pipeline["dead_letters"], pipeline["events"])
    if dead > 0.0:
        yield Sign(sign="dead_letters", tone="bad" if dead > _NOTICEABLE else "warn", value=dead)
    lag, waiting = pipeline["lag_seconds"], pipeline["lag_records"]
    if lag is not None and lag > _BEHIND_SECONDS:
        yield Sign(sign="behind", tone="warn", value=lag)
    elif waiting is not None and waiting >= _BACKLOG_LEAST and _takes_long(waiting, pipeline["events_per_second"]):
        yield Sign(sign="backlog", tone="warn", value=waiting)
    if pipeline["sampling_ratio"] < 1.0:
        yield Sign(sign="sampling", tone="warn", value=pipeline["sampling_ratio"])
    if pipeline["series"] > _NEARLY_FULL * pipeline["series_budget"]:
        yield Sign(sign="series", tone="warn", value=pipeline["series"], limit=pipeline["series_budget"])


def _reached(metrics: Metrics, sign: str, statistic: str, threshold: str, tone: Tone) -> Iterator[Sign]:
    """Statistics at their threshold or above, the farthest first; the rest of the labels says of what."""
    thresholds = metrics.rows(threshold)
    over: list[tuple[float, Sign]] = []
    for labels, value in metrics.rows(statistic).items():
        limit = thresholds.get(labels)
        if limit is None or not value >= limit:
            continue
        model, *rest = labels
        one = Sign(sign=sign, tone=tone, model=model, detail=" ".join(rest), value=value, limit=limit)
        over.append((value / limit if limit > 0.0 else value, one))
    yield from (one for _, one in sorted(over, key=lambda each: -each[0])[:_MOST])


def _hints(metrics: Metrics) -> Iterator[Sign]:
    held: dict[tuple[str, ...], Any] = metrics.rows("harmwatch_bias_hints")
    for (model, attribute, group, feature), value in sorted(held.items()):
        if value > 0.0:
            yield Sign(sign="bias_hint", tone="bad", model=model, detail=f"{attribute}={group}: {feature}")


def _share(part: int, rest: int) -> float:
    return part / max(part + rest, 1)


def _takes_long(records: int, per_second: float) -> bool:
    """Whether what waits takes more than a minute at the pace of the last seconds; nothing done is no pace."""
    return records > per_second * _BEHIND_SECONDS
