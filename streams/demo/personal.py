"""Synthetic personal data: right in form and checksum, and nobody's.

Every kind is chosen so that it cannot belong to a person: domains of RFC 2606, a resident ID of a county that does not
exist and a birth more than a century ago, the card networks' published test numbers, mobile numbers of the pattern
that manuals use, and access keys with digits that AWS's alphabet does not have.
"""

from __future__ import annotations

import random
from typing import Final

__all__ = ["access_key", "card", "email", "luhn_valid", "mobile", "resident_id", "resident_id_check_digit"]

_DOMAINS: Final = ("example.com", "example.org", "example.net")  # RFC 2606
_FAMILY: Final = ("chen", "wang", "li", "zhao", "lin", "smith", "brown", "garcia", "novak", "haddad", "okafor", "meyer")
_GIVEN: Final = ("wei", "jing", "ming", "yu", "anna", "mark", "lucia", "omar", "ines", "paul", "tara", "ivan")

#: Patterns ``ABC00ABC00d`` that manuals use as placeholders, the best known being China Mobile's 138 0013 8000.
_MOBILE_PREFIXES: Final = ("138", "139", "137", "136", "135", "150", "151", "158", "186", "188")

#: Test numbers published by Visa, Mastercard, American Express and Discover; no account stands behind them.
_CARDS: Final = (
    "4111 1111 1111 1111",
    "4012 8888 8888 1881",
    "4242 4242 4242 4242",
    "5555 5555 5555 4444",
    "5105 1051 0510 5100",
    "3782 822463 10005",
    "6011 1111 1111 1117",
)

#: AWS's keys are base32, which has no 0, 1, 8 or 9. "EXAMPLE", as in the documentation, would mark a key as filler.
_KEY_ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_NOT_BASE32: Final = "0189"

#: Weights of ISO 7064 MOD 11-2 as GB 11643-1999 applies it: 2 ** (17 - i) mod 11.
_ID_WEIGHTS: Final = tuple(2 ** (17 - i) % 11 for i in range(17))
_ID_CHECK: Final = "10X98765432"


def email(rng: random.Random) -> str:
    """An address of a reserved domain."""
    return f"{rng.choice(_GIVEN)}.{rng.choice(_FAMILY)}{rng.randrange(10, 10_000)}@{rng.choice(_DOMAINS)}"


def mobile(rng: random.Random) -> str:
    """Eleven digits in the form of a mainland mobile number."""
    prefix = rng.choice(_MOBILE_PREFIXES)
    return f"{prefix}00{prefix}00{rng.randrange(10)}"


def resident_id_check_digit(body: str) -> str:
    """The check character of 17 digits (GB 11643-1999, ISO 7064 MOD 11-2)."""
    return _ID_CHECK[sum(int(digit) * weight for digit, weight in zip(body, _ID_WEIGHTS, strict=True)) % 11]


def resident_id(rng: random.Random) -> str:
    """A resident ID with a right check character, of a county (119900) that does not exist, born 1900 to 1909."""
    born = f"{1900 + rng.randrange(10)}{rng.randrange(1, 13):02d}{rng.randrange(1, 29):02d}"
    body = f"119900{born}{rng.randrange(1, 1000):03d}"
    return body + resident_id_check_digit(body)


def luhn_valid(number: str) -> bool:
    """Whether the digits of ``number`` pass Luhn's check (ISO/IEC 7812-1)."""
    digits = [int(digit) for digit in number if digit.isdigit()]
    doubled = [d if i % 2 == 0 else d * 2 - 9 * (d > 4) for i, d in enumerate(reversed(digits))]
    return bool(digits) and sum(doubled) % 10 == 0


def card(rng: random.Random) -> str:
    """A payment card number that the networks publish for tests; passes Luhn's check."""
    return rng.choice(_CARDS)


def access_key(rng: random.Random) -> str:
    """An access key id in the form of AWS's (``AKIA`` and sixteen characters) that AWS cannot issue."""
    return "AKIA" + "".join(rng.choices(_KEY_ALPHABET, k=15)) + rng.choice(_NOT_BASE32)
