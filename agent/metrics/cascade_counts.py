"""What cascades looked at, what they found, and what the audit says that they missed."""

from __future__ import annotations

from collections.abc import Mapping

from agent.metrics.series import Family, Number
from agent.scores import Dimension

__all__ = ["CascadeCounts"]


class CascadeCounts:
    """A part of `Metrics`. All numbers are weighted sums where a sample of the calls is scored."""

    _numbers: dict[str, Family[Number]]

    def cascade_texts(self, model: str, scorer: str, parts: Mapping[str, float]) -> None:
        """Texts by what the cascade did with them: ``certain``, ``audited`` or ``passed``."""
        texts = self._numbers["harmwatch_cascade_texts_total"]
        found = self._numbers["harmwatch_cascade_found_total"]
        missed = self._numbers["harmwatch_cascade_missed_total"]
        for part, number in parts.items():
            key = (model, scorer, part)
            child = texts.children.get(key) or texts.child(key)
            child.value += number
        # Zeros from the first text on: without them the first finding would be no increase, and no miss no number.
        if (model, scorer) not in missed.children:
            missed.child((model, scorer))
            for part in ("certain", "audited"):
                found.child((model, scorer, part))

    def cascade_found(self, model: str, scorer: str, part: str, n: float, missed: float = 0.0) -> None:
        """Texts with a finding, of those looked at; and how many more there are by what they stand for."""
        self._numbers["harmwatch_cascade_found_total"].child((model, scorer, part)).value += n
        if missed:
            self._numbers["harmwatch_cascade_missed_total"].child((model, scorer)).value += missed

    def harm_excess(self, model: str, dimension: Dimension, n: float) -> None:
        """A harmful event that an audit found: how much more uncertain its weight makes the sum."""
        self._numbers["harmwatch_harmful_event_excess_total"].child((model, dimension)).value += n
