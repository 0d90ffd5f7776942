"""The detector: finds what was planted, soon, and nothing in clean traffic."""

from __future__ import annotations

import json
import math
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from agent.clock import iso_time
from agent.windows.disparity import measure
from agent.windows.groups import GroupCounts
from streams.demo.detect import Detection, IncidentDetector, excess_p_value
from streams.demo.outcome import failed, judge
from streams.demo.traffic import CHAT, LOANS, SUPPORT, Incident, IncidentName, Traffic
from tests.unit.windows.builders import group_counts

START = 1_800_000_000.0
SECONDS = 25.0
LATENCY_SECONDS = 0.4

#: name -> (model, direction, dimension, category)
KINDS: dict[IncidentName, tuple[str, str, str, str]] = {
    "toxicity_burst": (CHAT, "output", "output", "toxicity"),
    "pii_leak": (SUPPORT, "output", "privacy", "pii.email"),
    "injection_campaign": (CHAT, "input", "adversarial", "injection"),
}


def make_verdict(number: int, time: float, model: str, direction: str, **over: Any) -> dict[str, Any]:
    verdict: dict[str, Any] = {"id": f"{number:032x}", "model": model, "direction": direction, "time": iso_time(time)}
    return verdict | {"findings": [], "missing": [], "tenant": "maple"} | over


def make_finding(dimension: str, category: str, leaked: bool | None = None) -> dict[str, Any]:
    return {"category": category, "dimension": dimension, "score": 0.9, "threshold": 0.5, "leaked": leaked}


def make_incident(name: IncidentName, start: float = 0.4, end: float = 0.55) -> Incident:
    return Incident(name, KINDS[name][0], START + start * SECONDS, START + end * SECONDS, "planted", 1)


def stream(
    seed: int, per_second: float, planted: Incident | None = None, share: float = 0.25, noise: float = 0.01
) -> Iterator[tuple[float, dict[str, Any]]]:
    """Verdicts of both chat models, slightly out of order, with a scorer's false alarms as background."""
    rng = random.Random(seed)
    records: list[tuple[float, dict[str, Any]]] = []
    for number in range(round(SECONDS * per_second)):
        time = START + number / per_second
        for name, (model, direction, dimension, category) in KINDS.items():
            bad = noise
            if planted and name == planted.name and planted.start_time <= time < planted.end_time:
                bad = share
            leaked = True if dimension == "privacy" else None
            findings = [make_finding(dimension, category, leaked)] if rng.random() < bad else []
            verdict = make_verdict(len(records), time, model, direction, findings=findings)
            records.append((time + LATENCY_SECONDS + rng.uniform(0.0, 0.2), verdict))
    yield from sorted(records, key=lambda record: record[0])


def run(detector: IncidentDetector, verdicts: Iterator[tuple[float, dict[str, Any]]]) -> list[Detection]:
    seen_at = START
    for seen_at, verdict in verdicts:
        detector.feed(verdict, seen_at)
    detector.finish(seen_at)
    return detector.detections


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("noise", [0.0, 0.005, 0.05])
def test_nothing_is_found_in_clean_traffic(seed: int, noise: float) -> None:
    assert run(IncidentDetector.for_run(SECONDS), stream(seed, 80, noise=noise)) == []


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("noise", [0.0, 0.01, 0.04])
def test_each_incident_is_found_soon_and_once(seed: int, name: IncidentName, noise: float) -> None:
    incident = make_incident(name)
    detections = run(IncidentDetector.for_run(SECONDS), stream(seed, 120, incident, noise=noise))
    outcome = judge(detections, {name: incident}, SECONDS / 10)
    assert outcome.false_alarms == ()
    assert len(detections) == 1
    judged = outcome.incidents[name]
    assert judged["found"] is True
    after = judged["after_seconds"]
    assert isinstance(after, float)
    assert 0.0 < after < 2.5
    assert detections[0].detail == KINDS[name][3]
    assert detections[0].tenant == "maple"
    assert detections[0].tenant_share == 1.0


def test_a_second_incident_of_a_kind_is_found_again() -> None:
    first, second = make_incident("toxicity_burst", 0.3, 0.4), make_incident("toxicity_burst", 0.7, 0.8)
    detector = IncidentDetector.for_run(SECONDS)
    rng = random.Random(1)
    for number in range(round(SECONDS * 200)):
        time = START + number / 200
        bad = any(i.start_time <= time < i.end_time for i in (first, second))
        findings = [make_finding("output", "toxicity")] if rng.random() < (0.3 if bad else 0.01) else []
        detector.feed(make_verdict(number, time, CHAT, "output", findings=findings), time)
    one, two = detector.detections
    assert first.start_time <= one.event_time <= first.end_time
    assert second.start_time <= two.event_time <= second.end_time


