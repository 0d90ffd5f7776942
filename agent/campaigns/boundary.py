"""Probing of a model's decision boundary: one tenant whose inputs gather there, or move by tiny steps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, Final

from agent.campaigns.base import Kind, Sees, Sighting, Suspicion, is_dense
from agent.campaigns.origins import Origins
from agent.campaigns.recent import Recent
from agent.events import FeatureValue

__all__ = ["Boundaries", "is_tiny_step"]

#: Scores at most so far from the threshold are near it.
_MARGIN: Final = 0.03
#: Largest relative change of a feature between two inputs of a tenant that is a tiny step.
_STEP: Final = 0.02
_MOST_FEATURES: Final = 64
_FEWEST_NUMBERS: Final = 2

Row = Sequence[tuple[str, FeatureValue]]


class _Rows:
    """The last row of one tenant of one model."""

    __slots__ = ("row",)

    def __init__(self) -> None:
        self.row: Row = ()


class Boundaries:
    """Marks outputs whose score is near the threshold, or whose input is a tiny step from the tenant's last one.

    Search attacks on a model that only answers (Brendel, Rauber and Bethge, "Decision-based adversarial attacks",
    2018) walk along its boundary, in small steps. Marks are compared between tenants, and with a tenant's own past,
    by `Origins`: a model all of whose scores are near the threshold raises nothing. Where only one tenant asks,
    nothing can be told.

    Parameters
    ----------
    threshold
        Of a model's scores, which lie in [0, 1].
    """

    kind: ClassVar[Kind] = "boundary"
    sees: ClassVar[Sees] = "scores"

    def __init__(
        self,
        *,
        threshold: Callable[[str], float] = lambda model: 0.5,
        min_events: int = 12,
        window_seconds: float = 1800.0,
        ert_hours: float = 720.0,
        max_tenants: int = 256,
        max_models: int = 200,
    ) -> None:
        self._threshold = threshold
        self._min_events = min_events
        self._window_seconds = window_seconds
        self._models: Recent[str, Origins] = Recent(max_models, lambda: Origins(ert_hours, max_tenants, min_events))
        self._rows: Recent[tuple[str, str], _Rows] = Recent(4 * max_tenants, _Rows)

    def see(self, sighting: Sighting) -> Suspicion | None:
        """See `agent.campaigns.base.Detector.see`."""
        model, member, score = sighting.model, sighting.member, sighting.score
        if not member.tenant:
            return None
        origins = self._models.of(model)
        origins.count(member.tenant)
        is_marked = score is not None and 0.0 <= score <= 1.0 and abs(score - self._threshold(model)) <= _MARGIN
        if sighting.features:
            rows = self._rows.of((model, member.tenant))
            row = tuple(sighting.features[:_MOST_FEATURES])
            is_marked |= is_tiny_step(rows.row, row)
            rows.row = row
        if not is_marked:
            return None
        members = origins.mark(member)
        if members is None or not is_dense(members, self._min_events, self._window_seconds):
            return None
        return Suspicion(self.kind, model, member.tenant, members)


def is_tiny_step(before: Row, after: Row) -> bool:
    """Whether two rows have the same features, differ, and differ in numbers alone, each by little.

    Rows with a single number are never told to be: two of them are near each other by chance too often.
    """
    if len(before) != len(after) or before == after:
        return False
    numbers = 0
    for (name, old), (other_name, new) in zip(before, after, strict=True):
        if name != other_name:
            return False
        if isinstance(old, (str, bool)) or isinstance(new, (str, bool)) or old is None or new is None:
            if old != new:
                return False
        elif _is_near(old, new):
            numbers += 1
        else:
            return False
    return numbers >= _FEWEST_NUMBERS


def _is_near(old: float, new: float) -> bool:
    try:
        return abs(old - new) <= _STEP * max(abs(old), abs(new))
    except OverflowError:  # an integer of more than 308 digits
        return False
