"""``keep``: the value stays. For types or columns that may be released."""

from __future__ import annotations

from typing import ClassVar

from agent.assess.protection.keys import ProtectionKey
from agent.config import Section

__all__ = ["Keep"]


class Keep:
    """Changes nothing."""

    name: ClassVar[str] = "keep"
    needs_key: ClassVar[bool] = False
    reversible: ClassVar[bool] = False

    class Options(Section):
        """None."""

    def __init__(self, options: Options, key: ProtectionKey | None) -> None:
        pass

    def replace(self, value: str, kind: str) -> str:
        return value

    def finished(self, value: str, kind: str) -> bool:
        return True
