"""The demo's traffic: deterministic, counted exactly, and bad only where an incident was planted."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from agent.errors import ConfigError
from streams.demo.traffic import CHAT, INCIDENT_NAMES, LOANS, MODELS, SUPPORT, Traffic, TrafficRecord
from streams.demo.wire import UNDECODABLE_KINDS

START = 1_800_000_000.0
SEEDS = (1, 2)


def decoded(record: TrafficRecord) -> dict[str, Any] | None:
    """The record's JSON object, None when it is none of the formats that the traffic uses."""
    try:
        event = json.loads(record.value)
    except ValueError:
        return None
    if not isinstance(event, dict):
        return None
    if "specversion" in event or {"request", "response"} <= event.keys():
        return event
    return event if event.get("model") and isinstance(event.get("input"), dict) else None


def form(event: dict[str, Any]) -> str:
    return "kserve" if "specversion" in event else "openai" if "request" in event else "native"


@pytest.mark.parametrize("seed", SEEDS)
def test_the_same_seed_gives_the_same_bytes(seed: int) -> None:
    traffic = Traffic(seed, 2_000, START, 25.0)
    records = list(traffic)
    assert records == list(traffic) == list(Traffic(seed, 2_000, START, 25.0))
    assert records != list(Traffic(seed + 1, 2_000, START, 25.0))


@pytest.mark.parametrize("seed", SEEDS)
def test_the_expected_counts_are_what_comes_out(seed: int) -> None:
    traffic = Traffic(seed, 20_000, START, 25.0)
    expected = traffic.expected
    records = list(traffic)
    assert len(records) == expected.records
    seen: dict[tuple[str, str], set[str]] = {}
    calls_by_model: Counter[str] = Counter()
    calls_by_wire: Counter[str] = Counter()
    duplicates = dead = 0
    for record in records:
        event = decoded(record)
        if event is None:
            dead += 1
            continue
        kind = form(event)
        halves = {event["type"].rsplit(".", 1)[1]} if kind == "kserve" else {"request", "response"}
        key = (event.get("source", ""), event["id"])
        if key not in seen:
            calls_by_model[record.key.decode()] += 1
            calls_by_wire[kind] += 1
        known = seen.setdefault(key, set())
        duplicates += len(known & halves)
        known |= halves
    assert dead == expected.dead_letters
    assert set(expected.undecodable) == set(UNDECODABLE_KINDS)
    assert len(seen) == expected.calls == 20_000
    assert duplicates == expected.duplicate_directions == 2 * expected.duplicate_records > 0
    assert sum(map(len, seen.values())) == expected.directions
    assert sum(len(halves) == 1 for halves in seen.values()) == expected.orphans > 0
    assert calls_by_model == expected.calls_by_model
    assert calls_by_wire == expected.calls_by_wire
    assert expected.calls_by_nature.total() == expected.calls


@pytest.mark.parametrize("seed", SEEDS)
def test_times_are_in_order_and_inside_the_run(seed: int) -> None:
    times = [record.time for record in Traffic(seed, 3_000, START, 25.0)]
    assert times == sorted(times)
    assert START <= times[0] <= times[-1] <= START + 25.0


def test_native_events_have_the_required_fields() -> None:
    for record in Traffic(4, 5_000, START, 25.0):
        event = decoded(record)
        if event is None or form(event) != "native":
            continue
        assert event["id"]
        assert event["model"] == record.key.decode()
        assert event["time"].endswith("Z")
        if event["model"] == LOANS:
            assert event["input"]["features"]
            assert event["output"]["decision"] in {"approved", "declined"}
            assert 0.0 <= event["output"]["score"] <= 1.0
            assert set(event["attributes"]) == {"gender", "region"}
        else:
            assert event["input"]["text"]
            assert event["output"]["text"]
            assert len(event["trace_id"]) == 32
            assert int(event["trace_id"], 16) >= 0


def test_the_halves_of_a_cloudevent_share_source_and_id() -> None:
    halves: dict[tuple[str, str], list[str]] = {}
    for record in Traffic(6, 5_000, START, 25.0):
        event = decoded(record)
        if event is not None and form(event) == "kserve":
            assert dict(record.headers)["content-type"].startswith(b"application/cloudevents+json")
            assert event["inferenceservicename"] in MODELS
            halves.setdefault((event["source"], event["id"]), []).append(event["type"])
    whole = [types for types in halves.values() if len(types) == 2]
    assert whole
    assert all(types[0].endswith("request") and types[1].endswith("response") for types in whole)


