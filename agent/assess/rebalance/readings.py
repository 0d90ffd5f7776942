"""What is said when the readings of a table do not agree."""

from __future__ import annotations

from agent.errors import DataError

__all__ = ["table_changed"]


def table_changed() -> DataError:
    """The error for rows that an earlier reading did not have."""
    return DataError("the table has changed while it was read; run again")
