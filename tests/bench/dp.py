"""Is the release as exact as it says, and as private? Prints one JSON line for each.

Run from the repository's root: ``PYTHONPATH=. python tests/bench/dp.py [--runs 200000]``.

The audit (after Ding et al., Detecting Violations of Differential Privacy, CCS 2018, and Jagielski et al., NeurIPS
2020): the mechanism runs many times on two tables that differ by the worst possible row. Half of the runs choose the
event that tells the tables apart best, by the likelihood ratio; the other half give Clopper-Pearson bounds of its
probability under each table. The logarithm of their ratio is a lower bound of epsilon that holds with confidence
1 - alpha, and must not exceed the epsilon that is claimed. A mechanism with half the noise must be caught, or the audit
proves nothing.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

from agent.assess.dp.accuracy import accuracy
from agent.assess.dp.mechanism import CountMechanism
from agent.assess.dp.plan import ReleasePlan, plan_release
from agent.assess.dp.release import CONFIDENCE, Release

Counts: TypeAlias = dict[str, list[int]]
_Draw: TypeAlias = Callable[[int, list[int]], list[int]]


@dataclass(frozen=True)
class Audit:
    """A lower bound of epsilon that is true with probability 1 - alpha, whatever the mechanism is."""

    epsilon_lower: float
    alpha: float
    runs: int


def worst_neighbour(plan: ReleasePlan, counts: Counts) -> Counts:
    """The same table with a row more that changes every count it may change."""
    more = {name: list(cells) for name, cells in counts.items()}
    for query in plan.queries:
        for cell in range(query.row_changes):
            more[query.name][cell] += 1
    return more


def draws(mechanisms: dict[str, CountMechanism], counts: Counts, changed: dict[str, list[int]], runs: int) -> Any:
    """Noisy values of the cells that differ between the tables, one row a run; the noise of other cells is no news."""
    parts = []
    for name, cells in changed.items():
        noisy = mechanisms[name].draw([counts[name][cell] for cell in cells] * runs)
        parts.append(np.array(noisy).reshape(runs, len(cells)))
    return np.concatenate(parts, axis=1)


def audit(
    mechanisms: dict[str, CountMechanism],
    scales: dict[str, float],
    first: Counts,
    second: Counts,
    runs: int,
    alpha: float = 1e-6,
) -> Audit:
    """Look for an event that tells two tables apart better than epsilon allows.

    Parameters
    ----------
    mechanisms
        What is audited.
    scales
        Of the noise that it claims to add; they only order the outcomes.
    """
    changed = {
        name: [cell for cell, count in enumerate(cells) if count != second[name][cell]] for name, cells in first.items()
    }
    changed = {name: cells for name, cells in changed.items() if cells}

    def flat(counts: Counts) -> NDArray[np.float64]:
        return np.array([counts[name][cell] for name, cells in changed.items() for cell in cells], dtype=float)

    scale = np.array([scales[name] for name, cells in changed.items() for _ in cells])

    def statistic(noisy: NDArray[np.float64]) -> NDArray[np.float64]:
        far, near = np.abs(noisy - flat(second)), np.abs(noisy - flat(first))
        found: NDArray[np.float64] = ((far - near) / scale).sum(axis=1)
        return found

    outcomes = [statistic(draws(mechanisms, table, changed, 2 * runs)) for table in (first, second)]
    bounds = []
    for sign, (likely, unlikely) in ((1.0, outcomes), (-1.0, outcomes[::-1])):
        chosen = _best_threshold(sign * likely[:runs], sign * unlikely[:runs], alpha / 4.0)
        often = int((sign * likely[runs:] >= chosen).sum())
        seldom = int((sign * unlikely[runs:] >= chosen).sum())
        bounds.append(_log_ratio(often, seldom, runs, alpha / 4.0))
    return Audit(max(bounds), alpha, runs)


def _best_threshold(likely: NDArray[np.float64], unlikely: NDArray[np.float64], alpha: float) -> float:
    candidates = np.unique(np.quantile(np.concatenate([likely, unlikely]), np.linspace(0.02, 0.999, 120)))
    runs = len(likely)
    ratios = [_log_ratio(int((likely >= t).sum()), int((unlikely >= t).sum()), runs, alpha) for t in candidates]
    return float(candidates[int(np.argmax(ratios))])


def _log_ratio(often: int, seldom: int, runs: int, alpha: float) -> float:
    """Lower bound of log(p / q) from Clopper-Pearson bounds, each wrong with probability at most alpha."""
    lower = beta.ppf(alpha, often, runs - often + 1) if often > 0 else 0.0
    upper = beta.ppf(1.0 - alpha, seldom + 1, runs - seldom) if seldom < runs else 1.0
    return float(np.log(lower / upper)) if lower > 0.0 else -np.inf


def half_the_noise(plan: ReleasePlan) -> dict[str, CountMechanism]:
    """A release that is not what it claims to be."""
    return {query.name: CountMechanism(query.sensitivity, 2 * query.epsilon) for query in plan.queries}


def example_plan(epsilon: str = "1") -> ReleasePlan:
    """Three queries: rows, types, groups with a label."""
    types = ("EMAIL", "NATIONAL_ID", "PHONE")
    return plan_release(Decimal(epsilon), types, groups={"gender": ("female", "male")}, label="y", positive="1")


def example_counts(plan: ReleasePlan) -> Counts:
    """A table of a thousand rows."""
    return {query.name: [1000 // query.cells] * query.cells for query in plan.queries}


def errors(release: Release, counts: Counts, runs: int) -> dict[str, Any]:
    """By query the empirical error of a count beside its stated accuracy."""
    found: dict[str, Any] = {}
    for name, mechanism in release.mechanisms.items():
        exact = counts[name][:1] * runs
        error = np.abs(np.array(mechanism.draw(exact)) - np.array(exact))
        stated = accuracy(mechanism.scale, 1.0 - CONFIDENCE)
        q = np.exp(-1.0 / mechanism.scale)
        found[name] = {
            "scale": mechanism.scale,
            "mean_absolute_error": float(error.mean()),
            "expected": float(2.0 * q / (1.0 - q * q)),
            "accuracy_95": stated,
            "share_within": float((error <= stated).mean()),
        }
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--epsilon", default="1")
    args = parser.parse_args()
    plan = example_plan(args.epsilon)
    release, counts = Release(plan), example_counts(plan)
    claimed = float(Fraction(plan.epsilon))
    print(json.dumps({"job": "error", "epsilon": claimed, "runs": args.runs, **errors(release, counts, args.runs)}))
    scales = {name: mechanism.scale for name, mechanism in release.mechanisms.items()}
    for job, mechanisms in (("audit", release.mechanisms), ("audit of half the noise", half_the_noise(plan))):
        found = audit(mechanisms, scales, worst_neighbour(plan, counts), counts, args.runs)
        print(
            json.dumps(
                {
                    "job": job,
                    "claimed_epsilon": claimed,
                    "epsilon_lower": round(found.epsilon_lower, 4),
                    "violates": found.epsilon_lower > claimed,
                    "alpha": found.alpha,
                    "runs": found.runs,
                }
            )
        )


if __name__ == "__main__":
    main()
