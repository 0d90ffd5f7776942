"""Inputs of a model on features that lie far outside of what it was given before."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import ClassVar, Final

import numpy as np

from agent.campaigns.base import Kind, Member, Sees, Sighting, Suspicion, is_dense
from agent.campaigns.change import ChangeEvidence, blocks_of
from agent.campaigns.recent import Recent

__all__ = ["OutOfRange", "Range", "fence"]

Range = tuple[float, float]
"""Lowest and highest usual value of a feature, a quantile near each end."""

_MOST_FEATURES: Final = 64
_LEARNT_FROM: Final = 500
#: How many times the width of the usual range a value must lie beyond it, to be far outside.
_FAR: Final = 3.0
#: Share of inputs far outside that is nobody's attack: mistakes of whoever sends them.
_USUAL: Final = 0.01
_KEPT: Final = 32


class _Feature:
    __slots__ = ("fence", "values")

    def __init__(self) -> None:
        self.fence: Range | None = None
        self.values: list[float] = []


class _Model:
    __slots__ = ("evidence", "features", "inputs", "members")

    def __init__(self, threshold: float, kept: int) -> None:
        self.evidence = ChangeEvidence(threshold)
        self.features: dict[str, _Feature] = {}
        self.inputs = 0
        self.members: deque[Member] = deque(maxlen=kept)


class OutOfRange:
    """Counts inputs with a number far outside, and alarms when they are more than one in a hundred; see `change`.

    Parameters
    ----------
    known
        The usual range of a model's feature where there is a reference; otherwise it is learnt from the first 500
        values, which nobody has checked.
    ert_hours
        Expected time to a false alarm of one model, at the least.
    """

    kind: ClassVar[Kind] = "out_of_range"
    sees: ClassVar[Sees] = "rows"

    def __init__(
        self,
        *,
        known: Callable[[str, str], Range | None] = lambda model, feature: None,
        min_events: int = 12,
        window_seconds: float = 1800.0,
        ert_hours: float = 720.0,
        max_models: int = 200,
    ) -> None:
        self._known = known
        self._min_events = min_events
        self._window_seconds = window_seconds
        self._threshold = blocks_of(ert_hours)
        kept = max(_KEPT, min_events)
        self._models: Recent[str, _Model] = Recent(max_models, lambda: _Model(self._threshold, kept))

    def see(self, sighting: Sighting) -> Suspicion | None:
        """See `agent.campaigns.base.Detector.see`."""
        model = self._models.of(sighting.model)
        model.inputs += 1
        # Every number is looked at, since those inside teach the range.
        far = [self._is_far(model, sighting.model, name, value) for name, value in sighting.features]
        if not any(far):
            return None
        model.evidence.pass_time(sighting.member.time)
        model.evidence.add(_USUAL, 1, model.inputs - 1)
        model.inputs = 0
        model.members.append(sighting.member)
        members = tuple(model.members)
        if model.evidence.value < self._threshold or not is_dense(members, self._min_events, self._window_seconds):
            return None
        return Suspicion(self.kind, sighting.model, "", members)

    def _is_far(self, model: _Model, model_name: str, name: str, value: object) -> bool:
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value:  # the last: not a number
            return False
        number = min(1e300, max(-1e300, value))
        feature = model.features.get(name)
        if feature is None:
            if len(model.features) >= _MOST_FEATURES:
                return False
            feature = model.features[name] = _Feature()
            known = self._known(model_name, name)
            feature.fence = None if known is None else fence(known)
        if feature.fence is not None:
            low, high = feature.fence
            return not low <= number <= high
        feature.values.append(float(number))
        if len(feature.values) == _LEARNT_FROM:
            low, high = np.quantile(np.array(feature.values), (0.005, 0.995)).tolist()
            feature.fence = fence((low, high))
            feature.values = []
        return False


def fence(usual: Range) -> Range:
    """Beyond which a value is far outside; nothing is where a feature never varied."""
    low, high = usual
    width = _FAR * (high - low)
    return (low - width, high + width) if width > 0.0 else (-np.inf, np.inf)
