"""One tenant, one model: more attacks than before, and how rarely that is said when it is not so."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

from agent.campaigns.base import Member, Sighting, Suspicion
from agent.campaigns.burst import Bursts
from agent.campaigns.change import ChangeEvidence, ChangesOfMany, blocks_of
from agent.campaigns.drift import AttackDrift
from agent.campaigns.origins import Origins

START = 1_790_000_400.0


class Stream:
    """Inputs of some tenants, one a second, some of them attacks."""

    def __init__(self, detector: Bursts | AttackDrift, seed: int = 1) -> None:
        self._detector = detector
        self._draw = Random(seed)
        self.time = START
        self._place = 0

    def run(self, inputs: int, rates: dict[str, float]) -> list[tuple[float, Suspicion]]:
        """Each tenant asks equally often; its rate is the share of its inputs that are attacks."""
        found = []
        tenants = sorted(rates)
        for _ in range(inputs):
            self.time += 1.0
            self._place += 1
            tenant = self._draw.choice(tenants)
            self._detector.count("chat", tenant, 1)
            if self._draw.random() < rates[tenant]:
                member = Member(("test", str(self._place)), self.time, tenant, ("adversarial",))
                suspicion = self._detector.see(Sighting("chat", member))
                if suspicion is not None:
                    found.append((self.time, suspicion))
        return found


def tenants(number: int, rate: float, **others: float) -> dict[str, float]:
    return {f"t{place}": rate for place in range(number)} | others


def test_a_burst_of_one_tenant_is_found_within_twelve_attacks_and_no_other() -> None:
    stream = Stream(Bursts())
    assert stream.run(7_200, tenants(40, 0.01)) == []
    before = stream.time
    found = stream.run(1_800, tenants(39, 0.01, t39=0.8))
    assert {suspicion.group for _, suspicion in found} == {"t39"}
    # One input in forty is its: about 22 attacks in this time.
    assert found[0][0] - before < 1_100.0
    assert {member.tenant for member in found[0][1].members} == {"t39"}


def test_a_tenant_that_always_had_many_is_no_news() -> None:
    stream = Stream(Bursts(min_events=5))
    # Its first hours are a burst, since nobody knew; then they are its past.
    assert stream.run(5 * 3_600, tenants(9, 0.01, odd=0.4))
    later = stream.run(3 * 3_600, tenants(9, 0.01, odd=0.4))
    assert later == []


def test_more_traffic_with_as_many_attacks_in_proportion_is_no_burst() -> None:
    stream = Stream(Bursts(min_events=5))
    stream.run(5_000, tenants(20, 0.05))
    assert stream.run(5_000, tenants(4, 0.05)) == []


def test_a_model_that_is_attacked_more_than_in_the_hours_before() -> None:
    stream = Stream(AttackDrift())
    assert stream.run(3 * 3_600, {"": 0.01}) == []
    before = stream.time
    found = stream.run(1_800, {"": 0.1})
    assert found
    assert found[0][0] - before < 900.0
    stream.run(10 * 3_600, {"": 0.1})
    # What stays is the model's normal.
    assert stream.run(3_600, {"": 0.1}) == []


def test_mistakes_of_a_scorer_in_a_model_without_past_are_no_drift() -> None:
    assert Stream(AttackDrift(min_events=5)).run(10_000, {"": 0.02}) == []


def test_an_attack_without_a_tenant_is_nobodys_burst() -> None:
    stream = Stream(Bursts(min_events=5, ert_hours=1.0))
    assert stream.run(2_000, {"": 0.9}) == []


@pytest.mark.parametrize("most", [0.002, 0.05, 0.5])
def test_run_times_are_kept_where_the_null_hypothesis_is_only_just_true(most: float) -> None:
    draw = np.random.Generator(np.random.PCG64(3))
    threshold, horizon, streams, alarms = 200.0, 60, 600, 0
    for _ in range(streams):
        evidence = ChangeEvidence(threshold)
        is_alarmed = False
        for block, hits in enumerate(draw.binomial(20, most, horizon).tolist()):
            evidence.pass_time(START + 10.0 * block)
            evidence.add(most, hits, 20 - hits)
            is_alarmed |= evidence.value >= threshold
        alarms += is_alarmed
    # The chance of an alarm within L steps is at most L / threshold.
    assert 0 < alarms <= streams * horizon / threshold


def test_attacks_that_fall_on_all_alike_alarm_as_rarely_as_promised() -> None:
    tenants, horizon, alarms, runs = 12, 60, 0, 60
    shares = [1.0 / (place + 1) for place in range(tenants)]
    for run in range(runs):
        draw = Random(f"origins {run}")
        # An hour has 360 steps; nobody is tolerated any more than the others.
        origins = Origins(1.0, tenants, tolerance=1.0)
        for place, share in enumerate(shares):
            origins.count(f"t{place}", round(1_000 * share))
        alarmed = False
        for block in range(horizon):
            for _ in range(3):
                tenant = f"t{draw.choices(range(tenants), shares)[0]}"
                origins.count(tenant)
                alarmed |= origins.mark(Member(("test", ""), START + 10.0 * block, tenant)) is not None
        alarms += alarmed
    # The chance of an alarm of any tenant within L steps is at most L / 360; three standard errors are allowed.
    bound = horizon / 360.0
    assert alarms / runs <= bound + 3.0 * (bound * (1.0 - bound) / runs) ** 0.5


def test_evidence_grows_where_the_null_hypothesis_is_wrong_and_by_silence_hardly() -> None:
    evidence = ChangeEvidence(blocks_of(720.0))
    evidence.pass_time(START)
    evidence.pass_time(START - 1_000.0)
    assert evidence.value == 1.0
    # A month without anything is no evidence of a change.
    evidence.pass_time(START + 31 * 86_400.0)
    assert evidence.value == 2.0
    for _ in range(12):
        evidence.add(0.05, 1, 1)
    assert evidence.value > blocks_of(720.0)
    evidence.add(0.05, 0, 400)
    assert evidence.value < 1.0


def test_many_units_have_the_evidence_that_each_has_by_itself() -> None:
    draw, units = Random(7), 5
    many, each = ChangesOfMany(units + 3, 1e6), [ChangeEvidence(1e6) for _ in range(units)]
    for trial in range(200):
        most = [draw.choice((0.05, 0.2, 0.5, 0.99)) for _ in range(units)]
        hit = draw.randrange(units)
        many.pass_time(START + 4.0 * trial)
        many.add(np.array(most), hit)
        for unit, evidence in enumerate(each):
            evidence.pass_time(START + 4.0 * trial)
            evidence.add(most[unit], int(unit == hit), int(unit != hit))
    assert [many.of(unit) for unit in range(units)] == pytest.approx([evidence.value for evidence in each])
    many.forget(1)
    assert many.of(1) == 0.0


@pytest.mark.parametrize("detector", [Bursts(min_events=100), AttackDrift(min_events=100)])
def test_as_many_events_as_are_wanted_are_kept(detector: Bursts | AttackDrift) -> None:
    stream = Stream(detector)
    assert stream.run(3 * 3_600, tenants(5, 0.01)) == []
    found = stream.run(1_800, tenants(4, 0.01, t4=0.9))
    assert {len(suspicion.members) for _, suspicion in found} == {100}
