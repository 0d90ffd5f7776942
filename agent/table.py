"""Tables of strings: what a row names is imported when it is asked for, and not before."""

from __future__ import annotations

from collections.abc import Mapping
from pkgutil import resolve_name
from typing import Any

from agent.errors import ConfigError

__all__ = ["named_by"]


def named_by(table: Mapping[str, str], name: str, what: str) -> Any:
    """The object behind a row.

    Parameters
    ----------
    table
        Name to ``package.module:object``.
    name
        Of the row.
    what
        What the rows are, in the singular, for people.

    Raises
    ------
    ConfigError
        For a name that is not in the table; the message has those that are, in the table's order.
    """
    if name not in table:
        raise ConfigError(f"no {what} named {name!r}; there are: {', '.join(table)}")
    return resolve_name(table[name])
