"""Leak or echo: does personal data in an output come from the input, or did the model bring it up?

A model that repeats the caller's own telephone number has leaked nothing; one that tells a number that nobody gave it
has. The difference is whether the value occurs in what the model was given: the input's texts and the context.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from agent.birthdays import dates_in
from agent.canonical import canonical
from agent.normalize import compatible

__all__ = ["MAX_VALUES", "LeakCheck", "SeenText"]

MAX_VALUES = 100
"""Different values looked up for one output."""

# Characters read for one output, beyond the first value: a tenth of a second, two at worst.
_MAX_READ = 200_000_000
# An address has to be looked at in its surroundings, which takes that much longer.
_READ_PER_IP = 20
# Shorter values are compared as written: a few letters and digits without separators turn up everywhere.
_SHORTEST_SQUEEZED = 7
# A telephone number may be written with or without its country and trunk prefix; what must agree is the rest.
_PHONE_DIGITS = 9
# What goes on with an address. Of version 6 a group and its colon do, and no word that a colon ends.
_BESIDE_IPV4 = (re.compile("[0-9.]$"), re.compile(r"[0-9]|\.[0-9]"))
_BESIDE_IPV6 = (re.compile("(?:[0-9a-f.]|(?:(?<![0-9a-z])[0-9a-f]{1,4}|:):)$"), re.compile(r"[0-9a-f:]|\.[0-9]"))
# Dates are looked for in no more; in longer ones they must stand as they are written.
_MOST_DATED = 500_000
# Who else sits at the number: written ext. 12, x12, 转12, it is the same telephone.
_EXTENSION = re.compile(r"[ ,]{0,2}(?:x|ext\.?|转|轉|分机|分機)[ .:]{0,2}[0-9]{1,6}$")
_SEPARATORS = re.compile(r"[\W_]+")
# The same for ASCII, forty times as fast: what is looked through may be megabytes.
_ASCII_SEPARATORS = bytes(code for code in range(128) if not chr(code).isalnum())


def _fold(text: str) -> str:
    """Full-width forms to ASCII, case away."""
    return text.lower() if text.isascii() else compatible(text).casefold()


def _squeeze(folded: str) -> str:
    if folded.isascii():
        return folded.encode("ascii").translate(None, _ASCII_SEPARATORS).decode("ascii")
    return _SEPARATORS.sub("", folded)


class SeenText:
    """What the model had been given. The forms to compare with are made on first use, for outputs that hold a span.

    Parameters
    ----------
    texts
        The raw texts of the input and of the context, in any order.

    Attributes
    ----------
    size
        Characters in all.
    """

    __slots__ = ("_canonical", "_dates", "_folded", "_parts", "_squeezed", "_texts", "size")

    def __init__(self, texts: Iterable[str]) -> None:
        self._texts = tuple(texts)
        self.size = sum(map(len, self._texts))
        self._parts: tuple[str, ...] = ()
        self._folded: str | None = None
        self._squeezed: str | None = None
        self._canonical: str | None = None
        self._dates: frozenset[tuple[int, int, int]] | None = None

    def holds(self, value: str, kind: str = "") -> bool:
        """Whether the value occurs: as it is, or when case, width, blanks and punctuation are disregarded.

        Parameters
        ----------
        value
            The raw text of a span.
        kind
            Its type, as in the contract. ``PHONE`` disregards country codes, ``IP`` keeps its dots and whole numbers,
            ``CANARY`` is compared in the form in which canaries are found, ``DATE_OF_BIRTH`` in any notation of digits
        or months, ``NAME`` as whole words.

        Notes
        -----
        Values of fewer than seven letters and digits must occur with their own punctuation. No attempt is made to
        recognise a value that was spelled in words or split over several texts.
        """
        folded = _fold(value)
        if not folded.strip():
            return True
        if kind == "CANARY":
            return canonical(value) in self._seen_canonical()
        seen = self._seen_folded()
        if kind == "IP":
            return _holds_address(seen, folded)
        if kind == "DATE_OF_BIRTH" and self.size <= _MOST_DATED and self._holds_date(folded):
            return True
        if kind == "NAME":
            # Ann is not told by an annex.
            literal = re.escape(folded)
            if re.search(rf"{literal}(?<![a-z]{literal})(?![a-z])", seen) is not None:
                return True
        elif folded in seen:
            return True
        if kind == "PHONE":
            folded = _EXTENSION.sub("", folded)
        squeezed = _squeeze(folded)
        if len(squeezed) < _SHORTEST_SQUEEZED:
            return False
        if kind == "PHONE":
            squeezed = squeezed[-_PHONE_DIGITS:]
        return squeezed in self._seen_squeezed()

    def _seen_folded(self) -> str:
        if self._folded is None:
            self._parts = tuple(map(_fold, self._texts))
            self._folded = "\n".join(self._parts)
        return self._folded

    def _seen_squeezed(self) -> str:
        if self._squeezed is None:
            self._seen_folded()
            # The line break keeps the end of one text and the start of the next from forming a value.
            self._squeezed = "\n".join(map(_squeeze, self._parts))
        return self._squeezed

    def _holds_date(self, folded: str) -> bool:
        """Whether a date occurs in another notation: a form asks for 1985-03-12 what somebody writes out."""
        if self._dates is None:
            self._dates = frozenset(dates_in(self._seen_folded()))
        dates = set(dates_in(folded))
        return not self._dates.isdisjoint(dates)

    def _seen_canonical(self) -> str:
        if self._canonical is None:
            self._canonical = "\n".join(map(canonical, self._texts))
        return self._canonical


def _holds_address(seen: str, folded: str) -> bool:
    """Whether an IP address occurs, and not as part of another one.

    A colon belongs to an address of version 6 alone: before one of version 4 a label ends, behind it a port begins.
    """
    before, behind = _BESIDE_IPV6 if ":" in folded else _BESIDE_IPV4
    place = seen.find(folded)
    while place >= 0:
        if not before.search(seen, max(0, place - 6), place) and not behind.match(seen, place + len(folded)):
            return True
        place = seen.find(folded, place + 1)
    return False


class LeakCheck:
    """Looks the values of one output up in what the model was given, with an end to its patience.

    Parameters
    ----------
    seen
        Input and context; None when the input has not been seen, and then every answer is None.

    Notes
    -----
    An output may hold ten thousand addresses, and its input megabytes. The search stops at the first value that leaked;
    it covers at most `MAX_VALUES` different values of an output, over all calls of `leaked`, and fewer for an input of
    more than a million characters (of 100,000 for IP addresses). Values beyond that are not known to be echoes.
    """

    __slots__ = ("_known", "_read", "_seen")

    def __init__(self, seen: SeenText | None) -> None:
        self._seen = seen
        self._known: dict[tuple[str, str], bool] = {}
        self._read = 0

    def leaked(self, values: Iterable[tuple[str, str]]) -> bool | None:
        """Whether one of the values was not given to the model.

        Parameters
        ----------
        values
            Raw text and type of each span.

        Returns
        -------
        bool or None
            True for a leak, False when all are echoes, None when the input has not been seen, or when those that were
            looked up are echoes and others were not looked up.
        """
        seen = self._seen
        if seen is None:
            return None
        unknown = False
        for value in values:
            held = self._known.get(value)
            if held is None:
                if len(self._known) >= MAX_VALUES or self._read > _MAX_READ:
                    unknown = True
                    continue
                self._read += seen.size * (_READ_PER_IP if value[1] == "IP" else 2)
                held = self._known[value] = seen.holds(*value)
            if not held:
                return True
        return None if unknown else False
