"""Analyses of a table, all in one pass over its rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

from agent.assess.tables import Batch, TableReader
from agent.errors import ConfigError, DataError

__all__ = ["MOST_COLUMNS", "Analysis", "run_analyses"]

#: More columns are no table: keys of JSON objects that hold data.
MOST_COLUMNS = 1000


class Analysis(Protocol):
    """Looks at each batch once, in bounded memory.

    Attributes
    ----------
    key
        Where its figures stand in the JSON.
    """

    key: str

    def observe(self, batch: Batch) -> None:
        """Take the rows in."""

    def figures(self) -> dict[str, Any]:
        """Plain data for JSON, after the last batch. Holds no cell of the table but names of large groups."""


def run_analyses(
    reader: TableReader, analyses: Sequence[Analysis], needed: Iterable[str], advance: Callable[[int], None]
) -> tuple[int, tuple[str, ...]]:
    """Read the table once.

    Parameters
    ----------
    needed
        Columns that must be there.
    advance
        Told by how much `Batch.done` has moved on.

    Returns
    -------
    tuple
        The number of rows, and the columns in order of appearance.

    Raises
    ------
    ConfigError
        When a needed column is not there.
    DataError
        When the table cannot be read, has no rows, or more than `MOST_COLUMNS` columns.
    """
    wanted = tuple(dict.fromkeys(needed))
    if reader.columns:
        _check_columns(reader.name, reader.columns, wanted)
    columns: dict[str, None] = dict.fromkeys(reader.columns)
    rows = done = 0
    for batch in reader.batches():
        columns.update(dict.fromkeys(batch.columns))
        if len(columns) > MOST_COLUMNS:
            raise DataError(f"{reader.name}: more than {MOST_COLUMNS} columns")
        for analysis in analyses:
            analysis.observe(batch)
        rows += len(batch.rows)
        advance(batch.done - done)
        done = batch.done
    if rows == 0:
        raise DataError(f"{reader.name}: has no rows")
    _check_columns(reader.name, tuple(columns), wanted)
    return rows, tuple(columns)


def _check_columns(name: str, columns: tuple[str, ...], wanted: tuple[str, ...]) -> None:
    for column in wanted:
        if column not in columns:
            known = ", ".join(columns[:20]) + (", ..." if len(columns) > 20 else "")
            raise ConfigError(f"{name}: has no column {column!r}; it has {known}")
