"""One source partition's panes: its models, its watermark, and what it knows of offsets and labels."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from agent.windows.base import Observation, State
from agent.windows.labelled import PLACES
from agent.windows.panes import ModelPanes, PaneMath

__all__ = ["OTHER", "PartitionPanes"]

OTHER: Final = "other"
"""Where models beyond the limit are counted, and those whose names are absurdly long."""

_MAX_MODEL_NAME = 256
#: When no event has come for so long but from the future, somebody's clock is wrong. A backlog is read faster.
_FUTURE_SECONDS: Final = 60.0


class PartitionPanes:
    """What the window engine holds of one partition.

    Attributes
    ----------
    lease
        Tells this holding of the partition from an earlier one.
    generation, floor, damaged
        See `WindowEngine.restore` and `WindowEngine.restart`.
    covered
        Next offset never applied nor skipped.
    watermark, watermark_at
        Highest event time, and the wall time when it was reached.
    boundaries, late_before, pane_ends_at
        Of the panes at this watermark: where each tier begins, where panes begin, where the newest one ends.
    label_offsets
        By partition of the labels, as restored: the next label that has not been offered to this state.
    """

    __slots__ = (
        *("boundaries", "covered", "damaged", "floor", "generation", "label_offsets", "late_before", "lease", "models"),
        *("_future_since", "_math", "_max_models", "_named", "pane_ends_at", "watermark", "watermark_at"),
    )

    def __init__(
        self, math: PaneMath, max_models: int, named: Collection[str], lease: int, generation: int = 0
    ) -> None:
        self._math = math
        self._max_models = max_models
        self._named = named
        self._future_since = 0.0
        self.lease = lease
        self.boundaries = math.layout.boundaries(0.0)
        self.generation = generation
        self.floor = 0
        self.damaged = 0
        self.covered = 0
        self.watermark = 0.0
        self.watermark_at = 0.0
        self.late_before = 0.0
        self.pane_ends_at = 0.0
        self.models: dict[str, ModelPanes] = {}
        self.label_offsets: Mapping[int, int] = {}

    def admit(self, name: str) -> ModelPanes:
        """A model not seen here before; beyond the limit, the bucket of the others."""
        if not self._takes(name):
            name = OTHER
        model = self.models.get(name)
        if model is None:
            model = self.models[name] = self._math.new_model()
        return model

    def _takes(self, name: str) -> bool:
        # First come, first kept, but for whom the operator has named: a replay must refuse whom the first reading
        # refused, also after a snapshot of which only some values were written.
        if name in self._named:
            return True
        return len(self.models) - (OTHER in self.models) < self._max_models and len(name) <= _MAX_MODEL_NAME

    def _counted_under(self, name: str) -> ModelPanes | None:
        """Where a model's observations stand, if there are any; a name once refused stays among the others."""
        return self.models.get(name) or (None if self._takes(name) else self.models.get(OTHER))

    def pass_by(self, names: Collection[str], next_offset: int) -> None:
        """Events of these models were not scored, and count as covered: when they come again they are not drawn anew.

        Were they, an event that the first draw had left out would have a second chance, at another rate perhaps, and
        one that it had taken would not: sums of weights would be too large.
        """
        for name in names:
            model = self.models.get(name) or self.admit(name)
            model.covered = max(model.covered, next_offset)

    # Time

    def move_watermark(self, time: float, now: float) -> None:
        """Take up a time beyond the watermark."""
        self._future_since = 0.0
        self._reach(time, now)

    def _reach(self, time: float, now: float) -> None:
        self.watermark = time
        self.watermark_at = now
        if time >= self.pane_ends_at:
            self.set_boundaries()

    def place_future(self, now: float) -> float:
        """The time at which an event from the future is counted.

        That is the watermark, or now where there is none: events behind it may be older, in a backlog. Where all come
        from the future somebody's clock is wrong, and ours moves the watermark on: else windows would run empty while
        events come, or panes would pile up, none of which is ever folded.
        """
        if not 0.0 < self._future_since <= now:
            self._future_since = now
        if now - self._future_since >= _FUTURE_SECONDS:
            present = self.watermark + max(0.0, now - self.watermark_at) if self.watermark else now
            if present > self.watermark:
                self._reach(present, now)
        return self.watermark or now

    def set_boundaries(self) -> None:
        """Where panes begin and end as of the watermark."""
        layout = self._math.layout
        self.boundaries = layout.boundaries(self.watermark)
        self.late_before = max(0.0, self.boundaries[-1] * layout.pane_seconds)
        self.pane_ends_at = (layout.index(self.watermark) + 1) * layout.pane_seconds

    # Labels

    def covers(self, name: str, offset: int) -> bool:
        """Whether a record has been counted for this model: when it comes again, it is passed over."""
        model = self._counted_under(name)
        return model is not None and offset < model.covered

    def is_labelled(self, name: str, key: int) -> bool:
        """Whether a decision has got its label from elsewhere than its own event, or is too old to tell."""
        model = self._counted_under(name)
        return model is not None and key in model.labelled

    def is_too_old(self, name: str, key: int) -> bool:
        """Whether so many later decisions have their labels that this one takes none any more."""
        model = self._counted_under(name)
        return model is not None and key < model.labelled.begins

    @property
    def is_relabelled(self) -> bool:
        """Labels have come since the last confirmed snapshot."""
        return any(model.revision > model.saved[1] for model in self.models.values())

    def mark_labelled(self, name: str, key: int) -> None:
        """A decision was counted with a label that came from elsewhere: when that comes again, it changes nothing."""
        model = self._counted_under(name)
        if model is not None and key not in model.labelled:
            model.labelled.add(key)
            model.revision += 1

    def relabel(self, key: int, observation: Observation, label: str) -> bool:
        """Give an observation that was counted without a label its label, in the pane where it was counted.

        Windows and totals are then what they would be had the label been known. An event from the future was counted at
        the watermark of its day, and its label is at that of today: short windows may tell them apart.

        Returns
        -------
        bool
            False when nothing was changed: the decision has a label already, is too old to tell, or has not been
            counted.
        """
        model = self._counted_under(observation.model)
        if model is None or key // PLACES >= model.covered or key in model.labelled:
            return False
        states = self._states_of(model, observation.time)
        for place, relabel in self._math.relabels:
            relabel(states[place], observation, label)
        # What is summed up for the windows does not see that a pane has changed.
        model.epoch += 1
        model.old_epoch += 1
        model.labelled.add(key)
        model.revision += 1
        return True

    def _states_of(self, model: ModelPanes, time: float) -> list[State]:
        """Those in which an event of this time was counted, see `relabel`."""
        if self.watermark > 0.0 or not time > 0.0:
            return self._states_at(model, min(time, self.watermark))
        # Without a watermark all that was counted came from the future, and stands in the panes of the clock.
        newest = max(model.tiers[0], default=None)
        return model.settled if newest is None else model.tiers[0][newest]

    def _states_at(self, model: ModelPanes, time: float) -> list[State]:
        """Those that hold a time up to the watermark, or NaN."""
        if not time >= self.late_before:
            return model.settled
        index = int(time / self._math.layout.pane_seconds)
        return model.hot if index == model.hot_index else self._math.heat(model, index, self.boundaries)
