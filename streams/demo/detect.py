"""Finds incidents in verdicts and fairness measurements, without knowing what was planted.

A share (toxic outputs, leaks, attacks) is an incident when the newest window holds significantly more of it than the
same model's own past: Fisher's exact test, one-sided, which allows for a short past as well. A disparity is one when
the whole interval of the statistical parity difference lies beyond 0.1, or of the disparate impact ratio beyond four
fifths, and it differs from parity at the same level.

False alarms: one test takes place per closed bucket, model and kind, each at ``alpha``. By the union bound the chance
of any false alarm in a run with steady traffic is at most ``alpha`` times the number of tests, however much the windows
overlap: 60 buckets, 3 models and 3 kinds at 1e-6 give 1 in 1,800 runs.

What it does not see: a share that climbs so slowly that it becomes the model's own past.
"""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

__all__ = ["Detection", "IncidentDetector", "excess_p_value"]

#: Incident -> (direction of the verdict, dimension of the finding, whether it must have leaked).
_KINDS: Final[Mapping[str, tuple[str, str, bool]]] = {
    "toxicity_burst": ("output", "output", False),
    "pii_leak": ("output", "privacy", True),
    "injection_campaign": ("input", "adversarial", False),
}
DISPARITY: Final = "disparity"

SPD_LIMIT: Final = 0.1
DIR_LIMIT: Final = 0.8  # the four-fifths rule, 29 CFR 1607.4(D)
_Z95: Final = 1.959964

#: Above this p-value the newest window looks like the past again, and an open alarm closes.
_RECOVERED_P: Final = 0.01


@dataclass(frozen=True, slots=True)
class Detection:
    """An incident as the detector saw it.

    Attributes
    ----------
    evidence_from, event_time
        Event time of the window behind it, seconds since the Unix epoch.
    seen_at
        Wall time at which it was found, as the caller gave it.
    share, baseline
        Share in the window and before it; for a disparity the measure's value and its value at parity.
    count, total
        Harmful and all verdicts of the window; 0 for a disparity.
    detail
        Leading categories, for a disparity ``attribute=... measure=...``; never payload text.
    tenant, tenant_share
        Who is behind most of the harmful verdicts, and which part of them.
    """

    name: str
    model: str
    evidence_from: float
    event_time: float
    seen_at: float
    share: float
    baseline: float
    p_value: float
    count: int = 0
    total: int = 0
    detail: str = ""
    tenant: str = ""
    tenant_share: float = 0.0


@dataclass(slots=True)
class _Bucket:
    index: int
    total: int = 0
    harmful: set[str] = field(default_factory=set)
    categories: Counter[str] = field(default_factory=Counter)
    tenants: Counter[str] = field(default_factory=Counter)
    tainted: bool = False


@dataclass(slots=True)
class _Track:
    """One kind of incident of one model: the window's buckets, and what came before."""

    buckets: deque[_Bucket] = field(default_factory=deque)
    past_total: int = 0
    past_harmful: int = 0
    alarmed: bool = False


