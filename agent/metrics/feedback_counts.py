"""What operators said of findings, as numbers: precision by category follows from them."""

from __future__ import annotations

from agent.metrics.harm_gauges import set_or_drop
from agent.metrics.series import Family, Number
from agent.scores import Dimension

__all__ = ["FeedbackCounts"]

_MARKS = {True: "right", False: "wrong", None: "taken_back"}


class FeedbackCounts:
    """A part of `Metrics`.

    No label tells the model: categories by dimension are few, whatever traffic and other writers of the topic bring.
    """

    _numbers: dict[str, Family[Number]]

    def feedback(self, dimension: Dimension, category: str, correct: bool | None) -> None:
        """An operator's mark was taken here; None takes an earlier one back."""
        self._numbers["harmwatch_feedback_total"].child((dimension, _MARKS[correct], category)).value += 1

    def set_feedback(self, dimension: Dimension, category: str, right: int, wrong: int) -> None:
        """How many findings of a category hold which mark; none are shown when there is none."""
        for correct, number in ((True, right), (False, wrong)):
            shown = float(number) if right or wrong else None
            set_or_drop(self._numbers["harmwatch_feedback_findings"], (dimension, _MARKS[correct], category), shown)
