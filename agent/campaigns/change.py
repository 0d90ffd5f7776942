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

__all__ = ["BLOCK_SECONDS", "ChangeEvidence", "blocks_of"]

BLOCK_SECONDS: Final = 10.0
#: By how much the odds of the alternatives exceed those of the null hypothesis.
_ODDS: Final = np.array([2.0, 6.0, 20.0, 60.0])
_MOST_LOG: Final = 60.0
_CERTAIN: Final = 0.98
"""From this chance on a hit tells nothing."""


def blocks_of(hours: float) -> float:
    """Steps in so many hours, at most."""
    return max(1.0, hours * 3600.0 / BLOCK_SECONDS)


class ChangeEvidence:
    """The e-detectors of a fixed number of units, which are looked at together: tenants, or one model.

    Evidence stops growing a little above the threshold, which keeps the promise, so that it falls soon after.
    """

    __slots__ = ("_block", "_most", "sums")

    def __init__(self, units: int, threshold: float) -> None:
        self.sums: Any = np.zeros((units, _ODDS.size))
        self._most = 20.0 * threshold * _ODDS.size
        self._block: int | None = None

    def pass_time(self, time: float) -> None:
        """Before the trials at a time: begins a step when it lies in a later stretch than any before."""
        block = int(time // BLOCK_SECONDS)
        if self._block is None or block > self._block:
            self.sums += 1.0
            self._block = block
            np.minimum(self.sums, self._most, out=self.sums)

    def add(self, most: Any, hits: Any, misses: Any) -> None:
        """Trials of each unit, arrays of shape (units,): chance under the null hypothesis, in (0, 1); hits; misses."""
        chance = np.clip(most, 1e-9, _CERTAIN)[:, None]
        odds = chance / (1.0 - chance) * _ODDS
        alternative = odds / (1.0 + odds)
        gained = np.asarray(hits)[:, None] * np.log(alternative / chance)
        gained += np.asarray(misses)[:, None] * np.log((1.0 - alternative) / (1.0 - chance))
        # Of what nearly always happens nothing can be learnt.
        gained[np.asarray(most) >= _CERTAIN] = 0.0
        self.sums *= np.exp(np.clip(gained, -_MOST_LOG, _MOST_LOG))
        np.minimum(self.sums, self._most, out=self.sums)

    def forget(self, unit: int) -> None:
        """Somebody else takes the unit's place."""
        self.sums[unit] = 0.0

    def of(self, unit: int) -> float:
        """Evidence of one unit; a threshold of A for it means A steps to a false alarm, on average, at the least."""
        return float(self.sums[unit].mean())
