"""The thresholds of the CUSUM, against simulation."""

from __future__ import annotations

import numpy as np
import pytest

from agent.drift.cusum import CusumDetector, run_length, threshold_for
from agent.drift.reference import NumberReference
from agent.errors import ConfigError


def _simulated(threshold: float, allowance: float, charts: int = 2_000) -> float:
    generator = np.random.default_rng(8)
    up = np.zeros(charts)
    down = np.zeros(charts)
    alive = np.ones(charts, dtype=bool)
    total = 0
    while alive.any():
        total += int(alive.sum())
        moves = generator.random(charts) - 0.5
        up = np.maximum(0.0, up + moves - allowance)
        down = np.maximum(0.0, down - moves - allowance)
        alive &= (up < threshold) & (down < threshold)
    return total / charts


@pytest.mark.parametrize(("threshold", "allowance"), [(1.0, 0.05), (3.0, 0.05), (1.5, 0.15)])
def test_run_lengths_are_those_of_simulation(threshold: float, allowance: float) -> None:
    # Runs are about exponential: 2,000 of them give their mean to 2.2 %.
    assert run_length(threshold, allowance) == pytest.approx(_simulated(threshold, allowance), rel=0.07)


def test_thresholds_invert_run_lengths_over_ten_orders() -> None:
    for ert in (20.0, 1e3, 1e6, 1e9):
        assert run_length(threshold_for(ert, 0.05), 0.05) == pytest.approx(ert, rel=0.02)


@pytest.mark.parametrize("allowance", [0.025, 0.05, 0.24])
def test_thresholds_rise_evenly_with_the_order_of_the_run_time(allowance: float) -> None:
    thresholds = [threshold_for(10.0**order, allowance) for order in range(7, 13)]
    assert np.diff(thresholds) == pytest.approx(np.full(5, thresholds[1] - thresholds[0]), rel=0.1)


def test_a_shift_is_found_in_both_directions_and_spread_alone_is_not_its_business() -> None:
    generator = np.random.default_rng(9)
    reference = NumberReference.of(generator.normal(size=2_000))
    for shift in (1.0, -1.0):
        detector = CusumDetector(reference, 1e6)
        after = [detector.observe(value) for value in generator.normal(shift, size=100).tolist()]
        assert any(after)


@pytest.mark.parametrize("options", [{"smallest_shift": 0.01}, {"smallest_shift": 0.5}, {"ert": 3.0}, {"ert": 1e13}])
def test_wrong_options_say_so(options: dict[str, float]) -> None:
    ert = options.pop("ert", 1e4)
    with pytest.raises(ConfigError, match="drift"):
        CusumDetector(NumberReference.of([1.0, 2.0]), ert, **options)