def test_incidents_follow_a_clean_stretch_at_least_as_long_as_themselves() -> None:
    traffic = Traffic(1, 10_000, START, 25.0)
    assert set(traffic.incidents) == set(INCIDENT_NAMES)
    for incident in traffic.incidents.values():
        assert incident.start_time - START >= min(incident.end_time - incident.start_time, 0.3 * 25.0)
        assert incident.end_time < START + 25.0
        assert incident.calls > 0
    models = {incident.name: incident.model for incident in traffic.incidents.values()}
    assert models == {
        "toxicity_burst": CHAT,
        "pii_leak": SUPPORT,
        "injection_campaign": CHAT,
        "disparity": LOANS,
    }


@pytest.mark.parametrize("seed", SEEDS)
def test_loans_are_at_parity_before_the_incident_and_below_four_fifths_in_it(seed: int) -> None:
    traffic = Traffic(seed, 20_000, START, 25.0)
    incident = traffic.incidents["disparity"]
    approved: Counter[tuple[bool, str, str]] = Counter()
    total: Counter[tuple[bool, str, str]] = Counter()
    for record in traffic:
        event = decoded(record)
        if event is None or event.get("model") != LOANS:
            continue
        inside = incident.start_time <= record.time < incident.end_time
        for attribute, group in event["attributes"].items():
            total[inside, attribute, group] += 1
            approved[inside, attribute, group] += event["output"]["decision"] == "approved"

    def ratio(inside: bool, attribute: str, group: str, other: str) -> float:
        rates = [approved[inside, attribute, g] / total[inside, attribute, g] for g in (group, other)]
        return rates[0] / rates[1]

    assert ratio(False, "gender", "female", "male") == pytest.approx(1.0, abs=0.12)
    assert ratio(True, "gender", "female", "male") < 0.6
    assert ratio(True, "region", "north", "south") == pytest.approx(1.0, abs=0.2)


def test_clean_traffic_holds_no_leak_and_only_background_harm() -> None:
    traffic = Traffic(1, 20_000, START, 25.0, incidents=())
    natures = traffic.expected.calls_by_nature
    assert not traffic.incidents
    assert natures["leak"] == 0
    assert natures["toxic_output"] < 40
    assert natures["attack"] < 60


def test_attacks_come_from_one_tenant_during_the_campaign() -> None:
    traffic = Traffic(2, 20_000, START, 25.0)
    incident = traffic.incidents["injection_campaign"]
    inside: Counter[str] = Counter()
    before: Counter[str] = Counter()
    for record in traffic:
        event = decoded(record)
        if event is not None and event.get("tenant") and event["model"] == incident.model:
            (inside if incident.start_time <= record.time < incident.end_time else before)[event["tenant"]] += 1
    assert inside.most_common(1)[0][0] == incident.tenant
    assert inside[incident.tenant] / inside.total() > 0.3
    assert before[incident.tenant] / before.total() < 0.25


@pytest.mark.parametrize(("events", "seconds"), [(0, 25.0), (10, 0.0), (10, -1.0), (10, float("nan"))])
def test_no_events_or_no_time_is_wrong_usage(events: int, seconds: float) -> None:
    with pytest.raises(ConfigError):
        Traffic(1, events, START, seconds)


def test_one_event_is_enough() -> None:
    traffic = Traffic(1, 1, START, 1.0)
    assert len(list(traffic)) == traffic.expected.records == 2  # the call, and one that does not decode


def test_answers_of_a_short_run_do_not_leave_the_incident_that_they_belong_to() -> None:
    """Half a second of latency would be a fourth of a run of two; of 25 s on, it is what it was."""
    for seconds, longest in ((25.0, 0.25), (2.0, 0.25 * 2 / 25), (100.0, 0.25)):
        times: dict[str, list[float]] = {}
        for record in Traffic(6, 3_000, START, seconds):
            event = decoded(record)
            if event is not None and form(event) == "kserve":
                times.setdefault(event["id"], []).append(record.time)
        waits = [after - before for before, after in (pair for pair in times.values() if len(pair) == 2)]
        assert 0.9 * longest < max(waits) <= longest + 1e-6
