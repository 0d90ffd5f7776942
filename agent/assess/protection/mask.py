"""``mask``: asterisks for letters and digits, separators stay: ``***-****-*678``."""

from __future__ import annotations

import unicodedata
from typing import Annotated, ClassVar

from pydantic import Field

from agent.assess.protection.keys import ProtectionKey
from agent.config import Section

__all__ = ["Mask"]

_SIGN = "*"
_FORMAT = frozenset(" -_.@/:+(),#·")
# Of these people know the last digits, which is what they are shown for. Of a name they would be the surname.
_SHOWN_BY_DEFAULT = frozenset({"PHONE", "CARD", "BANK_ACCOUNT", "NATIONAL_ID"})
_DEFAULT_LAST = 4
_NEVER_SHOWN = frozenset({"SECRET"})


class Mask:
    """Keeps the form of a value, and shows at most its last characters.

    Never more than a third of them, and of secrets none. Masked values are not consistent over ways of writing, since
    the form stays, and different values may look the same.
    """

    name: ClassVar[str] = "mask"
    needs_key: ClassVar[bool] = False
    reversible: ClassVar[bool] = False

    class Options(Section):
        """``last``: how many letters and digits are shown; when left out four of telephone, card, account and national
        identity numbers, none of others."""

        last: Annotated[int, Field(ge=0, le=8)] | None = None

    def __init__(self, options: Options, key: ProtectionKey | None) -> None:
        self._last = options.last

    def replace(self, value: str, kind: str) -> str:
        hidden = [not _is_format(character) for character in value]
        left = sum(hidden) - self._shown(kind, sum(hidden))
        characters: list[str] = []
        for character, hide in zip(value, hidden, strict=True):
            characters.append(_SIGN if hide and left > 0 else character)
            left -= hide
        return "".join(characters)

    def finished(self, value: str, kind: str) -> bool:
        return _SIGN in value and self.replace(value, kind) == value

    def _shown(self, kind: str, count: int) -> int:
        if kind in _NEVER_SHOWN:
            return 0
        last = self._last
        if last is None:
            last = _DEFAULT_LAST if kind in _SHOWN_BY_DEFAULT else 0
        return min(last, count // 3)


def _is_format(character: str) -> bool:
    return character in _FORMAT or character.isspace() or unicodedata.normalize("NFKC", character) in _FORMAT
