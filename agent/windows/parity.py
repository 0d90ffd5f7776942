"""Is one group treated worse than another, asked again and again without crying wolf.

A window's interval is a test; read every second for a year it is thirty million tests. What is here may be looked at
after every block of decisions: without bias the *expected* time to a false alarm is at least the one that is configured
(ERT), whatever the rates of the groups are and however they change, and the chance of a false alarm within any stretch
of length L is at most L / ERT.

*One block, one pair.* Null hypothesis: the rate of favourable decisions of group d is at least `tolerance` times that
of group f. Alternatives: it is 0.9, 0.75, 0.6 or 0.4 of that, where f decides as it did of late. The likelihood ratio
of an alternative against that member of the null hypothesis which is nearest to it (in Kullback-Leibler divergence) has
an expectation of at most 1 under every member, since the null hypothesis is convex: it is an e-variable (Turner, Ly and
Grünwald, "Generic E-variables for exact sequential k-sample tests that allow for optional stopping", J. Stat. Plan.
Inference 230, 2024). Sizes of blocks and alternatives must not depend on the block's own outcomes, and do not.

*Over time.* The recursion of Shiryaev and Roberts, M <- (M + 1) e, adds up the evidence of a change at any past block.
The mean of M over alternatives and pairs is an e-detector (Shin, Ramdas and Rinaldo, "E-detectors", 2023): stopped when
it reaches A it has run for A blocks on average, at least. One of K pairs must therefore reach K A by itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import permutations
from math import exp, inf, log, log1p, sqrt
from typing import Final, NamedTuple

__all__ = ["Block", "PairEvidence", "ParityMonitor", "strongest"]

Block = Mapping[str, tuple[float, float]]
"""By group: favourable decisions, decisions; of one stretch of time."""

_ALTERNATIVES: Final = (0.9, 0.75, 0.6, 0.4)
#: The favoured group's rate is that of about so many decisions of late.
_MEMORY: Final = 1000.0
#: How far beyond the threshold evidence grows, in natural units; an alternative is a quarter of a pair's evidence.
_BEYOND: Final = 3.0
_CERTAIN: Final = 1e-3
"""No rate is taken for 0 or 1: one decision would settle everything."""


class PairEvidence(NamedTuple):
    """What speaks for group `disfavoured` being treated worse than `favoured`.

    Attributes
    ----------
    log_evidence
        Natural logarithm of the e-detector.
    log_threshold
        An alarm is raised from here on.
    """

    favoured: str
    disfavoured: str
    log_evidence: float
    log_threshold: float

    @property
    def is_alarm(self) -> bool:
        """Whether the evidence suffices."""
        return self.log_evidence >= self.log_threshold


def strongest(pairs: Iterable[PairEvidence]) -> PairEvidence | None:
    """The pair with the most evidence; None of none."""
    return max(pairs, key=lambda pair: pair.log_evidence, default=None)


class ParityMonitor:
    """One attribute of one model. State: four numbers for each ordered pair of groups, two for each group.

    Evidence stops growing a little above the threshold, which keeps every promise, so that it falls again soon after a
    bias has gone.

    Parameters
    ----------
    ert_blocks
        Expected number of blocks until a false alarm, at the least.
    tolerance
        Ratio of rates down to which nobody is alarmed, in (0, 1]: 1 is parity.

    Raises
    ------
    ValueError
        For values outside of their range.
    """

    def __init__(self, ert_blocks: float, tolerance: float = 1.0) -> None:
        if not ert_blocks >= 1.0 or not 0.0 < tolerance <= 1.0:
            raise ValueError("ert_blocks must be at least 1, tolerance lie inside (0, 1]")
        self._log_ert = log(ert_blocks)
        self._tolerance = tolerance
        self._recent: dict[str, tuple[float, float]] = {}
        self._evidence: dict[tuple[str, str], list[float]] = {}
        self._pairs = 0

    def add(self, block: Block) -> None:
        """Take in the decisions of one block. Pairs of which a group has none are left as they are."""
        present = {group: counts for group, counts in block.items() if counts[1] > 0.0}
        for favoured, disfavoured in permutations(present, 2):
            rate = self._rate(favoured)
            if rate is not None:
                self._update((favoured, disfavoured), rate, present[favoured], present[disfavoured])
        for group, (hits, number) in present.items():
            old_hits, old_number = self._recent.get(group, (0.0, 0.0))
            kept = max(0.0, 1.0 - number / _MEMORY)
            self._recent[group] = (kept * old_hits + hits, kept * old_number + number)

    def keep(self, groups: Collection[str]) -> None:
        """Forget all other groups. Their pairs stay counted: the promise is for all that were ever looked at."""
        if not self._recent.keys() <= set(groups):
            self._recent = {group: counts for group, counts in self._recent.items() if group in groups}
            self._evidence = {
                pair: logs for pair, logs in self._evidence.items() if pair[0] in groups and pair[1] in groups
            }

    def evidence(self) -> Iterator[PairEvidence]:
        """Of all pairs of which both groups have been seen together."""
        threshold = self._log_threshold()
        for (favoured, disfavoured), logs in self._evidence.items():
            yield PairEvidence(favoured, disfavoured, _log_mean(logs), threshold)

    def _log_threshold(self) -> float:
        return self._log_ert + log(max(1, self._pairs))

    def _rate(self, group: str) -> float | None:
        hits, number = self._recent.get(group, (0.0, 0.0))
        # Half a decision of each kind is added, as by Jeffreys: the first block has a past to go by, too.
        return None if number <= 0.0 else min(1.0 - _CERTAIN, max(_CERTAIN, (hits + 0.5) / (number + 1.0)))

    def _update(
        self, pair: tuple[str, str], rate: float, favoured: tuple[float, float], disfavoured: tuple[float, float]
    ) -> None:
        logs = self._evidence.get(pair)
        if logs is None:
            logs = self._evidence[pair] = [-inf] * len(_ALTERNATIVES)
            self._pairs += 1
        most = self._log_threshold() + _BEYOND
        for place, share in enumerate(_ALTERNATIVES):
            lower = self._tolerance * share * rate
            gained = _log_e(rate, lower, self._tolerance, favoured, disfavoured)
            logs[place] = min(most, _log_sum(logs[place], 0.0) + gained)


def _log_e(
    upper: float, lower: float, tolerance: float, favoured: tuple[float, float], disfavoured: tuple[float, float]
) -> float:
    """Log likelihood ratio of rates ``(upper, lower)`` against the nearest ``(x, tolerance * x)``.

    x minimises n_f KL(upper, x) + n_d KL(lower, tolerance x): the derivative is a quadratic, and its smaller root lies
    in (0, 1).
    """
    (hits, number), (other_hits, other_number) = favoured, disfavoured
    square = tolerance * (number + other_number)
    linear = number * (1.0 + tolerance * upper) + other_number * (lower + tolerance)
    constant = number * upper + other_number * lower
    # The stable form of (linear - root) / (2 square).
    x = 2.0 * constant / (linear + sqrt(max(0.0, linear * linear - 4.0 * square * constant)))
    nearest = tolerance * x
    return (
        hits * log(upper / x)
        + (number - hits) * log((1.0 - upper) / (1.0 - x))
        + other_hits * log(lower / nearest)
        + (other_number - other_hits) * log((1.0 - lower) / (1.0 - nearest))
    )


def _log_sum(one: float, two: float) -> float:
    high, low = (one, two) if one > two else (two, one)
    return high if low == -inf else high + log1p(exp(low - high))


def _log_mean(logs: list[float]) -> float:
    total = -inf
    for value in logs:
        total = _log_sum(total, value)
    return total - log(len(logs))
