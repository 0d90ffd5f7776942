"""``fpe``: format-preserving encryption of digits, FF1 of NIST SP 800-38G: ``138-0013-8000`` becomes ``902-7715-3396``.

For columns that must stay numbers of the same length, where a system downstream insists on it. Prefer ``pseudonym``
everywhere else: FF1 has no authentication, so that a wrong key gives wrong digits and no error; a result looks like
real data, and may even be somebody's number; check digits are no longer right.

FF1 stands in the second public draft of SP 800-38G Revision 1 (February 2025), with domains of at least a million
values, which this keeps to; FF3 is removed there, after attacks also on its repair FF3-1 (Beyne, CRYPTO 2021).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, ClassVar

from agent.assess.protection.keys import ProtectionKey
from agent.assess.protection.kinds import plain_digits
from agent.assess.protection.tokens import TOKEN, plain_token
from agent.config import Section
from agent.errors import ConfigError
from agent.normalize import compatible

__all__ = ["FormatPreserving"]

_LEAST_DIGITS = 6
_MOST_DIGITS = 64
_DIGIT = re.compile(r"[0-9]")


class FormatPreserving:
    """Encrypts the digits of a value; signs and blanks between them stay. Letters stay too, so they must not tell.

    A value of fewer than six digits is redacted, since so few are too easily guessed.

    Raises
    ------
    ConfigError
        Without the package ``libffx``.
    """

    name: ClassVar[str] = "fpe"
    needs_key: ClassVar[bool] = True
    reversible: ClassVar[bool] = True

    class Options(Section):
        """None."""

    def __init__(self, options: Options, key: ProtectionKey | None) -> None:
        assert key is not None, "this is a bug: load_operator checks"
        try:
            from ffx import FF1
        except ImportError:
            raise ConfigError("format-preserving encryption needs libffx: pip install 'harmwatch[assess]'") from None
        self._cipher: Any = FF1(key.derive("format-preserving encryption")[:32], radix=10)

    def replace(self, value: str, kind: str) -> str:
        return self._changed(value, kind, self._cipher.encrypt)

    def restore(self, value: str, kind: str) -> str:
        """The value that `replace` made this of, if the key is the same; other digits if it is not."""
        return value if TOKEN.fullmatch(value) else self._changed(value, kind, self._cipher.decrypt)

    def finished(self, value: str, kind: str) -> bool:
        return TOKEN.fullmatch(value) is not None

    def _changed(self, value: str, kind: str, change: Callable[..., str]) -> str:
        # Digits of another script would stay, beside those that are encrypted.
        value = plain_digits(compatible(value))
        digits = "".join(_DIGIT.findall(value))
        if not _LEAST_DIGITS <= len(digits) <= _MOST_DIGITS:
            return plain_token(kind)
        fresh = iter(change(digits, tweak=kind.encode("ascii")))
        return _DIGIT.sub(lambda _: next(fresh), value)
