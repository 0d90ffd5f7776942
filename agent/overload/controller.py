"""How large a share of the events can be scored: from the lag in seconds, once a second. No clock, no input or output.

The share that can be kept up with is measured, not guessed. While records wait, the worker does as much as it can; it
then moves through the traffic at a *speed* of so many seconds of traffic a second (1 keeps up, 1/4 is four times too
slow), and scored the share k of it. So the share that it can keep up with is about ``k * speed``. The controller
divides that by the speed that it wants: 1 at the lag that it aims at, more above, less below. The lag thus comes to
rest inside the budget, with no time of the worker left unused. Passing events by costs time too, so the estimate is too
high by that; each round corrects the next one, and settles.

*Decrease* is in proportion to what is missing, *increase* slow, a few per cent a second. Sampling begins at half of the
budget, and ends when everything has been scored for a while with hardly any lag. What is observed across a gap
(the worker had no processor, the broker did not answer, partitions changed hands) says nothing about speed and is
not used.
"""

from __future__ import annotations

from typing import Final, NamedTuple

__all__ = ["LagController", "LagSeen"]

_START: Final = 0.5
"""Shares of the budget: sampling begins at this lag, ..."""
_AIM: Final = 0.4
"""... holds the lag here, ..."""
_CALM: Final = 0.25
"""... and is over below this one."""

_CORRECTED: Final = 0.8
"""A lag that is wrong by x is corrected as fast as would take so many budgets; much faster, and it swings."""

_FASTEST: Final = 4.0
_SLOWEST: Final = 0.8
"""Speeds that are ever wanted."""
_SMOOTH: Final = 0.2
"""Weight of the newest estimate of what can be kept up with."""
_DOWN: Final = 0.5
_UP: Final = 1.05
"""Factors of the ratio in one step, at most."""
_LONGEST_STEP: Final = 5.0


class LagSeen(NamedTuple):
    """One observation.

    Attributes
    ----------
    at
        Monotonic seconds.
    lag_seconds
        How long ago the record came that is taken next, of the partition that is farthest behind; 0 when none waits,
        None when it is not known.
    kept
        Of the events since the observation before, those scored, as a share of those that would be without any lag; 1
        when there were none.
    is_saturated
        Records wait and the worker works on them as fast as it can. When it is the broker that is slow, scoring less
        helps nobody.
    epoch
        Changes when the partitions that are held do.
    """

    at: float
    lag_seconds: float | None
    kept: float = 1.0
    is_saturated: bool = True
    epoch: int = 0


class LagController:
    """Of all models with one lag budget.

    Parameters
    ----------
    budget_seconds
        The lag that is not to be passed.
    least
        Lower bound of the ratio.
    calm_seconds
        For so long everything is scored, with hardly any lag, before sampling is over.

    Attributes
    ----------
    ratio
        Share of those events to be scored that would be without any lag, in [least, 1].
    is_sampling
        Whether it is in force.
    """

    def __init__(self, budget_seconds: float, least: float, calm_seconds: float) -> None:
        self.budget_seconds = budget_seconds
        self._least = least
        self._calm_seconds = calm_seconds
        self._aim = _AIM * budget_seconds
        self._within = max(4.0, _CORRECTED * budget_seconds)
        self._before: LagSeen | None = None
        self._sustainable: float | None = None
        self._calm_since: float | None = None
        self.ratio = 1.0
        self.is_sampling = False

    def step(self, seen: LagSeen) -> float:
        """Take one observation; gives `ratio`."""
        before, self._before = self._before, seen
        if seen.lag_seconds is None:
            return self.ratio
        self._learn(before, seen)
        if not self.is_sampling:
            if not (seen.is_saturated and seen.lag_seconds > _START * self.budget_seconds):
                return self.ratio
            self.is_sampling, self._calm_since = True, None
        self._move(seen.lag_seconds, seen.is_saturated)
        self._look_for_the_end(seen.at, seen.lag_seconds)
        return self.ratio

    def _learn(self, before: LagSeen | None, seen: LagSeen) -> None:
        """What share can be kept up with, as far as these two observations tell."""
        if before is None or before.lag_seconds is None or seen.lag_seconds is None or before.epoch != seen.epoch:
            return
        passed = seen.at - before.at
        if not 0.0 < passed <= _LONGEST_STEP or not (seen.is_saturated and before.is_saturated):
            return
        speed = min(max(1.0 - (seen.lag_seconds - before.lag_seconds) / passed, 0.0), 2.0 * _FASTEST)
        measured = speed * seen.kept
        if self._sustainable is None:
            self._sustainable = measured
        else:
            self._sustainable += _SMOOTH * (measured - self._sustainable)

    def _move(self, lag: float, is_saturated: bool) -> None:
        wanted_speed = min(max(1.0 + (lag - self._aim) / self._within, _SLOWEST), _FASTEST)
        wanted = self.ratio
        if not is_saturated:
            wanted = 1.0
        elif self._sustainable is not None:
            wanted = self._sustainable / wanted_speed
        elif lag > self.budget_seconds:
            wanted = self.ratio * _DOWN
        self.ratio = min(1.0, max(self._least, min(max(wanted, self.ratio * _DOWN), self.ratio * _UP)))

    def _look_for_the_end(self, at: float, lag: float) -> None:
        if self.ratio < 1.0 or lag > _CALM * self.budget_seconds:
            self._calm_since = None
        elif self._calm_since is None:
            self._calm_since = at
        elif at - self._calm_since >= self._calm_seconds:
            self.is_sampling, self._sustainable = False, None
