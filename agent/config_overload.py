"""The section ``overload`` of the configuration."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from agent.config_base import Seconds, Section

__all__ = ["OverloadConfig"]

_ModelName = Annotated[str, Field(min_length=1, max_length=256)]
#: Below it no controller can tell its own delay from the traffic's.
_Budget = Annotated[float, Field(ge=2.0, le=31 * 86400.0, allow_inf_nan=False)]


class OverloadConfig(Section):
    """How far behind a model's events may be scored before a sample of them is scored instead; off when None.

    ``models`` overrides the budget of single models; with null there a model is always scored whole. ``min_ratio`` is
    the least share of anything that is scored, however far behind the worker is.
    """

    lag_budget_seconds: _Budget | None = None
    models: Annotated[dict[_ModelName, _Budget | None], Field(max_length=1000)] = Field(default_factory=dict)
    min_ratio: Annotated[float, Field(ge=0.001, le=1, allow_inf_nan=False)] = 0.02
    calm_seconds: Seconds = 30.0

    @property
    def enabled(self) -> bool:
        """Whether any model may be sampled."""
        return self.lag_budget_seconds is not None or any(self.models.values())

    def budget_of(self, model: str) -> float | None:
        """Seconds; None for a model that is never sampled."""
        return self.models.get(model, self.lag_budget_seconds)
