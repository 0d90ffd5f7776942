"""Analyses of a table, all in one pass over its rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from typing import Any, Final, Protocol

from agent.assess.cells import shown_columns
from agent.assess.tables import Batch, TableReader, advancing
from agent.errors import ConfigError, DataError

__all__ = ["MOST_COLUMNS", "Analysis", "Observer", "read_through"]

#: More columns are no table: keys of JSON objects that hold data.
MOST_COLUMNS: Final = 3_000


class Observer(Protocol):
    """Looks at each batch once, in bounded memory."""

    def observe(self, batch: Batch) -> None:
        """Take the rows in."""


class Analysis(Observer, Protocol):
    """Makes figures of what it has seen.

    Attributes
    ----------
    key
        Where its figures stand in the JSON.
    """

    key: str

    def figures(self) -> dict[str, Any]:
        """Plain data for JSON, after the last batch. Holds no cell of the table but names of large groups."""


def read_through(
    reader: TableReader,
    make: Callable[[tuple[str, ...]], Sequence[Observer]],
    needed: Iterable[str],
    advance: Callable[[int], None],
) -> tuple[int, tuple[str, ...]]:
    """Read the table once.

    Parameters
    ----------
    make
        Gives the observers, told the columns; of JSON Lines those of the first rows.
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
        _check_number(reader.name, len(reader.columns))
        _check_columns(reader.name, reader.columns, wanted)
    batches = reader.batches()
    first = next(batches, None)
    if first is None:
        raise DataError(f"{reader.name}: has no rows")
    _check_number(reader.name, len(first.columns))
    analyses = make(reader.columns or first.columns)
    columns: dict[str, None] = dict.fromkeys(reader.columns)
    rows = 0
    for batch in advancing(chain((first,), batches), advance):
        columns.update(dict.fromkeys(batch.columns))
        _check_number(reader.name, len(columns))
        for analysis in analyses:
            analysis.observe(batch)
        rows += len(batch.rows)
    _check_columns(reader.name, tuple(columns), wanted)
    return rows, tuple(columns)


def _check_number(name: str, columns: int) -> None:
    if columns > MOST_COLUMNS:
        raise DataError(
            f"{name}: has {columns:,} columns, and assess takes {MOST_COLUMNS:,} at most; give a copy with the columns "
            "that matter, such as csvcut or pyarrow's columns= make"
        )


def _check_columns(name: str, columns: tuple[str, ...], wanted: tuple[str, ...]) -> None:
    for column in wanted:
        if column not in columns:
            raise ConfigError(f"{name}: has no column {shown_columns([column])!r}; it has {shown_columns(columns)}")
