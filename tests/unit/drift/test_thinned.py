"""A detector that is fed every k-th observation."""

from __future__ import annotations

import numpy as np

from agent.drift.cusum import CusumDetector
from agent.drift.reference import NumberReference
from agent.drift.thinned import ThinnedDetector


def test_run_times_are_multiplied() -> None:
    runs = []
    for seed in range(60):
        generator = np.random.default_rng(seed)
        one = ThinnedDetector(CusumDetector(NumberReference.of(generator.normal(size=200)), 300.0, seed=seed), 5)
        fed = 0
        while one.reading().detections == 0:
            one.observe(float(generator.normal()))
            fed += 1
        runs.append(fed)
    # The mean of 60 exponential runs has a standard error of 13 %; three of them.
    assert 0.6 < np.mean(runs) / 1_500.0 < 1.4


def test_every_kth_is_passed_on_and_reports_pass_through() -> None:
    one = ThinnedDetector(CusumDetector(NumberReference.of([0.0, 1.0] * 50), 1_000.0), 3)
    assert (one.name, one.feeds) == ("cusum", "number")
    reports = [one.observe(5.0) for _ in range(300)]
    assert one.reading().observations == 100
    assert sum(reports) == one.reading().detections > 0
    assert all(place % 3 == 2 for place, reported in enumerate(reports) if reported)
