"""The secret behind keyed hashes and pseudonyms. It comes from a file or the environment, and is never shown."""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Mapping
from pathlib import Path

from agent.errors import ConfigError

__all__ = ["LEAST_BYTES", "ProtectionKey"]

LEAST_BYTES = 16
_MOST_BYTES = 65_536
_CHECK = b"harmwatch protection 1: check"


class ProtectionKey:
    """A secret of at least 16 bytes. Purposes get keys of their own, derived from it.

    Whoever has it can reverse pseudonyms, and test guesses against keyed hashes. Make it at random
    (``openssl rand -hex 32``); a pass phrase can be guessed.

    Parameters
    ----------
    secret
        The bytes as they are: neither hexadecimal digits nor Base64 are decoded.
    origin
        Where they come from, for messages.

    Raises
    ------
    ConfigError
        For a secret that is too short.
    """

    __slots__ = ("_secret",)

    def __init__(self, secret: bytes, origin: str = "key") -> None:
        if len(secret) < LEAST_BYTES:
            raise ConfigError(
                f"{origin}: the key has {len(secret)} bytes, at least {LEAST_BYTES} are needed; "
                "make one with `openssl rand -hex 32`"
            )
        self._secret = secret

    @classmethod
    def from_file(cls, path: Path) -> ProtectionKey:
        """The content of a file, without the line break at its end.

        Raises
        ------
        ConfigError
            When it cannot be read, or is too short or no key.
        """
        try:
            with path.open("rb") as file:
                content = file.read(_MOST_BYTES + 1)
        except OSError as error:
            raise ConfigError(f"key file {path}: cannot be read ({error.strerror})") from None
        if len(content) > _MOST_BYTES:
            raise ConfigError(f"key file {path}: is longer than {_MOST_BYTES} bytes, so hardly a key")
        return cls(content.rstrip(b"\r\n"), f"key file {path}")

    @classmethod
    def from_environment(cls, name: str, environment: Mapping[str, str] | None = None) -> ProtectionKey:
        """The value of an environment variable.

        Raises
        ------
        ConfigError
            When it is not set, or too short.
        """
        value = (os.environ if environment is None else environment).get(name)
        if value is None:
            raise ConfigError(f"the environment variable {name} is not set; it should hold the key, or give --key-file")
        return cls(value.encode("utf-8", "surrogateescape"), f"environment variable {name}")

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