class IncidentDetector:
    """Watches verdicts as JSON objects (docs/verdicts.md) and fairness measurements.

    Parameters
    ----------
    window_seconds
        Event time that is compared with the past.
    bucket_seconds
        A test takes place each time a bucket of this length has closed.
    alpha
        Level of each single test.
    min_count
        Harmful verdicts that a window needs.
    min_past
        Verdicts that the past needs before anything is tested.
    min_ratio
        The window's share must be at least so many times the past's: significant alone is not yet an incident.
    """

    def __init__(
        self,
        *,
        window_seconds: float = 3.0,
        bucket_seconds: float = 0.5,
        alpha: float = 1e-6,
        min_count: int = 5,
        min_past: int = 30,
        min_ratio: float = 3.0,
    ) -> None:
        self._bucket_seconds = bucket_seconds
        self._window_buckets = max(1, round(window_seconds / bucket_seconds))
        self._alpha = alpha
        self._min_count = min_count
        self._min_past = min_past
        self._min_ratio = min_ratio
        self._tracks: dict[tuple[str, str], _Track] = {}
        self._disparities: set[tuple[str, str]] = set()
        self.detections: list[Detection] = []

    @classmethod
    def for_run(cls, seconds: float) -> IncidentDetector:
        """A detector whose window is a tenth of the run, with a test every sixtieth."""
        return cls(window_seconds=seconds / 10, bucket_seconds=seconds / 60)

    def feed(self, verdict: Mapping[str, Any], seen_at: float) -> list[Detection]:
        """Take one verdict of ``harm.verdicts``; return what became visible with it (also kept in `detections`).

        Parameters
        ----------
        verdict
            The decoded JSON. Verdicts may come a little out of order. A harmful one that comes again counts once; a
            harmless one counts again, which makes a share no larger.
        seen_at
            Wall time now, seconds since the Unix epoch.
        """
        event_time = datetime.fromisoformat(verdict["time"]).timestamp()
        found: list[Detection] = []
        for name, (direction, dimension, leaked) in _KINDS.items():
            if verdict["direction"] != direction:
                continue
            categories = [
                finding["category"]
                for finding in verdict["findings"]
                if finding["dimension"] == dimension and (not leaked or finding.get("leaked") is True)
            ]
            if verdict["missing"] and not categories:
                continue  # not scored in full is not the same as harmless
            found += self._observe(name, verdict, categories, event_time, seen_at)
        self.detections += found
        return found

    def feed_fairness(self, measurement: Mapping[str, Any], event_time: float, seen_at: float) -> list[Detection]:
        """Take ``{model, attribute, measure, value, lower, upper}`` with a 95 % interval; other measures are ignored.

        Parameters
        ----------
        event_time
            End of the window that was measured, seconds since the Unix epoch.
        """
        judged = _disparity(measurement)
        if judged is None:
            return []
        visible, p_value, parity = judged
        key = (measurement["model"], f"{measurement['attribute']} {measurement['measure']}")
        if not visible or p_value >= self._alpha:
            self._disparities.discard(key)
            return []
        open_already = any(model == key[0] for model, _ in self._disparities)
        self._disparities.add(key)
        if open_already:
            return []
        found = Detection(
            name=DISPARITY,
            model=measurement["model"],
            evidence_from=event_time,
            event_time=event_time,
            seen_at=seen_at,
            share=measurement["value"],
            baseline=parity,
            p_value=p_value,
            detail=f"attribute={measurement['attribute']} measure={measurement['measure']}",
        )
        self.detections.append(found)
        return [found]

    def finish(self, seen_at: float) -> list[Detection]:
        """Test the last, unfinished buckets too; for the end of a run."""
        found: list[Detection] = []
        for (model, name), track in self._tracks.items():
            if track.buckets:
                found += self._test(name, model, track, list(track.buckets)[-self._window_buckets :], seen_at)
        self.detections += found
        return found

    def _observe(
        self, name: str, verdict: Mapping[str, Any], categories: Sequence[str], event_time: float, seen_at: float
    ) -> list[Detection]:
        model = verdict["model"]
        track = self._tracks.setdefault((model, name), _Track())
        index = math.floor(event_time / self._bucket_seconds)
        found: list[Detection] = []
        if not track.buckets or index > track.buckets[-1].index:
            if track.buckets:
                found = self._test(name, model, track, list(track.buckets), seen_at)
            track.buckets.append(_Bucket(index, tainted=track.alarmed))
            # One bucket more than the window is kept: the newest is still open.
            while track.buckets[0].index < index - self._window_buckets:
                _retire(track)
        bucket = next((b for b in reversed(track.buckets) if b.index <= index), track.buckets[0])
        bucket.total += 1
        if categories and verdict["id"] not in bucket.harmful:
            bucket.harmful.add(verdict["id"])
            bucket.categories.update(set(categories))
            if tenant := verdict.get("tenant"):
                bucket.tenants[tenant] += 1
        return found

    def _test(self, name: str, model: str, track: _Track, closed: Sequence[_Bucket], seen_at: float) -> list[Detection]:
        window = [b for b in closed if b.index > closed[-1].index - self._window_buckets]
        before = [b for b in closed if b.index <= closed[-1].index - self._window_buckets and not b.tainted]
        count, total = sum(len(b.harmful) for b in window), sum(b.total for b in window)
        past_count = track.past_harmful + sum(len(b.harmful) for b in before)
        past_total = track.past_total + sum(b.total for b in before)
        if past_total < self._min_past or not total:
            return []
        p_value = excess_p_value(count, total, past_count, past_total)
        if track.alarmed:
            track.alarmed = p_value < _RECOVERED_P
            return []
        enough = count >= self._min_count and count * past_total >= self._min_ratio * past_count * total
        if not enough or p_value >= self._alpha:
            return []
        track.alarmed = True
        for bucket in window:
            bucket.tainted = True  # an incident must not become the past that the next one is compared with
        categories: Counter[str] = sum((b.categories for b in window), Counter())
        tenants: Counter[str] = sum((b.tenants for b in window), Counter())
        tenant, by_tenant = tenants.most_common(1)[0] if tenants else ("", 0)
        return [
            Detection(
                name=name,
                model=model,
                evidence_from=window[0].index * self._bucket_seconds,
                event_time=(window[-1].index + 1) * self._bucket_seconds,
                seen_at=seen_at,
                share=count / total,
                baseline=past_count / past_total,
                p_value=p_value,
                count=count,
                total=total,
                detail=" ".join(category for category, _ in categories.most_common(3)),
                tenant=tenant,
                tenant_share=by_tenant / count,
            )
        ]


