"""Whether a value that a text calls a password, a key or a token is one, or stands for one, or describes one."""

from __future__ import annotations

import re

from agent.scoring.pii.secrets.placeholders import is_placeholder
from agent.scoring.pii.secrets.randomness import LIKELY_RANDOM, is_hexadecimal, randomness

__all__ = ["is_code", "is_password", "is_token", "is_word", "stands_for_a_value"]

# A reference to a value: a variable, a call, a lookup, a path, a template.
_CODE = re.compile(
    r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+\(?$|[\w.:>-]{0,64}[(\[{]|[\w.]{1,64}[=!<>]=|\$|[!%]?\{|<|%[(\w]|@[\w.]+$|"
    r"!(?:vault|secret|env|ref|sub|getatt|include)$|self\.|this\.|os\.|process\.|"
    r"(?:null|none|nil|true|false|undefined|nan|void|str|string|int|bool|bytes|optional|any)\b|"
    r"(?:https?|s3|gs|file|arn|vault|secretsmanager|env|op|ref):|(?:\.{0,2}|~)/|[A-Z]:\\",
    re.IGNORECASE,
)
_CONSTANT = re.compile(r"[A-Z_]+|[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+")
_IDENTIFIER = re.compile(r"[A-Za-z]+[0-9]{0,4}(?:[_.-][A-Za-z]+[0-9]{0,4})+")
_WORD = re.compile(r"[A-Za-z]+(?:[_'/-][A-Za-z]+)*[.!?,]?")
_NUMBERED_WORD = re.compile(r"[A-Za-z]+(?:[ ._:/-][A-Za-z]+)*[._-]?[0-9]{1,4}[A-Za-z]?")
_QUANTITY = re.compile(r"[0-9]+(?:[.,:/~+-]+[0-9]*)+[A-Za-z%]{0,5}|[0-9.]{1,8}[A-Za-z%]{1,5}|0x[0-9A-Fa-f]{1,8}")
_ALGORITHM = re.compile(
    r"(?:md[45]|sha[-_]?[0-9]*|hmac|base(?:64|32)|b?crypt|argon2|aes|rsa|des|ed25519|utf-?8|oauth|https?|jwt|x-?509|pkcs|"
    r"iso|rfc|cve)(?:[-_/]?[0-9a-z]{0,8}){0,3}",
    re.IGNORECASE,
)
_LONGEST_DESCRIPTION = 40
_HUMP = re.compile("[a-z][A-Z]")
_DESCRIPTIONS = (
    "password passwd required optional string secret token bearer basic digest negotiate none null true false default "
    "empty hidden unknown invalid incorrect wrong expired missing username text hash encrypted plaintext "
    "boolean number integer value input field type name"
)
_STOPS = frozenset(_DESCRIPTIONS.split())


def is_code(value: str) -> bool:
    """Whether the value is an expression that yields a secret, a type, a path: ``os.environ[``, ``str``, ``/run``."""
    return _CODE.match(value) is not None or _CONSTANT.fullmatch(value) is not None


def is_word(value: str) -> bool:
    """Whether the value is words in their ordinary spelling."""
    return _WORD.fullmatch(value) is not None and (len(_HUMP.findall(value)) < 2 and randomness(value) < LIKELY_RANDOM)


def stands_for_a_value(value: str) -> bool:
    """Whether the value is filler, a quantity, the name of an algorithm, or a word that describes values."""
    if is_placeholder(value):
        return True
    if len(value) > _LONGEST_DESCRIPTION:
        return False
    return (
        value.lower().rstrip(".!?,") in _STOPS
        or _QUANTITY.fullmatch(value) is not None
        or _ALGORITHM.fullmatch(value) is not None
    )


def is_password(value: str) -> bool:
    """Whether people would choose it as a password, and not write it otherwise: letters with digits or signs."""
    if len(value) < 6 or _NUMBERED_WORD.fullmatch(value) or _IDENTIFIER.fullmatch(value):
        return len(value) >= 6 and randomness(value) >= LIKELY_RANDOM
    letters = any(c.isalpha() for c in value)
    digits = any(c.isdigit() for c in value)
    signs = any(not c.isalnum() and c not in "_-./:" for c in value)
    return (letters and (digits or signs)) or randomness(value) >= LIKELY_RANDOM


def is_token(value: str, least_bits: int = LIKELY_RANDOM) -> bool:
    """Whether a machine made it: random for its length, or a hash's or an id's form."""
    if value.isdigit() or len(value) < 8:
        return False
    if randomness(value) >= least_bits:
        return True
    return len(value) >= 16 and is_hexadecimal(value) and not value.isalpha()
