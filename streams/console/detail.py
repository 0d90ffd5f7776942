"""One model in detail, over one of its windows: fairness by group, campaigns, drift."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Final

from agent.metrics import Metrics
from agent.pipeline.export import window_name
from agent.windows.campaigns import CampaignMeasurement
from agent.windows.disparity import AttributeMeasurement, BiasMeasurement
from agent.windows.engine import Reading
from streams.console.shapes import Sign

__all__ = ["active_campaigns", "campaigns_of", "drift_of", "fairness_of"]

_MOST_ATTRIBUTES: Final = 12
_MOST_GROUPS: Final = 24
_MOST_DRIFTS: Final = 60


def fairness_of(reading: Reading) -> list[dict[str, Any]]:
    """Protected attributes with the rates of their groups and the disparities among those large enough."""
    bias: Any = reading.results.get("bias")
    if not isinstance(bias, BiasMeasurement):
        return []
    return [_attribute(attribute) for attribute in bias.attributes[:_MOST_ATTRIBUTES]]


def _attribute(attribute: AttributeMeasurement) -> dict[str, Any]:
    groups = sorted(attribute.groups, key=lambda group: -group.count)
    return {
        "attribute": attribute.attribute,
        "groups": [
            {
                "group": group.group,
                "rate": group.rate,
                "lower": group.lower,
                "upper": group.upper,
                "n": int(group.count),
            }
            for group in sorted(groups[:_MOST_GROUPS], key=lambda group: -group.rate)
        ],
        "left_out": max(0, len(groups) - _MOST_GROUPS),
        "disparities": [
            {
                "measure": one.measure,
                "value": one.value,
                "lower": one.lower,
                "upper": one.upper,
                "favoured": one.favoured,
                "disfavoured": one.disfavoured,
                "noise_floor": one.noise_floor,
            }
            for one in attribute.disparities
        ],
    }


def campaigns_of(reading: Reading, active_since: float) -> list[dict[str, Any]]:
    """Campaigns that the window remembers, the latest first; ``active`` while they have had an event of late."""
    measured: Any = reading.results.get("campaigns")
    if not isinstance(measured, CampaignMeasurement):
        return []
    return [
        {
            "id": campaign.id,
            "kind": campaign.kind,
            "signs": campaign.signs,
            "events": campaign.events,
            "suspected": campaign.suspected,
            "tenants": campaign.tenants,
            "first": campaign.first,
            "last": campaign.last,
            "categories": campaign.categories,
            "active": campaign.last >= active_since,
        }
        for campaign in sorted(measured.campaigns, key=lambda campaign: -campaign.last)
    ]


def active_campaigns(readings: Iterable[Reading], active_since: float) -> Iterator[Sign]:
    """A sign for each kind of campaign that goes on against a model: how many they are. ``readings``: one per model."""
    for reading in readings:
        kinds = Counter(each["kind"] for each in campaigns_of(reading, active_since) if each["active"])
        for kind, number in kinds.most_common():
            yield Sign(sign="campaign", tone="bad", model=reading.model, detail=kind, value=number)


def drift_of(metrics: Metrics, model: str) -> list[dict[str, Any]]:
    """Statistics of a model's detectors with their thresholds, the farthest from rest first."""
    thresholds = metrics.rows("harmwatch_drift_threshold")
    alarms = metrics.rows("harmwatch_drift_detected_total")
    found: list[tuple[float, dict[str, Any]]] = []
    for labels, statistic in metrics.rows("harmwatch_drift_statistic").items():
        threshold = thresholds.get(labels)
        if labels[0] != model or not threshold:
            continue
        _, detector, feature = labels
        row = {
            "detector": detector,
            "feature": feature,
            "statistic": statistic,
            "threshold": threshold,
            "detected": statistic >= threshold,
            "times": int(alarms.get(labels, 0)),
        }
        found.append((statistic / threshold, row))
    return [row for _, row in sorted(found, key=lambda each: -each[0])[:_MOST_DRIFTS]]


def window_seconds(name: str | None, readings: Iterable[Reading]) -> float | None:
    """The window of that name among some readings; the longest when none is named, None when it is not there."""
    lengths = sorted({reading.window_seconds or 0.0 for reading in readings})
    if not lengths:
        return None
    if name is None:
        return lengths[-1]
    return next((length for length in lengths if window_name(length) == name), None)
