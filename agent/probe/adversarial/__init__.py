"""Adversarial robustness of a served model: attacks, searches over them, and what came of them.

`Item`s of a set are attacked by `Attack`s (`attack_items`) in pursuit of a `Goal`; `SetTally` makes figures of what
came of it. `attacks_of` resolves the names that an operator gives.
"""

from __future__ import annotations

from collections.abc import Sequence

from agent.errors import ConfigError
from agent.probe.adversarial.attack import Attack, Limits, SinglePerturbation
from agent.probe.adversarial.features import FEATURE_ATTACKS, FeatureSpace, Gradients
from agent.probe.adversarial.searches import RECIPES, recipe
from agent.probe.perturbations import KINDS, PERTURBATIONS, chosen

__all__ = ["SEARCHES", "attacks_of", "feature_attacks_of"]

SEARCHES = ("greedy", "beam", *RECIPES)
"""Searches by name; the first two are over the perturbations that are named beside them, or all."""


def attacks_of(names: Sequence[str], limits: Limits, *, width: int, depth: int) -> list[Attack]:
    """Attacks on texts by name: perturbations, their kinds, ``all`` of them, and searches. Each once.

    Raises
    ------
    ConfigError
        When a name is none of these.
    """
    searches = [name for name in SEARCHES if name in names]
    plain = [name for name in names if name not in searches and name != "all"]
    for name in plain:
        if name not in PERTURBATIONS and name not in KINDS:
            known = ", ".join(("all", *KINDS, *SEARCHES, *PERTURBATIONS))
            raise ConfigError(f"--attacks: none is called {name!r}; on texts there are {known}")
    wanted = chosen(KINDS if "all" in names else plain)
    over = wanted or chosen(KINDS)
    singles: list[Attack] = [SinglePerturbation(each, limits) for each in wanted]
    return singles + [recipe(name, over, limits, width=width, depth=depth) for name in searches]


def feature_attacks_of(
    names: Sequence[str], space: FeatureSpace, limits: Limits, gradients: Gradients | None
) -> list[Attack]:
    """Attacks on features by name; ``all`` are those that the target allows.

    Raises
    ------
    ConfigError
        When a name is none of these, or needs gradients that the target does not give.
    """
    for name in names:
        if name != "all" and name not in FEATURE_ATTACKS:
            raise ConfigError(
                f"--attacks: none is called {name!r}; on features there are all, {', '.join(FEATURE_ATTACKS)}"
            )
    if "all" in names:
        names = [name for name in FEATURE_ATTACKS if gradients is not None or name not in ("fgsm", "pgd")]
    return [make(space, limits, gradients) for name, make in FEATURE_ATTACKS.items() if name in names]