def excess_p_value(count: int, total: int, past_count: int, past_total: int) -> float:
    """One-sided p-value of Fisher's exact test: is the share in the window larger than in the past?

    Returns
    -------
    float
        P(X >= count) for X hypergeometric: ``total`` drawn of ``total + past_total``, of which
        ``count + past_count`` are harmful.
    """
    harmful, everything = count + past_count, total + past_total
    top = min(harmful, total)
    if count <= harmful * total / everything:
        return 1.0  # not above its expectation; the exact value does not matter
    term = math.exp(
        _log_choose(harmful, count) + _log_choose(everything - harmful, total - count) - _log_choose(everything, total)
    )
    tail = term
    for x in range(count, top):
        # Ratio of neighbouring terms; they fall from here on, for count is above the mean.
        term *= (harmful - x) * (total - x) / ((x + 1) * (everything - harmful - total + x + 1))
        tail += term
        if term < tail * 1e-12:
            break
    return min(1.0, tail)


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def _retire(track: _Track) -> None:
    bucket = track.buckets.popleft()
    if not bucket.tainted:
        track.past_total += bucket.total
        track.past_harmful += len(bucket.harmful)


def _disparity(measurement: Mapping[str, Any]) -> tuple[bool, float, float] | None:
    """(whether the interval lies beyond the limit, one-sided p-value against parity, the measure at parity)."""
    value, lower, upper = measurement["value"], measurement["lower"], measurement["upper"]
    if value is None or lower is None or upper is None or not lower < upper < math.inf:
        return None
    if measurement["measure"] == "spd":
        return lower > SPD_LIMIT or upper < -SPD_LIMIT, _tail(value, upper - lower), 0.0
    if measurement["measure"] == "dir" and value > 0:
        if lower <= 0:  # no width on the log scale: judged by the distance to the far bound
            return upper < DIR_LIMIT, _tail(math.log(value), 2 * math.log(upper / value)), 1.0
        width = math.log(upper / lower)
        return upper < DIR_LIMIT or lower > 1 / DIR_LIMIT, _tail(math.log(value), width), 1.0
    return None


def _tail(distance: float, interval_width: float) -> float:
    """Normal tail beyond ``distance`` standard errors, the error read off a 95 % interval."""
    if interval_width <= 0:
        return 1.0
    return 0.5 * math.erfc(abs(distance) * 2 * _Z95 / interval_width / math.sqrt(2))
