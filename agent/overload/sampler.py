"""Decides of each call whether it is scored, and with what weight; told once a second how far behind the worker is.

Two things have events passed by: a steady share that the operator chose, and lag. What the controllers of lag see and
give are shares of what the steady share lets through, so that where a tenth is wanted a tenth is all.

The weight is the inverse of the probability that was in force when the call's first half was decided. So sums of
weights estimate what would have been counted without sampling (Horvitz and Thompson, JASA 47, 1952), however the
probabilities follow the traffic: a call's probability depends on the calls before it, and never on its own lot.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Final

from agent.config_overload import OverloadConfig
from agent.events import InferenceEvent
from agent.joining import JoinedCall
from agent.overload.allotment import WHOLE, Demand, Inclusion, allot
from agent.overload.controller import LagController, LagSeen
from agent.overload.inclusion import Lots
from agent.overload.strata import Strata, Stratum

__all__ = ["OverloadSampler"]

_OTHER: Final = "\0other"
"""Models beyond the limit: no name from outside is equal to it by accident."""
_FADE: Final = 0.8
_FORGOTTEN: Final = 0.05


class _Seen:
    """Events of one model since the last look, and how many there are a second, of late."""

    __slots__ = ("first", "kept", "ordinary", "rate")

    def __init__(self) -> None:
        self.ordinary = self.first = self.kept = 0
        self.rate: Demand | None = None

    @property
    def total(self) -> int:
        return self.ordinary + self.first


class OverloadSampler:
    """The sampler of one worker. Off, and without cost, unless the configuration has a share or a lag budget.

    Parameters
    ----------
    key
        Of the lots; see `Lots`.
    max_models, named
        Models with a rate of their own; those named have one whatever traffic brings. The others share one, so that
        nobody is scored whole by giving each event a model of its own.
    passed_by
        Told model and stratum of each call that is passed by.

    Attributes
    ----------
    enabled
        Some model has a budget, or a share below 1.
    is_sampling
        Some model may be sampled now.
    is_shedding
        Some model is scored less than its share, for its lag.
    ratio
        Share of the latest events that were scored, in [0, 1].
    """

    def __init__(
        self,
        config: OverloadConfig,
        *,
        key: bytes,
        strata: Callable[[], Strata],
        passed_by: Callable[[str, Stratum], None],
        max_models: int = 200,
        named: Collection[str] = (),
    ) -> None:
        self._lots = Lots(key)
        self._make_strata = strata
        self._strata: Strata | None = None
        self._passed_by = passed_by
        self._max_models = max_models
        self._always_named = frozenset(named)
        self._config = config
        self._controllers: dict[float, LagController] = {}
        self._seen: dict[str, _Seen] = {}
        self._inclusion: dict[str, Inclusion] = {}
        self.is_sampling = self.is_shedding = False
        self.ratio = 1.0
        self.revise(config)

    def revise(self, config: OverloadConfig) -> None:
        """Go on under another section; controllers of budgets that stay keep what they know."""
        before = self._controllers
        kept = before if self._same_bounds(config) else {}
        budgets = {budget for budget in (config.lag_budget_seconds, *config.models.values()) if budget is not None}
        self._config = config
        # Also those that a change names while it runs: a share of 1 is promised to them.
        self._named = self._always_named.union(config.models, config.shares)
        self._controllers = {
            budget: kept.get(budget) or LagController(budget, config.min_ratio, config.calm_seconds)
            for budget in sorted(budgets, reverse=True)
        }
        self.enabled = config.enabled
        if self.enabled and self._strata is None:
            self._strata = self._make_strata()
        self.is_shedding = any(controller.is_sampling for controller in self._controllers.values())
        self.is_sampling = config.is_steady or self.is_shedding
        if not self.is_shedding:
            self._inclusion = {}  # of other shares, it may be; the next look allots anew
        if not self.is_sampling:
            self.ratio = 1.0
        if not self.enabled:
            self._seen.clear()

    def _same_bounds(self, config: OverloadConfig) -> bool:
        return (self._config.min_ratio, self._config.calm_seconds) == (config.min_ratio, config.calm_seconds)

    def takes(self, call: JoinedCall, event: InferenceEvent) -> bool:
        """Whether a half, or a whole event, is scored; notes with its call what the other half has to know.

        The call is decided once, by whichever half comes first: its other half has the same verdict and weight, also
        when the rates have changed in between.
        """
        if call.weight is not None:
            return call.weight > 0.0
        seen = self._seen.get(call.model) or self._admit(call.model)
        if not self.is_sampling:
            seen.ordinary += 1
            seen.kept += 1
            call.weight = 1.0
            return True
        assert self._strata is not None
        stratum = self._strata.of(event)
        inclusion = self._inclusion.get(call.model) or self._inclusion_of(call.model)
        if stratum == "ordinary":
            seen.ordinary += 1
            probability = inclusion.ordinary
        else:
            seen.first += 1
            probability = inclusion.first
        lot = 0.0 if inclusion is WHOLE else self._lots.draw(event.source, event.inference_id)
        if lot >= probability:
            call.weight = 0.0
            self._passed_by(call.model, stratum)
            return False
        seen.kept += 1
        call.weight = 1.0 / probability
        call.representative = lot < inclusion.ordinary
        return True

    def _admit(self, model: str) -> _Seen:
        if len(self._seen) >= self._max_models and model not in self._named:
            model = _OTHER
        return self._seen.setdefault(model, _Seen())

    def _inclusion_of(self, model: str) -> Inclusion:
        """Of a model that came since the last look."""
        if model in self._seen:
            return self._steady(model)
        return self._inclusion.get(_OTHER) or self._steady(_OTHER)

    def _steady(self, model: str) -> Inclusion:
        """As long as nothing is known of a model's traffic nothing of it comes first."""
        share = self._share_of(model)
        return WHOLE if share == 1.0 else Inclusion(share, share)

    def _share_of(self, model: str) -> float:
        return self._config.share_of("" if model == _OTHER else model)

    def look(self, seen: LagSeen) -> float:
        """Take an observation of the lag, about once a second: rates change from the next record on; gives `ratio`."""
        if not self.enabled:
            return self.ratio
        total = sum(model.total for model in self._seen.values())
        wanted = sum(self._share_of(name) * model.total for name, model in self._seen.items())
        kept = sum(model.kept for model in self._seen.values())
        for controller in self._controllers.values():
            controller.step(seen._replace(kept=kept / wanted if wanted else 1.0))
        self.is_shedding = any(controller.is_sampling for controller in self._controllers.values())
        self.is_sampling = self.is_shedding or self._config.is_steady
        demands = self._take_demands()
        if not self.is_sampling:
            self.ratio, self._inclusion = 1.0, {}
            return self.ratio
        self.ratio += (1.0 - _FADE) * (kept / total - self.ratio) if total else 0.0
        self._allot(demands)
        return self.ratio

    def _take_demands(self) -> dict[str, Demand]:
        demands: dict[str, Demand] = {}
        for model, seen in list(self._seen.items()):
            old = seen.rate
            ordinary, first = float(seen.ordinary), float(seen.first)
            if old is not None:
                ordinary = _FADE * old.ordinary + (1.0 - _FADE) * ordinary
                first = _FADE * old.first + (1.0 - _FADE) * first
            seen.rate = demands[model] = Demand(ordinary, first)
            seen.ordinary = seen.first = seen.kept = 0
            if seen.rate.total < _FORGOTTEN:
                del self._seen[model], demands[model]
        return demands

    def _allot(self, demands: dict[str, Demand]) -> None:
        """Each budget's models get what its controller lets through, less what all other models take."""
        shares = {model: self._share_of(model) for model in demands}
        wants = {model: shares[model] * demand.total for model, demand in demands.items()}
        inclusion = allot(demands, 1.0, self._config.min_ratio, shares)
        taken = total = sum(wants.values())
        for budget, controller in self._controllers.items():
            if not controller.is_sampling:
                continue
            members = {
                model: demand
                for model, demand in demands.items()
                if self._config.budget_of("" if model == _OTHER else model) == budget
            }
            wanted = sum(wants[model] for model in members)
            if not wanted:
                continue
            others = taken - wanted
            ratio = min(1.0, max(0.0, (controller.ratio * total - others) / wanted))
            inclusion |= allot(members, ratio, self._config.min_ratio, shares)
            kept = sum(
                demand.ordinary * inclusion[model].ordinary + demand.first * inclusion[model].first
                for model, demand in members.items()
            )
            taken += kept - wanted
        self._inclusion = inclusion
