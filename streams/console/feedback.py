"""What operators say of findings: the record on its topic, and the precision that follows from the marks."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterator
from typing import Final

import msgspec

from agent.events import Direction
from agent.quality.marks import LEAST_MARKS
from agent.scores import Dimension
from agent.windows.base import CONFIDENCE
from agent.windows.intervals import wilson, z_value

__all__ = ["Feedback", "FeedbackBook", "Precision", "feedback_key"]

_MOST_MARKS: Final = 10_000
_MOST_BYTES: Final = 16 * 1024


class Feedback(msgspec.Struct, frozen=True, kw_only=True):
    """One mark; the value of ``harm.feedback``, keyed by `feedback_key`: a later mark replaces the one before.

    It holds no text. ``scorers`` are name and version of what judged the verdict, so that whoever uses the scores knows
    of which version they are; ``marked_at`` is RFC 3339. ``marked_by`` is the name of the token that it
    came with, which several people may share; empty in marks from before there were names.

    Attributes
    ----------
    id
        The verdict's.
    correct
        True when the operator calls the finding right, False when wrong.
    score, threshold
        Of the finding, as the verdict gave them.
    """

    id: str
    category: str
    correct: bool
    marked_at: str
    inference_id: str
    source: str
    model: str
    direction: Direction
    dimension: Dimension
    score: float
    threshold: float
    scorers: dict[str, str]
    marked_by: str = ""


class Precision(msgspec.Struct, frozen=True):
    """How often findings of a category were called right, among those that were marked.

    Attributes
    ----------
    marked, correct
        Findings that were marked; those that were called right.
    value, lower, upper
        Share with its 95 % Wilson interval. It holds of all findings only as far as those marked are a fair sample:
        operators look at what strikes them. It says nothing about what was not found.
    sufficient
        At least `agent.quality.marks.LEAST_MARKS` were marked.
    """

    category: str
    dimension: Dimension
    marked: int
    correct: int
    value: float
    lower: float
    upper: float
    sufficient: bool


_decoder = msgspec.json.Decoder(Feedback)


def feedback_key(verdict_id: str, category: str) -> bytes:
    """A finding is a verdict's of a category; the verdict's id has no colon."""
    return f"{verdict_id}:{category}".encode("utf-8", "surrogatepass")


class FeedbackBook:
    """The marks that hold, each finding's last one; the latest 10,000 findings that were marked.

    Fed by the topic, so that it is the same in all workers and after a restart. ``changes`` rises with every mark.

    Parameters
    ----------
    told
        Hears dimension, category, and how many findings of it hold a mark of right and of wrong, after each change.
    """

    def __init__(
        self,
        most: int = _MOST_MARKS,
        told: Callable[[Dimension, str, int, int], None] = lambda _dimension, _category, _right, _wrong: None,
    ) -> None:
        self._most = most
        self._told = told
        self.changes = 0
        self._marks: OrderedDict[bytes, Feedback] = OrderedDict()
        # By category, its dimension and model: called right, called wrong.
        self._counts: defaultdict[tuple[str, Dimension, str], list[int]] = defaultdict(lambda: [0, 0])
        # The same of all models.
        self._totals: defaultdict[tuple[Dimension, str], list[int]] = defaultdict(lambda: [0, 0])

    def take(self, key: bytes | None, value: bytes | None) -> bool:
        """A record of the topic; one without a value takes a mark back. False for what is no mark."""
        if key is None or len(key) > _MOST_BYTES:
            return False
        if value is None:
            self._forget(key)
            self.changes += 1
            return True
        if len(value) > _MOST_BYTES:
            return False
        try:
            mark = _decoder.decode(value)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return False
        self._forget(key)
        self.changes += 1
        self._marks[key] = mark
        self._counts[mark.category, mark.dimension, mark.model][not mark.correct] += 1
        self._count(mark, 1)
        if len(self._marks) > self._most:
            self._forget(next(iter(self._marks)))
        return True

    def mark(self, verdict_id: str, category: str) -> bool | None:
        """What was said of a finding; None when nothing was."""
        found = self._marks.get(feedback_key(verdict_id, category))
        return None if found is None else found.correct

    def __len__(self) -> int:
        return len(self._marks)

    def __iter__(self) -> Iterator[Feedback]:
        return iter(self._marks.values())

    def precision(self, model: Callable[[str], bool] = lambda _model: True) -> list[Precision]:
        """By category, over the models that are asked for together; those with most marks first."""
        sums: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
        dimensions: dict[str, Dimension] = {}
        for (category, dimension, of_model), (right, wrong) in self._counts.items():
            if model(of_model):
                dimensions[category] = dimension
                sums[category][0] += right
                sums[category][1] += wrong
        found = [_precision(category, dimensions[category], *counts) for category, counts in sums.items()]
        return sorted(found, key=lambda precision: (-precision.marked, precision.category))

    def _forget(self, key: bytes) -> None:
        mark = self._marks.pop(key, None)
        if mark is None:
            return
        place = (mark.category, mark.dimension, mark.model)
        counts = self._counts[place]
        counts[not mark.correct] -= 1
        if not any(counts):
            del self._counts[place]
        self._count(mark, -1)

    def _count(self, mark: Feedback, change: int) -> None:
        place = (mark.dimension, mark.category)
        totals = self._totals[place]
        totals[not mark.correct] += change
        self._told(*place, *totals)
        if not any(totals):
            del self._totals[place]


def _precision(category: str, dimension: Dimension, right: int, wrong: int) -> Precision:
    marked = right + wrong
    bounds = wilson(right / marked, marked, z_value(CONFIDENCE))
    return Precision(
        category, dimension, marked, right, right / marked, bounds.lower, bounds.upper, marked >= LEAST_MARKS
    )
