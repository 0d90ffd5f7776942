"""What on-call should look at now, as far as this worker knows: states that hold, no history and no paging.

Alerts are Prometheus's: they see all workers, and what was. These signs are there for a look at one worker.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final, Literal, TypeAlias, TypedDict

from agent.metrics import Metrics
from streams.console.findings import RecentFindings
from streams.web.status import Health, PipelineStatus, Readiness

__all__ = ["Sign", "signs"]

_MOST: Final = 40
_NOTICEABLE: Final = 0.01
_BEHIND_SECONDS: Final = 60.0
_NEARLY_FULL: Final = 0.9

Tone: TypeAlias = Literal["bad", "warn"]


class Sign(TypedDict, total=False):
    """One state. ``sign`` names it, ``model`` is absent for what concerns the worker; the rest is what it says."""

    sign: str
    tone: Tone
    model: str
    detail: str
    value: float
    limit: float


def signs(
    health: Health,
    readiness: Readiness,
    pipeline: PipelineStatus,
    metrics: Metrics,
    findings: RecentFindings,
    campaigns: Iterable[Sign],
) -> list[Sign]:
    """At most forty, the worst first."""
    found = [
        *_worker(health, readiness, pipeline),
        *campaigns,
        *_critical(findings),
        *_reached(metrics, "parity", "harmwatch_parity_evidence", "harmwatch_parity_threshold", "bad"),
        *_hints(metrics),
        *_reached(metrics, "drift", "harmwatch_drift_statistic", "harmwatch_drift_threshold", "warn"),
    ]
    return sorted(found, key=lambda sign: sign["tone"] != "bad")[:_MOST]


def _worker(health: Health, readiness: Readiness, pipeline: PipelineStatus) -> Iterator[Sign]:
    if not health.alive:
        yield Sign(sign="stalled", tone="bad", detail=health.reason)
    if not readiness.ready:
        yield Sign(sign="not_ready", tone="warn", detail=", ".join(readiness.missing))
    missing = _share(pipeline["missing_scores"], pipeline["scored"])
    if missing > 0.0:
        yield Sign(sign="missing_scores", tone="bad" if missing > _NOTICEABLE else "warn", value=missing)
    dead = _share(pipeline["dead_letters"], pipeline["events"])
    if dead > 0.0:
        yield Sign(sign="dead_letters", tone="bad" if dead > _NOTICEABLE else "warn", value=dead)
    lag = pipeline["lag_seconds"]
    if lag is not None and lag > _BEHIND_SECONDS:
        yield Sign(sign="behind", tone="warn", value=lag)
    if pipeline["sampling_ratio"] < 1.0:
        yield Sign(sign="sampling", tone="warn", value=pipeline["sampling_ratio"])
    if pipeline["series"] > _NEARLY_FULL * pipeline["series_budget"]:
        yield Sign(sign="series", tone="warn", value=pipeline["series"], limit=pipeline["series_budget"])


def _critical(findings: RecentFindings) -> Iterator[Sign]:
    """One leak is too many: each of the latest findings that are critical, once per model and category."""
    told: set[tuple[str, str]] = set()
    for held in findings.latest(most=len(findings)):
        for finding in held.findings:
            if finding.critical and (held.model, finding.category) not in told:
                told.add((held.model, finding.category))
                yield Sign(sign="critical", tone="bad", model=held.model, detail=finding.category)


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
