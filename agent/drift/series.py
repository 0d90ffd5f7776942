"""What detectors watch, by name."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

__all__ = ["Gone", "Series"]

_OF_EVENTS: Final = ("input.features.", "output.features.")
#: Whole names: an event may have a feature of its own called `user.embedding`.
_EMBEDDING: Final = re.compile(r"(?:input|output)\.embedding(\.[0-9]+)?")


class Series(NamedTuple):
    """What one detector watches; ``attribute`` and ``group`` are None for everybody."""

    model: str
    feature: str
    attribute: str | None = None
    group: str | None = None

    @property
    def label(self) -> str:
        """For the label ``feature`` of metrics: ``output.toxicity``, ``output.toxicity[gender=female]``."""
        return self.feature if self.attribute is None else f"{self.feature}[{self.attribute}={self.group}]"

    @property
    def is_named_by_events(self) -> bool:
        """Whether the name of its feature comes from the events, and not from a scorer."""
        return self.feature.startswith(_OF_EVENTS)

    @property
    def is_of_embeddings(self) -> bool:
        """Whether it is made of vectors of texts, of which there are as many as are sampled."""
        return _EMBEDDING.fullmatch(self.feature) is not None

    @property
    def is_component(self) -> bool:
        """Whether it is one number of a vector."""
        found = _EMBEDDING.fullmatch(self.feature)
        return found is not None and found[1] is not None


class Gone(NamedTuple):
    """Series that are watched no more: all of a model, those of one of its features, or those of one of its groups."""

    model: str
    feature: str | None = None
    attribute: str | None = None
    group: str | None = None

    def holds(self, series: Series) -> bool:
        """Whether a series is one of them."""
        if series.model != self.model:
            return False
        if self.feature is not None:
            return series.feature == self.feature
        return self.attribute is None or (series.attribute, series.group) == (self.attribute, self.group)
