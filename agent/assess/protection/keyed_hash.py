"""``hash``: HMAC-SHA-256 (RFC 2104) under a key, the first 128 bits of it: ``[EMAIL#...]``, 26 letters.

The same value gives the same hash, so records stay linked; nobody without the key can test guesses, as they could with
a hash that has none. It is not meant to be reversed: whoever has the key still can by trying all telephone numbers.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import ClassVar

from agent.assess.protection.keys import ProtectionKey
from agent.assess.protection.kinds import standard_form
from agent.assess.protection.tokens import HASH_LETTERS, TOKEN, base32, hash_token
from agent.config import Section

__all__ = ["KeyedHash"]


class KeyedHash:
    """Replaces a value by a keyed hash of its type and standard form."""

    name: ClassVar[str] = "hash"
    needs_key: ClassVar[bool] = True
    reversible: ClassVar[bool] = False

    class Options(Section):
        """``exact``: take values as they are written, so that another form of writing is another value."""

        exact: bool = False

    def __init__(self, options: Options, key: ProtectionKey | None) -> None:
        assert key is not None, "this is a bug: load_operator checks"
        self._secret = key.derive("keyed hash")
        self._exact = options.exact

    def replace(self, value: str, kind: str) -> str:
        form = value if self._exact else standard_form(value, kind)
        message = f"{kind}\0{form}".encode("utf-8", "surrogatepass")
        return hash_token(kind, base32(hmac.new(self._secret, message, hashlib.sha256).digest())[:HASH_LETTERS])

    def finished(self, value: str, kind: str) -> bool:
        return TOKEN.fullmatch(value) is not None
