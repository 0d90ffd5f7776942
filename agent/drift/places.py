"""Who gets the detectors: their number is fixed in advance, since a rate of false alarms is shared out among them.

First come, first kept, but for two things. What everybody's scores, decisions and components are is known from the
configuration, so they have a place whenever they come, and whoever came before them gives way. And a group is watched
in all features of its model or in none: drift of one of them says little as long as nobody looks at the others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

from agent.clock import Clock
from agent.drift.series import Gone, Series

__all__ = ["SILENT_SECONDS", "Places", "Want"]

SILENT_SECONDS: Final = 86_400.0
"""A model that was not heard of for so long makes place for another, where there is none left."""

Want: TypeAlias = Literal["models", "series"]
"""Of what there were too many."""

_MOST_NAMES: Final = 20


class Places:
    """Which models and series are watched. One thread owns it.

    Silence is measured by the worker's clock: a time that an event gives could make every model look silent.

    Parameters
    ----------
    per_model
        Series of a model, components of everybody apart. Features that events name have at most half of the places.
    components
        Of everybody, beside these.
    models
        A new one beyond them is refused as long as none has been silent for `SILENT_SECONDS`.
    """

    def __init__(self, per_model: int, components: int, models: int, clock: Clock) -> None:
        self._per_model = per_model
        self._components = components
        self._most_models = models
        self._clock = clock
        self._models: dict[str, _ModelPlaces] = {}
        self._observations: Counter[Want] = Counter()
        self._refused_models: dict[str, None] = {}
        self._refused_series: dict[str, None] = {}
        self._gone: list[Gone] = []

    def admit(self, series: Series) -> bool:
        """Whether an observation of the series is watched; what made place for it is in `take_gone`."""
        now = self._clock.monotonic()
        of_model = self._models.get(series.model)
        if of_model is None:
            if len(self._models) >= self._most_models and not self._forget_a_silent_one(now):
                self._observations["models"] += 1
                if len(self._refused_models) < _MOST_NAMES:
                    self._refused_models[series.model] = None
                return False
            of_model = self._models[series.model] = _ModelPlaces(self._per_model, self._components)
        of_model.heard_at = now
        if of_model.admit(series, self._gone):
            return True
        self._observations["series"] += 1
        if len(self._refused_series) < _MOST_NAMES:
            self._refused_series[f"{series.model}: {series.label}"] = None
        return False

    def holds(self, series: Series) -> bool:
        """Whether the series has a place."""
        of_model = self._models.get(series.model)
        return of_model is not None and of_model.holds(series)

    def forget(self, gone: Gone) -> None:
        """Give places back."""
        if gone == Gone(gone.model):
            self._models.pop(gone.model, None)
        elif gone.model in self._models:
            self._models[gone.model].forget(gone)

    def take_gone(self) -> list[Gone]:
        """What lost its place since the last call, in order."""
        taken, self._gone = self._gone, []
        return taken

    def take_observations(self) -> Mapping[Want, int]:
        """How many had no place since the last call, by what there were too many of."""
        taken, self._observations = self._observations, Counter()
        return taken

    def take_names(self) -> tuple[list[str], list[str]]:
        """Models and series that had no place since the last call, twenty of each at most."""
        taken = list(self._refused_models), list(self._refused_series)
        self._refused_models, self._refused_series = {}, {}
        return taken

    def _forget_a_silent_one(self, now: float) -> bool:
        model = min(self._models, key=lambda name: self._models[name].heard_at)
        if now - self._models[model].heard_at < SILENT_SECONDS:
            return False
        del self._models[model]
        self._gone.append(Gone(model))
        return True


class _ModelPlaces:
    """Features of everybody, and groups that have all of these."""

    __slots__ = ("_components", "_fixed", "_groups", "_most", "_most_components", "_named_by_events", "heard_at")

    def __init__(self, most: int, most_components: int) -> None:
        self._most = most
        self._most_components = most_components
        # In the order in which they came.
        self._fixed: dict[str, None] = {}
        self._named_by_events: dict[str, None] = {}
        self._components: dict[str, None] = {}
        self._groups: dict[tuple[str | None, str | None], None] = {}
        self.heard_at = 0.0

    def admit(self, series: Series, gone: list[Gone]) -> bool:
        if not self._has_feature(series.feature) and not self._admit_feature(series, gone):
            return False
        if series.attribute is None:
            return True
        group = (series.attribute, series.group)
        if group not in self._groups:
            if not self._has_room(groups=1):
                return False
            self._groups[group] = None
        return True

    def holds(self, series: Series) -> bool:
        is_of_all = series.attribute is None
        return self._has_feature(series.feature) and (is_of_all or (series.attribute, series.group) in self._groups)

    def forget(self, gone: Gone) -> None:
        if gone.feature is None:
            self._groups.pop((gone.attribute, gone.group), None)
        else:
            for names in (self._fixed, self._named_by_events, self._components):
                names.pop(gone.feature, None)

    def _has_feature(self, feature: str) -> bool:
        return feature in self._fixed or feature in self._named_by_events or feature in self._components

    def _admit_feature(self, series: Series, gone: list[Gone]) -> bool:
        feature = series.feature
        if series.is_named_by_events:
            has_place = len(self._named_by_events) < self._most - self._most // 2 and self._has_room(features=1)
            if has_place:
                self._named_by_events[feature] = None
            return has_place
        if series.is_component and len(self._components) < self._most_components:
            self._components[feature] = None
        elif len(self._fixed) < self._most:
            self._fixed[feature] = None
        else:
            return False
        # The last to come is the first to go, groups before features.
        while not self._has_room() and self._groups:
            attribute, group = self._groups.popitem()[0]
            gone.append(Gone(series.model, None, attribute, group))
        while not self._has_room():
            gone.append(Gone(series.model, self._named_by_events.popitem()[0]))
        return True

    def _has_room(self, *, features: int = 0, groups: int = 0) -> bool:
        of_all = len(self._fixed) + len(self._named_by_events) + features
        of_a_group = of_all + len(self._components)
        return of_all + of_a_group * (len(self._groups) + groups) <= self._most
