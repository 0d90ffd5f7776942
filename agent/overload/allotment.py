"""Who is sampled when only a share can be scored: floods before others, ordinary events before those that count more.

Between models the share is filled up like water: each gets what it asks for up to one common level, so that a model
below the level is scored whole and one model's flood is sampled alone (max-min fairness: Bertsekas and Gallager, Data
Networks, 1992, section 6.5.2). Within a model suspicious events and those with attributes come first; a quarter of what
the model gets is kept for its ordinary ones all the same, up to the share that the others have, so that whoever sends
nothing but suspicious texts neither stops the sampling nor blinds the monitor for the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

__all__ = ["WHOLE", "Demand", "Inclusion", "allot", "fair_level"]

_ORDINARY_SHARE: Final = 0.25


class Demand(NamedTuple):
    """Events of a model in a stretch of time: ordinary ones, and those that come first."""

    ordinary: float
    first: float

    @property
    def total(self) -> float:
        """All of them."""
        return self.ordinary + self.first


class Inclusion(NamedTuple):
    """The probabilities, in (0, 1], with which a model's events are scored."""

    ordinary: float
    first: float


WHOLE: Final = Inclusion(1.0, 1.0)


def fair_level(wanted: Mapping[str, float], room: float) -> float:
    """The level up to which all get what they want, so that they get ``room`` together; infinity when it is enough."""
    left, waiting = room, sorted(wanted.values())
    for place, want in enumerate(waiting):
        level = left / (len(waiting) - place)
        if want > level:
            return max(level, 0.0)
        left -= want
    return float("inf")


def allot(
    demands: Mapping[str, Demand], ratio: float, least: float, shares: Mapping[str, float] | None = None
) -> dict[str, Inclusion]:
    """Inclusion probabilities of each model, so that ``ratio`` of what is wanted is scored.

    Parameters
    ----------
    least
        Lower bound of each probability; where it binds more is scored than `ratio` says.
    shares
        Of each model's events the share that is wanted, in (0, 1]; all of them without.
    """
    wanted = {model: demand.total * (1.0 if shares is None else shares[model]) for model, demand in demands.items()}
    level = fair_level(wanted, ratio * sum(wanted.values())) if ratio < 1.0 else float("inf")
    return {model: _within(demand, min(wanted[model], level), least) for model, demand in demands.items()}


def _within(demand: Demand, room: float, least: float) -> Inclusion:
    if room >= demand.total:
        return WHOLE
    for_ordinary = max(room - demand.first, min(demand.ordinary, _ORDINARY_SHARE * room))
    ordinary = for_ordinary / demand.ordinary if demand.ordinary > 0.0 else room / demand.total
    first = (room - for_ordinary) / demand.first if demand.first > 0.0 else 1.0
    if first < ordinary:
        # Nobody is scored less for being suspicious.
        first = ordinary = room / demand.total
    return Inclusion(min(1.0, max(least, ordinary)), min(1.0, max(least, first)))
