"""Gauges of harm: the social harm degree with its components, and the gaps between identity groups."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf

from agent.metrics.series import Family, Number
from agent.scores import Dimension

__all__ = ["HarmGauges", "set_or_drop"]

_BOUNDS = ("lower", "upper")


class HarmGauges:
    """A part of `Metrics`. None removes a series, so that what cannot be said is absent and never 0."""

    _numbers: dict[str, Family[Number]]

    def set_harm(
        self,
        model: str,
        window: str,
        components: Mapping[Dimension, float | None],
        index: Mapping[str, float | None],
        bounds: Mapping[Dimension, tuple[float, float]] | None = None,
        scored: Mapping[Dimension, int] | None = None,
        index_bounds: Mapping[str, tuple[float, float]] | None = None,
    ) -> None:
        """The social harm degree of a model over a window.

        Parameters
        ----------
        components
            In [0, 1]; None below the minimum count.
        index
            By form: ``sum``, ``union``.
        bounds, index_bounds
            95 % interval of each component and form, lower and upper; goes with its value.
        scored
            Scored events under each component.
        """
        numbers = self._numbers
        for component, number in components.items():
            key = (model, window, component)
            set_or_drop(numbers["harmwatch_harm_component"], key, number)
            self._set_bounds("harmwatch_harm_component_bound", key, number, bounds.get(component) if bounds else None)
            set_or_drop(numbers["harmwatch_harm_scored"], key, scored.get(component) if scored else None)
        for form, number in index.items():
            set_or_drop(numbers["harmwatch_harm_index"], (model, window, form), number)
            interval = index_bounds.get(form) if index_bounds else None
            self._set_bounds("harmwatch_harm_index_bound", (model, window, form), number, interval)

    def set_identity_gap(
        self, model: str, axis: str, group: str, measure: str, value: float | None, lower: float, upper: float
    ) -> None:
        """A gap with its interval; without a value all three go."""
        self._set_estimate("harmwatch_identity_gap", (model, axis, group, measure), value, lower, upper)

    def set_identity_sentiment(
        self, model: str, axis: str, group: str, value: float | None, lower: float, upper: float
    ) -> None:
        """The mean sentiment of texts that mention a group, in [-1, 1]; without a value all three go."""
        self._set_estimate("harmwatch_identity_sentiment", (model, axis, group), value, lower, upper)

    def _set_estimate(self, name: str, key: tuple[str, ...], value: float | None, lower: float, upper: float) -> None:
        set_or_drop(self._numbers[name], (*key, "value"), value)
        self._set_bounds(name, key, value, (lower, upper))

    def _set_bounds(
        self, name: str, key: tuple[str, ...], value: float | None, interval: tuple[float, float] | None
    ) -> None:
        for position, bound in enumerate(_BOUNDS):
            shown = None if interval is None or value is None else interval[position]
            set_or_drop(self._numbers[name], (*key, bound), shown)


def set_or_drop(family: Family[Number], key: tuple[str, ...], value: float | None) -> None:
    """Set a gauge, or stop exposing it when there is no finite value."""
    if value is None or not -inf < value < inf:
        family.drop(key)
    else:
        family.child(key).value = float(value)
