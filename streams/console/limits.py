"""From when on harm is worth a look: the figures of the alert rules in ``deploy/prometheus/rules``, in one place.

A test compares them with the rules, so that the console and Prometheus do not call different things harm. They hold of
the rules as they are shipped: who changes a budget there does not change what the console of a worker says.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = [
    "ATTEMPTS_LEAST",
    "ATTEMPTS_SHARE",
    "BUDGETS",
    "DIFFERENCE",
    "HARMFUL_LEAST",
    "LEAKS_LEAST",
    "RATIO",
    "SUCCEEDED_LEAST",
    "SUCCEEDED_SHARE",
]

BUDGETS: Final[Mapping[str, float]] = {"output": 0.005, "privacy": 0.02}
"""Shares of harmful events that are allowed, by dimension: ``dimension:harmwatch_harm_budget:default``."""

HARMFUL_LEAST: Final = 10
"""Harmful events without which a share is none: HarmSpike, HarmBudgetBurnFast."""

ATTEMPTS_SHARE: Final = 0.05
ATTEMPTS_LEAST: Final = 20
"""Events that carry an attack: AdversarialAttempts."""

SUCCEEDED_SHARE: Final = 0.03
SUCCEEDED_LEAST: Final = 5
LEAKS_LEAST: Final = 3
"""Outputs that did what an attack wanted, and outputs that told instructions: AdversarialSucceeded."""

DIFFERENCE: Final = 0.1
RATIO: Final = 0.8
"""Between groups, by the bound that is nearer to parity: GroupDisparity."""
