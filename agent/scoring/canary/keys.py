"""The operator's key, and what is derived from it: digests of values, the hash that finds them, the mask over it."""

from __future__ import annotations

import hmac
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from agent.errors import ConfigError
from agent.secret_key import key_from_environment, key_from_file

__all__ = ["DEFAULT_KEY_VARIABLE", "GRAM", "TAG_BITS", "CanaryKeys", "read_key"]

DEFAULT_KEY_VARIABLE = "HARMWATCH_CANARY_KEY"
GRAM = 8
"""Characters of a value that the finder looks for first; so no value is shorter."""

TAG_BITS = 44
"""Bits of a gram's hash: 64 less those of a code point (21), and one more. See `CanaryKeys.tag`."""

_WORD = (1 << 64) - 1
_DIGEST_BYTES = 16


class CanaryKeys:
    """Keys of their own for each use, all from one secret by HMAC-SHA-256.

    Parameters
    ----------
    secret
        The operator's key.

    Attributes
    ----------
    check
        Tells whether a file was written under the same key; nothing else can be learnt from it.
    addend, multipliers
        Of the gram hash, 64 bits each.
    """

    __slots__ = ("_digest_key", "_mask_key", "addend", "check", "multipliers")

    def __init__(self, secret: bytes) -> None:
        self._digest_key = _derive(secret, "digest")
        self._mask_key = _derive(secret, "mask")
        self.check = _derive(secret, "check")[:8].hex()
        self.addend, *self.multipliers = (
            int.from_bytes(_derive(secret, f"gram {place}")[:8], "big") for place in range(GRAM + 1)
        )

    def digest(self, content: bytes) -> bytes:
        """HMAC-SHA-256 of a value's canonical form in UTF-32 (little-endian, without mark), its first 16 bytes."""
        return hmac.digest(self._digest_key, content, "sha256")[:_DIGEST_BYTES]

    def tag(self, gram: Sequence[int]) -> int:
        """Hash of eight code points.

        Multilinear hashing (Lemire and Kaser, Strongly Universal String Hashing is Fast, Computer Journal 57, 2014):
        the high bits of a sum of products modulo 2**64. For two different grams the chance of the same tag, over the
        choice of the key, is 2**-44, whoever chose the grams without knowing it.
        """
        total = self.addend + sum(code * factor for code, factor in zip(gram, self.multipliers, strict=True))
        return (total & _WORD) >> (64 - TAG_BITS)

    def masked(self, tag: int, digest: bytes) -> int:
        """A tag as it is stored, and back again.

        The gram hash is linear: whoever knows a few values and their tags could solve for its multipliers, and then
        try guesses of the other values on their tags, without the key. Under the mask tags tell nothing.
        """
        pad = hmac.digest(self._mask_key, digest, "sha256")[:8]
        return tag ^ (int.from_bytes(pad, "big") >> (64 - TAG_BITS))


def read_key(source: Mapping[str, Any]) -> bytes:
    """The operator's secret.

    Parameters
    ----------
    source
        ``{"env": NAME}`` or ``{"file": PATH}``: where it is, so that configuration never holds it.

    Raises
    ------
    ConfigError
        When it is not there, or shorter than 16 bytes.
    """
    if not isinstance(source, Mapping) or len(source) != 1 or not set(source) <= {"env", "file"}:
        raise ConfigError(
            f"canary key: say where it is, and not the key itself: {{env: {DEFAULT_KEY_VARIABLE}}} or {{file: PATH}}"
        )
    ((kind, name),) = source.items()
    if not isinstance(name, str | os.PathLike) or not str(name):
        raise ConfigError(f"canary key: {kind} must name where the key is")
    if kind == "env":
        return key_from_environment(str(name), "canary key")
    return key_from_file(Path(name), "canary key")


def _derive(secret: bytes, purpose: str) -> bytes:
    return hmac.digest(secret, f"harmwatch canary 1 {purpose}".encode(), "sha256")
