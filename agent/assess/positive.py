"""Which value of the label is in a person's favour."""

from __future__ import annotations

from typing import Final

from agent.assess.cells import number_of

__all__ = ["PositiveLabel"]

#: So many labels are remembered. A numeric target has more, which are looked at each time.
_MOST_KNOWN: Final = 200
#: From here on a float stands for several whole numbers.
_EXACT_BELOW: Final = 2.0**53


class PositiveLabel:
    """Tells the positive label from others, each row by itself.

    So no answer depends on other rows, as differential privacy needs it. Memory is bounded.

    Parameters
    ----------
    named
        The positive value. Labels are it that have the same text, are the same number (``1.0`` is ``1``) or the same
        truth value (``True`` is ``true``): who names it writes it as some tool showed it, not as the file has it.
    """

    def __init__(self, named: str) -> None:
        self._named = named
        self._known: dict[str, bool] = {}

    @property
    def value(self) -> str:
        """The positive value."""
        return self._named

    def holds(self, label: str) -> bool:
        """Whether a label, as `cell_text` gives it, is the positive one; an empty one is not."""
        known = self._known.get(label)
        return self._learned(label) if known is None else known

    def _learned(self, label: str) -> bool:
        if not label:
            return False
        positive = label == self._named or _value(label) == _value(self._named)
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
