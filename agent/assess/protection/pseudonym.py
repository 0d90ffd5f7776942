"""``pseudonym``: AES-SIV (RFC 5297) under a key: ``[EMAIL~...]``. With the key it can be reversed, without it not.

AES-SIV is deterministic authenticated encryption: the same value gives the same pseudonym, a wrong key or a changed
letter is noticed, and there is no nonce to be misused. What is visible by design: that two values are the same, the
type, and the length in steps of 16 bytes.
"""

from __future__ import annotations

from typing import Any, ClassVar

from agent.assess.protection.keys import ProtectionKey
from agent.assess.protection.kinds import standard_form
from agent.assess.protection.tokens import TOKEN, base32, from_base32, pseudonym_token
from agent.config import Section
from agent.errors import ConfigError, DataError

__all__ = ["Pseudonym", "Reversal"]

_PURPOSE = "pseudonym"
_BLOCK = 16
_END = b"\x80"


def _cipher(key: ProtectionKey) -> Any:
    try:
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.ciphers.aead import AESSIV
    except ImportError:
        raise ConfigError("pseudonyms need cryptography: pip install 'harmwatch[assess]'") from None
    try:
        return AESSIV(key.derive(_PURPOSE))
    except UnsupportedAlgorithm:
        raise ConfigError("pseudonyms need a cryptography package that is built with OpenSSL 3 or newer") from None


def _associated(kind: str) -> list[bytes]:
    # So that a pseudonym does not pass for one of another type.
    return [b"harmwatch pseudonym 1", kind.encode("ascii")]


class Pseudonym:
    """Replaces a value by its encryption.

    Reversing gives the standard form (`kinds.standard_form`), lower case say. With ``exact`` it gives what stood there,
    but then each form of writing has a pseudonym of its own.
    """

    name: ClassVar[str] = "pseudonym"
    needs_key: ClassVar[bool] = True
    reversible: ClassVar[bool] = True

    class Options(Section):
        """``exact``: encrypt values as they are written."""

        exact: bool = False

    def __init__(self, options: Options, key: ProtectionKey | None) -> None:
        assert key is not None, "this is a bug: load_operator checks"
        self._cipher = _cipher(key)
        self._exact = options.exact

    def replace(self, value: str, kind: str) -> str:
        form = (value if self._exact else standard_form(value, kind)).encode("utf-8", "surrogatepass") + _END
        # Padded, because the length of a name tells a good deal about it.
        padded = form + bytes(-len(form) % _BLOCK)
        return pseudonym_token(kind, base32(self._cipher.encrypt(padded, _associated(kind))))

    def finished(self, value: str, kind: str) -> bool:
        return TOKEN.fullmatch(value) is not None


class Reversal:
    """Gives the values behind pseudonyms back.

    Raises
    ------
    ConfigError
        Without the package ``cryptography``.
    """

    def __init__(self, key: ProtectionKey) -> None:
        self._cipher = _cipher(key)
        from cryptography.exceptions import InvalidTag

        self._invalid = InvalidTag

    def reveal(self, kind: str, letters: str) -> str:
        """The value.

        Parameters
        ----------
        kind, letters
            The two groups of `agent.assess.protection.tokens.PSEUDONYM`.

        Raises
        ------
        DataError
            For a pseudonym that was made with another key or changed since; the two cannot be told apart.
        """
        try:
            padded: bytes = self._cipher.decrypt(from_base32(letters), _associated(kind))
        except (self._invalid, ValueError):
            raise DataError("a pseudonym cannot be reversed: made with another key, or changed since") from None
        return padded.rstrip(b"\0").removesuffix(_END).decode("utf-8", "surrogatepass")
