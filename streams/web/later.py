"""What is there at once, or has to be asked for: from another process."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TypeAlias, TypeVar

__all__ = ["Later", "settled"]

Value = TypeVar("Value")

Later: TypeAlias = Value | Awaitable[Value]


async def settled(value: Later[Value]) -> Value:
    """The value, waited for where it has to be."""
    return await value if isinstance(value, Awaitable) else value
