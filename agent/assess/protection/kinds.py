"""Types of values, and when two forms of writing are the same value."""

from __future__ import annotations

import ipaddress
import re
import unicodedata

from agent.normalize import compatible
from agent.notations import SEPARATORS
from agent.taxonomy import CATEGORIES

__all__ = ["IDENTIFYING", "KINDS", "VALUE", "plain_digits", "standard_form"]

VALUE = "VALUE"
"""The type of a declared column that says none."""

#: What the pii scorer may find.
IDENTIFYING = frozenset(
    name.removeprefix("pii.").upper() for name in (category.name for category in CATEGORIES) if name.startswith("pii.")
)

#: Beyond these, columns may be declared as what only a column's name tells.
KINDS = IDENTIFYING | {VALUE, "AGE", "BIRTH_DATE", "COORDINATES", "DATE", "NUMBER", "POSTCODE"}

_NUMBERED = frozenset({"CARD", "BANK_ACCOUNT", "NATIONAL_ID", "LICENCE_ID", "MEDICAL_ID", "PLATE", "POSTCODE"})
_SEPARATORS = re.compile(f"[{SEPARATORS}]+")
_NO_DIGIT = re.compile(r"[^0-9]+")
# A mainland mobile number with its country prefix and without is one number.
_CN_PREFIX = re.compile(r"(?:00)?86(?=1[3-9]\d{9}$)")


def standard_form(value: str, kind: str) -> str:
    """One form for all ways to write a value, as far as its type has one.

    Width and compatibility forms (NFKC) never matter, nor the script of digits, nor blanks around the value; case does
    not either, but in secrets, which are taken exactly as they stand. Numbers lose their separators, telephone numbers
    everything but digits (and ``+86`` before a mainland mobile number), network addresses their notation, names and
    addresses repeated blanks.

    `agent.canonical`, by which canaries are looked up, drops more: too much for a value that is to be given back.

    Not promised: that different forms of writing always meet. ``+44 20 ...`` and ``020 ...`` stay two numbers, ``Lee,
    Ann`` and ``Ann Lee`` two names.
    """
    if kind == "SECRET":
        return value
    folded = plain_digits(compatible(compatible(value).casefold())).strip()
    # Once more: a mark may compose with the letter that a separator had kept it from.
    return compatible(_without_notation(folded, kind))


def plain_digits(text: str) -> str:
    """The text with the digits 0 to 9 in place of those of other scripts, such as ٤ and ४."""
    if text.isascii():
        return text
    return "".join([str(unicodedata.decimal(each)) if each.isdecimal() else each for each in text])


def _without_notation(folded: str, kind: str) -> str:
    if kind == "PHONE":
        digits = _NO_DIGIT.sub("", folded)
        return _CN_PREFIX.sub("", digits) if digits else folded
    if kind in _NUMBERED:
        return _SEPARATORS.sub("", folded) or folded
    if kind == "IP":
        try:
            return ipaddress.ip_address(folded).compressed
        except ValueError:
            return folded
    if kind == "EMAIL":
        return "".join(folded.split())
    return " ".join(folded.split())
