"""Have events of one kind become more frequent than they may be? Asked after each event, without crying wolf.

Trials come one after another, such as inputs that are attacks or not. Null hypothesis: given all that came before,
the chance of a hit is at most ``most``, a number that is known before the trial. For an alternative q > most the
likelihood ratio q / most for a hit and (1 - q) / (1 - most) for a miss has an expectation of at most 1 under every
member of the null hypothesis, however the trials depend on each other. Its sums over all possible times of a change,
M <- (M + 1) e (Shiryaev and Roberts), are an e-detector (Shin, Ramdas and Rinaldo, "E-detectors", 2023): stopped when
M reaches A, it has run for A steps on average, at least. A step is a stretch of `BLOCK_SECONDS` of event time with at
least one look, which is what comes with a hit: stretches without any make false alarms rarer still. M may be looked at
within a step.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

__all__ = ["BLOCK_SECONDS", "ChangeEvidence", "ChangesOfMany", "blocks_of"]

BLOCK_SECONDS: Final = 10.0
#: By how much the odds of the alternatives exceed those of the null hypothesis.
_ODDS: Final = (2.0, 6.0, 20.0, 60.0)
_CERTAIN: Final = 0.98
"""From this chance on a hit tells nothing."""
_SMALLEST: Final = 1e-9
#: How far beyond the threshold evidence grows.
_BEYOND: Final = 20.0


def blocks_of(hours: float) -> float:
    """Steps in so many hours, at most."""
    return max(1.0, hours * 3600.0 / BLOCK_SECONDS)


class _Steps:
    """Which stretches of time have been begun."""

    __slots__ = ("_latest",)

    def __init__(self) -> None:
        self._latest: int | None = None

    def begins(self, time: float) -> bool:
        block = int(time // BLOCK_SECONDS)
        if self._latest is not None and block <= self._latest:
            return False
        self._latest = block
        return True


class ChangeEvidence:
    """The e-detector of one unit, such as a model.

    Evidence stops growing a little above the threshold, which keeps the promise, so that it falls soon after.
    """

    __slots__ = ("_most", "_steps", "_sums")

    def __init__(self, threshold: float) -> None:
        self._sums = [0.0] * len(_ODDS)
        self._most = _BEYOND * threshold * len(_ODDS)
        self._steps = _Steps()

    @property
    def value(self) -> float:
        """A threshold of A for it means A steps to a false alarm, on average, at the least."""
        return sum(self._sums) / len(_ODDS)

    def pass_time(self, time: float) -> None:
        """Before the trials at a time: begins a step when it lies in a later stretch than any before."""
        if self._steps.begins(time):
            self._sums = [value + 1.0 for value in self._sums]

    def add(self, most: float, hits: int, misses: int) -> None:
        """Trials whose chance of a hit is at most ``most``, in (0, 1), under the null hypothesis."""
        chance = max(most, _SMALLEST)
        if chance >= _CERTAIN:
            return
        for place, ratio in enumerate(_ODDS):
            odds = chance / (1.0 - chance) * ratio
            alternative = odds / (1.0 + odds)
            gained = (alternative / chance) ** min(hits, 100) * ((1.0 - alternative) / (1.0 - chance)) ** misses
            self._sums[place] = min(self._most, self._sums[place] * gained)


class ChangesOfMany:
    """The e-detectors of many units, of which each trial is a hit for one, and a miss for all others.

    Parameters
    ----------
    units
        How many there may be.
    """

    __slots__ = ("_most", "_odds", "_steps", "_sums")

    def __init__(self, units: int, threshold: float) -> None:
        self._sums: Any = np.zeros((units, len(_ODDS)))
        self._odds = np.array(_ODDS)
        self._most = _BEYOND * threshold * len(_ODDS)
        self._steps = _Steps()

    def pass_time(self, time: float) -> None:
        """See `ChangeEvidence.pass_time`."""
        if self._steps.begins(time):
            self._sums += 1.0

    def add(self, most: Any, unit: int) -> None:
        """One trial: ``most`` of the first units, an array; the one that it is a hit for."""
        chance = np.clip(most, _SMALLEST, _CERTAIN)
        odds = (chance / (1.0 - chance))[:, None] * self._odds
        gained = 1.0 / ((1.0 + odds) * (1.0 - chance)[:, None])
        gained[unit] *= odds[unit] * (1.0 - chance[unit]) / chance[unit]
        gained[chance >= _CERTAIN] = 1.0
        sums = self._sums[: len(chance)]
        sums *= gained
        np.minimum(sums, self._most, out=sums)

    def forget(self, unit: int) -> None:
        """Somebody else takes the unit's place."""
        self._sums[unit] = 0.0

    def of(self, unit: int) -> float:
        """See `ChangeEvidence.value`."""
        return float(self._sums[unit].mean())
