"""Parquet, by way of pyarrow. Columns that nobody changes keep their type and their bytes."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from agent.assess.tables.base import MAX_BATCH, Batch, CsvForm
from agent.errors import ConfigError, DataError

__all__ = ["ParquetReader", "ParquetRows", "has_metadata", "schema_with", "taken"]

# Readers of Parquet like large row groups; so much is held back until one is written.
_GROUP_BYTES = 64 * 1024 * 1024
_GROUP_ROWS = 65_536


def _pyarrow() -> Any:
    try:
        import pyarrow
        import pyarrow.compute
        import pyarrow.parquet
    except ImportError:
        raise ConfigError("Parquet needs pyarrow: pip install 'harmwatch[assess]'") from None
    return pyarrow


class ParquetReader:
    """Reads row groups one after the other, in batches.

    Raises
    ------
    ConfigError
        Without pyarrow.
    DataError
        When the file is no Parquet, or damaged.
    """

    kind = "parquet"
    form: CsvForm | None = None

    def __init__(self, path: Path, *, batch_rows: int = 1000) -> None:
        self._pa = _pyarrow()
        self.name = str(path)
        try:
            self._file = self._pa.parquet.ParquetFile(path, pre_buffer=False)
        except self._pa.ArrowException:
            raise DataError(f"{path}: is no Parquet file, or damaged") from None
        self.schema = self._file.schema_arrow
        self.columns: tuple[str, ...] = tuple(self.schema.names)
        self.total: int | None = self._file.metadata.num_rows
        self._batch_rows = min(batch_rows, _rows_in(MAX_BATCH, self._file.metadata))
        if len(set(self.columns)) < len(self.columns):
            raise DataError(f"{path}: has a column twice; rename one")

    def batches(self) -> Iterator[Batch]:
        first = 1
        found = self._file.iter_batches(batch_size=self._batch_rows)
        while True:
            try:
                record = next(found, None)
                if record is None:
                    return
            except (self._pa.ArrowException, OSError):
                raise DataError(f"{self.name}: row {first} or later: is damaged") from None
            names = self.columns
            columns = [self._values(name, column, first) for name, column in zip(names, record.columns, strict=True)]
            rows = [dict(zip(names, cells, strict=True)) for cells in zip(*columns, strict=True)]
            yield Batch(names, rows, first, first - 1 + len(rows), record)
            first += len(rows)

    def _values(self, name: str, column: Any, first: int) -> list[Any]:
        try:
            return _values(self._pa, column)
        except (self._pa.ArrowException, ValueError, OverflowError, LookupError):
            # Inside lists and objects, where nothing turns into text; zones of time that this machine does not know;
            # texts that are no UTF-8; objects with a key twice. The file is whole: other readers may take it.
            raise DataError(
                f"{self.name}: column {name!r}: row {first} or later: cannot be read here; "
                "give a copy in which it is text, or without it"
            ) from None

    def close(self) -> None:
        self._file.close()


def _rows_in(size: int, metadata: Any) -> int:
    """How many rows of the row group with the longest rows take so many bytes."""
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    longest = max((group.total_byte_size / max(1, group.num_rows) for group in groups), default=1.0)
    return max(1, int(size / max(1.0, longest)))


def _values(pa: Any, column: Any) -> list[Any]:
    try:
        values: list[Any] = column.to_pylist()
    except (ValueError, OverflowError, pa.ArrowException):
        # Python has no form for some values, such as times with nanoseconds or beyond the year 9999; their text is
        # enough to look at.
        values = pa.compute.cast(column, pa.string()).to_pylist()
    return values


def schema_with(schema: Any, dropped: Collection[str], texts: Collection[str], floats: Collection[str] = ()) -> Any:
    """The schema without some columns, with others turned to text, and numbers to 64-bit floats; new floats at the end.

    Metadata of the file and its fields are left out: anything may stand there, such as an owner's address of mail, and
    of pandas the values of an index. What says how a type is stored stays.
    """
    pa = _pyarrow()
    fields = [
        pa.field(field.name, pa.string(), field.nullable) if field.name in texts else _bare_field(pa, field)
        for field in schema
        if field.name not in dropped
    ]
    fields = [
        pa.field(field.name, pa.float64(), field.nullable)
        if field.name in floats and not _is_text(pa, field.type)
        else field
        for field in fields
    ]
    return pa.schema([*fields, *(pa.field(name, pa.float64()) for name in floats if name not in schema.names)])


def _is_text(pa: Any, kind: Any) -> bool:
    """Also text that is written as places in a dictionary."""
    plain = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(plain) or pa.types.is_large_string(plain) or pa.types.is_string_view(plain))


def taken(record: Any, places: Sequence[int]) -> Any:
    """Rows of a ``pyarrow.RecordBatch``, each as often as its place is named."""
    try:
        return record.take(list(places))
    except NotImplementedError:
        # Of views of texts, which Polars writes, Arrow takes no single ones.
        rows = _pyarrow().Table.from_batches([record.slice(place, 1) for place in places], record.schema)
        return next(iter(rows.combine_chunks().to_batches()), record.slice(0, 0))


def has_metadata(schema: Any) -> bool:
    """Whether there is any that `schema_with` leaves out."""
    return not schema.equals(schema_with(schema, (), ()), check_metadata=True)


def _bare_field(pa: Any, field: Any) -> Any:
    kept = {key: value for key, value in (field.metadata or {}).items() if key.startswith((b"ARROW:", b"PARQUET:"))}
    return pa.field(field.name, _bare_type(pa, field.type), field.nullable, metadata=kept or None)


def _bare_type(pa: Any, kind: Any) -> Any:
    if pa.types.is_struct(kind):
        return pa.struct([_bare_field(pa, field) for field in kind])
    if pa.types.is_map(kind):
        return pa.map_(_bare_field(pa, kind.key_field), _bare_field(pa, kind.item_field), kind.keys_sorted)
    if pa.types.is_fixed_size_list(kind):
        return pa.list_(_bare_field(pa, kind.value_field), kind.list_size)
    if pa.types.is_large_list(kind):
        return pa.large_list(_bare_field(pa, kind.value_field))
    return pa.list_(_bare_field(pa, kind.value_field)) if pa.types.is_list(kind) else kind


class ParquetRows:
    """Turns rows into a Parquet file.

    Parameters
    ----------
    schema
        Of the file; when None that of the first batch, as far as its cells show it.
    changed
        Columns whose cells are taken from the rows. All others are taken from `Batch.arrow`, when there is one.
    """

    def __init__(self, stream: BinaryIO, schema: Any, changed: Collection[str]) -> None:
        self._pa = _pyarrow()
        self._stream = stream
        self._schema = schema
        self._changed = changed
        self._writer: Any = None
        self._held: list[Any] = []
        self._held_rows = self._held_bytes = 0

    def write(self, batch: Batch) -> None:
        if self._schema is None:
            self._schema = self._inferred(batch)
        record = self._record(batch)
        self._held.append(record)
        self._held_rows += record.num_rows
        self._held_bytes += record.nbytes
        if self._held_rows >= _GROUP_ROWS or self._held_bytes >= _GROUP_BYTES:
            self._flush()

    def finish(self) -> None:
        if self._schema is None:
            self._schema = self._pa.schema([])
        self._flush()
        self._writer.close()

    def _inferred(self, batch: Batch) -> Any:
        try:
            return self._pa.Table.from_pylist(
                [{column: row.get(column) for column in batch.columns} for row in batch.rows]
            ).schema
        except UnicodeEncodeError:
            # JSON can escape half a surrogate pair.
            raise DataError(
                "the first rows have a text, or a column's name, that is no Unicode; write JSON Lines instead"
            ) from None
        except (self._pa.ArrowException, OverflowError, TypeError):
            raise DataError(
                "the first rows have cells of different types in a column; write JSON Lines instead"
            ) from None

    def _record(self, batch: Batch) -> Any:
        unknown = set(batch.columns) - set(self._schema.names) if batch.arrow is None else set()
        if unknown and any(column in row for row in batch.rows for column in unknown):
            raise DataError(
                f"rows from {batch.first} on have a column that the first rows lack; write JSON Lines instead"
            )
        arrays = [self._array(batch, field) for field in self._schema]
        return self._pa.RecordBatch.from_arrays(arrays, schema=self._schema)

    def _array(self, batch: Batch, field: Any) -> Any:
        if batch.arrow is not None and field.name not in self._changed:
            return batch.arrow.column(batch.arrow.schema.get_field_index(field.name))
        try:
            return self._pa.array([row.get(field.name) for row in batch.rows], type=field.type)
        except (self._pa.ArrowException, OverflowError, ValueError, TypeError):
            raise DataError(
                f"column {field.name}: rows from {batch.first} on do not fit its type {field.type}; write JSON Lines"
            ) from None

    def _flush(self) -> None:
        if self._writer is None:
            self._writer = self._pa.parquet.ParquetWriter(self._stream, self._schema)
        if self._held:
            self._writer.write_table(self._pa.Table.from_batches(self._held), row_group_size=_GROUP_ROWS)
        self._held, self._held_rows, self._held_bytes = [], 0, 0
