"""``redact``: the type in brackets, ``[EMAIL]``. Nothing of the value is left, and nothing links two records."""

from __future__ import annotations

from typing import ClassVar

from agent.assess.protection.keys import ProtectionKey
from agent.assess.protection.tokens import TOKEN, plain_token
from agent.config import Section

__all__ = ["Redact"]


class Redact:
    """Replaces a value by its type."""

    name: ClassVar[str] = "redact"
    needs_key: ClassVar[bool] = False
    reversible: ClassVar[bool] = False

    class Options(Section):
        """None."""

    def __init__(self, options: Options, key: ProtectionKey | None) -> None:
        pass

    def replace(self, value: str, kind: str) -> str:
        return plain_token(kind)

    def finished(self, value: str, kind: str) -> bool:
        return TOKEN.fullmatch(value) is not None
