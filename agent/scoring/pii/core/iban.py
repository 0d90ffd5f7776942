"""International bank account numbers."""

from __future__ import annotations

import re

from agent.scoring.pii.base import Recognizer, bounded
from agent.scoring.pii.checksums import mod_97

__all__ = ["RECOGNIZER"]

_COUNTRIES_BY_LENGTH = {
    15: "NO",
    16: "BE",
    18: "DK FI FK FO GL NL SD",
    19: "MK SI",
    20: "AT BA EE KZ LT LU MN XK",
    21: "CH HR LI LV",
    22: "BG BH CR DE GB GE IE ME RS VA",
    23: "AE GI IL IQ OM SO TL",
    24: "AD CZ ES MD PK RO SA SE SK TN VG",
    25: "LY PT ST",
    26: "IS TR",
    27: "BI DJ FR GR IT MC MR SM",
    28: "AL AZ BY CY DO GT HU LB NI PL SV",
    29: "BR EG PS QA UA",
    30: "JO KW MU YE",
    31: "MT SC",
    32: "LC",
    33: "RU",
}
_LENGTHS = {country: length for length, names in _COUNTRIES_BY_LENGTH.items() for country in names.split()}


_SIGNS = " -"
_WITHOUT_SIGNS = str.maketrans("", "", _SIGNS)


def _span(match: re.Match[str]) -> tuple[int, int]:
    """Cut at the country's length: in print the account may be followed by words in capitals."""
    length = _LENGTHS.get(match[0][:2].upper(), 0)
    seen = 0
    for offset, character in enumerate(match[0]):
        seen += character not in _SIGNS
        if seen == length:
            return match.start(), match.start() + offset + 1
    return match.span()


def _judge(match: re.Match[str], in_context: bool) -> float:
    start, end = _span(match)
    account = match.string[start:end].translate(_WITHOUT_SIGNS).upper()
    follows = match.string[end : end + 1]
    if len(account) != _LENGTHS.get(account[:2], 0) or (follows.isascii() and follows.isalnum()):
        return 0.0
    return 1.0 if mod_97(account) else 0.0


RECOGNIZER = Recognizer(
    name="IBAN",
    type="BANK_ACCOUNT",
    source="ISO 13616-1:2020 and SWIFT's IBAN registry (lengths by country); ISO 7064 MOD 97-10",
    pattern=bounded(
        r"[A-Za-z](?<!\w[A-Za-z])[A-Za-z][0-9]{2}"
        r"(?:[A-Za-z0-9]{11,30}+|(?: [A-Za-z0-9]{1,4}){3,8}|(?:-[A-Za-z0-9]{1,4}){3,8})"
    ),
    trigger=r"[A-Za-z]{2}[0-9]{2}(?:[A-Za-z0-9]{11}|(?: [A-Za-z0-9]{1,4}){3}|(?:-[A-Za-z0-9]{1,4}){3})",
    starts=True,
    judge=_judge,
    span=_span,
    priority=8,
)
