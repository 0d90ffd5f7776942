"""The digits of identifiers, and their check digits."""

from __future__ import annotations

import re
from operator import mul

__all__ = ["digits_of", "luhn", "mod_11_2", "mod_31", "mod_97"]

# Of a digit in ASCII: the digits of its double added up, in ASCII.
_DOUBLED = bytes.maketrans(b"0123456789", b"0246813579")
_ZERO = ord("0")
_NO_DIGITS = re.compile("[^0-9]+")
_MOD_31_VALUES = {character: value for value, character in enumerate("0123456789ABCDEFGHJKLMNPQRTUWXY")}
_MOD_31_WEIGHTS = [pow(3, place, 31) for place in range(17)]
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_WEIGHED_ZEROS = _ZERO * sum(_WEIGHTS)


def digits_of(written: str) -> str:
    """The digits of an identifier that is written in groups, with signs between them."""
    return _NO_DIGITS.sub("", written)


def luhn(digits: str) -> bool:
    """ISO/IEC 7812-1, annex B: payment cards."""
    data = digits.encode("ascii")
    total = sum(data[-1::-2]) + sum(data[-2::-2].translate(_DOUBLED))
    return (total - _ZERO * len(data)) % 10 == 0


def mod_11_2(identifier: str) -> bool:
    """ISO 7064 MOD 11-2 over 18 characters, as GB 11643-1999 uses it: the last is a digit or X."""
    total = sum(map(mul, identifier[:17].encode("ascii"), _WEIGHTS)) - _WEIGHED_ZEROS
    return "10X98765432"[total % 11] == identifier[17].upper()


def mod_31(identifier: str) -> bool:
    """GB 32100-2015: 18 characters, the last of which checks the others with weights 3^i modulo 31."""
    total = sum(_MOD_31_VALUES[c] * weight for c, weight in zip(identifier[:17], _MOD_31_WEIGHTS, strict=True))
    return (31 - total % 31) % 31 == _MOD_31_VALUES[identifier[17]]


def mod_97(account: str) -> bool:
    """ISO 7064 MOD 97-10 over an IBAN without blanks (ISO 13616-1)."""
    rearranged = account[4:] + account[:4]
    return int("".join(str(int(c, 36)) for c in rearranged)) % 97 == 1
