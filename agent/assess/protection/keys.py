"""The secret behind keyed hashes and pseudonyms. It comes from a file or the environment, and is never shown."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from pathlib import Path

from agent.errors import ConfigError
from agent.secret_key import LEAST_BYTES, key_from_environment, key_from_file

__all__ = ["ProtectionKey"]

_CHECK = b"harmwatch protection 1: check"


class ProtectionKey:
    """A secret of at least 16 bytes. Purposes get keys of their own, derived from it.

    Whoever has it can reverse pseudonyms, and test guesses against keyed hashes. Make it at random
    (``openssl rand -hex 32``); a pass phrase can be guessed.

    Parameters
    ----------
    secret
        The bytes as they are: neither hexadecimal digits nor Base64 are decoded.

    Raises
    ------
    ConfigError
        For a secret that is too short.
    """

    __slots__ = ("_secret",)

    def __init__(self, secret: bytes) -> None:
        if len(secret) < LEAST_BYTES:
            raise ConfigError(f"key: at least {LEAST_BYTES} bytes are needed")
        self._secret = secret

    @classmethod
    def from_file(cls, path: Path) -> ProtectionKey:
        """The content of a file; errors as of `key_from_file`."""
        return cls(key_from_file(path))

    @classmethod
    def from_environment(cls, name: str, environment: Mapping[str, str] | None = None) -> ProtectionKey:
        """The value of an environment variable; errors as of `key_from_environment`."""
        return cls(key_from_environment(name, environment=environment))

    def derive(self, purpose: str) -> bytes:
        """64 bytes for one purpose: HMAC-SHA-512 of its name. Nothing follows from one about another."""
        return hmac.new(self._secret, b"harmwatch protection 1: " + purpose.encode("utf-8"), hashlib.sha512).digest()

    @property
    def check(self) -> str:
        """Eight hexadecimal digits that tell keys apart, for reports; they do not help to find the key."""
        return hmac.new(self._secret, _CHECK, hashlib.sha256).hexdigest()[:8]

    def __repr__(self) -> str:
        return "ProtectionKey(...)"

    def __reduce__(self) -> str:
        raise TypeError("a key is not pickled")
