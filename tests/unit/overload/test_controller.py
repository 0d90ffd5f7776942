"""The lag controller against simulated workers, whose speed it does not know."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from agent.overload.controller import LagController, LagSeen

BUDGET = 30.0


class Worker:
    """Scores ``capacity`` events a second, and passes one by for a tenth of that. Arrivals by second."""

    def __init__(self, capacity: float, pass_cost: float = 0.1) -> None:
        self.controller = LagController(BUDGET, 0.02, 10.0)
        self.capacity = capacity
        self._pass_cost = pass_cost
        self.at = 0.0
        self.waiting: list[list[float]] = []  # [when it came, how many]
        self.lags: list[float] = []
        self.ratios: list[float] = []

    def second(self, arrivals: float, *, seen: bool = True, works: bool = True) -> None:
        """One second, at the end of which the controller looks, if it is seen."""
        self.at += 1.0
        self.waiting += [[self.at - 1.0 + tenth / 10.0, arrivals / 10.0] for tenth in range(10)]
        ratio = self.controller.ratio if self.controller.is_sampling else 1.0
        left = self.capacity / (ratio + (1.0 - ratio) * self._pass_cost) if works else 0.0
        while self.waiting and left > 0.0:
            taken = min(left, self.waiting[0][1])
            left -= taken
            self.waiting[0][1] -= taken
            if self.waiting[0][1] <= 1e-9:
                del self.waiting[0]
        lag = self.at - self.waiting[0][0] if self.waiting else 0.0
        self.lags.append(lag)
        self.ratios.append(ratio)
        if seen:
            self.controller.step(LagSeen(self.at, lag, ratio, bool(self.waiting)))

    def run(self, seconds: int, arrivals: Callable[[int], float]) -> None:
        for second in range(seconds):
            self.second(arrivals(second))


@pytest.mark.parametrize("times", [1.5, 4.0, 8.0])
def test_the_lag_rests_inside_the_budget_and_the_worker_is_used(times: float) -> None:
    worker = Worker(100.0)
    worker.run(600, lambda _: 100.0 * times)
    assert max(worker.lags) < BUDGET
    # What could be kept: k + 0.1 (1 - k) of the arrivals is all there is time for.
    best = (1.0 / times - 0.1) / 0.9
    settled = worker.ratios[300:]
    assert sum(settled) / len(settled) == pytest.approx(best, rel=0.05)
    assert max(settled) - min(settled) < 0.3 * best


def test_below_what_it_can_score_nothing_is_sampled() -> None:
    worker = Worker(100.0)
    worker.run(600, lambda second: 95.0 if second % 60 else 300.0)  # bursts of a second
    assert set(worker.ratios) == {1.0}


def test_after_an_overload_everything_is_scored_again_and_it_does_not_flutter() -> None:
    worker = Worker(100.0)
    worker.run(300, lambda _: 400.0)
    worker.run(300, lambda _: 60.0)
    assert not worker.controller.is_sampling
    assert worker.controller.ratio == 1.0
    changes = sum(before != after for before, after in zip(worker.ratios[450:], worker.ratios[451:], strict=False))
    assert changes == 0


def test_a_load_at_the_edge_is_sampled_a_little_and_starts_no_swinging() -> None:
    worker = Worker(100.0)
    worker.run(1200, lambda _: 103.0)
    assert max(worker.lags) < BUDGET
    assert min(worker.ratios[600:]) > 0.8


def test_a_worker_that_gets_no_processor_learns_nothing_from_that() -> None:
    worker = Worker(100.0)
    worker.run(200, lambda _: 60.0)
    for _ in range(20):  # it does not even look
        worker.second(60.0, seen=False, works=False)
    worker.run(200, lambda _: 60.0)
    # Twenty seconds are worked off by sampling, and not by throwing nearly all of it away.
    assert min(worker.ratios) > 0.25
    assert not worker.controller.is_sampling


def test_when_the_broker_is_slow_scoring_less_would_not_help() -> None:
    controller = LagController(BUDGET, 0.02, 10.0)
    for second in range(300):
        controller.step(LagSeen(float(second), float(second), 1.0, is_saturated=False))
    assert controller.ratio == 1.0
    assert not controller.is_sampling


def test_an_unknown_lag_and_other_partitions_change_nothing_at_once() -> None:
    worker = Worker(100.0)
    worker.run(200, lambda _: 400.0)
    controller, ratio = worker.controller, worker.controller.ratio
    for second in range(60):
        controller.step(LagSeen(worker.at + second, None))
    assert controller.ratio == ratio
    # A partition that is farther behind than any was: a jump is no speed.
    controller.step(LagSeen(worker.at + 61.0, 3600.0, ratio, epoch=1))
    assert controller.ratio >= 0.5 * ratio


def test_a_backlog_of_an_hour_is_worked_off_faster_and_never_below_the_least_share() -> None:
    worker = Worker(100.0)
    worker.waiting = [[float(-3600 + second), 100.0] for second in range(3600)]
    worker.run(2400, lambda _: 100.0)
    assert min(worker.ratios) >= 0.02
    assert worker.lags[-1] < BUDGET
    assert worker.controller.ratio == 1.0
