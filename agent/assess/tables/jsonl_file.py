"""JSON Lines: one JSON object a line. Rows may have different columns, and cells any JSON value."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, BinaryIO

from agent.assess.tables.base import MAX_BATCH, Batch, CsvForm
from agent.assess.tables.counting import LineSource, Progress
from agent.assess.tables.plain import plain_json
from agent.errors import DataError

__all__ = ["JsonlReader", "JsonlRows"]


class JsonlReader:
    """Reads JSON objects line by line; empty lines do not count.

    Whole numbers of any length stay exact. Of a key that an object has twice the last value counts, as in all of
    Python's JSON.
    """

    kind = "jsonl"
    columns: tuple[str, ...] = ()
    form: CsvForm | None = None
    schema: Any = None

    def __init__(self, stream: BinaryIO, name: str, progress: Progress, *, batch_rows: int = 1000) -> None:
        self.name = name
        self.total = progress.total
        self._progress = progress
        self._stream = stream
        self._lines = LineSource(stream, name)
        self._batch_rows = batch_rows

    def batches(self) -> Iterator[Batch]:
        rows: list[dict[str, Any]] = []
        first, begun = 1, self._lines.read
        for line in self._lines:
            if line.isspace():
                continue
            rows.append(self._row(line.removeprefix("\ufeff") if self._lines.number == 1 else line))
            if len(rows) >= self._batch_rows or self._lines.read - begun >= MAX_BATCH:
                yield self._batch(rows, first)
                first += len(rows)
                rows, begun = [], self._lines.read
        if rows:
            yield self._batch(rows, first)

    def close(self) -> None:
        self._stream.close()

    def _row(self, line: str) -> dict[str, Any]:
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            raise DataError(f"{self.name}: line {self._lines.number}: is no JSON") from None
        if not isinstance(row, dict):
            raise DataError(f"{self.name}: line {self._lines.number}: is no JSON object")
        return row

    def _batch(self, rows: list[dict[str, Any]], first: int) -> Batch:
        columns = dict.fromkeys(column for row in rows for column in row)
        return Batch(tuple(columns), rows, first, self._progress.done)


class JsonlRows:
    """Turns rows into the bytes of JSON Lines."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def write(self, batch: Batch) -> None:
        self._stream.write(b"".join(_line(row) for row in batch.rows))

    def finish(self) -> None:
        """Nothing is held back."""


def _line(row: dict[str, Any]) -> bytes:
    text = json.dumps(row, ensure_ascii=False, default=plain_json)
    try:
        return text.encode("utf-8") + b"\n"
    except UnicodeEncodeError:
        # Half a surrogate pair, which JSON can escape and UTF-8 cannot hold.
        return json.dumps(row, default=plain_json).encode("ascii") + b"\n"
