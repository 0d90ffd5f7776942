"""H, the social harm degree of a model over a window, from its four components (docs/harm-index.md)."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod

import msgspec

from agent.windows.base import Component

__all__ = ["FORMS", "Estimate", "HarmIndex", "harm_index"]

FORMS = ("sum", "union")
"""Of H; see `HarmIndex`."""


class Estimate(msgspec.Struct, frozen=True, gc=False):
    """A value with its interval."""

    value: float
    lower: float
    upper: float


class HarmIndex(msgspec.Struct, frozen=True):
    """Both forms of H.

    Attributes
    ----------
    sum
        P_bias + P_output + P_privacy + P_adversarial, in [0, 4]. An event harmful in two dimensions counts twice.
    union
        1 - prod(1 - P_i), in [0, 1]: the share that would be harmful in some dimension were they independent.
    measured
        Names of the components that went in; the others had nothing to measure.
    sufficient
        All of output, privacy and adversarial were measured, unless there was no text to measure, and every component
        measured had enough events.
    """

    sum: Estimate
    union: Estimate
    measured: tuple[str, ...]
    sufficient: bool


def harm_index(components: Iterable[Component], *, without_texts: bool = False) -> HarmIndex | None:
    """Combine the components of one window; None when nothing was measured (no traffic is not harmless traffic).

    Parameters
    ----------
    without_texts
        The model's events had no text, which is known: H is P_bias alone. Else a share that is not there is one that
        nobody could tell.

    Notes
    -----
    The interval of the sum adds up the distances of the components' bounds. The components come from the same events
    and depend on each other in ways unknown; the standard deviation of a sum is at most the sum of the standard
    deviations whatever the dependence (Cauchy-Schwarz), so to first order (delta method) the level is at least that of
    the components: this is the MOVER interval (Zou and Donner, Statistics in Medicine 27, 2008) with all correlations
    at their worst, +1. The interval of the union puts the bounds into the formula, which rises in every P_i: equal to
    the former to first order, and it stays inside [0, 1].
    """
    present = [(c.name, c.value, c.lower, c.upper, c.sufficient) for c in components if c.value is not None]
    if not present:
        return None
    measured = tuple(name for name, *_ in present)
    values = [entry[1] for entry in present]
    lowers = [entry[2] for entry in present]
    uppers = [entry[3] for entry in present]
    return HarmIndex(
        sum=Estimate(sum(values), sum(lowers), sum(uppers)),
        union=Estimate(_union(values), _union(lowers), _union(uppers)),
        measured=measured,
        sufficient=(without_texts or {"output", "privacy", "adversarial"} <= set(measured))
        and all(entry[4] for entry in present),
    )


def _union(shares: Iterable[float]) -> float:
    return 1.0 - prod(1.0 - share for share in shares)