def test_an_echo_is_no_leak() -> None:
    detector = IncidentDetector.for_run(SECONDS)
    for number in range(4_000):
        time = START + number / 160
        echo = [make_finding("privacy", "pii.email", leaked=False)] if time > START + 12 else []
        detector.feed(make_verdict(number, time, SUPPORT, "output", findings=echo), time)
    assert detector.detections == []


def test_harm_in_the_other_direction_is_no_incident() -> None:
    detector = IncidentDetector.for_run(SECONDS)
    for number in range(4_000):
        time = START + number / 160
        findings = [make_finding("output", "toxicity")] if time > START + 12 else []
        detector.feed(make_verdict(number, time, CHAT, "input", findings=findings), time)
    assert detector.detections == []


def test_verdicts_that_miss_a_score_are_not_counted_as_harmless() -> None:
    """A scorer that fails on most texts must not thin out a burst among the rest."""
    detector = IncidentDetector.for_run(SECONDS)
    rng = random.Random(2)
    for number in range(6_000):
        time = START + number / 240
        missing = [{"scorer": "toxicity", "reason": "deadline"}] if rng.random() < 0.9 else []
        burst = time > START + 12 and not missing and rng.random() < 0.5
        findings = [make_finding("output", "toxicity")] if burst else []
        detector.feed(make_verdict(number, time, CHAT, "output", findings=findings, missing=missing), time)
    assert [d.name for d in detector.detections] == ["toxicity_burst"]
    assert detector.detections[0].total < 0.2 * 240 * SECONDS / 10


def test_a_replayed_verdict_counts_once() -> None:
    detector = IncidentDetector.for_run(SECONDS)
    for number in range(4_000):
        time = START + number / 160
        detector.feed(make_verdict(number, time, CHAT, "output"), time)
        if number > 3_000:
            same = make_verdict(99_999, time, CHAT, "output", findings=[make_finding("output", "toxicity")])
            detector.feed(same, time)
    assert all(d.count < 10 for d in detector.detections)


@pytest.mark.parametrize("table", [(3, 10, 1, 10), (8, 10, 1, 10), (5, 50, 0, 100), (40, 300, 60, 4_000), (9, 9, 0, 5)])
def test_the_p_value_is_fishers(table: tuple[int, int, int, int]) -> None:
    """Against the definition, in exact integers."""
    count, total, past_count, past_total = table
    harmful, everything = count + past_count, total + past_total
    tables = sum(
        math.comb(harmful, x) * math.comb(everything - harmful, total - x)
        for x in range(count, min(harmful, total) + 1)
    )
    assert excess_p_value(*table) == pytest.approx(tables / math.comb(everything, total), rel=1e-9)


def test_less_than_expected_is_never_significant() -> None:
    assert excess_p_value(0, 10, 3, 10) == excess_p_value(0, 10, 0, 10) == 1.0


def loan_measurements(traffic: Traffic, window_seconds: float = 10.0) -> Iterator[tuple[float, dict[str, Any]]]:
    """What the agent's own bias aggregation says of a rolling window, twice a second."""
    rows: list[tuple[float, dict[str, str], bool]] = []
    upcoming = START + 2.0
    for record in traffic:
        while record.time >= upcoming:
            rows = [row for row in rows if row[0] > upcoming - window_seconds]
            for attribute in measure({name: counts(name, rows) for name in ("gender", "region")}, 30).attributes:
                for found in attribute.disparities:
                    bounds = {"value": found.value, "lower": found.lower, "upper": found.upper}
                    yield (
                        upcoming,
                        {"model": LOANS, "attribute": attribute.attribute, "measure": found.measure} | bounds,
                    )
            upcoming += 0.5
        if record.key == LOANS.encode() and b'"attributes"' in record.value:
            event = json.loads(record.value)
            rows.append((record.time, event["attributes"], event["output"]["decision"] == "approved"))


def counts(attribute: str, rows: list[tuple[float, dict[str, str], bool]]) -> list[GroupCounts]:
    approved: Counter[str] = Counter(attributes[attribute] for _, attributes, ok in rows if ok)
    total: Counter[str] = Counter(attributes[attribute] for _, attributes, _ in rows)
    return [group_counts(group, approved[group], n - approved[group]) for group, n in total.items()]


