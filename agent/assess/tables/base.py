"""What readers and writers of tables have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

__all__ = ["MAX_BATCH", "MAX_CELL", "Batch", "CsvForm", "Row", "TableReader", "TableWriter", "advancing"]

Row: TypeAlias = dict[str, Any]
"""Column to cell. CSV has strings alone; JSON Lines any JSON value, and rows may lack columns; Parquet Python's values,
such as `datetime.date`."""

MAX_CELL = 16 * 1024 * 1024
"""Bytes in one line, and characters in one cell: more is an error, since memory has to stay bounded."""


MAX_BATCH = 32 * 1024 * 1024
"""About so many bytes at most are read for one batch, or a single row, however many rows were asked for."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows that follow each other.

    Attributes
    ----------
    columns
        Their columns in order; for JSON Lines, where rows differ, all that occur in the batch.
    first
        Number of the first row, from 1.
    done
        How much of `TableReader.total` has been read after this batch.
    arrow
        The same rows as a ``pyarrow.RecordBatch``, of Parquet alone.
    """

    columns: tuple[str, ...]
    rows: Sequence[Row]
    first: int
    done: int
    arrow: Any = None


@dataclass(frozen=True, slots=True)
class CsvForm:
    """How a CSV file is laid out, beside what RFC 4180 says."""

    delimiter: str = ","
    newline: str = "\r\n"
    byte_order_mark: bool = False


class TableReader(Protocol):
    """Rows of one data set.

    Attributes
    ----------
    name
        For messages.
    kind
        ``csv``, ``jsonl`` or ``parquet``.
    columns
        In order; empty for JSON Lines, which has none until its rows are read.
    total
        Size for a progress bar, in the unit of `Batch.done` (bytes, rows for Parquet); None for standard input.
    form
        Of CSV.
    schema
        The ``pyarrow.Schema`` of Parquet.
    """

    name: str
    kind: str
    columns: tuple[str, ...]
    total: int | None
    form: CsvForm | None
    schema: Any

    def batches(self) -> Iterator[Batch]:
        """The rows from the first to the last, once.

        Raises
        ------
        DataError
            For what cannot be read, with the line or row; never with what stands there.
        """

    def close(self) -> None:
        """Close the file."""


class TableWriter(Protocol):
    """Takes the rows of one data set, in order."""

    def write(self, batch: Batch) -> None:
        """Add rows.

        Raises
        ------
        DataError
            When the file cannot be written, or a cell does not fit the format.
        """

    def commit(self) -> None:
        """Finish the file and give it its name; a file of that name is replaced."""

    def discard(self) -> None:
        """Remove what was written. Does nothing after `commit`."""


def advancing(batches: Iterable[Batch], advance: Callable[[int], None]) -> Iterator[Batch]:
    """The batches; when one has been dealt with, `advance` is told by how much `Batch.done` has moved on."""
    done = 0
    for batch in batches:
        yield batch
        advance(batch.done - done)
        done = batch.done
