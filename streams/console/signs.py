"""What on-call should look at now, as far as this worker knows: states that hold, no history and no paging.

Alerts are Prometheus's: they see all workers, and what was. These signs are there for a look at one worker.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from types import MappingProxyType
from typing import Any, Final

from agent.metrics import Metrics
from streams.console.shapes import Sign, Tone
from streams.web.status import Health, PipelineStatus, Readiness

__all__ = ["OF_THE_WORKER", "Sign", "severity", "signs", "the_worst", "worker_signs"]

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
#: What a process tells its parent, which finds the worst among those of all.
_MOST_TOLD: Final = (1000, 250)
OF_THE_WORKER: Final = frozenset(
    ("broker", "stalled", "not_ready", "missing_scores", "dead_letters", "behind", "backlog", "sampling", "series")
)
"""Kinds of `worker_signs`."""
#: Ratios below are taken for as far from their limit as this one.
_LEAST_RATIO: Final = 0.01


def signs(
    health: Health,
    readiness: Readiness,
    pipeline: PipelineStatus,
    metrics: Metrics,
    harm: Iterable[Sign],
    *,
    names: Mapping[str, str] = MappingProxyType({}),
    nearly_all: bool = False,
) -> list[Sign]:
    """At most forty, and at most twelve of a kind, the worst first; signs ``more`` count by kind what is left out.

    Parameters
    ----------
    harm
        What windows and findings say (`streams.console.harm_signs`), and campaigns.
    names
        Of models by the label that they have in metrics, where it is another.
    nearly_all
        A thousand, and 250 of a kind: for whoever finds the worst of several processes.
    """
    measured = chain(
        _reached(metrics, "parity", "harmwatch_parity_evidence", "harmwatch_parity_threshold", "bad"),
        _hints(metrics),
        _reached(metrics, "drift", "harmwatch_drift_statistic", "harmwatch_drift_threshold", "warn"),
    )
    found = [*worker_signs(health, readiness, pipeline), *harm]
    for sign in measured:
        sign["model"] = names.get(sign["model"], sign["model"])
        found.append(sign)
    return _few_of_each(found, *(_MOST_TOLD if nearly_all else (_MOST, _MOST_OF_A_KIND)))


def the_worst(found: Iterable[Sign], more: Iterable[Sign] = ()) -> list[Sign]:
    """At most forty, and at most twelve of a kind, the worst first.

    Parameters
    ----------
    more
        Signs ``more``, one for each kind of which there are others besides those found.
    """
    return _few_of_each(found, _MOST, _MOST_OF_A_KIND, more)


def severity(sign: Sign) -> tuple[bool, int, float]:
    """Red ones first, then by kind, then by how far over the limit; what counts those left out ends its kind."""
    counts = sign["sign"] == "more"
    kind = sign["detail"] if counts else sign["sign"]
    place = _ORDER.index(kind) if kind in _ORDER else len(_ORDER)
    return sign["tone"] != "bad", place, math.inf if counts else -_excess(sign)


def _excess(sign: Sign) -> float:
    """How many times its limit a sign is, by the bound that is nearer to it; without a limit, what was counted."""
    measured, limit = sign.get("lower", sign.get("value", 0.0)), sign.get("limit", 0.0)
    if limit <= 0.0:
        return measured
    # Every sign is past its limit: what is below it is held against a least, as a ratio of groups is.
    return max(measured / limit, limit / max(measured, _LEAST_RATIO))


def _few_of_each(found: Iterable[Sign], most: int, of_a_kind: int, more: Iterable[Sign] = ()) -> list[Sign]:
    seen: Counter[str] = Counter()
    kept: list[Sign] = []
    left_out = {sign["detail"]: sign.copy() for sign in more}
    for sign in sorted(found, key=severity):
        kind = sign["sign"]
        seen[kind] += 1
        if seen[kind] <= of_a_kind and len(kept) < most:
            kept.append(sign)
        else:
            first = left_out.setdefault(kind, Sign(sign="more", tone=sign["tone"], detail=kind, value=0))
            first["value"] += 1
    return sorted([*kept, *left_out.values()], key=severity)


def worker_signs(health: Health, readiness: Readiness, pipeline: PipelineStatus) -> Iterator[Sign]:
    """What concerns the worker and none of its models."""
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
    if pipeline["shedding"]:
        yield Sign(sign="sampling", tone="warn", value=pipeline["sampling_ratio"])
    if pipeline["series"] > _NEARLY_FULL * pipeline["series_budget"]:
        yield Sign(sign="series", tone="warn", value=pipeline["series"], limit=pipeline["series_budget"])


def _reached(metrics: Metrics, sign: str, statistic: str, threshold: str, tone: Tone) -> Iterator[Sign]:
    """Statistics at their threshold or above; the rest of the labels says of what."""
    thresholds = metrics.rows(threshold)
    for labels, value in metrics.rows(statistic).items():
        limit = thresholds.get(labels)
        if limit is None or not value >= limit:
            continue
        model, *rest = labels
        yield Sign(sign=sign, tone=tone, model=model, detail=" ".join(rest), value=value, limit=limit)


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
