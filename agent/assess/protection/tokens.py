"""What stands in place of a value in a text: ``[EMAIL]``, a keyed hash ``[EMAIL#...]``, a pseudonym ``[EMAIL~...]``, or
something coarser, ``[EMAIL:*@example.org]``.

The part behind ``#`` and ``~`` is Base32 (RFC 4648) in lower case without padding, so without 0, 1, 8 and 9. Text of
these forms is left alone when data are protected again;
each is so narrow that nobody's data pass for it by chance. Who wants to can write text in such a form.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping

from agent.assess.protection.kinds import KINDS

__all__ = [
    "BLACK",
    "COARSE_FORMS",
    "HASH_LETTERS",
    "KEYED",
    "PSEUDONYM",
    "TOKEN",
    "base32",
    "coarse_token",
    "from_base32",
    "hash_token",
    "holds_value",
    "plain_token",
    "pseudonym_token",
    "without_tokens",
]

BLACK = "\u2588"

HASH_LETTERS = 26
"""128 bits."""

_KIND = "(?:" + "|".join(sorted(KINDS, key=len, reverse=True)) + ")"
# A pseudonym is of 16 bytes and at least one block of 16 more.
_LEAST_LETTERS = 52

_BIRTH_YEAR = r"(?:before )?(?:1[89]|20)\d\d"

#: By type, what `generalise` makes of values.
COARSE_FORMS: Mapping[str, str] = {
    "AGE": r"\d{1,3}-\d{1,3}|\d{1,3}\+",
    "BIRTH_DATE": _BIRTH_YEAR,
    "COORDINATES": r"-?\d{1,3}(?:\.\d{1,3})?(?:, -?\d{1,3}(?:\.\d{1,3})?)?",
    "DATE": r"(?:1[89]|20)\d\d",
    "DATE_OF_BIRTH": _BIRTH_YEAR,
    "EMAIL": r"\*@[\w.-]{1,253}",
    "IP": r"(?:\d{1,3}\.){3}\*|(?:[0-9a-f]{1,4}:){3}\*",
    "NATIONAL_ID": r"\d{2}0000/(?:\d{3}0s|before \d{4})",
    "NUMBER": r"\d{1,15}-\d{1,15}",
    "POSTCODE": r"[A-Z\d -]{1,8}\*[* -]{0,8}",
    "VALUE": r"\d{1,15}-\d{1,15}",
}
_COARSE = "|".join(f"{kind}:(?:{form})" for kind, form in COARSE_FORMS.items())

TOKEN = re.compile(
    rf"\[(?:{_COARSE}|{_KIND}(?:(?:\+{_KIND})*|#[a-z2-7]{{{HASH_LETTERS}}}|~[a-z2-7]{{{_LEAST_LETTERS},}}))\]", re.ASCII
)
PSEUDONYM = re.compile(rf"\[({_KIND})~([a-z2-7]{{{_LEAST_LETTERS},}})\]")

#: Hashes and pseudonyms: type, sign, letters.
KEYED = re.compile(rf"\[({_KIND})(#(?=[a-z2-7]{{{HASH_LETTERS}}}\])|~(?=[a-z2-7]{{{_LEAST_LETTERS},}}\]))([a-z2-7]+)\]")


def base32(data: bytes) -> str:
    return base64.b32encode(data).decode("ascii").rstrip("=").lower()


def from_base32(letters: str) -> bytes:
    """The bytes.

    Raises
    ------
    ValueError
        For letters that are no Base32.
    """
    return base64.b32decode(letters.upper() + "=" * (-len(letters) % 8))


def plain_token(*kinds: str) -> str:
    return f"[{'+'.join(kinds)}]"


def hash_token(kind: str, letters: str) -> str:
    return f"[{kind}#{letters}]"


def pseudonym_token(kind: str, letters: str) -> str:
    return f"[{kind}~{letters}]"


def coarse_token(kind: str, coarse: str) -> str:
    return f"[{kind}:{coarse}]"


def holds_value(text: str, start: int, end: int) -> bool:
    """Whether a part of a text out of `without_tokens` is more than tokens: of ``password: [SECRET]`` none is."""
    part = text[start:end]
    return BLACK not in part or any(character.isalnum() for character in part)


def without_tokens(text: str) -> str:
    """The text with its tokens blackened, for a scorer: their words must not be context for what stands near."""
    return TOKEN.sub(lambda match: BLACK * len(match[0]), text) if "[" in text else text
