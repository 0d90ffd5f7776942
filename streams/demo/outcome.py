"""Compares what the detector found with what was planted. The only place that knows both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from streams.demo.detect import Detection
from streams.demo.plan import LEAST_EVENTS
from streams.demo.traffic import Incident

__all__ = ["Outcome", "failed", "judge"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """Found or not, by planted incident, and what was found without a cause.

    Attributes
    ----------
    incidents
        ``{name: {"found": bool, "after_seconds": float | None, "model": str, "what": str}}``; the seconds run from the
        incident's start to the moment at which it was seen. One that was not found has besides
        ``"too_few_events": True`` and ``"least_events": int`` where the run had fewer than it takes to tell.
    false_alarms
        Detections that belong to no incident, those before its start among them.
    """

    incidents: dict[str, dict[str, object]]
    false_alarms: tuple[Detection, ...]


def failed(incidents: Mapping[str, Mapping[str, object]]) -> bool:
    """Whether one was missed that had events enough to be found; of ``incidents`` as in `Outcome`."""
    return not all(row["found"] or row.get("too_few_events") for row in incidents.values())


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
    judged = {name: _row(incident, first.get(name)) for name, incident in incidents.items()}
    return Outcome(judged, tuple(false_alarms))


def _row(incident: Incident, seen_at: float | None) -> dict[str, object]:
    row: dict[str, object] = {
        "found": seen_at is not None,
        "after_seconds": None if seen_at is None else round(seen_at - incident.start_time, 3),
        "model": incident.model,
        "what": incident.what,
    }
    if seen_at is None and incident.too_few_events:
        row |= {"too_few_events": True, "least_events": LEAST_EVENTS}
    return row


def _belongs(detection: Detection, incident: Incident, grace_seconds: float) -> bool:
    return (
        detection.model == incident.model
        and detection.event_time >= incident.start_time
        and detection.evidence_from <= incident.end_time + grace_seconds
    )
