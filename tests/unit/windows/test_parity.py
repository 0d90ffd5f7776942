"""The parity monitor: what it promises, and that it finds what there is to find."""

from __future__ import annotations

import random
from math import comb, exp, log

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.windows.parity import ParityMonitor, _log_e, strongest
from tests.bench.parity import CHANGE, Stream, alarm_of_monitor, alarm_of_window

rates = st.floats(0.01, 0.99)
sizes = st.integers(1, 5)


@settings(max_examples=200)
@given(
    rates, st.floats(0.1, 0.95), st.sampled_from([0.8, 0.9, 1.0]), st.integers(1, 5), st.integers(1, 5), rates, rates
)
def test_no_member_of_the_null_hypothesis_gives_evidence_on_average(
    upper: float, share: float, tolerance: float, number: int, others: int, favoured: float, disfavoured: float
) -> None:
    """Summed over all outcomes of a block of any sizes, under any rates that are allowed."""
    disfavoured = max(disfavoured, tolerance * favoured)
    lower = tolerance * share * upper
    expected = sum(
        comb(number, hits)
        * favoured**hits
        * (1.0 - favoured) ** (number - hits)
        * comb(others, other_hits)
        * disfavoured**other_hits
        * (1.0 - disfavoured) ** (others - other_hits)
        * exp(_log_e(upper, lower, tolerance, (hits, number), (other_hits, others)))
        for hits in range(number + 1)
        for other_hits in range(others + 1)
    )
    assert expected <= 1.0 + 1e-9


def test_the_alternative_itself_gives_evidence() -> None:
    number, others = 6, 4
    expected = sum(
        comb(number, hits)
        * 0.5**number
        * comb(others, other_hits)
        * 0.3**other_hits
        * 0.7 ** (others - other_hits)
        * _log_e(0.5, 0.3, 1.0, (hits, number), (other_hits, others))
        for hits in range(number + 1)
        for other_hits in range(others + 1)
    )
    assert expected > 0.1


def blocks(seed: int, number: int, rates: dict[str, float], size: int = 20) -> list[dict[str, tuple[float, float]]]:
    draw = random.Random(seed)
    return [
        {group: (float(sum(draw.random() < rate for _ in range(size))), float(size)) for group, rate in rates.items()}
        for _ in range(number)
    ]


def fed(monitor: ParityMonitor, some: list[dict[str, tuple[float, float]]]) -> ParityMonitor:
    for block in some:
        monitor.add(block)
    return monitor


def test_a_disparity_is_found_with_its_direction_and_goes_when_it_goes() -> None:
    monitor = fed(ParityMonitor(10_000.0), blocks(1, 200, {"a": 0.6, "b": 0.6, "c": 0.6}))
    calm = strongest(monitor.evidence())
    assert calm is not None
    assert not calm.is_alarm
    fed(monitor, blocks(2, 100, {"a": 0.6, "b": 0.3, "c": 0.6}))
    assert {(one.favoured, one.disfavoured) for one in monitor.evidence() if one.is_alarm} == {("a", "b"), ("c", "b")}
    fed(monitor, blocks(3, 200, {"a": 0.6, "b": 0.6, "c": 0.6}))
    assert not any(one.is_alarm for one in monitor.evidence())


def test_the_threshold_rises_with_the_pairs_looked_at() -> None:
    two = strongest(fed(ParityMonitor(100.0), blocks(1, 3, {"a": 0.5, "b": 0.5})).evidence())
    four = strongest(fed(ParityMonitor(100.0), blocks(1, 3, dict.fromkeys("abcd", 0.5))).evidence())
    assert two is not None
    assert four is not None
    assert two.log_threshold == pytest.approx(log(100.0 * 2))
    assert four.log_threshold == pytest.approx(log(100.0 * 12))


def test_groups_that_come_and_go_leave_nothing_but_a_higher_threshold() -> None:
    monitor = ParityMonitor(100.0)
    for number in range(50):
        names = ("m", f"g{number}", f"h{number}")
        monitor.keep(names)
        fed(monitor, blocks(number, 2, dict.fromkeys(names, 0.5)))
    pairs = list(monitor.evidence())
    assert {pair.favoured for pair in pairs} == {"m", "g49", "h49"}
    # Of each three groups six pairs, and none of them is the same.
    assert pairs[0].log_threshold == pytest.approx(log(100.0 * 300))


def test_a_tolerated_disparity_raises_no_alarm_and_a_worse_one_does() -> None:
    mild, bad = {"a": 0.6, "b": 0.56}, {"a": 0.6, "b": 0.42}
    assert not any(one.is_alarm for one in fed(ParityMonitor(1000.0, 0.9), blocks(4, 1000, mild)).evidence())
    assert any(one.is_alarm for one in fed(ParityMonitor(1000.0, 0.9), blocks(4, 1000, bad)).evidence())


@pytest.mark.parametrize("rate", [0.0, 1.0])
def test_rates_of_nothing_and_of_everything_are_no_trouble(rate: float) -> None:
    monitor = fed(ParityMonitor(100.0), blocks(5, 50, {"a": rate, "b": rate}))
    assert not any(one.is_alarm for one in monitor.evidence())


def test_one_group_alone_says_nothing() -> None:
    monitor = fed(ParityMonitor(100.0), [{"a": (3.0, 5.0)}, {"b": (0.0, 5.0)}, {}, {"a": (1.0, 1.0), "b": (0.0, 0.0)}])
    assert strongest(monitor.evidence()) is None


@pytest.mark.parametrize(("ert", "tolerance"), [(0.5, 1.0), (float("nan"), 1.0), (10.0, 0.0), (10.0, 1.1)])
def test_a_promise_that_cannot_be_given_is_refused(ert: float, tolerance: float) -> None:
    with pytest.raises(ValueError, match="ert_blocks"):
        ParityMonitor(ert, tolerance)


def test_streams_of_all_kinds_without_bias_keep_quiet_where_a_window_does_not() -> None:
    calm = [Stream(seed, 1.0) for seed in range(12)]
    assert sum(alarm_of_monitor(stream, 1.0) < float("inf") for stream in calm) <= 2  # promised: 0.05 of them
    assert sum(alarm_of_window(stream, 2000) < float("inf") for stream in calm) >= 5
    biased = [Stream(seed, 0.6) for seed in range(6)]
    assert all(CHANGE < alarm_of_monitor(stream, 1.0) < float("inf") for stream in biased)
