"""CSV (RFC 4180), also with semicolons, tabs or bars instead of commas, in UTF-8 with or without a byte order mark."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

from agent.assess.tables.base import MAX_BATCH, MAX_CELL, Batch, CsvForm
from agent.assess.tables.counting import LineSource, Progress
from agent.assess.tables.plain import plain_text
from agent.errors import DataError

__all__ = ["CsvReader", "CsvRows"]

_DELIMITERS = ",;\t|"
_MARK = "\ufeff"


class CsvReader:
    """Reads the header at once, the rows as they are asked for. Cells are strings.

    Parameters
    ----------
    stream
        Uncompressed bytes.
    name
        For messages.
    progress
        Says how many bytes of the file have been read.
    delimiter
        The character between cells; when None the one of ``,;`` tab ``|`` that occurs most in the header.
    batch_rows
        Rows in a batch.

    Raises
    ------
    DataError
        For a file without a header, with a column twice, or with a row that has more or fewer cells than the header.
    """

    kind = "csv"
    schema: Any = None

    def __init__(
        self, stream: BinaryIO, name: str, progress: Progress, *, delimiter: str | None = None, batch_rows: int = 1000
    ) -> None:
        self.name = name
        self.total = progress.total
        self._progress = progress
        self._stream = stream
        self._batch_rows = batch_rows
        self._lines = LineSource(stream, name)
        # The module has one limit for all readers, which only ever rises here.
        csv.field_size_limit(max(csv.field_size_limit(), MAX_CELL))
        first = next(self._lines, "")
        mark = first.startswith(_MARK)
        first = first.removeprefix(_MARK)
        if not first.strip():
            raise DataError(f"{name}: has no header in its first line")
        chosen = delimiter or _delimiter(first)
        newline = "\r\n" if first.endswith("\r\n") else "\n"
        self.form: CsvForm | None = CsvForm(chosen, newline, mark)
        self._rows = csv.reader(self._again(first), delimiter=chosen, strict=True)
        self.columns = tuple(self._next_row() or ())
        times = Counter(self.columns)
        twice = next((column for column in self.columns if times[column] > 1), None)
        if twice is not None:
            raise DataError(f"{name}: the header names column {self.columns.index(twice) + 1} twice; rename one")

    def _again(self, first: str) -> Iterator[str]:
        yield first
        yield from self._lines

    def batches(self) -> Iterator[Batch]:
        rows: list[dict[str, Any]] = []
        first, width, begun = 1, len(self.columns), self._lines.read
        while (cells := self._next_row()) is not None:
            if not cells:
                continue  # an empty line
            if len(cells) != width:
                raise DataError(
                    f"{self.name}: line {self._lines.number}: has {len(cells)} cells, the header has {width}"
                )
            rows.append(dict(zip(self.columns, cells, strict=True)))
            if len(rows) >= self._batch_rows or self._lines.read - begun >= MAX_BATCH:
                yield Batch(self.columns, rows, first, self._progress.done)
                first += len(rows)
                rows, begun = [], self._lines.read
        if rows:
            yield Batch(self.columns, rows, first, self._progress.done)

    def close(self) -> None:
        self._stream.close()

    def _next_row(self) -> list[str] | None:
        try:
            return next(self._rows, None)
        except csv.Error as error:
            # The module's messages quote no cell.
            raise DataError(f"{self.name}: line {self._lines.number}: is no valid CSV ({error})") from None


def _delimiter(header: str) -> str:
    # Outside of quotes: a quoted name may hold any of them.
    outside = "".join(header.split('"')[::2])
    return max(_DELIMITERS, key=outside.count)


class CsvRows:
    """Turns rows into the bytes of a CSV file.

    Cells that are no strings are written as `agent.assess.tables.plain.plain_text` says. A row must not have columns
    that the header lacks; a column that it lacks itself is left empty.
    """

    def __init__(self, stream: BinaryIO, columns: tuple[str, ...], form: CsvForm) -> None:
        self._columns = columns
        self._known = frozenset(columns)
        self._stream = stream
        self._buffer = io.StringIO(newline="")
        self._writer = csv.writer(self._buffer, delimiter=form.delimiter, lineterminator=form.newline)
        self._quoting_all = csv.writer(
            self._buffer, delimiter=form.delimiter, lineterminator=form.newline, quoting=csv.QUOTE_ALL
        )
        if form.byte_order_mark:
            self._buffer.write(_MARK)
        self._write_row(columns)

    def write(self, batch: Batch) -> None:
        for number, row in enumerate(batch.rows, batch.first):
            if not row.keys() <= self._known:
                raise DataError(f"row {number}: has a column that the first rows lack; write JSON Lines instead")
            self._write_row([plain_text(row.get(column)) for column in self._columns])
        self._flush()

    def _write_row(self, cells: Sequence[str]) -> None:
        # Before Python 3.13 the module leaves a carriage return unquoted where lines end in a line feed alone.
        (self._quoting_all if any("\r" in cell for cell in cells) else self._writer).writerow(cells)

    def finish(self) -> None:
        self._flush()

    def _flush(self) -> None:
        self._stream.write(self._buffer.getvalue().encode("utf-8", "backslashreplace"))
        self._buffer.seek(0)
        self._buffer.truncate()
