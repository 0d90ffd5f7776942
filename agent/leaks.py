"""Leak or echo: does personal data in an output come from the input, or did the model bring it up?

A model that repeats the caller's own telephone number has leaked nothing; one that tells a number that nobody gave it
has. The difference is whether the value occurs in what the model was given: the input's texts and the context.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

from agent.scores import TextSpan

__all__ = ["SeenText", "leaked_flags"]

# Shorter values are compared as written: a few letters and digits without separators turn up everywhere.
_SHORTEST_SQUEEZED = 7
# A telephone number may be written with or without its country and trunk prefix; what must agree is the rest.
_PHONE_DIGITS = 9
_SEPARATORS = re.compile(r"[\W_]+")


def _fold(text: str) -> str:
    """Full-width forms to ASCII, case away."""
    return text.lower() if text.isascii() else unicodedata.normalize("NFKC", text).casefold()


def _squeeze(folded: str) -> str:
    return _SEPARATORS.sub("", folded)


class SeenText:
    """What the model had been given. The forms to compare with are made on first use, for outputs that hold a span.

    Parameters
    ----------
    texts
        The raw texts of the input and of the context, in any order.
    """

    __slots__ = ("_folded", "_squeezed", "_texts")

    def __init__(self, texts: Iterable[str]) -> None:
        self._texts = tuple(texts)
        self._folded: str | None = None
        self._squeezed: str | None = None

    def holds(self, value: str, kind: str = "") -> bool:
        """Whether the value occurs: as it is, or when case, width, blanks and punctuation are disregarded.

        Parameters
        ----------
        value
            The raw text of a span.
        kind
            Its type, as in the contract. ``PHONE`` disregards country codes, ``IP`` keeps its dots and whole numbers.

        Notes
        -----
        Values of fewer than seven letters and digits must occur with their own punctuation. No attempt is made to
        recognise a value that was spelled in words or split over several texts.
        """
        folded = _fold(value)
        if not folded.strip():
            return True
        seen = self._seen_folded()
        if kind == "IP":
            return re.search(rf"(?<![0-9a-f.:]){re.escape(folded)}(?![0-9a-f:]|\.[0-9])", seen) is not None
        if folded in seen:
            return True
        squeezed = _squeeze(folded)
        if len(squeezed) < _SHORTEST_SQUEEZED:
            return False
        if kind == "PHONE":
            squeezed = squeezed[-_PHONE_DIGITS:]
        return squeezed in self._seen_squeezed()

    def _seen_folded(self) -> str:
        if self._folded is None:
            self._folded = "\n".join(_fold(text) for text in self._texts)
        return self._folded

    def _seen_squeezed(self) -> str:
        if self._squeezed is None:
            # The line break keeps the end of one text and the start of the next from forming a value.
            self._squeezed = "\n".join(_squeeze(_fold(text)) for text in self._texts)
        return self._squeezed


def leaked_flags(text: str, spans: Sequence[TextSpan], seen: SeenText | None) -> list[bool | None]:
    """For each span of an output's text: True when its value was not given to the model, False when it was.

    Parameters
    ----------
    text
        The raw text that the offsets of `spans` count in.
    seen
        Input and context; None when the input has not been seen, and then every answer is None.
    """
    if seen is None:
        return [None] * len(spans)
    known: dict[tuple[str, str], bool] = {}
    flags: list[bool | None] = []
    for span in spans:
        key = (text[span.start : span.end], span.type)
        if key not in known:
            known[key] = not seen.holds(*key)
        flags.append(known[key])
    return flags
