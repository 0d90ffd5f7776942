"""Numbers that identify somebody, in whatever notation: ``4111 1111 1111 1111`` is ``4111-1111-1111-1111``.

Telephone numbers and the like are the same over separators, wherever these stand. What is found here are groups of
digits (and letters, as in an IBAN) that together are a known number, with at most two separators between two groups.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from agent.normalize import INVISIBLE

__all__ = ["LEAST_DIGITS", "MOST_CHARACTERS", "SEPARATORS", "Numbers", "number_form"]

LEAST_DIGITS = 7
"""Fewer digits stand in too many texts by chance, once their separators do not count."""

#: The body of a character class: what stands between the groups of a number, draws nothing there, or a key around each.
SEPARATORS = r"\s\-\u2010-\u2015\u2212_.·•/,()（）" + INVISIBLE + "\u20e3"

_NUMBERED = frozenset({"CARD", "BANK_ACCOUNT", "NATIONAL_ID", "LICENCE_ID", "MEDICAL_ID"})
_SEPARATOR = re.compile(f"[{SEPARATORS}]+")
_NO_DIGIT = re.compile(r"[^0-9]+")
_FORM = re.compile(f"(?:[a-z]*[0-9]){{{LEAST_DIGITS},}}[a-z]*")
#: Identifiers are at most 34 characters long (IBAN); what is longer is no number, and is found as it is written.
_MOST = 40

MOST_CHARACTERS = 3 * (_MOST + 4)
"""How long a number can be in any notation: two separators between any two of its digits."""
_CN_MOBILE = re.compile(r"(?:(?:00)?86)?(1[3-9][0-9]{9})")
_GROUP = re.compile("[0-9]+|[a-z]+")
_CN_PREFIXES = ("86", "0086")


def number_form(folded: str, kind: str) -> str | None:
    """The digits and letters of a value, when they make it what it is; None for other types and for short numbers.

    Parameters
    ----------
    folded
        In lower case and ASCII width (`agent.redaction.fold`).
    kind
        Its type: PHONE, of which only digits count, CARD, BANK_ACCOUNT, NATIONAL_ID, LICENCE_ID or MEDICAL_ID.
    """
    if kind == "PHONE":
        form = _NO_DIGIT.sub("", folded)
    elif kind in _NUMBERED:
        form = _SEPARATOR.sub("", folded)
    else:
        return None
    return form if len(form) <= _MOST and _FORM.fullmatch(form) else None


class Numbers:
    """Finds known numbers in other notations.

    Parameters
    ----------
    kinds
        Folded values with their types. Those that have no `number_form` are not looked for.

    Notes
    -----
    Takes time proportional to the length of the text, whatever the number of values. The number of a Chinese mobile is
    found with its country prefix too.
    """

    def __init__(self, kinds: Mapping[str, str]) -> None:
        digits: dict[str, tuple[str, int]] = {}
        mixed: dict[str, tuple[str, int]] = {}
        for value, kind in kinds.items():
            form = number_form(value, kind)
            if form is None:
                continue
            mobile = _CN_MOBILE.fullmatch(form) if kind == "PHONE" else None
            if mobile is not None:
                form = mobile[1]
                for prefix in _CN_PREFIXES:
                    # Where the prefix is a group of its own the number is found without it.
                    digits.setdefault(prefix + form, (value, len(prefix) + 1))
            (digits if form.isdigit() else mixed)[form] = (value, 1)
        self._searches = [_Search(forms, of) for forms, of in ((digits, "0-9"), (mixed, "0-9a-z")) if forms]

    def __bool__(self) -> bool:
        return bool(self._searches)

    def places(self, folded: str) -> Iterator[tuple[int, int, str]]:
        """Start, end and value, for every place of a folded text where the number of the value stands.

        A place begins and ends with a whole group: digits in a longer run of digits are another number, and letters in
        a longer run of letters another word.
        """
        for search in self._searches:
            yield from search.places(folded)


class _Search:
    """Forms out of one class of characters: each with its value, and the least length of the first group."""

    def __init__(self, forms: Mapping[str, tuple[str, int]], characters: str) -> None:
        self._forms = forms
        self._lengths = frozenset(map(len, forms))
        self._longest = max(self._lengths)
        self._first = frozenset(form[0] for form in forms)
        self._region = _region(characters, min(self._lengths))

    def places(self, folded: str) -> Iterator[tuple[int, int, str]]:
        for region in self._region.finditer(folded):
            groups = [group.span() for group in _GROUP.finditer(folded, *region.span())]
            if len(groups) == 1:
                yield from self._matching(folded, groups, 0)
                continue
            for first in range(len(groups)):
                if folded[groups[first][0]] in self._first:
                    yield from self._matching(folded, groups, first)

    def _matching(self, folded: str, groups: list[tuple[int, int]], first: int) -> Iterator[tuple[int, int, str]]:
        """Known numbers whose first group is this one."""
        begin, head = groups[first]
        length, form = 0, ""
        for number in range(first, len(groups)):
            start, end = groups[number]
            length += end - start
            if length > self._longest:
                return
            form += folded[start:end]
            found = self._forms.get(form) if length in self._lengths else None
            if found is not None and head - begin >= found[1]:
                yield begin, end, found[0]


@lru_cache(maxsize=128)
def _region(characters: str, least: int) -> re.Pattern[str]:
    """So many characters and more, with at most two separators between two of them."""
    return re.compile(f"[{characters}](?:[{SEPARATORS}]{{0,2}}[{characters}]){{{least - 1},}}+")
