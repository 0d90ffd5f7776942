"""Compares what the detector found with what was planted. The only place that knows both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from streams.demo.detect import Detection
from streams.demo.traffic import Incident

__all__ = ["Outcome", "judge"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """Found or not, by planted incident, and what was found without a cause.

    Attributes
    ----------
    incidents
        ``{name: {"found": bool, "after_seconds": float | None, "model": str, "what": str}}``; the seconds run from the
        incident's start to the moment at which it was seen.
    false_alarms
        Detections that belong to no incident, those before its start among them.
    """

    incidents: dict[str, dict[str, object]]
    false_alarms: tuple[Detection, ...]


def judge(detections: Sequence[Detection], incidents: Mapping[str, Incident], grace_seconds: float) -> Outcome:
    """Match detections with incidents of the same name and model.

    Parameters
    ----------
    grace_seconds
        For how long after an incident's end a window may still hold part of it.
    """
    first: dict[str, float] = {}
    false_alarms: list[Detection] = []
    for detection in detections:
        incident = incidents.get(detection.name)
        if incident is None or not _belongs(detection, incident, grace_seconds):
            false_alarms.append(detection)
            continue
        first.setdefault(detection.name, detection.seen_at)
    judged: dict[str, dict[str, object]] = {
        name: {
            "found": name in first,
            "after_seconds": round(first[name] - incident.start_time, 3) if name in first else None,
            "model": incident.model,
            "what": incident.what,
        }
        for name, incident in incidents.items()
    }
    return Outcome(judged, tuple(false_alarms))


def _belongs(detection: Detection, incident: Incident, grace_seconds: float) -> bool:
    return (
        detection.model == incident.model
        and detection.event_time >= incident.start_time
        and detection.evidence_from <= incident.end_time + grace_seconds
    )
