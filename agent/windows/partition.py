"""One source partition's panes: its models, its watermark, and what it knows of offsets and labels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from agent.windows.base import State
from agent.windows.panes import ModelPanes, PaneMath

__all__ = ["OTHER", "PartitionPanes"]

OTHER: Final = "other"
"""Where models beyond the limit are counted, and those whose names are absurdly long."""

_MAX_MODEL_NAME = 256


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
        *("pane_ends_at", "watermark", "watermark_at"),
    )

    def __init__(self, lease: int, boundaries: tuple[int, ...], generation: int = 0) -> None:
        self.lease = lease
        self.boundaries = boundaries
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

    def admit(self, name: str, math: PaneMath, max_models: int) -> ModelPanes:
        """A model not seen here before; beyond the limit, the bucket of the others."""
        if len(self.models) - (OTHER in self.models) >= max_models or len(name) > _MAX_MODEL_NAME:
            name = OTHER
        model = self.models.get(name)
        if model is None:
            model = self.models[name] = math.new_model()
        return model

    def counted_under(self, name: str) -> ModelPanes | None:
        """Where a model that has been counted here stands; a name once refused stays among the others."""
        return self.models.get(name) or self.models.get(OTHER)

    def move_watermark(self, time: float, now: float, math: PaneMath) -> None:
        """Take up a time beyond the watermark."""
        self.watermark = time
        self.watermark_at = now
        if time >= self.pane_ends_at:
            self.set_boundaries(math)

    def set_boundaries(self, math: PaneMath) -> None:
        """Where panes begin and end as of the watermark."""
        layout = math.layout
        self.boundaries = layout.boundaries(self.watermark)
        self.late_before = max(0.0, self.boundaries[-1] * layout.pane_seconds)
        self.pane_ends_at = (layout.index(self.watermark) + 1) * layout.pane_seconds

    def states_at(self, model: ModelPanes, time: float, math: PaneMath) -> list[State] | None:
        """The pane of a time up to the watermark; None for one before all panes, and for NaN."""
        if not time >= self.late_before:
            return None
        index = int(time / math.layout.pane_seconds)
        return model.hot if index == model.hot_index else math.heat(model, index, self.boundaries)
