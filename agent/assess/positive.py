"""Which value of the label is in a person's favour: the one that was named, or else the usual one of two."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from agent.assess.cells import number_of

__all__ = ["USUAL", "PositiveLabel"]

USUAL: Final[Mapping[str, tuple[str, ...]]] = {
    "1": ("0", "-1"),
    "true": ("false",),
    "yes": ("no",),
    "y": ("n",),
    "t": ("f",),
    "positive": ("negative",),
    "approved": ("denied", "rejected", "declined"),
    "accepted": ("rejected",),
    "pass": ("fail",),
    "granted": ("denied",),
    "是": ("否",),
    "通过": ("拒绝", "未通过", "不通过"),
    "通過": ("拒絕", "未通過", "不通過"),
    "批准": ("拒绝", "未批准", "不批准", "拒絕"),
}
"""Positive values, and what may be the other one beside each, in any case and numbers as numbers. None is on both
sides."""

#: So many labels are remembered. A numeric target has more, which are looked at each time.
_MOST_KNOWN: Final = 200
#: From here on a float stands for several whole numbers.
_EXACT_BELOW: Final = 2.0**53


class PositiveLabel:
    """Tells the positive label from others, each row by itself.

    So no answer depends on other rows, as differential privacy needs it, and one pass is enough: what the usual value
    is can be told of each label, and only whether it may be assumed is known at the end. Memory is bounded.

    Parameters
    ----------
    named
        The positive value. Labels are it that have the same text, are the same number (``1.0`` is ``1``) or the same
        truth value (``True`` is ``true``): who names it writes it as some tool showed it, not as the file has it.
        Without it, a value out of `USUAL` is assumed where all labels are that value and one beside it.
    """

    def __init__(self, named: str | None = None) -> None:
        self._named = named
        self._known: dict[str, bool] = {}
        #: Without a name: the first three different values, and how each was written first.
        self._values: dict[str | float, str] = {}

    @property
    def assumed(self) -> bool:
        """Whether nobody has named it."""
        return self._named is None

    @property
    def ruled_out(self) -> bool:
        """Whether nothing was named, and more values have come up than one could be assumed of."""
        return len(self._values) > 2

    @property
    def value(self) -> str | None:
        """The positive value. None when it was not named and none can be assumed of the labels seen so far."""
        if self._named is not None:
            return self._named
        if len(self._values) != 2:
            return None
        one, other = self._values
        if other in _OPPOSITES.get(one, ()):
            return self._values[one]
        return self._values[other] if one in _OPPOSITES.get(other, ()) else None

    def holds(self, label: str) -> bool:
        """Whether a label, as `cell_text` gives it, is the positive one; an empty one is not."""
        known = self._known.get(label)
        return self._learned(label) if known is None else known

    def _learned(self, label: str) -> bool:
        if not label:
            return False
        if self._named is not None:
            positive = label == self._named or _value(label) == _value(self._named)
        else:
            value = _value(label.casefold())
            positive = value in _OPPOSITES
            if not self.ruled_out:
                self._values.setdefault(value, label)
        if len(self._known) < _MOST_KNOWN:
            self._known[label] = positive
        return positive


def _value(text: str) -> str | float:
    """The number or truth value that a text is, else the text."""
    number = number_of(text)
    if number is not None and abs(number) < _EXACT_BELOW:
        return number
    lowered = text.lower()
    return lowered if lowered in ("true", "false") else text


_OPPOSITES: Final = {_value(positive): frozenset(map(_value, others)) for positive, others in USUAL.items()}
