"""The section ``overload`` of the configuration."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from agent.config_base import Seconds, Section

__all__ = ["OverloadConfig"]

_ModelName = Annotated[str, Field(min_length=1, max_length=256)]
#: Below it no controller can tell its own delay from the traffic's.
_Budget = Annotated[float, Field(ge=2.0, le=31 * 86400.0, allow_inf_nan=False)]
_Share = Annotated[float, Field(ge=0.001, le=1, allow_inf_nan=False)]


class OverloadConfig(Section):
    """How much of the traffic is scored: a steady share of it, and less when the worker falls behind.

    ``share`` of each model's events is scored though there were time for all; ``shares`` overrides it for single
    models. ``lag_budget_seconds`` is how far behind events may be scored before a smaller sample is scored instead;
    None when lag may grow. ``models`` overrides it; with null there a model is never sampled for its lag.
    ``min_ratio`` is the least share of anything that is scored, however far behind the worker is.
    """

    share: _Share = 1.0
    shares: Annotated[dict[_ModelName, _Share], Field(max_length=1000)] = Field(default_factory=dict)
    lag_budget_seconds: _Budget | None = None
    models: Annotated[dict[_ModelName, _Budget | None], Field(max_length=1000)] = Field(default_factory=dict)
    min_ratio: _Share = 0.02
    calm_seconds: Seconds = 30.0

    @model_validator(mode="after")
    def _least_is_least(self) -> Self:
        smallest = min(self.share, *self.shares.values(), 1.0)
        if smallest < self.min_ratio:
            raise ValueError(f"min_ratio ({self.min_ratio:g}) must not be above the smallest share ({smallest:g})")
        return self

    @property
    def enabled(self) -> bool:
        """Whether any model may be sampled."""
        return self.is_steady or self.lag_budget_seconds is not None or any(self.models.values())

    @property
    def is_steady(self) -> bool:
        """Whether any model is sampled though there were time for all of it."""
        return min(self.share, *self.shares.values(), 1.0) < 1.0

    def share_of(self, model: str) -> float:
        """In (0, 1]: what is scored of a model's events as long as the worker keeps up."""
        return self.shares.get(model, self.share)

    def budget_of(self, model: str) -> float | None:
        """Seconds; None for a model that is never sampled for its lag."""
        return self.models.get(model, self.lag_budget_seconds)
