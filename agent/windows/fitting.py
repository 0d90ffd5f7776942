"""Window state that has to fit into one message: packed first, and then without what is worth least.

What a topic takes is not asked for, since that needs a right that a worker may not have, and an operator may change it
at any time: a message that was refused tells. State is cut only where it is written. Whoever counts it goes on to hold
it whole; whoever takes it over, or merges the state of all workers, has it without the parts that were left out.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from agent.windows.panes import ModelPanes

__all__ = ["EXPENDABLE", "StateFitting"]

EXPENDABLE: Final = ("drift_groups", "drift", "sentiment", "identity", "bias_intersections", "bias_scores")
"""What is left out, in this order: an aggregator, or a part of one's counts, which has the aggregator's name before it.
Never harm, nor decisions by group."""

#: Of a message beside its value: key, headers, what a batch begins with.
_BESIDE_THE_VALUE: Final = 2048


class StateFitting:
    """Learns how large a value may be, and makes values no larger where that is possible.

    Attributes
    ----------
    most_bytes
        Of a value, as far as refusals have told.
    """

    __slots__ = ("_left_out", "_parts", "most_bytes")

    def __init__(self, aggregators: Sequence[str]) -> None:
        self._parts = tuple(part for part in EXPENDABLE if part.partition("_")[0] in aggregators)
        self._left_out: Counter[str] = Counter()
        self.most_bytes = sys.maxsize

    def fit(self, model: ModelPanes, write: Callable[[Sequence[str], int], bytes], full: bool) -> bytes:
        """A model's value; it notes in the model how many parts are left out.

        When it does not fit without all of them either, it is given as small as it gets: the topic's refusal says then
        what is wrong.

        Parameters
        ----------
        write
            Makes the value without some parts, packed where it would be larger than so many bytes.
        full
            Begin with all parts, also where they did not fit the last time.
        """
        lacking = 0 if full else model.parts_left_out
        value = write(self._parts[:lacking], self.most_bytes)
        while len(value) > self.most_bytes and lacking < len(self._parts):
            lacking += 1
            value = write(self._parts[:lacking], self.most_bytes)
        model.parts_left_out = lacking
        self._left_out.update(self._parts[:lacking])
        return value

    def refused(self, size: int) -> bool:
        """A value of so many bytes was too large; whether a smaller one can be made.

        Limits are powers of two but for a few, so the next lower one is tried: a handful of refusals finds any.
        """
        most = (1 << (size + _BESIDE_THE_VALUE - 1).bit_length() - 1) - _BESIDE_THE_VALUE
        if size > self.most_bytes or most <= 0:
            return False
        self.most_bytes = most
        return True

    def forget(self) -> None:
        """Try whole values again: the topic may take them by now."""
        self.most_bytes = sys.maxsize

    def take_left_out(self) -> Mapping[str, int]:
        """By part, the values made without it since the last call."""
        taken, self._left_out = self._left_out, Counter()
        return taken