@pytest.mark.parametrize("seed", range(3))
def test_the_planted_disparity_is_found_after_its_start(seed: int) -> None:
    traffic = Traffic(seed, 20_000, START, SECONDS)
    detector = IncidentDetector.for_run(SECONDS)
    for time, measurement in loan_measurements(traffic):
        detector.feed_fairness(measurement, time, time)
    outcome = judge(detector.detections, {"disparity": traffic.incidents["disparity"]}, 10.0)
    assert outcome.false_alarms == ()
    assert outcome.incidents["disparity"]["found"] is True
    assert "attribute=gender" in detector.detections[0].detail


@pytest.mark.parametrize("seed", range(5))
def test_no_disparity_is_found_in_clean_loans(seed: int) -> None:
    detector = IncidentDetector.for_run(SECONDS)
    for time, measurement in loan_measurements(Traffic(seed, 8_000, START, SECONDS, incidents=())):
        detector.feed_fairness(measurement, time, time)
    assert detector.detections == []


@pytest.mark.parametrize(
    ("measure_name", "value", "lower", "upper", "found"),
    [
        ("spd", 0.3, 0.2, 0.4, True),
        ("spd", -0.3, -0.4, -0.2, True),
        ("spd", 0.3, 0.05, 0.55, False),
        ("spd", 0.09, 0.08, 0.1, False),  # certain, but small
        ("dir", 0.5, 0.4, 0.62, True),
        ("dir", 2.0, 1.6, 2.5, True),
        ("dir", 0.7, 0.55, 0.89, False),
        ("dir", 0.95, 0.94, 0.96, False),
        ("dir", 0.5, 0.0, 0.55, True),
        ("dir", 0.0, 0.0, 0.1, False),
        ("dir", 0.5, 0.4, math.inf, False),
        ("spd", None, None, None, False),
        ("eod", 0.5, 0.4, 0.6, False),
    ],
)
def test_the_limits_of_a_disparity(
    measure_name: str, value: float | None, lower: float | None, upper: float | None, found: bool
) -> None:
    detector = IncidentDetector()
    measurement = {"model": LOANS, "attribute": "gender", "measure": measure_name, "value": value}
    measurement |= {"lower": lower, "upper": upper}
    assert bool(detector.feed_fairness(measurement, START, START)) is found


def test_a_detection_before_the_start_is_a_false_alarm() -> None:
    incident = make_incident("toxicity_burst")

    def detection(event_time: float, model: str = CHAT) -> Detection:
        return Detection("toxicity_burst", model, event_time - 2.0, event_time, event_time + 1.0, 0.3, 0.0, 1e-9)

    early, right = detection(incident.start_time - 0.1), detection(incident.start_time + 1.0)
    late, elsewhere = detection(incident.end_time + 20.0), detection(incident.start_time + 1.0, SUPPORT)
    outcome = judge([early, late, elsewhere, right], {"toxicity_burst": incident}, 3.0)
    assert outcome.false_alarms == (early, late, elsewhere)
    assert outcome.incidents["toxicity_burst"]["after_seconds"] == 2.0
    assert judge([early], {"toxicity_burst": incident}, 3.0).incidents["toxicity_burst"]["found"] is False


def test_what_had_too_few_events_is_not_missed_and_may_be_found_all_the_same() -> None:
    few = replace(make_incident("toxicity_burst"), too_few_events=True)
    enough = make_incident("pii_leak")
    detection = Detection("toxicity_burst", CHAT, few.start_time, few.start_time + 1.0, START + 12.0, 0.3, 0.0, 1e-9)

    missed = judge([], {"toxicity_burst": few}, 3.0).incidents
    assert missed["toxicity_burst"] == {
        "found": False,
        "after_seconds": None,
        "model": CHAT,
        "what": "planted",
        "too_few_events": True,
        "least_events": 500,
    }
    assert not failed(missed)
    found = judge([detection], {"toxicity_burst": few}, 3.0).incidents
    assert found["toxicity_burst"]["found"] is True
    assert "too_few_events" not in found["toxicity_burst"]
    both = judge([detection], {"toxicity_burst": few, "pii_leak": enough}, 3.0).incidents
    assert "too_few_events" not in both["pii_leak"]
    assert failed(both)
